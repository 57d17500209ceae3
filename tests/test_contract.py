"""Every script keeps the contract of its topic.toml, and agrees with its record."""

import statistics

import pytest

from evidence.record import read_record


def test_results_keep_their_bounds(script, run, mnist):
    """The declared minima and maxima hold for this run; on the stand-in, its own minima do."""
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


def test_fresh_run_agrees_with_the_record(catalog, script, run):
    if run.data and not run.data.real:
        pytest.skip("needs real MNIST: every declared result agrees with the committed record")
    record = read_record(catalog, script)
    assert record.content, record.reasons
    disagreements = record.disagreements(run.results)
    assert not disagreements, f"{script.stem}: {'; '.join(disagreements)}"


def test_record_is_fresh(catalog, script):
    """Nothing that the record is bound to has changed: code, versions, files, declared results and bounds."""
    record = read_record(catalog, script)
    assert record.status == "fresh", (
        f"{script.stem} is {record.status}: {'; '.join(record.reasons)}; run `make records`"
    )


def test_spread_is_what_was_measured(catalog):
    """A declared spread covers the recorded seeds, and is not so wide that it hides a change.

    On another processor a run is as good as one with another seed. Four to five standard deviations let one such run in
    ten thousand fail; more than six would let a real change pass.
    """
    problems = []
    for topic in catalog.topics.values():
        deviations = {name: [] for name in topic.results}
        for script in catalog.select(topic.path):
            record = read_record(catalog, script)
            assert record.content, record.reasons
            runs = list(record.content["results"].values())
            problems += [f"{script.stem}: {sentence}" for run in runs for sentence in record.disagreements(run)]
            for name in script.results:
                values = [run[name] for run in runs]
                columns = list(zip(*values)) if isinstance(values[0], list) else [values]
                deviations[name] += [statistics.stdev(column) if len(column) > 1 else 0.0 for column in columns]
        for name, result in topic.results.items():
            # Without chance, only rounding differs from one machine to another.
            widest = max(6 * max(deviations[name]), 1e-6)
            if result.spread > widest:
                problems.append(
                    f"{topic.path}: spread of {name} is {result.spread}; measured, it is at most {widest:.3g}"
                )
    assert not problems, "\n".join(problems)
