"""Finds the data once, runs each snippet once, and says loudly when the data is only a stand-in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from evidence.catalog import FRAMEWORKS, Catalog, Script, load_catalog
from evidence.code import reads_mnist
from evidence.notebooks.record import walkthrough_of
from evidence.outcome import DataUnavailable, Mnist, Run
from evidence.record import read_record
from evidence.running.notebook import run_notebook
from evidence.running.sandbox import find_mnist, thread_variables
from evidence.running.script import run_script
from tests.everyday import Everyday, add_options

# Before NumPy or a framework is imported, here and in each worker: where every worker has threads for all cores, they wait for
# one another. With two workers on two cores, least squares took ten times the processor time.
os.environ.update(thread_variables())

ROOT = Path(__file__).parents[1]
MNIST = pytest.StashKey[Mnist]()
EVERYDAY = pytest.StashKey[Everyday]()
TEST = pytest.StashKey[pytest.Item]()
REASON = pytest.StashKey[str]()
# What all tests take, in processor time: so many times what every script took when it was recorded, for its run and the probes into
# it, and so many seconds for all the rest. Estimated from parts of them; for the reader who wonders whether to wait.
RUNS_OF_A_SCRIPT = 1.6
OTHER_SECONDS = 900
LOUD = "real MNIST cannot be reached: a STAND-IN of 1,797 small digits takes its place"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stand-in", action="store_true", help="use the stand-in even where real MNIST can be reached")
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "script(name, framework=None): what a page says of one script, in each framework or in one"
    )
    config.addinivalue_line("markers", "needs_mnist(claim): a claim that only real MNIST can hold up")
    config.addinivalue_line("markers", "needs_whole(claim): a claim that a rehearsal cannot hold up")
    for framework in FRAMEWORKS:
        config.addinivalue_line(
            "markers", f"{framework}: needs this framework; each test of a script's group gets the script's"
        )
    config.addinivalue_line("markers", "mnist: each test of a script's group gets it where the script reads MNIST")
    config.addinivalue_line("markers", "parity: each test in tests/parity gets it; needs every framework")
    given = getattr(config, "workerinput", {}).get("mnist")
    config.stash[MNIST] = Mnist(Path(given[0]), given[1], given[2]) if given else _find_data(config)
    config.stash[EVERYDAY] = Everyday(config, _catalog())
    config.pluginmanager.register(config.stash[EVERYDAY])


def _find_data(config: pytest.Config) -> Mnist:
    if config.option.collectonly:
        return Mnist(Path(), {}, real=False)
    try:
        if not config.option.stand_in:
            return find_mnist(_catalog())
        reason = "asked for with --stand-in"
    except DataUnavailable as error:
        reason = str(error)
    from tests.stand_in import build_stand_in  # and scikit-learn, which takes a second in each process

    folder = Path(tempfile.mkdtemp(prefix="mnist-stand-in-"))
    config.add_cleanup(lambda: shutil.rmtree(folder))
    config.stash[REASON] = reason
    return Mnist(folder, build_stand_in(folder), real=False)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Hand what the controller found to each worker, so that the data is looked for once."""
    mnist = node.config.stash[MNIST]
    node.workerinput["mnist"] = [str(mnist.folder), dict(mnist.checksums), mnist.real]


def pytest_report_header(config: pytest.Config) -> list[str]:
    mnist = config.stash[MNIST]
    header = [
        f"MNIST: real, verified, in {mnist.folder}" if mnist.real else f"MNIST: {LOUD} ({config.stash.get(REASON, '')})"
    ]
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    runs = getattr(config.option, "runs", None)
    if everything and mnist.real and runs in (None, "whole") and not (config.option.keyword or config.option.markexpr):
        workers = getattr(config.option, "numprocesses", None) or 1
        header.append(time_needed(_catalog(), workers, whole=runs == "whole"))
    return header


def time_needed(catalog: Catalog, workers: int, *, whole: bool = False) -> str:
    """Return a sentence on how long all tests will take, from the processor time that the records have; a rehearsal takes little."""
    scripts = [script for script in catalog.scripts.values() if whole or not script.rehearsal]
    records = [read_record(catalog, script).content for script in scripts]
    seconds = [record["seconds"]["cpu"] for record in records if record]
    notebooks = 2 if os.environ.get("EVERY_NOTEBOOK") else 0
    total = sum(seconds) * (RUNS_OF_A_SCRIPT + notebooks) + OTHER_SECONDS
    return (
        f"Time: about {total / workers / 60:.0f} minutes with {workers} worker{'s' * (workers > 1)}, on idle cores like those of the"
        f" records ({sum(seconds) / 60:.0f} minutes of processor time for every script once, {total / 60:.0f} for all tests)"
    )


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if config.stash[MNIST].real or config.option.collectonly:
        return
    terminalreporter.section("STAND-IN DATA", sep="!", red=True, bold=True)
    terminalreporter.line(f"{LOUD}.")
    terminalreporter.line(f"Why: {config.stash.get(REASON, '')}")
    terminalreporter.line("Held to floors of their own on it: the results with a stand_in_minimum in topic.toml.")
    terminalreporter.line("Claims that were NOT tested, because they need real MNIST:")
    for report in terminalreporter.stats.get("skipped", []):
        if "needs real MNIST" in str(report.longrepr):
            terminalreporter.line(
                f"  - {report.nodeid.partition('@')[0]}: {report.longrepr[2].partition('needs real MNIST: ')[2]}"
            )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the argument `stem` runs for every script, or for those of the module's `TOPIC`, and of its mark `script`.

    A module may have a function `chosen`, which says of a script whether the module's tests are about it.
    """
    if "stem" not in metafunc.fixturenames:
        return
    chosen = getattr(metafunc.module, "chosen", lambda script: True)
    scripts = [script for script in _catalog().select(getattr(metafunc.module, "TOPIC", None)) if chosen(script)]
    if mark := metafunc.definition.get_closest_marker("script"):
        scripts = [script for script in scripts if script.name in mark.args]
        scripts = [script for script in scripts if script.framework == mark.kwargs.get("framework", script.framework)]
        assert scripts, f"{metafunc.definition.nodeid}: there is no script called {mark.args}"
    # Tests of one script stay in one worker, where its run is kept.
    metafunc.parametrize(
        "stem", [pytest.param(script.stem, marks=pytest.mark.xdist_group(script.stem)) for script in scripts]
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test of a script's group with the framework of the script: `-m pytorch`, `-m mnist`."""
    for item in items:
        if ROOT / "tests" / "parity" in item.path.parents:
            item.add_marker("parity")
        group = item.get_closest_marker("xdist_group")
        if group and (script := _catalog().scripts.get(group.args[0])):
            item.add_marker(script.framework)
            if reads_mnist(_catalog(), script):
                item.add_marker("mnist")


def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[TEST] = item
    marker = item.get_closest_marker("needs_mnist")
    if marker and not item.config.stash[MNIST].real:
        pytest.skip(f"needs real MNIST: {marker.args[0]}")


@cache
def _catalog() -> Catalog:
    return load_catalog(ROOT)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return _catalog()


@pytest.fixture(scope="session")
def mnist(pytestconfig: pytest.Config) -> Mnist:
    """The data of this test run: real, or the stand-in."""
    return pytestconfig.stash[MNIST]


@pytest.fixture
def script(catalog: Catalog, stem: str) -> Script:
    return catalog.script(stem)


@pytest.fixture(scope="session")
def run_of(pytestconfig: pytest.Config, catalog: Catalog, mnist: Mnist) -> Callable[[Script], Run]:
    """Run a script as its reader does, watched while it trains, with its topic's probe if there is one; each once a session.

    A run that failed is not repeated: every test that needs it fails with its message.
    """
    finished: dict[str, Run | Exception] = {}

    def run(script: Script) -> Run:
        marked = pytestconfig.stash[TEST].get_closest_marker(script.framework) or script.framework == "numpy"
        assert marked, (
            f"mark this test with xdist_group({script.stem!r}): otherwise it runs where there may be no {script.framework}"
        )
        if script.stem not in finished:
            probe = ROOT / "tests" / script.topic.section / f"probe_{script.topic.name}.py"
            probe = probe if probe.exists() else None
            rehearsed = pytestconfig.stash[EVERYDAY].starts(script, pytestconfig.stash[TEST])
            watch = ROOT / "tests" / "adapters" / "watching.py" if script.training else None
            try:
                if rehearsed:
                    finished[script.stem] = run_script(catalog, script, mnist, rehearsed=True, probe=probe)
                elif script.topic.section == "walkthroughs":
                    # As its reader runs it: the notebook, whose code is the script. Once: training takes long.
                    finished[script.stem] = run_notebook(
                        catalog, script, walkthrough_of(catalog, script).clean(), mnist, probe=probe, watch=watch
                    ).run
                else:
                    finished[script.stem] = run_script(catalog, script, mnist, probe=probe, watch=watch)
            except Exception as error:
                finished[script.stem] = error
            pytestconfig.stash[EVERYDAY].ended(script, finished[script.stem])
        if isinstance(finished[script.stem], Exception):
            raise finished[script.stem]
        return finished[script.stem]

    return run


@pytest.fixture
def run(run_of: Callable[[Script], Run], script: Script) -> Run:
    return run_of(script)
