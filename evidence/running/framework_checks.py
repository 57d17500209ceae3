"""Asks each framework what its own functions give for the inputs of a topic's checks."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy

from evidence.catalog import Catalog, Topic
from evidence.code import PACKAGES, public_version
from evidence.outcome import RunFailed
from evidence.running.sandbox import interpreter, thread_variables

WORKER = Path(__file__).with_name("frameworks.py")
LIMIT_SECONDS = 300


class CheckFailed(Exception):
    """A framework could not evaluate a check at all; the message has its words."""


def installed(catalog: Catalog, framework: str) -> bool:
    """Whether a framework can be asked here."""
    try:
        interpreter(catalog, framework)
    except RunFailed:
        return False
    return framework == "mxnet" or importlib.util.find_spec(PACKAGES[framework][0]) is not None


def measure(
    catalog: Catalog, topic: Topic, framework: str, values: Mapping[str, Mapping[str, numpy.ndarray]]
) -> tuple[dict[str, dict[str, float]], str]:
    """Return check -> quantity -> largest difference, and the framework's version.

    `values`: script -> expression -> array, from a run of each script that has checks in this framework. Raises
    `CheckFailed` if the framework raises, or gives another number of numbers, and `KeyError` if a script has not run.
    """
    checks = {name: check for name, check in topic.checks.items() if framework in check.code}
    tasks = {
        name: {
            "inputs": list(check.inputs),
            "code": check.code[framework],
            "derivative": check.derivative is not None,
            "dtype": check.dtype,
        }
        for name, check in checks.items()
    }
    arrays = {f"{name}:{each}": values[check.script][each] for name, check in checks.items() for each in check.inputs}
    python = str(interpreter(catalog, framework))
    with tempfile.TemporaryDirectory(prefix="checks-") as temporary:
        files = [Path(temporary) / name for name in ("tasks.json", "tasks.npz", "out.npz")]
        files[0].write_text(json.dumps(tasks), encoding="utf-8")
        numpy.savez(files[1], **arrays)
        environment = {**os.environ, **thread_variables(), "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}
        environment.pop("PYTHONPATH", None)
        ran = subprocess.run(
            [python, "-B", str(WORKER), framework, *map(str, files)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment | {"TF_CPP_MIN_LOG_LEVEL": "3", "HOME": temporary},
            timeout=LIMIT_SECONDS,
        )
        if not files[2].exists():
            raise CheckFailed(f"{framework}: {(ran.stderr.strip() or 'no word').splitlines()[-1]}")
        with numpy.load(files[2]) as file:
            found = dict(file)
    problems = json.loads(str(found.pop("problems")))
    if problems:
        raise CheckFailed("; ".join(f"checks.{name} in {framework}: {problem}" for name, problem in problems.items()))
    differences: dict[str, dict[str, float]] = {}
    for name, check in checks.items():
        differences[name] = {}
        for quantity, expression in (("value", check.value), ("derivative", check.derivative)):
            if expression:
                ours = numpy.asarray(values[check.script][expression], dtype="float64").ravel()
                theirs = found[f"{name}:{quantity}"]
                if ours.shape != theirs.shape:
                    raise CheckFailed(
                        f"checks.{name} in {framework}: {theirs.size} numbers, where {expression} has {ours.size}"
                    )
                differences[name][quantity] = _largest(ours, theirs)
    return differences, _version(python, PACKAGES[framework][0])


def _largest(ours: numpy.ndarray, theirs: numpy.ndarray) -> float:
    """Return the largest difference, relative to the largest of our values if that is above 1; equal infinities differ by 0."""
    same = (ours == theirs) | (numpy.isnan(ours) & numpy.isnan(theirs))
    finite = ours[numpy.isfinite(ours)]
    scale = max(1.0, float(numpy.abs(finite).max(initial=0.0)))
    with numpy.errstate(invalid="ignore"):
        distance = numpy.where(same, 0.0, numpy.abs(ours - theirs))
    return float(numpy.nan_to_num(distance, nan=numpy.inf).max(initial=0.0)) / scale


def _version(python: str, package: str) -> str:
    """Return the version of a package in another interpreter."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    return public_version(found.strip())
