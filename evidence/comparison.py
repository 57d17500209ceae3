"""Whether a fresh run is what its record says: what has no chance to the last digit, the rest within what chance explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evidence.agreement import (
    DIFFERS,
    AgreementError,
    Expected,
    Results,
    Value,
    agree,
    intervals,
    retry_seeds,
)
from evidence.catalog import Catalog, Result, Rounding, Script
from evidence.parity import read_parity
from evidence.record import Record, recorded_results

# What the results of a script without `SEED` may differ by, unless its contract says more: sums of a million terms.
WITHOUT_CHANCE = Rounding(dtype="float64", terms=1_000_000)


@dataclass(frozen=True)
class Comparison:
    """How a run compares with its record: what is wrong, and what was looked at again, a sentence each."""

    problems: tuple[str, ...]
    report: tuple[str, ...]


def compare(
    catalog: Catalog, record: Record, seed: int, results: Results, again: Callable[[int], Results]
) -> Comparison:
    """Hold a run against a record; `again` runs the script with another seed, while chance may explain what differs."""
    script, problems = record.script, []
    for name, result in script.results.items():
        bound = _bound(script, result)
        if bound is not None and (sentence := _difference(name, results[name], record.value(name), bound)):
            problems.append(sentence)
    try:
        expected = expectations(catalog, record)
        verdict = agree(expected, seed, results, again, retry_seeds(record.seeds, seed))
    except AgreementError as error:
        return Comparison((*problems, str(error)), ())
    confirmed = [sentence for sentence in verdict.report if sentence.endswith(": confirmed")]
    return Comparison((*problems, *(confirmed if verdict.state == DIFFERS else ())), verdict.report)


def expectations(catalog: Catalog, record: Record) -> dict[str, Expected]:
    """Return name -> interval or list of intervals for one new run, for every result with chance.

    Versions of the script in other frameworks lend their variance where tests have proven them to be one model. Raises
    what `evidence.agreement.intervals` raises.
    """
    script = record.script
    proven = script.name in read_parity(catalog, [script.name])
    others = [other for other in catalog.versions(script) if proven and other != script]
    runs = recorded_results(catalog, others).runs
    return {
        name: intervals(
            [record.value(name, seed) for seed in record.seeds],
            [
                [run[name] for run in runs[other.stem].values()]
                for other in others
                if other.stem in runs and name in other.results
            ],
            result.step or 0.0,
        )
        for name, result in script.results.items()
        if result.has_chance and script.own_seed is not None
    }


def _bound(script: Script, result: Result) -> float | None:
    """Return how far a result without chance may lie from the recorded one; None if it has chance, or only bounds."""
    if result.exact:
        return 0.0
    if result.rounding:
        return result.rounding.bound
    return WITHOUT_CHANCE.bound if result.has_chance and script.own_seed is None else None


def _difference(name: str, value: Value, recorded: Value, bound: float) -> str | None:
    """Return a sentence if two results without chance lie further apart than rounding explains."""
    ours, theirs = ([each] if isinstance(each, (int, float)) else each for each in (value, recorded))
    if isinstance(value, list) != isinstance(recorded, list) or len(ours) != len(theirs):
        return f"{name} has another shape than in the record: {value} against {recorded}"
    for index, (a, b) in enumerate(zip(ours, theirs)):
        if abs(a - b) > bound * max(1.0, abs(b)):
            place = f"[{index}]" if isinstance(value, list) else ""
            return (
                f"{name}{place} is {a:.9g} in this run and {b:.9g} in the record; it has no chance, and rounding"
                f" explains a difference of {bound:.2g}"
            )
    return None
