"""A receipt vouches for one whole run of one script, as long as nothing that the run or its tests were made of changes."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from evidence.outcome import Mnist
from evidence.receipts import (
    ReceiptRefused,
    bound_files,
    new_receipts_folder,
    overdue,
    read_receipt,
    receipts_folder,
    write_receipt,
)
from evidence.record import unclaimed_files, write_sealed
from tests.evidence.conftest import ABSENT, CONTRACT, LOSSES

NOW = datetime(2026, 5, 20, 12, 30, tzinfo=UTC)
SCRIPT = "snippets/models/toy/toy_numpy.py"


@pytest.fixture
def tested(recorded, monkeypatch):
    """A recorded script with tests, a probe and a helper of each, and an other script beside it."""
    for name in ("RECEIPTS", "NEW_RECEIPTS"):
        monkeypatch.delenv(name, raising=False)
    recorded.write("tests/conftest.py", "")
    recorded.write("tests/test_contract.py", "def test_it(script): ...\n")
    recorded.write("tests/models/test_toy.py", "from tests.models import near\n")
    recorded.write("tests/models/near.py", "from tests.models.deep import NEAR\n")
    recorded.write("tests/models/deep.py", "NEAR = 1\n")
    recorded.write("tests/models/probe_toy.py", "import probing\n")
    recorded.write("tests/models/probing.py", "WORD = 1\n")
    recorded.write("tests/concepts/test_more.py", "MORE = 1\n")
    return recorded


def vouch(toy, when=NOW, **changes):
    """Write a receipt as after a session, and return the file."""
    catalog, script = toy.catalog, toy.script
    bound = bound_files(catalog, script, [toy.root / "tests/concepts/test_more.py"])
    return write_receipt(receipts_folder(catalog), catalog, toy.made_up_run(**changes), bound, when)


def receipt_of(toy, stem="toy_numpy", now=NOW):
    return read_receipt(receipts_folder(toy.catalog), toy.catalog, toy.catalog.script(stem), now)


def test_a_receipt_counts_until_something_changes(tested):
    path = vouch(tested)
    assert path == tested.root / "records/receipts/toy_numpy.json"
    receipt = receipt_of(tested, now=NOW + timedelta(days=300))
    assert receipt.counts and receipt.when == NOW
    content = json.loads(path.read_text())
    assert content["machine"].keys() == {"processor", "platform"} and content["machine"]["processor"] == "Toy 3000"
    assert content["versions"] == {"numpy": "2.4.6"}
    assert unclaimed_files(tested.catalog) == []


def test_receipts_lie_where_the_variable_says(tested, tmp_path, monkeypatch):
    monkeypatch.setenv("RECEIPTS", str(tmp_path / "elsewhere"))
    assert vouch(tested).parent == tmp_path / "elsewhere" and receipt_of(tested).counts
    assert new_receipts_folder(tested.catalog) == tmp_path / "elsewhere"
    monkeypatch.setenv("NEW_RECEIPTS", str(tmp_path / "new"))
    assert new_receipts_folder(tested.catalog) == tmp_path / "new" and receipt_of(tested).counts


@pytest.mark.parametrize(
    "path",
    [
        SCRIPT,
        "snippets/helper.py",
        "snippets/deeper.py",
        "tests/conftest.py",
        "tests/test_contract.py",
        "tests/models/test_toy.py",
        "tests/models/near.py",
        "tests/models/deep.py",
        "tests/models/probe_toy.py",
        "tests/models/probing.py",
        "tests/concepts/test_more.py",
    ],
)
def test_other_code_is_not_what_was_run(tested, path):
    vouch(tested)
    file = tested.root / path
    file.write_text("# a comment\n" + file.read_text())
    assert receipt_of(tested).counts
    file.write_text(file.read_text() + "more = 1\n")
    assert receipt_of(tested).reasons == (f"{path} has changed since it was run whole",)
    file.unlink()
    if path != SCRIPT:
        assert f"{path} has changed since it was run whole" in receipt_of(tested).reasons


def test_other_contract_record_versions_and_tests_are_not_either(tested):
    vouch(tested)
    tested.contract(CONTRACT.replace("0.5", "0.6"), LOSSES, ABSENT)
    assert "snippets/models/toy/topic.toml has changed" in receipt_of(tested).reasons[0]
    vouch(tested)
    tested.keep(3)
    assert "records/models/toy/toy_numpy.cpu.json has changed" in receipt_of(tested).reasons[0]
    vouch(tested)
    tested.write("requirements.txt", "numpy==2.5.0\n")
    assert "recorded with numpy 2.4.6, and the requirements now pin 2.5.0" in receipt_of(tested).reasons[0]


def test_a_test_that_comes_later_has_not_been_passed(tested):
    (tested.root / "tests/models/test_toy.py").unlink()
    vouch(tested)
    assert receipt_of(tested).counts
    tested.write("tests/models/test_toy.py", "")
    assert receipt_of(tested).reasons == ("tests/models/test_toy.py has changed since it was run whole",)


def test_other_runner_is_not_what_ran_it(tested, monkeypatch):
    """What runs and judges a script lies in the package, not in the toy's folder: its digests are looked at."""
    path = vouch(tested)
    files = json.loads(path.read_text())["files"]
    assert {"evidence/running/driver.py", "evidence/running/script.py", "evidence/running/matplotlibrc"} <= files.keys()
    assert {"evidence/agreement.py", "evidence/claims.py", "evidence/comparison.py"} <= files.keys()
    for name in [name for name in files if name.startswith("evidence/")]:
        content = json.loads(path.read_text())
        write_sealed(path, content | {"files": content["files"] | {name: "0" * 64}})
        assert receipt_of(tested).reasons == (f"{name} has changed since it was run whole",)
        write_sealed(path, content)


def test_other_data_is_not_what_it_read(tested):
    real = Mnist(folder=None, checksums={"images": "1"})
    tested.write("snippets/mnist_data.py", 'CHECKSUMS = {"images": "1"}\n')
    tested.code("import mnist_data\nimport helper\nSEED = 0\nscore, losses = 0.9, [1.0]\n")
    tested.keep(data=real)
    path = vouch(tested, data=real)
    assert receipt_of(tested).counts
    content = json.loads(path.read_text())
    write_sealed(path, content | {"data": None})
    assert receipt_of(tested).reasons == ("it was run on other data",)


# Forged


def test_edited_by_hand(tested):
    path = vouch(tested)
    good = path.read_text()
    content = json.loads(good)
    for key in content:
        changed = {**content, key: "x" if isinstance(content[key], str) else None if content[key] else 2}
        path.write_text(json.dumps(changed))
        receipt = receipt_of(tested)
        assert not receipt.counts and receipt.when is None and "edited by hand" in receipt.reasons[0], key
    path.write_text(good.replace("2026-05-20", "2026-05-21"))
    assert not receipt_of(tested).counts
    for text in ("", "[]", "{}", good[:-20], "\0"):
        path.write_text(text)
        assert "edited by hand" in receipt_of(tested).reasons[0]


def test_copied_from_another_script(tested):
    tested.write("snippets/models/toy/toy_pytorch.py", (tested.root / SCRIPT).read_text())
    tested.contract(CONTRACT, ABSENT.replace("pytorch", "#"))
    path = vouch(tested)
    path.with_name("toy_pytorch.json").write_bytes(path.read_bytes())
    assert receipt_of(tested, "toy_numpy").counts
    receipt = receipt_of(tested, "toy_pytorch")
    assert receipt.when is None and receipt.reasons == (f"it is of {SCRIPT}, in format 1",)


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"format": 2}, "in format 2"),
        ({"when": "2026-05-21T12:30:00+00:00"}, "yet to come"),
        ({"when": "2026-05-20T12:30:00"}, "is no receipt"),
        ({"when": "yesterday"}, "is no receipt"),
        ({"files": ["all"]}, "is no receipt"),
        ({"files": {}}, "has changed since"),
        ({"versions": None}, "is no receipt"),
    ],
)
def test_sealed_and_yet_no_receipt(tested, changes, reason):
    path = vouch(tested)
    write_sealed(path, json.loads(path.read_text()) | changes)
    receipt = receipt_of(tested)
    assert not receipt.counts and reason in receipt.reasons[0]


# Refused


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"rehearsed": True}, "was rehearsed"),
        ({"data": Mnist(folder=None, checksums={"images": "0"}, real=False)}, "ran on stand-in data"),
        ({"versions": {"numpy": "2.5.0", "python": "3.11.7"}}, "numpy 2.5.0, and the requirements now pin 2.4.6"),
    ],
)
def test_refused(tested, changes, reason):
    with pytest.raises(ReceiptRefused, match=re.escape(reason)):
        vouch(tested, **changes)
    assert not receipts_folder(tested.catalog).exists()


@pytest.mark.parametrize("path", [SCRIPT, "snippets/helper.py", "tests/models/near.py"])
def test_refused_if_something_was_edited_meanwhile(tested, path):
    bound = bound_files(tested.catalog, tested.script, [])
    (tested.root / path).write_text((tested.root / path).read_text() + "more = 1\n")
    with pytest.raises(ReceiptRefused, match=f"{path} was edited while toy_numpy.py ran"):
        write_receipt(tested.root, tested.catalog, tested.made_up_run(), bound, NOW)


# The ledger


def test_what_was_not_run_whole_in_time(tested):
    """By the day of the last whole run: what changed since is the business of the tests, which run it whole."""

    def late(days):
        return overdue(tested.catalog, receipts_folder(tested.catalog), NOW + timedelta(days=days), 10)

    assert late(0) == ["toy_numpy has never been run whole: toy_numpy.py has no receipt"]
    path = vouch(tested)
    tested.write("snippets/deeper.py", "WORD = 'other'\n")
    assert late(0) == late(9.9) == []
    assert late(10.1) == ["toy_numpy was last run whole 10 days ago"]
    path.write_text(path.read_text().replace("2026-05-20", "2026-05-29"))
    assert "toy_numpy has never been run whole: toy_numpy.json was edited by hand" in late(10.1)[0]
