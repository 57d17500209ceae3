"""What a test is told when the worker in MXNet's environment fails or dies, and that what is unknown is not let pass."""

import os
import signal
import sys

import numpy as np
import pytest

from tests.parity import test_models
from tests.parity.measure import TOLERANCES, differences
from tests.parity.worker import GluonWorker, WorkerDied

X = np.ones((1, 2), "float32")


@pytest.fixture
def worker(catalog):
    worker = GluonWorker(catalog)
    yield worker
    worker.close()


def test_error_of_a_case_is_shown_and_the_worker_lives_on(worker):
    for _ in range(2):
        with pytest.raises(WorkerDied, match="KeyError: 'Perceptron'"):
            worker.measure([({"layer": "Perceptron", "sizes": (2, 2), "count": 1, "precision": "float32"}, X, X, [X])])


def test_death_is_told_with_its_signal(worker):
    assert worker.measure([]) == []
    os.kill(worker.process.pid, signal.SIGKILL)
    with pytest.raises(WorkerDied, match="in MXNet's environment was killed by SIGKILL"):
        worker.measure([])


def test_environment_without_mxnet_is_told(worker, monkeypatch):
    monkeypatch.setenv("MXNET_PYTHON", sys.executable)
    with pytest.raises(WorkerDied, match="(?s)ended with exit status 1.*No module named 'mxnet'"):
        worker.measure([])


def test_model_without_a_plan_is_named_with_what_to_add(catalog, monkeypatch):
    monkeypatch.delitem(catalog.topics["models/cnn"].contract.parity, "cnn")
    (sentence,) = test_models.unplanned(catalog)
    assert (
        sentence.startswith("cnn has a model in Keras, PyTorch, MXNet, and nothing proves")
        and "add [parity.cnn] to snippets/models/cnn/topic.toml" in sentence
    )


def quantities(value: float, precision: str = "float32") -> dict:
    return {quantity: [np.full((100, 10), value, precision)] for quantity in TOLERANCES["float32"]}


def disagreeing(actual) -> list[str]:
    return [difference.quantity for difference in differences(quantities(0.0), actual) if not difference.agrees]


def test_tolerances_bite():
    assert not disagreeing(quantities(0.0))
    assert disagreeing(quantities(9e-7)) == ["round_trip"]
    assert disagreeing(quantities(1.9e-6)) == ["round_trip", "sgd_1", "sgd_10"]
    assert disagreeing(quantities(2.1e-6)) == list(TOLERANCES["float32"])
    assert disagreeing(quantities(np.nan)) == list(TOLERANCES["float32"])


def test_one_parameter_in_a_thousand_may_differ_after_ten_adam_steps():
    actual = quantities(0.0)
    actual["adam_10"][0][0, 0] = 1.0
    assert not disagreeing(actual)
    actual["adam_10"][0][0, 1] = 1.0
    assert disagreeing(actual) == ["adam_10"]


def test_difference_beside_large_values_is_relative():
    expected, actual = quantities(1000.0), quantities(1000.0)
    actual["forward"][0][0, 0] += 1e-3
    assert all(difference.agrees for difference in differences(expected, actual))
    actual["forward"][0][0, 0] += 3e-3
    (wrong,) = (difference for difference in differences(expected, actual) if not difference.agrees)
    assert str(wrong) == "forward differs by 4.0e-06, most in output at (0, 0); 2e-06 is allowed"
