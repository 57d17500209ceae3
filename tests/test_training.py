"""Every script trains as its contract says, and so alike in each of its frameworks: what `tests.adapters.watching` saw of its run."""

import ast
from collections.abc import Iterable

import numpy as np
import pytest

from evidence.catalog import Script, load_catalog
from evidence.record import read_record
from evidence.running.script import run_script
from tests.conftest import ROOT

# Told on the page on parity; no script sets another.
EPSILONS = {"keras": 1e-7, "tensorflow": 1e-7, "pytorch": 1e-8, "mxnet": 1e-8}
# What is not seen where a script's own `tf.function` draws or picks its batches.
UNSEEN = {"keras", "tensorflow"}


def chosen(script: Script) -> bool:
    return script.training is not None


@pytest.fixture
def training(script):
    return script.training


def rates(schedule: str, largest: float, steps: int, first: int) -> np.ndarray:
    """Return the learning rate of each step, (steps,), as its schedule is defined; `first` is the first step's number."""
    step = np.arange(first, first + steps)
    if schedule == "constant":
        return np.full(steps, largest)
    rising = {"cosine": 0, "warm-up and cosine": steps // 10, "one cycle": 0.1 * steps - 1}[schedule]
    end = steps - 1 if schedule == "one cycle" else steps
    start = step / max(rising, 1)
    if schedule == "one cycle":  # which rises along a cosine too
        start = (1 - np.cos(np.pi * start)) / 2
    falling = (1 + np.cos(np.pi * (step - rising) / (end - rising))) / 2
    return largest * np.where(step < rising, 1 / 25 + start * 24 / 25, falling)


def several(value) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def different(values: Iterable) -> list:
    """Return the different values, sorted; numbers that only single precision tells apart are one."""
    return sorted({float(f"{value:.5g}") if isinstance(value, (int, float)) else value for value in values})


def over_steps(value) -> list:
    """Return the least and the greatest value of a setting that moves from step to step, about, or else its one value, or values."""
    return (
        [float(f"{each:.2g}") for each in (min(value), max(value))] if isinstance(value, list) else list(several(value))
    )


@pytest.mark.needs_whole("how it trains")
def test_trains_as_the_contract_says(run, script, training):
    seen, matched = run.training["trainings"], set()
    assert len(seen) == training.trainings, seen
    for each in seen:
        assert each.get("epsilon", EPSILONS[script.framework]) == pytest.approx(EPSILONS[script.framework])
        each["losses"], rate = tuple(each["losses"]), np.broadcast_to(each["learning_rate"], each["steps"])
        # MXNet counts its updates from 1.
        fitting = {
            largest
            for schedule in several(training.schedule)
            for largest in several(training.learning_rate)
            if np.allclose(
                rate, rates(schedule, largest, each["steps"], script.framework == "mxnet"), rtol=0, atol=2e-3 * largest
            )
        }
        assert fitting, f"a rate from {rate[0]:g} to {rate[-1]:g}, not {training.learning_rate}, {training.schedule}"
        matched |= fitting
    assert matched == set(several(training.learning_rate))
    names = ["optimizer", "beta_1", "beta_2", "momentum", "weight_decay", "clip_norm", "losses"]
    names = [name for name in names if training.optimizer == "Adam" or not name.startswith("beta")]
    real = run.data is None or run.data.real
    names += ["steps"] if training.steps and real else []
    if seen_rows := all("epochs" in each for each in seen):
        names += ["batch_size", "epochs", "orders"]
        names += ["rows"] if training.rows and real else []
        for each in seen:  # the last batch of an epoch may be smaller
            apart = each["steps"] * each["batch_size"] - each["epochs"] * each["rows"]
            assert 0 <= apart < each["batch_size"] * max(several(training.epochs)), each
    assert seen_rows or script.framework in UNSEEN
    found = {name: different(value for each in seen for value in over_steps(each.get(name, 0))) for name in names}
    stated = {name: getattr(training, name) for name in names}
    if seen_rows:
        stated["orders"] = training.orders or training.epochs
    assert found == {name: different(several(value)) for name, value in stated.items()}


@pytest.mark.needs_mnist("that no row both trains and judges; the stand-in has too few for every script")
@pytest.mark.needs_whole("how it is judged")
def test_is_judged_without_dropout_on_rows_that_it_was_not_trained_on(run, training):
    assert not run.training["judged_as_in_training"] or training.judged_as_in_training
    assert not run.training["judged_of_training"] or training.judged_on_training_rows


def cheapest() -> list[Script]:
    """Return the script that trains in least time, by its record, in each framework."""
    catalog = load_catalog(ROOT)
    drawn = [
        script
        for script in catalog.scripts.values()
        if script.training and script.topic.section != "walkthroughs" and read_record(catalog, script).content
    ]
    drawn.sort(key=lambda script: read_record(catalog, script).content["seconds"]["cpu"])
    return list({script.framework: script for script in reversed(drawn)}.values())


@pytest.mark.parametrize(
    "repeated",
    [pytest.param(script, marks=pytest.mark.xdist_group(script.stem), id=script.stem) for script in cheapest()],
)
def test_seed_decides_everything(repeated, catalog, run_of, mnist):
    """The same seed gives the same results to the last digit, watched or not; that others differ, `test_contract` holds."""
    assert run_script(catalog, repeated, mnist).results == run_of(repeated).results


def trains(script: Script) -> bool:
    """Whether a script has a function `train`, or trains without one, as a walkthrough does."""
    tree = ast.parse(script.path.read_bytes())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    calls = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    return "train" in functions or (script.topic.section == "walkthroughs" and bool(calls & {"fit", "step"}))


def borrows_training(script: Script) -> bool:
    """Whether a script has the function `train` of another one: it may train wrongly on purpose, and then states nothing."""
    imports = [node for node in ast.parse(script.path.read_bytes()).body if isinstance(node, ast.ImportFrom)]
    return "train" in {alias.name for node in imports for alias in node.names}


def test_every_training_is_stated(catalog):
    scripts = [script for script in catalog.scripts.values() if script.framework != "numpy"]
    assert [script.stem for script in scripts if trains(script) and not script.training] == []
    assert [
        script.stem for script in scripts if script.training and not (trains(script) or borrows_training(script))
    ] == []
