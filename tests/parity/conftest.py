"""What the parity tests share: the snippets under test, and one worker for MXNet.

No test module imports a framework by itself, so that tests of other things can be chosen where a framework is not installed.
"""

import importlib
from types import SimpleNamespace

import pytest

from tests.parity.measure import load_snippet
from tests.parity.worker import GluonWorker


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-parity",
        action="store_true",
        help="keep how far the models of each topic lie apart, once all of them were compared",
    )


@pytest.fixture(scope="session")
def gluon(catalog):
    worker = GluonWorker(catalog)
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def networks():
    """The adapters of Keras and of PyTorch: this process can have both."""
    return SimpleNamespace(**{name: importlib.import_module(f"tests.adapters.{name}") for name in ("keras", "pytorch")})


@pytest.fixture(scope="session")
def weights(catalog):
    """`weights_pytorch.py`, whose translators and pairs of layers are tested."""
    return load_snippet(catalog.script("weights_pytorch").path)


@pytest.fixture(scope="session")
def conventions(catalog):
    return load_snippet(catalog.script("conventions_pytorch").path)


@pytest.fixture(scope="session")
def measured():
    """Collects (plan, framework) -> quantity -> largest difference, of models that passed."""
    return {}
