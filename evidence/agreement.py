"""Whether a new run of a script agrees with the runs in its record, and how far rounding may carry a number.

A result with chance is compared with a prediction interval. For one element of one script with n recorded runs it is

    mean ± t · s · √(1 + 1/n)

where `t` is the two-sided quantile of Student's t at `LEVEL`, and `s` the largest of three standard deviations: that of
the script's own runs, the one pooled over the versions of the same model in other frameworks, and the resolution of the
measurement. The degrees of freedom are those of the pooled variance. The larger of own and pooled keeps the rate of false
alarms where frameworks differ in noise; it costs a tenth of the power. Method: W. Q. Meeker, G. J. Hahn, L. A. Escobar,
Statistical Intervals, 2nd ed., Wiley 2017, chapter 4.

With a thousand elements in the suite a single value outside means little. The script is run again with other seeds,
one after the other, and it differs only if the same element lies outside on the same side in the first run and in all of
`RETRIES` more. One retry inside ends the matter, so that a false alarm of the first run costs little more than one run.
Asking every run rather than their mean keeps a single failed training from deciding. The rate of false alarms of the
whole suite is shown by simulation in `test_agreement.py`.

Units are those of the results: percentages are fractions. Standard library only: the site's build imports this.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

LEVEL = 0.0017  # Two-sided, for one element of one run; smaller as the suite grows.
RETRIES = 4
# The step between neighbouring float32 numbers, relative to them: two runs may always lie this far apart.
RESOLUTION_FLOAT32 = 2.0**-23
# Two frameworks whose runs with the same seeds lie nearer than this, in standard deviations, computed the same thing.
COPY_TOLERANCE = 1e-3

UNIT_ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}
ROUNDING_LAMBDA = 10.0

AGREES, UNDECIDED, DIFFERS = "agrees", "undecided", "differs"

Value = float | Sequence[float]
Results = Mapping[str, Value]


class AgreementError(ValueError):
    """A run cannot be compared with the record at all; more runs would not change that."""


class ShapeChanged(AgreementError):
    """A result is missing, is a list where the record has a number or the reverse, or has another length."""


class NotFinite(AgreementError):
    """A number is not finite."""


class TooFewRuns(AgreementError):
    """The record has fewer than two runs, which say nothing about chance."""


@dataclass(frozen=True)
class Interval:
    """Where one element of one new run is expected, both ends included.

    `deviation` is the standard deviation used, `degrees` its degrees of freedom, `runs` the number of the script's own
    recorded runs, all in the result's unit where they have one.
    """

    mean: float
    low: float
    high: float
    deviation: float
    degrees: int
    runs: int

    def side(self, value: float) -> int:
        """Return -1 if a value lies below the interval, 1 if above, 0 if in it."""
        return int(value > self.high) - int(value < self.low)


Expected = Interval | list[Interval]


@dataclass(frozen=True)
class Outlier:
    """An element of a result outside its interval; `index` is None where the result is a single number."""

    name: str
    index: int | None
    value: float
    interval: Interval

    @property
    def side(self) -> int:
        """-1 below the interval, 1 above."""
        return self.interval.side(self.value)

    @property
    def key(self) -> tuple[str, int | None, int]:
        """What a retry must repeat to confirm it: name, index and side."""
        return self.name, self.index, self.side

    @property
    def label(self) -> str:
        """The name as a reader would write it, such as `training_losses[2]`."""
        return self.name if self.index is None else f"{self.name}[{self.index}]"

    def __str__(self) -> str:
        within = self.interval
        return (
            f"{self.label} is {self.value:.6g}, expected from {within.low:.6g} to {within.high:.6g}"
            f" (mean {within.mean:.6g} of {within.runs} runs, standard deviation {within.deviation:.3g})"
        )


@dataclass(frozen=True)
class Verdict:
    """What the runs so far say.

    `state` is `AGREES`, `UNDECIDED` (run again with a new seed) or `DIFFERS`. `outliers` are the elements that all runs so
    far put outside on the same side, as the first run has them. `report` says for each element outside in the first run
    what the retries gave, one sentence each; it is empty only if there was none.
    """

    state: str
    outliers: tuple[Outlier, ...]
    report: tuple[str, ...]


def intervals(own: Sequence[Value], others: Sequence[Sequence[Value]] = (), step: float = 0.0) -> Expected:
    """Return the interval of a new run of one script: one for a number, a list of them for a list.

    `own`: the script's recorded values of one result, in the order of their seeds. `others`: the same for each version of
    the same model in another framework; they lend their variance, not their mean. Whoever passes them has shown that the
    model is the same. A version that computed the same numbers from the same seeds, as NumPy makes the data in each, adds
    nothing and is left out. `step`: the smallest step of the measurement, 1/N for a share of N things and 1 for a count;
    the standard deviation is at least this, since of runs without a single event little is known about the next one:
    it is that of a count with a mean of one.

    Raises `TooFewRuns` if `own` has fewer than two runs, `ShapeChanged` if not all values have one shape, `NotFinite`, and
    `ValueError` if `step` is negative.
    """
    if not (math.isfinite(step) and step >= 0):
        raise ValueError(f"step must be a number of at least 0, not {step!r}")
    if len(own) < 2:
        raise TooFewRuns(f"an interval needs at least two recorded runs, not {len(own)}")
    shape = _shape(own[0])
    columns = [_columns(values, shape) for values in (own, *others) if len(values)]
    found = [_interval(column[0], column[1:], step) for column in zip(*columns)]
    return found[0] if shape is None else found


def outliers(results: Results, expected: Mapping[str, Expected]) -> list[Outlier]:
    """Return every element of a run outside its interval, in the order of `expected`.

    Raises `ShapeChanged` if a result is missing or of another shape than in the record, `NotFinite` if one is not finite.
    """
    found = []
    for name, within in expected.items():
        value = _value(results, name)
        length = len(within) if isinstance(within, list) else None
        if _shape(value) != length:
            raise ShapeChanged(
                f"{name} has {_described(_shape(value))} in this run and {_described(length)} in the record"
            )
        elements = [(None, value, within)] if length is None else zip(range(length), value, within)
        for index, element, interval in elements:
            if not math.isfinite(element):
                raise NotFinite(f"{name} is {element!r}{'' if index is None else f' at index {index}'}")
            if interval.side(element):
                found.append(Outlier(name, index, element, interval))
    return found


def judge(expected: Mapping[str, Expected], runs: Sequence[tuple[int, Results]], retries: int = RETRIES) -> Verdict:
    """Return what the runs so far say: the first one, and those made because of it, each with its seed.

    As long as the state is `UNDECIDED`, run the script again with the next of `retry_seeds`. Raises what `outliers` raises,
    and `ValueError` if there is no run, or two have the same seed.
    """
    if not runs:
        raise ValueError("there is no run to judge")
    seeds = [seed for seed, _ in runs]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"two runs with the same seed are one run: {seeds}")
    first, *again = [outliers(results, expected) for _, results in runs]
    keys = [{outlier.key for outlier in found} for found in again]
    standing = tuple(outlier for outlier in first if all(outlier.key in found for found in keys))
    state = AGREES if not standing else UNDECIDED if len(again) < retries else DIFFERS
    report = []
    for outlier in first:
        sentence = f"{outlier} with seed {seeds[0]}"
        if again:
            values = [_element(results, outlier) for _, results in runs[1:]]
            listed = [
                f"{value:.6g} with seed {seed} ({('inside', 'above', 'below')[outlier.interval.side(value)]})"
                for value, seed in zip(values, seeds[1:])
            ]
            sentence += f"; run again: {', '.join(listed)}"
        word = {UNDECIDED: "not yet decided", DIFFERS: "confirmed"}[state] if outlier in standing else "not confirmed"
        report.append(f"{sentence}: {word}")
    return Verdict(state, standing, tuple(report))


def retry_seeds(recorded: Collection[int], own: int, retries: int = RETRIES) -> list[int]:
    """Return the seeds of the retries: the next ones that are neither recorded nor the script's own."""
    start = max([*recorded, own]) + 1
    return list(range(start, start + retries))


def unvaried(own: Sequence[Value], others: Sequence[Sequence[Value]] = ()) -> list[int]:
    """Return the places of a result's elements that were the same in all of the script's own runs; 0 for a number.

    Without a step such an element must be the same again. The contract must say which it is: a share of N things that
    happened to be all or none (`of`), or a number without chance. `others` may vary: then the interval has its width from
    them, and the element is not returned. Raises what `intervals` raises.
    """
    found = intervals(own, others)
    floors = [
        (within, RESOLUTION_FLOAT32 * abs(within.mean)) for within in (found if isinstance(found, list) else [found])
    ]
    return [place for place, (within, floor) in enumerate(floors) if within.deviation <= floor]


def agree(
    expected: Mapping[str, Expected], seed: int, results: Results, again: Callable[[int], Results], seeds: Iterable[int]
) -> Verdict:
    """Return what a run and, as long as they are needed, further ones say; `again` makes one for each of `seeds`.

    Raises what `judge` raises.
    """
    runs, seeds = [(seed, results)], iter(seeds)
    while (verdict := judge(expected, runs)).state == UNDECIDED:
        runs.append((another := next(seeds), again(another)))
    return verdict


def t_quantile(level: float, degrees: int) -> float:
    """Return the t that Student's distribution exceeds in absolute value with probability `level`.

    The distribution function is a finite sum for whole degrees of freedom: M. Abramowitz, I. A. Stegun, Handbook of
    Mathematical Functions, 1964, 26.7.3 and 26.7.4. It is solved for the angle atan(t / √degrees) by bisection. Relative
    error below 1e-9 for levels of at least 1e-6. Raises `ValueError` unless 0 < level < 1 and degrees ≥ 1.
    """
    if not 0 < level < 1 or degrees != int(degrees) or degrees < 1:
        raise ValueError(f"there is no t quantile for level {level!r} and {degrees!r} degrees of freedom")
    return _t_quantile(float(level), int(degrees))


def rounding_bound(dtype: str, terms: int, magnitude: float) -> float:
    """Return how far rounding may carry the sum of `terms` products, in the unit of `magnitude`.

    `magnitude` is the sum of the absolute values of the products (for a mean or a convex combination: the largest value).
    Probabilistic bound: N. J. Higham, T. Mary, A New Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput.
    41 (2019), A2815–A2835, theorem 3.1: the error is at most magnitude · (exp(λ √terms u + terms u² / (1 − u)) − 1), that is
    about λ · √terms · u · magnitude, if rounding errors are independent with mean zero. It fails with a probability of at
    most 2 exp(−λ² (1 − u)² / 2) for each term. With λ = 10 that is 4e-22, so that 300 numbers, each the largest of a
    million sums of a million terms, fail with less than 1e-6.

    The bound is for one stage. Add the bounds of stages that follow one another; double it where both sides of a
    difference are rounded. Raises `ValueError` for another dtype, terms < 1, or a magnitude that is negative or not finite.
    """
    if dtype not in UNIT_ROUNDOFF:
        raise ValueError(f"dtype must be one of {', '.join(UNIT_ROUNDOFF)}, not {dtype!r}")
    if terms < 1 or not (math.isfinite(magnitude) and magnitude >= 0):
        raise ValueError(f"there is no rounding bound for {terms!r} terms of magnitude {magnitude!r}")
    unit = UNIT_ROUNDOFF[dtype]
    return magnitude * math.expm1(ROUNDING_LAMBDA * math.sqrt(terms) * unit + terms * unit**2 / (1 - unit))


def _interval(own: Sequence[float], others: Sequence[Sequence[float]], step: float) -> Interval:
    mean = own[0] if min(own) == max(own) else statistics.fmean(own)
    groups = [own]
    for other in others:
        if not any(_same_draws(other, group) for group in groups):
            groups.append(other)
    degrees = sum(len(group) - 1 for group in groups)
    pooled = math.sqrt(math.fsum(_squares(group) for group in groups) / degrees)
    single = math.sqrt(_squares(own) / (len(own) - 1))
    deviation = max(single, pooled, step, RESOLUTION_FLOAT32 * abs(mean))
    half = t_quantile(LEVEL, degrees) * deviation * math.sqrt(1 + 1 / len(own))
    return Interval(mean, mean - half, mean + half, deviation, degrees, len(own))


def _squares(values: Sequence[float]) -> float:
    """Return the sum of squared distances from the mean: exactly 0 for equal values."""
    if min(values) == max(values):
        return 0.0
    mean = statistics.fmean(values)
    return math.fsum((value - mean) ** 2 for value in values)


def _same_draws(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two versions computed the same numbers from the same seeds, which are then one sample, not two."""
    pairs = list(zip(one, other))
    if len(pairs) < 2 or min(other) == max(other):
        return False
    near = COPY_TOLERANCE * statistics.stdev(other)
    return all(abs(a - b) <= near for a, b in pairs)


def _columns(values: Sequence[Value], shape: int | None) -> list[list[float]]:
    """Return the runs of each element; raise if a value has another shape or is not finite."""
    for value in values:
        if _shape(value) != shape:
            raise ShapeChanged(f"recorded runs have both {_described(shape)} and {_described(_shape(value))}")
    rows = [[value] if shape is None else list(value) for value in values]
    if bad := [element for row in rows for element in row if not math.isfinite(element)]:
        raise NotFinite(f"a recorded run has {bad[0]!r}")
    return [list(column) for column in zip(*rows)]


def _value(results: Results, name: str) -> Value:
    if name not in results:
        raise ShapeChanged(f"{name} is missing")
    return results[name]


def _element(results: Results, outlier: Outlier) -> float:
    value = results[outlier.name]
    return value if outlier.index is None else value[outlier.index]


def _shape(value: Value) -> int | None:
    return len(value) if isinstance(value, Sequence) else None


def _described(shape: int | None) -> str:
    return "one number" if shape is None else f"a list of {shape}"


@functools.lru_cache(maxsize=1000)
def _t_quantile(level: float, degrees: int) -> float:
    low, high = 0.0, math.pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        if 1 - _within(middle, degrees) > level:
            low = middle
        else:
            high = middle
    return math.sqrt(degrees) * math.tan((low + high) / 2)


def _within(angle: float, degrees: int) -> float:
    """Return the probability that |T| is at most √degrees · tan(angle)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for k in range(1 + odd, degrees, 2):  # The powers of the cosine go up to degrees − 2.
        total += term
        term *= k / (k + 1) * cosine**2
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
