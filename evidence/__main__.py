"""The command line: `python -m evidence status`, `run`, `ledger` and `new`."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Semaphore

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from evidence.agreement import Results
from evidence.catalog import FRAMEWORKS, SECTIONS, Catalog, CatalogError, Script, load_catalog
from evidence.checks import disagreements, frameworks_of, read_checks, write_checks
from evidence.claims import ClaimError, Evidence, failures, scripts_of
from evidence.code import reads_mnist
from evidence.comparison import compare
from evidence.new import TopicExists, lay_out_topic
from evidence.outcome import DataUnavailable, Mnist, Run, RunFailed
from evidence.receipts import overdue, receipts_folder
from evidence.record import (
    DEVICES,
    RecordRefused,
    add_seeds,
    changed_by_code,
    read_record,
    recorded_results,
    seeds_to_run,
    unclaimed_files,
    write_record,
)
from evidence.running.framework_checks import CheckFailed, installed, measure
from evidence.running.sandbox import find_mnist
from evidence.running.script import run_script

COLOURS = {"fresh": "green", "short": "yellow", "stale": "yellow", "damaged": "red", "missing": "red"}
console = Console()


@dataclass
class Outcome:
    """What became of one script: its runs, and what was wrong, if anything."""

    script: Script
    runs: list[Run]
    problems: list[str]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, or 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m evidence", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    status = commands.add_parser("status", help="show the matrix script × device: fresh, stale, damaged, missing")
    status.add_argument("topic", nargs="?", help="a topic (models/mlp) or a section (models); all by default")
    status.set_defaults(act=show_status)

    run = commands.add_parser("run", help="run scripts as their readers do, and hold them to what is declared")
    run.add_argument("topic", nargs="?", help="a topic (models/mlp) or a section (models); all by default")
    run.add_argument("--framework", choices=FRAMEWORKS, help="only this framework")
    run.add_argument("--device", choices=DEVICES, default="cpu")
    run.add_argument("--stale", action="store_true", help="only scripts whose record is not fresh")
    run.add_argument(
        "--record",
        action="store_true",
        help="run every declared seed, and keep what the runs leave; where only code was edited and the script's own seed"
        " gives the very same as its record, the other seeds are kept",
    )
    run.add_argument("--seed", type=int, help="replace the scripts' own SEED")
    run.add_argument("--rehearse", action="store_true", help="run only the scripts with a rehearsal, in rehearsal")
    run.add_argument("--figures", type=Path, metavar="FOLDER", help="put what the first run of each script drew there")
    run.add_argument(
        "-j", "--jobs", type=int, default=1, help="how many runs are made side by side, of several scripts or seeds"
    )
    run.set_defaults(act=run_scripts)

    ledger = commands.add_parser("ledger", help="show when the scripts were last run whole; 1 if one was not in time")
    ledger.add_argument("--days", type=float, default=10, help="how long ago it may be (10)")
    ledger.set_defaults(act=show_ledger)

    new = commands.add_parser("new", help="lay out a new topic: contract, snippet, test and two pages")
    new.add_argument("topic", help=f"SECTION/TOPIC, with a section of {', '.join(SECTIONS)}")
    new.add_argument("--framework", choices=FRAMEWORKS, action="append", help="repeat for several; PyTorch by default")
    new.set_defaults(act=new_topic)

    options = parser.parse_args(arguments)
    if options.command == "run" and options.record and options.seed is not None:
        parser.error("--record runs every declared seed; leave --seed out")
    if options.command == "run" and options.record and options.rehearse:
        parser.error("--record is of whole scripts; leave --rehearse out")
    try:
        return options.act(Path.cwd(), options)
    except (CatalogError, DataUnavailable, TopicExists) as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return 1


def _selected(catalog: Catalog, topic: str | None, framework: str | None = None) -> list[Script]:
    scripts = list(catalog.select(topic, framework))
    if not scripts:
        raise CatalogError(f"nothing matches; the topics are: {', '.join(catalog.topics) or 'none'}")
    return scripts


def show_status(root: Path, options: argparse.Namespace) -> int:
    """Print the matrix; return 1 if one is damaged, stale or lacking for the CPU, or a file belongs to none."""
    catalog = load_catalog(root)
    table = Table("topic", "script", "framework", *DEVICES)
    reasons: list[str] = []
    for script in _selected(catalog, options.topic):
        cells = []
        for device in DEVICES:
            record = read_record(catalog, script, device)
            if record.status == "missing" and device != "cpu":
                cells.append("not yet")
                continue
            cells.append(f"[{COLOURS[record.status]}]{record.status}[/]")
            reasons += record.reasons
        table.add_row(script.topic.path, script.stem, FRAMEWORKS[script.framework], *cells)
    for path in dict.fromkeys(script.topic.path for script in _selected(catalog, options.topic) if script.checks):
        reasons += read_checks(catalog, catalog.topics[path]).reasons
    if options.topic is None:
        reasons += [f"{path.relative_to(root)} belongs to no record" for path in unclaimed_files(catalog)]
    console.print(table)
    for reason in reasons:
        console.print(f"- {escape(reason)}", soft_wrap=True)
    return 1 if reasons else 0


def run_scripts(root: Path, options: argparse.Namespace) -> int:
    """Run what is asked for, side by side, with progress and a table at the end; return 1 if anything failed."""
    catalog = load_catalog(root)
    scripts = _selected(catalog, options.topic, options.framework)
    if options.rehearse:
        scripts = [script for script in scripts if script.rehearsal]
    if options.stale:
        scripts = [script for script in scripts if _is_stale(catalog, script, options.device)]
        if not scripts:
            console.print("Every record is fresh; there is nothing to run.")
            return 0
    uses_data = any(reads_mnist(catalog, script) for script in scripts)
    data = find_mnist(catalog) if uses_data else None
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[line]}"),
    )
    outcomes = []
    slots = Semaphore(max(1, options.jobs))  # A thread for each script; it is runs that wait for one another.
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(len(scripts)) as pool:
        jobs = [pool.submit(_run_one, catalog, script, data, options, progress, slots) for script in scripts]
        for job in as_completed(jobs):
            outcome = job.result()
            outcomes.append(outcome)
            for problem in outcome.problems:
                progress.console.print(f"[red]failed[/red] {escape(problem)}", soft_wrap=True)
    _summarise(outcomes)
    if options.figures:
        _write_figures(options.figures, outcomes)
    broken = [] if options.rehearse else _broken_claims(catalog, outcomes, options.device)
    for sentence in broken:
        console.print(f"[red]claim[/red] {escape(sentence)}", soft_wrap=True)
    if options.record and options.device == "cpu":
        _measure_checks(catalog, outcomes)
    return 1 if broken or any(outcome.problems for outcome in outcomes) else 0


def _write_figures(folder: Path, outcomes: list[Outcome]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for outcome in outcomes:
        for run in outcome.runs[:1]:
            for name, svg in run.figures.items():
                path = folder / f"{outcome.script.stem}.{name}.svg"
                path.write_text(svg, encoding="utf-8")
                console.print(str(path), highlight=False, soft_wrap=True)


def _broken_claims(catalog: Catalog, outcomes: list[Outcome], device: str) -> list[str]:
    """Return what the pages say and these runs do not bear out: each takes the place of the recorded one of its seed.

    Of a script that was edited since it was recorded, only these runs count.
    """
    runs = [run for outcome in outcomes for run in outcome.runs if run.data is None or run.data.real]
    ran = {run.script.stem: run.script for run in runs}
    edited = {
        stem for stem, script in ran.items() if read_record(catalog, script, device).status not in ("fresh", "short")
    }
    recorded = recorded_results(catalog, device=device).runs
    evidence = Evidence(catalog, {stem: seeds for stem, seeds in recorded.items() if stem not in edited})
    for run in runs:
        evidence = evidence.with_run(run.script.stem, run.seed, run.results)
    these = {(run.script.stem, run.seed) for run in runs}
    broken = []
    for topic in {script.topic.path: script.topic for script in ran.values()}.values():
        for claim in topic.claims.values():
            try:
                if any(script.stem in ran for script in scripts_of(catalog, topic, claim)):
                    broken += failures(claim, topic, evidence, these)
            except ClaimError as error:
                broken.append(str(error))
    return broken


def _is_stale(catalog: Catalog, script: Script, device: str) -> bool:
    unchecked = script.checks and device == "cpu" and read_checks(catalog, script.topic).reasons
    return bool(unchecked) or read_record(catalog, script, device).status != "fresh"


def _measure_checks(catalog: Catalog, outcomes: list[Outcome]) -> None:
    """Hold the formulas of each topic that has just run against the frameworks that are here, and keep what was measured."""
    by_topic: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.script.checks and outcome.runs:
            by_topic.setdefault(outcome.script.topic.path, []).append(outcome)
    for path, ran in by_topic.items():
        topic = catalog.topics[path]
        values = {outcome.script.name: outcome.runs[0].values for outcome in ran}
        differences: dict[str, dict[str, dict[str, float]]] = {}
        versions, problems = {}, []
        for framework in frameworks_of(topic):
            if not installed(catalog, framework):
                console.print(f"{topic.path}: {FRAMEWORKS[framework]} is not here, and is not asked")
                continue
            try:
                found, versions[framework] = measure(catalog, topic, framework, values)
            except (CheckFailed, KeyError) as error:
                problems.append(str(error))
                continue
            problems += disagreements(topic, framework, found)
            for name, quantities in found.items():
                differences.setdefault(name, {})[framework] = quantities
        if problems:
            ran[0].problems += problems
            for problem in problems:
                console.print(f"[red]failed[/red] {escape(problem)}", soft_wrap=True)
        else:
            write_checks(catalog, topic, differences, versions)
            console.print(f"{topic.path}: checked in {', '.join(FRAMEWORKS[name] for name in versions)}")


def _run_one(
    catalog: Catalog,
    script: Script,
    data: Mnist | None,
    options: argparse.Namespace,
    progress: Progress,
    slots: Semaphore,
) -> Outcome:
    # The first run of a new record is the one with the script's own seed; it is what a reader sees, and what is shown.
    seeds = seeds_to_run(catalog, script, options.device) if options.record else [options.seed]
    record = read_record(catalog, script, options.device)
    for_checks_alone = options.record and options.stale and record.status == "fresh"
    if for_checks_alone:
        seeds = seeds[:1]
    task = progress.add_task(script.stem, total=len(seeds), line="")
    outcome = Outcome(script, [], [])

    def show(line: str) -> None:
        progress.update(task, line=escape(line[:60]))

    def run_with(seed: int | None) -> Run:
        with slots:
            run = run_script(
                catalog,
                script,
                data,
                device=options.device,
                seed=None if script.own_seed in (seed, None) else seed,  # A script without chance has no other.
                rehearsed=options.rehearse,
                on_output=show,
            )
        progress.advance(task)
        if not console.is_terminal:  # No moving bars in a log: a line as each run ends.
            progress.console.print(f"{script.stem}, seed {run.seed}: {run.seconds_cpu:.1f} CPU s", highlight=False)
        return run

    def keep(run: Run) -> None:
        outcome.runs.append(run)
        held = script.rehearsal if options.rehearse else script
        outcome.problems += [
            f"{script.path.name}, seed {run.seed}: {violation}" for violation in held.violations(run.results)
        ]

    earlier = None
    try:
        first, *others = seeds
        keep(run_with(first))
        if options.record and record.status == "stale" and not outcome.problems:
            (run,) = outcome.runs
            changed = changed_by_code(catalog, record, run)
            earlier = None if changed else record
            kept = [] if changed else [seed for seed in others if seed in record.seeds]
            if kept:
                sentence = f"kept {len(kept)} seeds: seed {run.seed} gave the very same results, output and figures"
                progress.console.print(f"{script.stem}: {sentence}", highlight=False, soft_wrap=True)
            elif others:
                sentence = f"every seed is run: seed {run.seed} has other {', '.join(changed)} than the record"
                progress.console.print(f"{script.stem}: {sentence}", highlight=False, soft_wrap=True)
            others = [seed for seed in others if seed not in kept]
            progress.update(task, total=1 + len(others))
        with ThreadPoolExecutor(max(1, options.jobs)) as pool:
            for run in pool.map(run_with, others):
                keep(run)
        if options.record:
            if record.status == "short" and not outcome.problems:
                add_seeds(catalog, record, outcome.runs)
            elif not (for_checks_alone or outcome.problems):
                write_record(catalog, outcome.runs, earlier)
        elif not options.rehearse and record.status in ("fresh", "short"):

            def again(seed: int) -> Results:
                show(f"again, with seed {seed}")
                with slots:
                    return run_script(catalog, script, data, device=options.device, seed=seed, on_output=show).results

            compared = compare(catalog, record, outcome.runs[0].seed, outcome.runs[0].results, again)
            outcome.problems += [f"{script.path.name}: {problem}" for problem in compared.problems]
            for sentence in compared.report:
                progress.console.print(escape(f"{script.stem}: {sentence}"), soft_wrap=True)
    except (RunFailed, RecordRefused) as error:
        outcome.problems.append(str(error))
    show("failed" if outcome.problems else "recorded" if options.record else "good")
    return outcome


def _summarise(outcomes: list[Outcome]) -> None:
    """Show each script's results: all of its first run, and of other seeds how far they reach."""
    for outcome in sorted(outcomes, key=lambda outcome: outcome.script.stem):
        verdict = "[red]failed[/]" if outcome.problems else "[green]good[/]"
        if not outcome.runs:
            console.print(f"{outcome.script.stem}: {verdict}", highlight=False)
            continue
        first = outcome.runs[0]
        seeds = "seed " + ", ".join(str(run.seed) for run in outcome.runs)
        cost = f"{first.seconds_cpu:.1f} CPU s, {first.seconds_wall:.1f} s, {first.peak_memory_bytes / 1e6:.0f} MB"
        console.print(f"{outcome.script.stem}: {verdict}, {seeds}, {cost}", highlight=False, soft_wrap=True)
        for name in first.results:
            console.print(
                f"  {name} {_in_words([run.results[name] for run in outcome.runs])}", highlight=False, soft_wrap=True
            )


def _in_words(values: list[float | list[float]]) -> str:
    """Return the first of some values, and the range of all where they differ; of lists, element by element, as far as all of them go."""
    if isinstance(values[0], list):
        return ", ".join(_in_words(list(elements)) for elements in zip(*values, strict=False))
    low, high = f"{min(values):.6g}", f"{max(values):.6g}"
    return f"{values[0]:.6g}" + ("" if low == high else f" ({low} to {high})")


def show_ledger(root: Path, options: argparse.Namespace) -> int:
    """Say which scripts were last run whole too long ago, or never; return 1 if there are any."""
    catalog = load_catalog(root)
    late = overdue(catalog, receipts_folder(catalog), datetime.now(UTC), options.days)
    for sentence in late:
        console.print(f"- {escape(sentence)}", soft_wrap=True, highlight=False)
    console.print(
        f"{len(catalog.scripts) - len(late)} of {len(catalog.scripts)} were run whole within {options.days:g} days."
    )
    return 1 if late else 0


def new_topic(root: Path, options: argparse.Namespace) -> int:
    """Lay out a new topic and say what is left to do by hand."""
    for line in lay_out_topic(root, options.topic, options.framework or ["pytorch"]):
        console.print(escape(line), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
