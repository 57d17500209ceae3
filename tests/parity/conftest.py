"""What the parity tests share: the snippets under test, and one worker for MXNet.

No test module imports a framework by itself, so that tests of other things can be chosen where a framework is not installed.
"""

import importlib

import pytest

from tests.parity.measure import load_snippet
from tests.parity.worker import GluonWorker


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-parity", action="store_true", help="keep how far models lie apart, once all were compared"
    )


@pytest.fixture(scope="session")
def gluon(catalog):
    worker = GluonWorker(catalog)
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def networks():
    return importlib.import_module("tests.parity.networks")


@pytest.fixture(scope="session")
def weights(catalog):
    """`weights_pytorch.py`, whose translators and pairs of layers are tested."""
    return load_snippet(catalog.script("weights_pytorch").path)


@pytest.fixture(scope="session")
def conventions(catalog):
    return load_snippet(catalog.script("conventions_pytorch").path)


@pytest.fixture(scope="session")
def measured():
    """Collects script name -> framework -> quantity -> largest difference, of models that passed."""
    return {}
