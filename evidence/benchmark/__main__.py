"""Measures every recipe with every seed, prints the table and keeps the record: `python -m evidence.benchmark`.

Where only scripts of ours were edited, and each still comes to the very same accuracy, the measurements are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evidence.benchmark.record import (
    RECIPES,
    REFERENCES,
    WANTED,
    Benchmark,
    BenchmarkRefused,
    keep_benchmark,
    only_scripts_changed,
    write_benchmark,
)
from evidence.catalog import Catalog, load_catalog
from evidence.code import PACKAGES
from evidence.outcome import DataUnavailable
from evidence.running.sandbox import THREADS, device_name, find_mnist, interpreter, thread_variables

VERSIONS = (
    "import importlib.metadata, json, sys; print(json.dumps({n: importlib.metadata.version(n) for n in sys.argv[1:]}))"
)
console = Console()


class MeasurementFailed(Exception):
    """A recipe raised; the message shows the end of what it printed."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, or 1 where nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m evidence.benchmark", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds, from 0 on (3)")
    parser.add_argument("--afresh", action="store_true", help="keep nothing, as after an edit that only saves time")
    options = parser.parse_args(arguments)
    catalog = load_catalog(Path.cwd())
    try:
        folder = find_mnist(catalog).folder
        versions = {framework: installed_versions(catalog, framework) for framework in set(RECIPES.values())}
        device = device_name("cpu")
        earlier = None if options.afresh else only_scripts_changed(catalog, versions, device, THREADS)
        if earlier:
            console.print("Only scripts were edited since the last measurement: each of them is run once, with seed 0.")
            again = {
                recipe: run_recipe(catalog, recipe, framework, 0, folder)
                for recipe, framework in RECIPES.items()
                if recipe not in REFERENCES.values()
            }
            try:
                console.print(table(keep_benchmark(catalog, earlier, again)))
                return 0
            except BenchmarkRefused as error:
                console.print(f"Everything is measured again: {error}.", markup=False)
        runs: dict[str, dict[int, dict]] = {recipe: {} for recipe in RECIPES}
        # Seed by seed, so that a machine which grows slower or faster meanwhile does so for all recipes alike.
        for seed in range(options.seeds):
            for recipe, framework in RECIPES.items():
                console.print(f"{recipe}, seed {seed} … ", end="")
                points = run_recipe(catalog, recipe, framework, seed, folder)
                console.print(f"{points['accuracy'][-1]:.2%} after {points['seconds'][-1]:.1f} CPU s")
                runs[recipe][seed] = points
        benchmark = write_benchmark(catalog, runs, versions, device, THREADS)
    except (BenchmarkRefused, DataUnavailable, MeasurementFailed) as error:
        console.print(f"Nothing was kept. {error}", style="red", markup=False)
        return 1
    console.print(table(benchmark))
    return 0


def run_recipe(catalog: Catalog, recipe: str, framework: str, seed: int, folder: Path) -> dict[str, list[float]]:
    """Run one recipe in a process and an interpreter of its own, on one thread; raise `MeasurementFailed` if it raises."""
    command = [str(interpreter(catalog, framework)), "-m", "evidence.benchmark.measure", recipe, str(seed), str(WANTED)]
    variables = {**os.environ, **thread_variables(), "MNIST_FOLDER": str(folder), "CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.run(command, env=variables, capture_output=True, text=True)
    if process.returncode:
        raise MeasurementFailed(f"{recipe}, seed {seed}:\n{process.stderr[-2000:]}")
    return json.loads(process.stdout.splitlines()[-1])


def installed_versions(catalog: Catalog, framework: str) -> dict[str, str]:
    """Return package to version in the environment that a framework runs in."""
    packages = [*PACKAGES[framework], *(["tensorflow"] if framework == "keras" else [])]
    command = [str(interpreter(catalog, framework)), "-c", VERSIONS, *packages]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {name: version.partition("+")[0] for name, version in found.items()}


def table(benchmark: Benchmark) -> Table:
    """Return the measurements as a table for a terminal."""
    shown = Table(title=f"CPU seconds of training until {WANTED:.0%} on MNIST")
    for column in ("recipe", "epochs", "test accuracy", "CPU s", "ratio"):
        shown.add_column(column, justify="left" if column == "recipe" else "right")
    for recipe in RECIPES:
        seconds, accuracies = benchmark.last(recipe, "seconds"), benchmark.last(recipe, "accuracy")
        shown.add_row(
            recipe,
            ", ".join(map(str, benchmark.last(recipe, "epochs"))),
            ", ".join(f"{accuracy:.2%}" for accuracy in accuracies),
            ", ".join(f"{second:.1f}" for second in seconds),
            f"{benchmark.ratio(recipe):.2f}×" if RECIPES[recipe] in REFERENCES else "",
        )
    return shown


if __name__ == "__main__":
    sys.exit(main())
