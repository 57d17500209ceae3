"""Every script keeps the contract of its topic.toml, agrees with its record, and makes its claims true."""

import gzip
import hashlib
import math
import re
import warnings

import numpy as np
import pytest

from evidence import claims
from evidence.catalog import LANGUAGES, RUNS, load_catalog
from evidence.checks import disagreements, frameworks_of, read_checks
from evidence.comparison import compare, expectations
from evidence.figures import differences, series_problems
from evidence.record import read_record, recorded_figure, recorded_results
from evidence.running.framework_checks import measure
from evidence.running.script import run_script
from tests.conftest import ROOT


def test_results_keep_their_bounds(script, run, mnist):
    """The declared minima and maxima hold for this run; on the stand-in, its own minima do; in rehearsal, the rehearsal's."""
    if run.rehearsed:
        broken = script.rehearsal.violations(run.results) if mnist.real or run.data is None else []
        assert not broken, f"{script.stem}: {'; '.join(broken)}"
        return
    problems = []
    for name, value in run.results.items():
        result = script.results[name]
        if mnist.real or run.data is None:
            problems += result.violations(value)
        elif result.stand_in_minimum is not None and value < result.stand_in_minimum:
            problems.append(
                f"{name} is {value:.4f} on the stand-in, below its floor there of {result.stand_in_minimum}"
            )
    assert not problems, f"{script.stem}: {'; '.join(problems)}"


@pytest.mark.needs_whole("every declared result agrees with the committed record")
def test_fresh_run_agrees_with_the_record(catalog, script, run):
    """What lies outside its interval is run again with other seeds before it is red; the warning says so."""
    if run.data and not run.data.real:
        pytest.skip("needs real MNIST: every declared result agrees with the committed record")
    record = read_record(catalog, script)
    assert record.content, record.reasons
    found = compare(
        catalog, record, run.seed, run.results, lambda seed: run_script(catalog, script, run.data, seed=seed).results
    )
    if found.report:
        warnings.warn(f"run again with other seeds: {script.stem}: {'; '.join(found.report)}", stacklevel=1)
    assert not found.problems, f"{script.stem}: {'; '.join(found.problems)}"


def test_record_is_fresh(catalog, script):
    """Nothing that the record is bound to has changed: code, versions, files, declared results, bounds, seeds."""
    record = read_record(catalog, script)
    assert record.status == "fresh", (
        f"{script.stem} is {record.status}: {'; '.join(record.reasons)}; run `make records`"
    )


def test_lines_are_printed_by_the_sections_of_the_record(catalog, script, run):
    """Markers of sections are comments: moved or renamed, they leave a record fresh, and what pages show of it untrue."""
    printed = read_record(catalog, script).content["printed"]
    if script.topic.section == "walkthroughs":  # run as a notebook, whose cells are the sections
        markers = re.findall(r"\[start:(\w+)\]", script.path.read_text(encoding="utf-8"))
        assert set(printed) <= {*markers, ""}
    else:
        assert list(dict.fromkeys(printed)) == list(dict.fromkeys(run.printed)), script.stem


def recorded_figures(catalog, script) -> dict[str, dict]:
    record = read_record(catalog, script)
    return {name: recorded_figure(catalog, record, name) for name in script.figures}


def test_recorded_figures_show_recorded_results(catalog):
    """Each series is the result that the contract says; a label that moved to another curve is red."""
    problems = []
    for script in catalog.scripts.values():
        record = read_record(catalog, script)
        results = {name: record.value(name) for name in script.results}
        found = series_problems(script, recorded_figures(catalog, script), results)
        problems += [f"{script.stem}: {problem}" for problem in found]
    assert not problems, "\n".join(problems)


@pytest.mark.needs_whole("figures say the same as the recorded ones")
def test_figures_are_those_of_the_record(catalog, script, run):
    """Titles, labels, legends, ticks with words and what is drawn; numbers differ where results do.

    That the series of this run are its results, the run has been held to already: it would not be a good one.
    """
    assert set(run.drawn) == set(script.figures)
    if run.data and not run.data.real:
        pytest.skip("needs real MNIST: figures say the same as the recorded ones")
    problems = [
        f"the figure {name}: {difference}"
        for name, recorded in recorded_figures(catalog, script).items()
        for difference in differences(recorded, run.drawn[name])
    ]
    assert not problems, f"{script.stem}: {'; '.join(problems)}"


def looks_of(folder, part: str) -> set[str]:
    """Return the digests that figures have of the images in one of MNIST's files, drawn from black to white or stretched."""
    content = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
    images = np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28 * 28)
    low, high = images.min(axis=1, keepdims=True), images.max(axis=1, keepdims=True)
    stretched = (255 * ((images - low) / (high - low))).round().astype(np.uint8)
    return {hashlib.sha256(image.tobytes()).hexdigest()[:12] for image in (*images, *stretched)}


@pytest.mark.needs_mnist("pictures of digits come from the part of MNIST that the contract says")
def test_recorded_pictures_come_from_the_part_that_is_said(catalog, mnist):
    """A figure that shows images of MNIST says of which part; a training image among those of the test would be seen."""
    parts, problems = {}, []
    for script in catalog.scripts.values():
        for name, drawn in recorded_figures(catalog, script).items():
            images = [image for axes in drawn.get("axes", []) for image in axes.get("images", [])]
            shown = {image["digest"] for image in images if image["shape"] == [28, 28]}
            if shown and not parts:
                parts = {"training": looks_of(mnist.folder, "train"), "test": looks_of(mnist.folder, "t10k")}
            found = {part for part, looks in parts.items() if shown & looks}
            declared = {script.figures[name].images} - {None}
            if found != declared:
                problems.append(
                    f"{script.stem}: the figure {name} shows images of {found}, its contract says {declared}"
                )
    assert not problems, "\n".join(problems)


def test_promises_were_tried_on_twenty_seeds(catalog):
    """A recipe that misses what the page promises for one seed in twenty would be seen when it is recorded."""
    for script in catalog.scripts.values():
        tried = [read_record(catalog, version).seeds for version in catalog.versions(script)]
        assert script.own_seed is None or sum(map(len, tried)) >= RUNS, (script.name, tried)
        assert all(len(seeds) >= math.ceil(RUNS / len(tried)) for seeds in tried) or script.own_seed is None


def test_what_has_chance_varies(catalog):
    """An interval without width is for what theory fixes; there, every framework must have the very same number."""
    for script in catalog.scripts.values():
        for name, within in expectations(catalog, read_record(catalog, script)).items():
            for index, interval in enumerate(within if isinstance(within, list) else [within]):
                assert interval.high > interval.low or interval.mean == 0, (script.stem, name, index)


def test_claims_hold_for_the_records(catalog):
    """What the pages say holds for every recorded seed."""
    recorded, broken = recorded_results(catalog), []
    for topic in catalog.topics.values():
        for claim in topic.claims.values():
            broken += claims.failures(claim, topic, recorded)
    assert not broken, "\n".join(broken)


@pytest.mark.needs_whole("what the page says holds for this run")
def test_claims(catalog, script, run):
    """What the page says of this script holds for this run in the place of the recorded one of its seed."""
    broken = []
    recorded = recorded_results(catalog) if script.topic.claims else None
    for claim in script.topic.claims.values():
        if script not in claims.scripts_of(catalog, script.topic, claim):
            continue
        if run.data and not run.data.real:
            if not claim.stand_in:
                continue
            fresh = claims.Evidence(catalog, {script.stem: {run.seed: run.results}})
        else:
            fresh = recorded.with_run(script.stem, run.seed, run.results)
        broken += claims.failures(claim, script.topic, fresh)
    assert not broken, "\n".join(broken)


def test_claims_can_fail(catalog):
    """A claim depends on every result that it names: with wrong ones it would not hold."""
    recorded, idle = recorded_results(catalog), []
    for topic in catalog.topics.values():
        for claim in topic.claims.values():
            idle += [
                f"{topic.path}: claims.{claim.name} would hold whatever {name} were"
                for name in claims.idle_results(claim, topic, recorded)
            ]
    assert not idle, "\n".join(idle)


def test_claims_are_shown(catalog):
    """A claim is for readers: the pages of both languages show it, the headline on the page of all evidence."""
    headlines = [catalog.headline(topic) for topic in catalog.topics.values()]
    hidden = [
        f"docs/{language}: {topic.path} claims {name}, and no page shows it"
        for language in LANGUAGES
        for topic in catalog.topics.values()
        for name, claim in topic.claims.items()
        if (topic, claim) not in headlines
        and not any(
            f"{{{{ {topic.name}.claim.{name} }}}}" in page.read_text(encoding="utf-8")
            for folder in (language, f"walkthroughs/{language}")
            for page in (catalog.root / "docs" / folder).rglob("*.md")
        )
    ]
    assert not hidden, "\n".join(hidden)


def checked():
    """Yield a parameter for each topic with checks and each framework that they name, in the group of that framework."""
    for topic in load_catalog(ROOT).topics.values():
        for framework in frameworks_of(topic):
            marks = [
                pytest.mark.xdist_group(f"checks-{topic.path}"),
                getattr(pytest.mark, framework),
                pytest.mark.numpy,
            ]
            yield pytest.param(topic.path, framework, marks=marks)


@pytest.mark.parametrize(("path", "framework"), checked())
def test_framework_computes_the_same(catalog, run_of, path, framework):
    """Each framework's own functions give what our formulas give, and so do their derivatives."""
    topic = catalog.topics[path]
    names = {check.script for check in topic.checks.values()}
    values = {name: run_of(catalog.script(f"{name}_numpy")).values for name in names}
    found, _ = measure(catalog, topic, framework, values)
    assert not (problems := disagreements(topic, framework, found)), "\n".join(problems)


def test_checks_are_recorded_and_shown(catalog):
    """The measurement that a page shows is of these formulas and versions, and there is a page that shows it."""
    problems = []
    for topic in catalog.topics.values():
        if topic.checks:
            problems += read_checks(catalog, topic).reasons
            pages = [catalog.root / "docs" / language / f"{topic.path}.md" for language in LANGUAGES]
            shown = all(f"/// checks | {topic.name}\n" in page.read_text(encoding="utf-8") for page in pages)
            problems += [] if shown else [f"{topic.path} has checks, and its pages do not show them"]
    assert not problems, "\n".join(problems)
