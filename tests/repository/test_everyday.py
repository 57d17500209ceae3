"""A session of tests runs whole what it says, in rehearsal what it says, and claims of a rehearsal nothing that only a whole run shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.conftest import ABSENT, CONTRACT, REHEARSAL, STEPS, Repository

ROOT = Path(__file__).parents[2]
TEST = """
import pytest

TOPIC = "models/toy"


def test_score(run):
    assert run.results["score"] <= 1


@pytest.mark.needs_whole("nine steps are made")
def test_steps(run):
    assert run.output == "9 steps\\n"
"""


class House(Repository):
    """A toy repository with the tests that hold the scripts of this one."""

    def test(self, *options: str) -> tuple[int, str]:
        """Return exit status and report of a session of its tests."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "MNIST"))}
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", *options],
            cwd=self.root,
            env=environment | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            encoding="utf-8",
        )
        return run.returncode, run.stdout + run.stderr


@pytest.fixture
def house(tmp_path) -> House:
    """One script with a rehearsal, recorded, and one test of its own."""
    house = House(tmp_path.resolve() / "house")
    house.contract(CONTRACT, REHEARSAL, ABSENT)
    house.code(STEPS)
    house.write("snippets/mnist_data.py", f"CHECKSUMS = {{}}\nprint({str(tmp_path)!r})\n")
    house.write("requirements.txt", "numpy==2.4.6\n")
    house.write("pyproject.toml", '[tool.pytest.ini_options]\ntestpaths = ["tests"]\naddopts = "--dist loadgroup"\n')
    for name in ("__init__.py", "conftest.py", "everyday.py", "test_contract.py"):
        shutil.copy(ROOT / "tests" / name, house.write(f"tests/{name}", ""))
    house.write("tests/models/__init__.py", "")
    house.write("tests/models/test_toy.py", TEST)
    house.keep(1, results={"score": 0.9}, output="9 steps\n", figures={}, versions={"numpy": "2.4.6"})
    return house


def outcomes(report: str) -> dict[str, int]:
    """Return how many tests ended in which way."""
    return {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|skipped|deselected)", report)}


def test_a_rehearsal_is_said_to_be_one(house):
    status, report = house.test()
    assert status == 0, report
    assert "Scripts: 0 whole, 1 in rehearsal" in report and "Scripts: ran 0 whole, 1 in rehearsal." in report
    reasons = re.findall(r"in rehearsal: (.*)", report)
    assert sorted(reasons) == [
        "every declared result agrees with the committed record",
        "nine steps are made",
        "what the page says holds for this run",
    ]
    status, report = house.test("--whole", "-n", "2")
    assert status == 0, report
    assert "Scripts: 1 whole, 0 in rehearsal" in report and "Scripts: ran 1 whole, 0 in rehearsal." in report
    assert "skipped" not in outcomes(report)


def test_a_rehearsal_is_held_to_its_own_bounds(house):
    house.contract(CONTRACT, REHEARSAL.replace("0.2", "0.3"), ABSENT)
    status, report = house.test("-k", "bounds")
    assert status == 1 and "score is 0.2, below 0.3, its minimum in rehearsal" in report


def test_a_fault_after_the_rehearsals_end_is_for_the_whole_run(house):
    house.code(STEPS + "assert STEPS < 5\n")
    assert house.test("-k", "bounds")[0] == 0
    status, report = house.test("-k", "bounds", "--whole")
    assert status == 1 and "it raised" in report
