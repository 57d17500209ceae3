"""The record of the benchmark: how much training it takes until MNIST is read rightly 99 times of 100.

`evidence/benchmark/` measures and calls `write_benchmark`; pages read it. Like every record it is bound to the code, the data and the
versions, and sealed.
"""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence import record
from evidence.catalog import Catalog
from evidence.code import changed_versions, code_digest

WANTED = 0.99
PATH = "benchmarks/time_to_99.json"  # below records/
# Recipe to framework, in the order in which a table shows them; evidence/benchmark/recipes.py says what they are.
RECIPES = {
    "cnn_keras": "keras",
    "cnn_keras_one_epoch": "keras",
    "keras_convnet": "keras",
    "cnn_pytorch": "pytorch",
    "cnn_pytorch_one_epoch": "pytorch",
    "pytorch_mnist": "pytorch",
    "cnn_mxnet": "mxnet",
    "cnn_mxnet_one_epoch": "mxnet",
}
# Framework to the public recipe that ours are measured by; there is none for MXNet.
REFERENCES = {"keras": "keras_convnet", "pytorch": "pytorch_mnist"}


class BenchmarkRefused(Exception):
    """The measurements do not answer the question; the message says which, and why."""


@dataclass(frozen=True)
class Benchmark:
    """A committed benchmark, and why it no longer holds, one sentence each; no reasons means that it does."""

    content: Mapping[str, Any]
    reasons: tuple[str, ...]

    def last(self, recipe: str, quantity: str) -> list[float]:
        """Return `epochs`, `seconds` of CPU time or `accuracy` at the point where the recipe was good enough, for each seed."""
        return [run[quantity][-1] for run in self.content["runs"][recipe].values()]

    def ratio(self, recipe: str) -> float:
        """Return how many times the CPU time of a recipe the public one in its framework needs, on average over the seeds.

        Raises `KeyError` if there is none.
        """
        reference = REFERENCES[RECIPES[recipe]]
        ours, theirs = (statistics.fmean(self.last(name, "seconds")) for name in (recipe, reference))
        return theirs / ours


def read_benchmark(catalog: Catalog) -> Benchmark:
    """Read the record and judge it; raise `BenchmarkRefused` if there is none that can be read."""
    path = catalog.records / PATH
    content = record.read_sealed(path)
    if not content:
        raise BenchmarkRefused(f"there is no {path.name}, or it was edited by hand; run `make benchmark`")
    reasons = [
        f"{name} was edited after it was measured on {content['date']}"
        for name, digest in _code(catalog).items()
        if content["code"].get(name) != digest
    ]
    for framework in sorted(set(RECIPES.values())):
        reasons += changed_versions(catalog.root, framework, content["versions"][framework])
    return Benchmark(content, tuple(reasons))


def write_benchmark(
    catalog: Catalog,
    runs: Mapping[str, Mapping[int, Mapping[str, Sequence[float]]]],
    versions: Mapping[str, Mapping[str, str]],
    device_name: str,
    threads: int,
) -> Benchmark:
    """Keep measurements: recipe to seed to the points that `evidence.benchmark.measure` prints.

    Raises `BenchmarkRefused`, and changes nothing, if a recipe ended before it was good enough: its time would be a bound, not a measurement.
    """
    for recipe, seeds in runs.items():
        for seed, points in seeds.items():
            if points["accuracy"][-1] < WANTED:
                raise BenchmarkRefused(
                    f"{recipe}, seed {seed}, ended at {points['accuracy'][-1]:.2%} after {points['seconds'][-1]:.0f} CPU s"
                )
    content = {
        "format": record.FORMAT,
        "wanted": WANTED,
        "code": _code(catalog),
        "versions": {name: dict(packages) for name, packages in versions.items()},
        "device": device_name,
        "threads": threads,
        "date": datetime.date.today().isoformat(),
        "runs": {recipe: {str(seed): dict(points) for seed, points in seeds.items()} for recipe, seeds in runs.items()},
    }
    record.write_sealed(catalog.records / PATH, content)
    return read_benchmark(catalog)


def only_scripts_changed(
    catalog: Catalog, versions: Mapping[str, Mapping[str, str]], device_name: str, threads: int
) -> Benchmark | None:
    """Return the committed benchmark if nothing that was measured has changed since, but for scripts of ours; else None.

    Whether those still train the same, `keep_benchmark` wants to be shown.
    """
    content = record.read_sealed(catalog.records / PATH)
    if not content or (content["device"], content["threads"]) != (device_name, threads):
        return None
    code = _code(catalog)
    measuring = [f"evidence/benchmark/{name}.py" for name in ("measure", "recipes")]
    if content["versions"] != versions or any(content["code"].get(name) != code[name] for name in measuring):
        return None
    return Benchmark(content, ())


def keep_benchmark(
    catalog: Catalog, earlier: Benchmark, again: Mapping[str, Mapping[str, Sequence[float]]]
) -> Benchmark:
    """Bind an earlier benchmark to the code of today, if every recipe that was run `again`, with seed 0, went as it did then.

    Its times and its day stay. Raises `BenchmarkRefused`, and changes nothing, if a recipe came to another accuracy.
    """
    for recipe, points in again.items():
        then = earlier.content["runs"][recipe]["0"]
        if (points["epochs"], points["accuracy"]) != (then["epochs"], then["accuracy"]):
            raise BenchmarkRefused(
                f"{recipe} comes to an accuracy of {points['accuracy']}, and came to {then['accuracy']}"
            )
    content = {**earlier.content, "code": _code(catalog), "checked": datetime.date.today().isoformat()}
    record.write_sealed(catalog.records / PATH, content)
    return read_benchmark(catalog)


def _code(catalog: Catalog) -> dict[str, str]:
    ours = [script.path for stem, script in catalog.scripts.items() if stem in RECIPES]
    paths = [*ours, catalog.snippets / "mnist_data.py", *sorted((catalog.root / "evidence" / "benchmark").glob("*.py"))]
    return {path.relative_to(catalog.root).as_posix(): code_digest(path) for path in paths}
