"""`python -m evidence`: what it does, what it shows, and its exit status, which is all that make and CI look at."""

import io
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent

import pytest
from rich.console import Console

from evidence.__main__ import main
from evidence.receipts import bound_files, receipts_folder, write_receipt
from evidence.record import write_sealed
from tests.evidence.conftest import ABSENT, CONTRACT, CURVE, DRAWING, LOSSES, REHEARSAL, SCORE, STEPS

SEEDED = "SEED = 0\nscore = 0.9 + SEED / 100\nprint('score', score)\n"


@pytest.fixture
def house(toy, monkeypatch):
    """A repository with two topics, as the current folder."""
    toy.code(SEEDED)
    toy.contract(CONTRACT.replace("toy", "deep"), ABSENT, topic="concepts/deep")
    toy.write("snippets/concepts/deep/deep_numpy.py", SEEDED)
    monkeypatch.chdir(toy.root)
    monkeypatch.setenv("COLUMNS", "250")
    return toy


@pytest.fixture
def command(capsys):
    """Run a command line, and return its exit status and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = main(list(arguments))
        return status, capsys.readouterr().out

    return run


def rows(output: str) -> dict[str, list[str]]:
    """Return the cells of each row of the table of records under the script's name."""
    table = {}
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.strip("│┃ ").split("│")]
        stem = next((cell for cell in cells if cell.endswith("_numpy")), None)
        if stem and len(cells) > 3:
            table.setdefault(stem, []).append(cells)
    return table


def summary(output: str) -> dict[str, list[str]]:
    """Return what a run says of each script at its end: good or failed, with which seeds, and each result."""
    scripts: dict[str, list[str]] = {}
    for line in output.splitlines():
        if match := re.fullmatch(
            r"(\w+_numpy): (good|failed)(?:, seed ([\d, ]+), [\d.]+ CPU s, [\d.]+ s, \d+ MB)?", line
        ):
            told = scripts[match[1]] = [match[2], match[3]]
        elif scripts and line.startswith("  "):
            told.append(line.strip())
    return scripts


def test_the_whole_way(house, command):
    """Missing, recorded, fresh, stale, recorded again."""
    status, output = command("status")
    assert status == 1
    assert rows(output)["toy_numpy"] == [["models/toy", "toy_numpy", "NumPy", "missing", "not yet"]]
    assert "- toy_numpy.py has no record for this device (cpu)" in output

    status, output = command("run", "--record")
    assert status == 0
    assert summary(output)["toy_numpy"] == ["good", "0, 1", "score 0.9 (0.9 to 0.91)"]
    assert output.index("toy_numpy, seed 0: ") < output.index("toy_numpy, seed 1: ") < output.index("toy_numpy: good")
    assert house.record.status == "fresh" and house.record.seeds == [0, 1]
    assert house.files()["models/toy/toy_numpy.cpu.txt"] == b"score 0.9\n"

    status, output = command("status")
    assert status == 0 and {cells[0][3] for cells in rows(output).values()} == {"fresh"}
    before = house.files()
    assert command("run", "--stale", "--record") == (0, "Every record is fresh; there is nothing to run.\n")

    house.code(SEEDED.replace("0.9", "0.8"))
    status, output = command("status")
    assert status == 1 and rows(output)["toy_numpy"][0][3] == "stale" and rows(output)["deep_numpy"][0][3] == "fresh"
    assert "snippets/models/toy/toy_numpy.py was edited after it was recorded" in output
    assert command("status", "concepts")[0] == 0

    status, output = command("run", "--stale")
    assert status == 0 and list(summary(output)) == ["toy_numpy"]
    assert house.files() == before, "nothing is recorded unless asked for"
    assert command("run", "--stale", "--record")[0] == 0
    assert house.record.value("score") == 0.8


def test_damaged_status(house, command):
    command("run", "models/toy", "--record")
    (house.root / "records/models/toy/toy_numpy.cpu.txt").write_text("score 0.99\n")
    status, output = command("status", "models/toy")
    assert (
        status == 1 and rows(output)["toy_numpy"][0][3] == "damaged" and "was changed after it was recorded" in output
    )
    assert command("run", "--stale", "--record", "models")[0] == 0 and house.record.status == "fresh"


def test_records_that_belong_to_nothing(house, command):
    command("run", "--record")
    house.write("records/models/gone/gone_numpy.cpu.json", "{}")
    status, output = command("status")
    assert status == 1 and "records/models/gone/gone_numpy.cpu.json belongs to no record" in output
    assert command("status", "models/toy")[0] == 0


def test_plain_run_records_nothing(house, command):
    status, output = command("run", "models/toy")
    assert status == 0 and list(summary(output)) == ["toy_numpy"]
    assert not (house.root / "records").exists()


def test_one_seed(house, command):
    status, output = command("run", "models/toy", "--seed", "7")
    assert status == 0 and summary(output)["toy_numpy"] == ["good", "7", "score 0.97"]


@pytest.mark.parametrize("own, seeds", [(0, [0, 1]), (1, [1, 0]), (42, [42, 0])])
def test_recorded_seeds(house, command, own, seeds):
    """As many different ones as are declared, and first the script's own, which is what a page shows."""
    house.code(SEEDED.replace("SEED = 0", f"SEED = {own}").replace("SEED / 100", "SEED / 1000"))
    assert command("run", "models/toy", "--record")[0] == 0
    assert house.record.seeds == seeds and house.record.status == "fresh"


@pytest.mark.parametrize(
    "code, reason",
    [
        ("1 / 0\n", "ZeroDivisionError"),
        ("score = 0.4\nSEED = 0\n", "toy_numpy.py, seed 0: score is 0.4, below its declared minimum of 0.5"),
        ("SEED = 0\nscore = 0.9 - SEED / 2\n", "toy_numpy.py, seed 1: score is 0.4, below its declared minimum of 0.5"),
        ("SEED = 0\nscore = 0.9 / (1 - SEED)\n", "ZeroDivisionError"),
        ("score = = 1\n", "SyntaxError"),
    ],
)
def test_a_failing_script_changes_no_record(house, command, code, reason):
    command("run", "models/toy", "--record")
    before = house.files()
    house.code(code)
    status, output = command("run", "models/toy", "--record")
    assert status == 1 and house.files() == before
    assert reason in output and summary(output)["toy_numpy"][0] == "failed"


def test_a_plain_run_is_held_to_what_is_declared(house, command):
    house.code("score = 0.4\n")
    status, output = command("run", "models/toy")
    assert status == 1 and "score is 0.4, below its declared minimum of 0.5" in output


def test_others_are_recorded_though_one_fails(house, command):
    house.code("1 / 0\n")
    status, output = command("run", "--record", "-j", "2")
    assert status == 1
    assert sorted(house.files()) == [f"concepts/deep/deep_numpy.cpu.{ending}" for ending in ("json", "txt")]
    assert summary(output)["deep_numpy"][0] == "good" and summary(output)["toy_numpy"] == ["failed", None]


def test_a_run_is_held_to_its_record(house, command, monkeypatch):
    """What chance does not explain is run again with other seeds, and said; if it stays, it is a failure."""
    house.code("import os\nSEED = 0\nscore = float(os.environ['LANG']) + SEED / 1000\n")
    monkeypatch.setenv("LANG", "0.9")
    assert command("run", "models/toy", "--record")[0] == 0
    assert command("run", "models/toy")[0] == 0
    monkeypatch.setenv("LANG", "1.9")
    status, output = command("run", "models/toy")
    assert status == 1 and "score is 1.9, expected from" in output and "1.905 with seed 5 (above): confirmed" in output
    assert command("run", "models/toy", "--record")[0] == 0, "a new record need not agree with the old one"


CLAIM = """
[claims.better]
holds = "score > over_seeds(score)[0] - 0.05 and score > 0.85"
zh = "得分 {score}"
en = "it scores {score}"
"""


def test_a_run_is_held_to_what_the_pages_say(house, command):
    """Recorded or not, with every seed in the place of the recorded one; what cannot be evaluated is said as well."""
    house.contract(CONTRACT, CLAIM, ABSENT)
    house.code("SEED = 0\nscore = 0.9 - SEED / 10\n")
    sentence = "claims.better does not hold for toy_numpy, seed 1"
    status, output = command("run", "models/toy")
    assert status == 0 and "claim" not in output
    for arguments in (["--seed", "1"], ["--record"]):
        status, output = command("run", "models/toy", *arguments)
        assert status == 1 and output.count("does not hold") == 1 and sentence in output
    assert command("run", "models/toy")[0] == 0, "seed 1 is in the record, but was not run"
    house.code("SEED = 0\nscore = 0.98\n")
    assert command("run", "models/toy", "--seed", "1")[0] == 0, "what was recorded before an edit says nothing"
    house.contract(CONTRACT, CLAIM.replace("over_seeds(score)[0]", "over_seeds(score)[9]"), ABSENT)
    status, output = command("run", "models/toy")
    assert status == 1 and "cannot be evaluated for toy_numpy, seed 0" in output


def test_what_a_run_drew_can_be_looked_at(house, command, tmp_path):
    house.contract(CONTRACT, LOSSES, CURVE, ABSENT)
    house.code(DRAWING)
    status, output = command("run", "models/toy", "--figures", str(tmp_path / "new" / "drawn"))
    assert status == 0 and (tmp_path / "new/drawn/toy_numpy.curve.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert summary(output)["toy_numpy"][-1] == "losses 2, 1.25, 0.5"
    assert str(tmp_path / "new/drawn/toy_numpy.curve.svg") in output


def test_a_rehearsal_is_held_to_its_own_bounds_alone(house, command):
    house.contract(CONTRACT, REHEARSAL, ABSENT)
    house.code(STEPS)
    assert command("run", "--record")[0] == 0
    before = house.files()
    status, output = command("run", "--rehearse")
    assert status == 0 and "score 0.2" in output and "deep_numpy" not in output
    house.contract(CONTRACT, REHEARSAL.replace("0.2", "0.3"), ABSENT)
    status, output = command("run", "--rehearse")
    assert status == 1 and "score is 0.2, below 0.3, its minimum in rehearsal" in output
    assert house.files() == before
    with pytest.raises(SystemExit):
        command("run", "--rehearse", "--record")


def test_ledger(house, command, monkeypatch):
    """Neither script has a receipt; then one has."""
    monkeypatch.delenv("RECEIPTS", raising=False)
    status, output = command("ledger")
    assert status == 1 and "toy_numpy has never been run whole" in output
    assert "0 of 2 were run whole within 10 days." in output
    catalog = house.catalog
    for script in catalog.scripts.values():
        run = house.made_up_run(script=script)
        write_receipt(receipts_folder(catalog), catalog, run, bound_files(catalog, script, []), datetime.now(UTC))
    status, output = command("ledger", "--days", "1")
    assert (status, output.strip()) == (0, "2 of 2 were run whole within 1 days.")


def test_missing_seeds_are_added(house, command):
    house.code("SEED = 0\nprint('seed', SEED)\nscore = 0.9 + SEED / 100\n")
    assert command("run", "models/toy", "--record")[0] == 0
    before = house.record.content
    house.contract(CONTRACT.replace("seeds = 2", "seeds = 4"), ABSENT)
    assert house.record.status == "short"
    assert command("run", "models/toy", "--record")[0] == 0
    assert house.record.status == "fresh" and house.record.seeds == [0, 1, 2, 3]
    assert {**house.record.content, "results": None, "seal": None} == {**before, "results": None, "seal": None}


@pytest.fixture
def four_seeds(house, command):
    """A script with a record of four seeds."""
    house.contract(CONTRACT.replace("seeds = 2", "seeds = 4"), ABSENT)
    house.code("SEED = 0\nscore = 0.9 + SEED / 100\nprint(f'score {score} after 3s')\n")
    assert command("run", "models/toy", "--record")[0] == 0
    return house


def test_an_edit_that_changes_nothing_keeps_the_other_seeds(four_seeds, command):
    """Only the script's own seed is run; of the others, the record says that they are kept."""
    before = four_seeds.record.content
    four_seeds.code(
        "import sys\nSEED = 0\nassert SEED == 0, 'another seed was run'\n"
        "score = 0.9 + SEED / 100\nprint(f'the score is {score} after 4s', file=sys.stdout)\n"
    )
    status, output = command("run", "models/toy", "--record")
    assert status == 0, output
    assert "toy_numpy: kept 3 seeds: seed 0 gave the very same results, output and figures" in output
    record = four_seeds.record
    assert record.status == "fresh" and record.content["results"] == before["results"]
    assert record.content["code"] != before["code"] and set(record.content["kept"]) == {"1", "2", "3"}
    assert four_seeds.files()["models/toy/toy_numpy.cpu.txt"] == b"the score is 0.9 after 4s\n"


@pytest.mark.parametrize(
    "code, changed",
    [
        ("score = 0.9 + SEED / 200 + 2e-16\nprint(0.9)", "results"),
        ("score = 0.9 + SEED / 100\nprint(score, 1)", "output"),
        ("score = 0.8 + SEED / 100\nprint(score)", "results, output"),
    ],
)
def test_an_edit_that_changes_something_runs_every_seed(four_seeds, command, code, changed):
    four_seeds.code(f"SEED = 0\n{code}\n")
    status, output = command("run", "models/toy", "--record")
    assert status == 0
    assert f"toy_numpy: every seed is run: seed 0 has other {changed} than the record" in output
    assert summary(output)["toy_numpy"][1] == "0, 1, 2, 3"
    assert "kept" not in four_seeds.record.content


def test_other_versions_run_every_seed(four_seeds, command):
    """Results that are the same by luck say nothing of another version."""
    path = four_seeds.root / "records/models/toy/toy_numpy.cpu.json"
    content = four_seeds.record.content
    write_sealed(path, {**content, "versions": {**content["versions"], "numpy": "1.0"}})
    four_seeds.write("requirements.txt", f"numpy=={content['versions']['numpy']}\n")
    assert four_seeds.record.status == "stale"
    status, output = command("run", "models/toy", "--record")
    assert status == 0 and "every seed is run: seed 0 has other versions than the record" in output
    assert four_seeds.record.status == "fresh" and "kept" not in four_seeds.record.content


def test_kept_seeds_and_new_ones(four_seeds, command):
    """A contract that wants more seeds gets them from runs, beside those that are kept."""
    four_seeds.contract(CONTRACT.replace("seeds = 2", "seeds = 6"), ABSENT)
    four_seeds.code("SEED = 0\nscore = 0.9 + SEED / 100\nprint(f'the score is {score} after 3s')\n")
    status, output = command("run", "models/toy", "--record")
    assert status == 0 and "kept 3 seeds" in output
    assert summary(output)["toy_numpy"][1] == "0, 4, 5"
    assert four_seeds.record.status == "fresh"
    assert set(four_seeds.record.seeds) == set(range(6)) and set(four_seeds.record.content["kept"]) == {"1", "2", "3"}


def waiting(mine: Path, other: Path) -> str:
    """Return code that has a score once it has seen that what holds the other file runs at the same time."""
    for path in (mine, other):
        path.touch()
    return (
        "import fcntl, os, time\n"
        f"mine, other = os.open({str(mine)!r}, 0), os.open({str(other)!r}, 0)\n"
        "fcntl.flock(mine, fcntl.LOCK_EX)\n"
        "for _ in range(60):\n"
        "    try:\n"
        "        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)\n"
        "        fcntl.flock(other, fcntl.LOCK_UN)\n"
        "        time.sleep(0.05)\n"
        "    except BlockingIOError:\n"
        "        score = 0.9\n"
        "        time.sleep(0.3)\n"
        "        break\n"
    )


def test_side_by_side(house, command, tmp_path):
    """Each of two scripts waits for the other to have started."""
    for stem, other, path in (("toy", "deep", "models/toy"), ("deep", "toy", "concepts/deep")):
        house.write(f"snippets/{path}/{stem}_numpy.py", waiting(tmp_path / stem, tmp_path / other))
    status, output = command("run", "-j", "2")
    assert status == 0, output


@pytest.mark.parametrize("jobs, good", [(1, False), (2, True)])
def test_seeds_side_by_side(house, command, tmp_path, jobs, good):
    """After the script's own seed, two others wait for each other; where one run is made at a time, in vain."""
    house.contract(CONTRACT.replace("seeds = 2", "seeds = 3"), ABSENT)
    branches = [(1, waiting(tmp_path / "1", tmp_path / "2")), (2, waiting(tmp_path / "2", tmp_path / "1"))]
    house.code(
        "SEED = 0\nif SEED == 0:\n    score = 0.8\n"
        + "".join(f"if SEED == {seed}:\n{indent(code, '    ')}" for seed, code in branches)
    )
    status, output = command("run", "models/toy", "--record", "-j", str(jobs))
    assert (status == 0) == good, output
    assert (house.record.status == "fresh") == good


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "models/tyo"),
        ("run", "models/tyo"),
        ("run", "--framework", "keras"),
        ("run", "toy"),
        ("run", "models/toy", "--framework", "mxnet"),
    ],
)
def test_unknown_topic(house, command, arguments):
    assert command(*arguments) == (1, "nothing matches; the topics are: concepts/deep, models/toy\n")


@pytest.mark.parametrize(
    "arguments",
    [(), ("rnu",), ("run", "--framework", "theano"), ("run", "--record", "--seed", "1"), ("run", "--device", "tpu")],
)
def test_wrong_usage(house, command, arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    assert stop.value.code == 2 and "usage: python -m evidence" in capsys.readouterr().err


def test_broken_catalog_and_wrong_folder(house, command, monkeypatch, tmp_path):
    house.contract('title = { zh = "玩具", en = "Toy" }')
    status, output = command("status")
    assert status == 1 and "topic.toml: declares no result" in output
    monkeypatch.chdir(tmp_path)
    status, output = command("run")
    assert status == 1 and "run this in the repository's root" in output


def test_no_data(house, command):
    house.write("snippets/mnist_data.py", "raise SystemExit('RuntimeError: Cannot download MNIST.')")
    house.code("import mnist_data\n" + SEEDED)
    status, output = command("run")
    assert (status, output) == (1, "RuntimeError: Cannot download MNIST.\n")
    assert command("run", "concepts")[0] == 0, "which a script that needs none does not mind"


def test_markup_in_what_a_script_prints(house, command):
    """Square brackets are markup to the library that draws the tables."""
    house.code(SCORE + "print('[/red] [bold]')\nraise ValueError('[/nothing]')\n")
    status, output = command("run", "models/toy")
    assert status == 1 and "[/nothing]" in output and "[/red] [bold]" in output


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_progress_on_a_terminal(house, command, monkeypatch):
    """What a script prints is shown while it runs, square brackets and all."""
    terminal = Console(force_terminal=True, file=io.StringIO(), width=120)
    monkeypatch.setattr("evidence.__main__.console", terminal)
    house.code("import time\nprint('[/red] epoch 1')\ntime.sleep(0.5)\n" + SCORE)
    assert command("run", "models/toy")[0] == 0
    assert "[/red] epoch 1" in terminal.file.getvalue()


def test_as_a_process(house):
    """The real thing: `python -m evidence`, without a terminal."""
    environment = os.environ | {"COLUMNS": "200"}
    for arguments, status, text in (
        ("status", 1, "missing"),
        ("run models/toy -j 2", 0, "score 0.9"),
        ("run models/tyo", 1, "nothing matches"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "evidence", *arguments.split()], capture_output=True, text=True, env=environment
        )
        assert (done.returncode, done.stderr) == (status, "") and text in done.stdout
        assert not re.search(r"\x1b|Traceback", done.stdout)
