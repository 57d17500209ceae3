"""What is typed to work on the repository does what is said of it."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from evidence.outcome import Mnist
from tests.browser import wait_for_locks
from tests.conftest import MNIST, pytest_report_header, time_needed

ROOT = Path(__file__).parents[2]


HOLDER = """
import fcntl, sys, time
with open(sys.argv[1], "w") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def held(path, seconds):
    """Let another process hold a lock as apt does; yields the process."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, path, str(seconds)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_installing_a_browser_waits_for_the_lock_of_the_package_manager(tmp_path, capsys):
    free, taken, absent = (tmp_path / name for name in ("free", "taken", "absent"))
    free.touch()
    with held(taken, seconds=1) as process:
        wait_for_locks([free, taken, absent], patience=60)
        assert process.wait() == 0
    assert f"Another process holds {taken}." in capsys.readouterr().out
    with held(taken, seconds=60) as process:
        wait_for_locks([taken], patience=0.3)
        assert process.poll() is None
    assert f"{taken} is still held" in capsys.readouterr().out


def test_the_time_that_all_tests_need_is_said_first(catalog, monkeypatch):
    """In proportion to the workers, and only where all tests are asked for."""
    minutes = [int(re.search(r"about (\d+) minutes", time_needed(catalog, workers))[1]) for workers in (1, 2)]
    assert minutes[0] > 10 and abs(minutes[0] - 2 * minutes[1]) <= 2
    monkeypatch.setenv("EVERY_NOTEBOOK", "yes")
    assert int(re.search(r"about (\d+) minutes", time_needed(catalog, 1))[1]) > 1.5 * minutes[0]

    all_of_them, some = pytest.Config.ArgsSource.TESTPATHS, pytest.Config.ArgsSource.ARGS
    for source, words, shown in ((all_of_them, "", True), (some, "", False), (all_of_them, "mlp", False)):
        options = SimpleNamespace(keyword=words, markexpr="", numprocesses=3)
        config = SimpleNamespace(stash={MNIST: Mnist(Path(), {}, real=True)}, args_source=source, option=options)
        assert (time_needed(catalog, 3) in pytest_report_header(config)) == shown


@pytest.mark.parametrize(
    "command",
    ["ruff check --no-cache", "ruff format --check --no-cache", "lint-imports --no-cache --no-logo"],
    ids=["style", "format", "imports"],
)
def test_code_keeps_the_rules_of(command):
    """Those in pyproject.toml: its style, and that no room of the package knows one above it."""
    program, *options = command.split()
    run = subprocess.run(
        [Path(sys.executable).with_name(program), *options], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert run.returncode == 0, run.stdout + run.stderr
