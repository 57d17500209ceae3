"""A session of tests runs whole what it says, in rehearsal what it says, and claims of a rehearsal nothing that only a whole run shows."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.catalog import Rehearsal
from evidence.checks import write_checks
from evidence.receipts import Receipt, bound_files, write_receipt
from tests.everyday import CHEAP_SECONDS, WHOLE, plan, shard_of
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

# What a whole run of the script leaves.
LEFT = {
    "results": {"score": 0.9},
    "output": "9 steps\n",
    "printed": [""],
    "figures": {},
    "drawn": {},
    "versions": {"numpy": "2.4.6"},
}


class House(Repository):
    """A toy repository with the tests that hold the scripts of this one."""

    def test(self, *options: str) -> tuple[int, str]:
        """Return exit status and report of a session of its tests."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST", "MNIST", "RECEIPTS", "NEW_RECEIPTS"))
        }
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
    house.keep(1, **LEFT)
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
        "figures say the same as the recorded ones",
        "nine steps are made",
        "what the page says holds for this run",
    ]
    status, report = house.test("--whole", "-n", "2")
    assert status == 0, report
    assert "Scripts: 1 whole, 0 in rehearsal" in report and "Scripts: ran 1 whole, 0 in rehearsal." in report
    assert "in rehearsal: " not in report


def test_a_rehearsal_is_held_to_its_own_bounds(house):
    house.contract(CONTRACT, REHEARSAL.replace("0.2", "0.3"), ABSENT)
    status, report = house.test("-k", "bounds")
    assert status == 1 and "score is 0.2, below 0.3, its minimum in rehearsal" in report


def test_a_fault_after_the_rehearsals_end_is_for_the_whole_run(house):
    house.code(STEPS + "assert STEPS < 5\n")
    assert house.test("-k", "bounds")[0] == 0
    status, report = house.test("-k", "bounds", "--whole")
    assert status == 1 and "it raised" in report


def test_a_walkthrough_is_rehearsed_as_a_script(house):
    """It has no prose here, of which a notebook could be made."""
    parts = [part.replace("toy", "tour") for part in (CONTRACT, REHEARSAL, ABSENT)]
    house.contract(*parts, topic="walkthroughs/tour")
    house.write("snippets/walkthroughs/tour/tour_numpy.py", STEPS)
    assert house.test("-k", "bounds and tour")[0] == 0
    assert house.test("-k", "bounds and tour", "--whole")[0] == 1


# Receipts


RECEIPT = "records/receipts/toy_numpy.json"
WRITING = ("--receipts",)


def has_receipt(house, *options: str) -> bool:
    """Run the tests and return whether they have written a receipt."""
    (house.root / RECEIPT).unlink(missing_ok=True)
    status, report = house.test(*WRITING, *options)
    assert outcomes(report).get("error", 0) == 0, report
    return (house.root / RECEIPT).exists()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "workers"])
def test_a_whole_run_that_passes_every_test_gets_a_receipt(house, workers):
    assert has_receipt(house, "--whole", *workers)
    status, report = house.test("--trust", *workers)
    assert status == 0 and "Scripts: ran 0, rehearsed 0, trusted 1, the oldest 0 days." in report, report


def test_nothing_is_written_unless_asked_for(house):
    before = house.files()
    assert house.test("--whole")[0] == 0
    assert house.files() == before


@pytest.mark.parametrize(
    "options",
    [
        pytest.param([], id="rehearsed"),
        pytest.param(["--whole", "-k", "not test_score"], id="left out by name"),
        pytest.param(["--whole", "--deselect", "tests/models/test_toy.py::test_steps[toy_numpy]"], id="deselected"),
        pytest.param(["--whole", "-o", "testpaths=tests/models"], id="other folder"),
        pytest.param(["--whole", "--collect-only"], id="only collected"),
        pytest.param(["--whole", "--maxfail=1"], id="stopped"),
    ],
)
def test_no_receipt_without_every_test_of_a_whole_run(house, options):
    if "--maxfail=1" in options:
        house.write("tests/models/test_zero.py", "def test_other():\n    assert False\n")
    assert not has_receipt(house, *options)


@pytest.mark.parametrize(
    "test",
    [
        pytest.param("    assert False", id="failed"),
        pytest.param("    pytest.skip('not today')", id="skipped"),
        pytest.param("    pytest.xfail('known')", id="expected to fail"),
        pytest.param("    request.addfinalizer(lambda: 1 / 0)", id="failed afterwards"),
    ],
)
def test_no_receipt_if_a_test_of_the_script_did_not_pass(house, test):
    """Wherever it lies: here in a file that is of no topic."""
    place = "tests/frameworks/test_all.py"
    house.write("tests/frameworks/__init__.py", "")
    house.write(place, f"import pytest\n\nTOPIC = 'models/toy'\n\n\ndef test_more(run, request):\n{test}\n")
    (house.root / RECEIPT).unlink(missing_ok=True)
    house.test(*WRITING, "--whole")
    assert not (house.root / RECEIPT).exists()
    house.write(place, "TOPIC = 'models/toy'\n\n\ndef test_more(run):\n    pass\n")
    assert has_receipt(house, "--whole")


@pytest.mark.parametrize(
    "options", [["tests"], ["tests/models"], ["--ignore=tests/models"], ["--ignore-glob=*toy*"], ["-n", "2", "tests"]]
)
def test_receipts_need_every_test_to_be_collected(house, options):
    status, report = house.test("--whole", *WRITING, *options)
    assert status == 4 and "--receipts needs every test collected" in report


def test_what_has_changed_is_not_trusted(house):
    assert has_receipt(house, "--whole")
    receipt = (house.root / RECEIPT).read_text()
    house.write("tests/models/test_toy.py", TEST + "\n\ndef test_more(run):\n    assert run.rehearsed\n")
    status, report = house.test("--trust")
    assert status == 1 and "ran 1, rehearsed 0, trusted 0." in report, report
    assert "no receipt that counts: toy_numpy: tests/models/test_toy.py has changed since it was run whole" in report
    house.write("tests/models/test_toy.py", TEST)
    (house.root / RECEIPT).write_text(receipt.replace("Toy", "Other").replace('"format": 1', '"format": 1 '))
    assert "trusted 1" in house.test("--trust")[1]
    (house.root / RECEIPT).write_text(receipt.replace("numpy", "torch"))
    assert "ran 1, rehearsed 0, trusted 0." in house.test("--trust")[1]


def test_a_test_that_the_receipt_does_not_know_is_run(house):
    assert has_receipt(house, "--whole")
    house.write("tests/frameworks/__init__.py", "")
    house.write("tests/frameworks/test_all.py", "TOPIC = 'models/toy'\n\n\ndef test_more(run):\n    assert False\n")
    status, report = house.test("--trust")
    assert status == 1 and outcomes(report)["failed"] == 1 and "ran 1" in report, report


CHECK = """
[checks.half]
inputs = ["score"]
value = "score / 2"
pytorch = "score / 2"
"""


def test_frameworks_are_asked_again_only_if_something_changed(house):
    """What they gave is on record, and the record holds as long as script, checks and versions do."""

    def asked() -> int:
        return house.test("--trust", "--collect-only", "-q")[1].count("test_framework_computes_the_same[")

    house.contract(CONTRACT, REHEARSAL, CHECK, ABSENT)
    catalog, script = house.catalog, house.script
    write_checks(catalog, script.topic, {"half": {"pytorch": {"value": 0.0}}}, {"pytorch": "1.0"})
    assert asked() == 1, "the script has no receipt"
    run = house.made_up_run(versions={"numpy": "2.4.6"})
    write_receipt(house.root / "records/receipts", catalog, run, bound_files(catalog, script, []), datetime.now(UTC))
    assert asked() == 0
    house.write("requirements.txt", "numpy==2.4.6\ntorch==2.0\n")
    assert asked() == 1


def test_a_long_script_that_changed_is_rehearsed_by_trust_and_whole_where_asked(house):
    house.keep(1, **LEFT, seconds_cpu=CHEAP_SECONDS + 1)
    assert "ran 0, rehearsed 1, trusted 0." in house.test("--trust", *WRITING)[1]
    assert not (house.root / RECEIPT).exists()
    assert has_receipt(house, "--whole-changed")
    assert "ran 0 whole, 1 in rehearsal." in house.test("--whole-changed")[1]


def test_the_documents_say_up_to_where_a_script_is_run_whole():
    for name, words in {
        "CONTRIBUTING.md": "at most {} CPU seconds",
        "CONTRIBUTING.zh.md": "CPU 时间不超过 {} 秒",
    }.items():
        assert words.format(CHEAP_SECONDS) in (ROOT / name).read_text("utf-8")


# How each script is to run


def test_a_seventh_runs_whole_each_day_and_all_within_a_week(catalog):
    counts = {stem: Receipt(script, None, frozenset(), ()) for stem, script in catalog.scripts.items()}
    long = replace_rehearsals(catalog)
    week = [
        {
            stem
            for stem, mode in plan(long, "whole-today", counts, datetime(2026, 6, day, tzinfo=UTC)).items()
            if mode == WHOLE
        }
        for day in range(1, 8)
    ]
    assert sum(map(len, week)) == len(catalog.scripts) and set().union(*week) == set(catalog.scripts)
    assert all(len(catalog.scripts) / 20 < len(day) < len(catalog.scripts) / 3 for day in week)
    stem = min(set(catalog.scripts) - week[0])
    counts[stem] = Receipt(catalog.scripts[stem], None, frozenset(), ("it changed",))
    assert plan(long, "whole-today", counts, datetime(2026, 6, 1, tzinfo=UTC))[stem] == WHOLE


def replace_rehearsals(catalog):
    """Return the catalog as if every script had a rehearsal."""
    rehearsal = Rehearsal(script="any", replace={"STEPS": 1}, minimum={"score": 0})
    scripts = {}
    for stem, script in catalog.scripts.items():
        contract = script.topic.contract.model_copy(update={"rehearsal": {script.name: rehearsal}})
        scripts[stem] = dataclasses.replace(script, topic=dataclasses.replace(script.topic, contract=contract))
    return dataclasses.replace(catalog, scripts=scripts)


def test_shards_divide_the_tests_and_keep_those_of_a_script_together(house):
    names = [
        set(re.findall(r"(?m)^tests/\S+::\S+", house.test("--collect-only", "-q", "--shard", f"{number}/3")[1]))
        for number in (1, 2, 3)
    ]
    everything = set(re.findall(r"(?m)^tests/\S+::\S+", house.test("--collect-only", "-q")[1]))
    assert set().union(*names) == everything and sum(map(len, names)) == len(everything) > 8
    assert sum(any("[toy_numpy]" in name for name in part) for part in names) == 1


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "one/2", "-1/2", "1/0"])
def test_there_is_no_such_shard(text):
    with pytest.raises(pytest.UsageError, match="it is K/N"):
        shard_of(text)
