"""A record is bound to what ran: whatever changes afterwards, it shows without running anything."""

import dataclasses
import json
import os
import re
import shutil

import pytest

from evidence.code import code_digest, local_modules
from evidence.outcome import Mnist
from evidence.record import (
    NotRecorded,
    RecordRefused,
    add_seeds,
    changed_by_code,
    printed_by,
    read_record,
    record_path,
    recorded_figure,
    unclaimed_files,
    write_record,
    write_sealed,
)
from tests.evidence.conftest import ABSENT, CONTRACT, CURVE, GOOD, LOSSES, SCORE


def edit(repository, path: str, old: str, new: str) -> None:
    """Replace a piece of a file, which must be there."""
    text = (repository.root / path).read_text(encoding="utf-8")
    assert old in text
    repository.write(path, text.replace(old, new, 1))


SCRIPT = "snippets/models/toy/toy_numpy.py"
TOPIC = "snippets/models/toy/topic.toml"
JSON = "records/models/toy/toy_numpy.cpu.json"


def test_fresh_after_writing(recorded):
    record = recorded.record
    assert (record.status, record.reasons) == ("fresh", ())
    assert sorted(recorded.files()) == [
        f"models/toy/toy_numpy.cpu.{ending}" for ending in ("curve.json", "curve.svg", "json", "txt")
    ]
    assert record.seeds == [0, 1]
    assert record.value("score") == 0.9 and record.value("score", 1) == 0.91
    with pytest.raises(KeyError):
        record.value("score", 2)


def test_what_it_keeps(recorded):
    """Everything that the evidence strip shows, and what the record is bound to, under names that explain themselves."""
    content = recorded.record.content
    assert {
        "script": SCRIPT,
        "versions": {"numpy": "2.4.6", "python": "3.11.7"},
        "data": None,
        "device": {"kind": "cpu", "name": "Toy 3000"},
        "threads": 1,
        "seconds": {"wall": 12.4, "cpu": 3.25},
        "peak_memory_bytes": 123_456_789,
    }.items() <= content.items()
    assert set(content["code"]) == {"models/toy/toy_numpy.py", "helper.py", "deeper.py"}
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", content["date"])
    assert recorded.files()["models/toy/toy_numpy.cpu.txt"] == b"score: 0.90\n"
    assert recorded.files()["models/toy/toy_numpy.cpu.json"].endswith(b"}\n")


def test_a_real_run_can_be_recorded(recorded):
    recorded.contract(CONTRACT, LOSSES, ABSENT)
    edit(recorded, "requirements.txt", "numpy==2.4.6\n", "")
    write_record(recorded.catalog, [recorded.run(), recorded.run(seed=1)])
    record = recorded.record
    assert (record.status, record.reasons) == ("fresh", ())
    assert record.content["results"] == {
        "0": {"score": 0.9, "losses": [2.0, 1.25, 0.5]},
        "1": {"score": 0.91, "losses": [2.0, 1.25, 0.5]},
    }
    assert recorded.files()["models/toy/toy_numpy.cpu.txt"] == b"score: 0.90, well\n"
    assert "models/toy/toy_numpy.cpu.curve.svg" not in recorded.files(), "figures that are no longer drawn go"


def test_lines_of_a_section(recorded):
    output, printed = "one\ntwo \x0b\n\nfour", ["load", "main", "main", ""]
    recorded.keep(output=output, printed=printed)
    assert printed_by(recorded.catalog, recorded.record, "load") == "one\n"
    assert printed_by(recorded.catalog, recorded.record, "main") == "two \x0b\n\n"
    for section in ("train", ""):
        with pytest.raises(NotRecorded, match=f"printed by the section '{section}'; these print: load, main"):
            printed_by(recorded.catalog, recorded.record, section)


def test_what_a_recorded_figure_shows(recorded):
    figure = recorded_figure(recorded.catalog, recorded.record, "curve")
    assert figure == recorded.made_up_run().drawn["curve"]
    with pytest.raises(NotRecorded, match="does not say what the figure other shows"):
        recorded_figure(recorded.catalog, recorded.record, "other")


@pytest.mark.parametrize("lacking", ["printed", "curve.json"])
def test_stale_when_it_was_made_without_sections_or_figures_as_data(recorded, lacking):
    record = recorded.record
    content = {key: value for key, value in record.content.items() if key != lacking}
    content["files"] = {key: value for key, value in content["files"].items() if key != lacking}
    write_sealed(recorded.root / JSON, content)
    record = recorded.record
    assert (record.status, len(record.reasons)) == ("stale", 1)
    assert "does not say which section printed each line and what its figures show" in record.reasons[0]
    with pytest.raises(NotRecorded):
        printed_by(recorded.catalog, record, "all") if lacking == "printed" else recorded_figure(
            recorded.catalog, record, "curve"
        )


def test_devices_are_apart(recorded):
    before = recorded.files()
    recorded.keep(device="gpu", output="on the GPU\n", figures={})
    assert recorded.record.status == "fresh"
    assert before.items() < recorded.files().items()


def test_local_part_of_a_version_does_not_count(recorded):
    recorded.keep(versions={"numpy": "2.4.6+cpu", "python": "3.11.7"})
    assert recorded.record.status == "fresh"


@pytest.mark.parametrize(("library", "package"), [("sklearn", "scikit-learn"), ("scipy", "scipy")])
@pytest.mark.parametrize("importer", [SCRIPT, "snippets/helper.py"])
def test_bound_to_the_libraries_that_compute_its_results(recorded, library, package, importer):
    """Also where a local module is what imports one; a record that says no version, or another than pinned, is stale."""
    recorded.write(importer, f"import {library}.linear\n" + (recorded.root / importer).read_text(encoding="utf-8"))
    edit(recorded, "requirements.txt", "numpy==2.4.6", f"numpy==2.4.6\n{package}==1.9.1")
    versions = {"numpy": "2.4.6", "python": "3.11.7"}
    recorded.keep(versions=versions)
    assert recorded.record.reasons == (f"it does not say the version of {package}",)
    recorded.keep(versions=versions | {package: "1.9.1"})
    assert recorded.record.status == "fresh"
    recorded.keep(versions=versions | {package: "1.8.0"})
    assert f"recorded with {package} 1.8.0" in recorded.record.reasons[0]


def test_missing(toy):
    record = toy.record
    assert (record.status, record.content, record.seeds) == ("missing", {}, [])
    assert "toy_numpy.py has no record for this device (cpu)" in record.reasons


# Stale


@pytest.mark.parametrize(
    "path, old, new, reason",
    [
        (SCRIPT, "0.9 +", "0.8 +", "snippets/models/toy/toy_numpy.py was edited after it was recorded on 20"),
        (SCRIPT, "SEED = 0", "SEED = 1", "snippets/models/toy/toy_numpy.py was edited"),
        (SCRIPT, "score:", "Score:", "snippets/models/toy/toy_numpy.py was edited"),
        (SCRIPT, "print(", "if score:\n    print(", "snippets/models/toy/toy_numpy.py was edited"),
        ("snippets/helper.py", "deeper import WORD", "deeper import WORD as WORD", "snippets/helper.py was edited"),
        ("snippets/deeper.py", "well", "ill", "snippets/deeper.py was edited"),
        ("snippets/deeper.py", "WORD", "import helper\nWORD", "snippets/deeper.py was edited"),
        ("requirements.txt", "2.4.6", "2.5.0", "recorded with numpy 2.4.6, and the requirements now pin 2.5.0"),
        (TOPIC, "[absent]", '[figures.other]\nzh = "另"\nen = "other"\n[absent]', "it lacks the figure other"),
    ],
)
def test_stale(recorded, path, old, new, reason):
    edit(recorded, path, old, new)
    record = recorded.record
    assert record.status == "stale"
    assert reason in "; ".join(record.reasons) and len(record.reasons) == 1
    assert record.value("score") == 0.9, "what it says can still be shown"


@pytest.mark.parametrize("code", ["score = = 1\n", "score = '''\n", "if x:\n        y\n    z\n", "\0", "'\udcff'"])
def test_stale_when_it_is_not_python_any_more(recorded, code):
    """Such a file is seen in the middle of an edit, by `mkdocs serve`: it must say so, not fall over."""
    (recorded.root / SCRIPT).write_bytes(code.encode("utf-8", "surrogateescape"))
    record = recorded.record
    assert record.status == "stale" and f"{SCRIPT} was edited" in "; ".join(record.reasons)


def test_stale_when_a_module_comes_or_goes(recorded):
    (recorded.root / "snippets/deeper.py").unlink()
    assert recorded.record.reasons[0].startswith("snippets/deeper.py was edited")
    recorded.write("snippets/deeper.py", 'WORD = "well"\n')
    assert recorded.record.status == "fresh"
    recorded.write("snippets/random.py", "")
    recorded.write("snippets/helper.py", "from deeper import WORD\nimport random\n")
    assert {reason.split()[0] for reason in recorded.record.reasons} == {"snippets/helper.py", "snippets/random.py"}


@pytest.mark.parametrize("name", ["requirements/constraints.txt", "requirements/site.txt", "requirements.txt"])
def test_each_requirements_file_counts(recorded, name):
    (recorded.root / "requirements.txt").unlink()
    recorded.write(name, "# pins\nfoo==1\nnumpy==2.5.0  # why\n")
    assert recorded.record.status == "stale"


def test_mxnet_has_requirements_of_its_own(recorded):
    """The NumPy of another environment, which another framework's script never saw, does not count."""
    edit(recorded, "requirements/mxnet.txt", "1.23.5", "1.24.0")
    assert recorded.record.status == "fresh"


@pytest.mark.parametrize(
    "path, old, new",
    [
        (SCRIPT, "  # one of ours", ""),
        (SCRIPT, "  # one of ours", "  # eines von unseren, 我们的"),
        (SCRIPT, "SEED = 0\n", "\n\nSEED = 0  # the seed\n\n"),
        (SCRIPT, "SEED = 0\n", "SEED   =   0\n"),
        (SCRIPT, "# --8<-- [start:all]\n", ""),
        (SCRIPT, "losses", "# --8<-- [end:all]\n\n\n# --8<-- [start:two]\nlosses"),
        ("snippets/deeper.py", "WORD", "# The word.\nWORD"),
        ("requirements.txt", "unused==1.0", "unused==2.0"),
        (TOPIC, "minimum = 0.5", "minimum = 0.6"),
        (TOPIC, "seeds = 2", "seeds = 1"),
        (TOPIC, 'en = "Score"', 'en = "The score"'),
    ],
)
def test_still_fresh(recorded, path, old, new):
    edit(recorded, path, old, new)
    record = recorded.record
    assert (record.status, record.reasons) == ("fresh", ())


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("f(1, 2)\n", "f(\n    1,\n    # two\n    2\n)\n", True),
        ("x = 1", "x = 1\n", True),
        ("x = 1\ny = 2\n", "x = 1\r\ny = 2\r\n", True),
        ("f(1,2)\n", "f(1, 2)\n", True),
        ("x = 'a#b'\n", "x = 'a#c'\n", False),
        ("if x:\n    y\nz\n", "if x:\n    y\n    z\n", False),
        ("if x:\n    y\n", "if x:\n    # comment\n\n    y\n", True),
        ("x = 1\n", "x = 1.0\n", False),
        ("def f():\n    '''a'''\n", "def f():\n    '''b'''\n", False),
        ("ab = 1\n", "a; b = 1\n", False),
    ],
)
def test_tokens(tmp_path, one, other, same):
    (tmp_path / "one.py").write_bytes(one.encode())
    (tmp_path / "other.py").write_bytes(other.encode())
    assert (code_digest(tmp_path / "one.py") == code_digest(tmp_path / "other.py")) == same


@pytest.mark.parametrize(
    "line, found",
    [
        ("import helper", True),
        ("import os, helper as h", True),
        ("from helper import WORD", True),
        ("def f():\n    import helper", True),
        ("if False:\n    from helper import WORD", True),
        ("from . import helper", False),
        ("import helpers", False),
        ("# import helper", False),
    ],
)
def test_local_modules(recorded, line, found):
    recorded.code(line + "\n" + SCORE)
    names = [path.name for path in local_modules(recorded.catalog, recorded.script)]
    assert names == (["deeper.py", "helper.py"] if found else [])


# Damaged


def edits(content: dict):
    """Yield the name of each key, and the content with that key's value changed, renamed or gone, one at a time."""

    def changed(value):
        if isinstance(value, dict):
            return [
                value | {"extra": 1},
                *({**value, key: other} for key in value for other in changed(value[key])[:1]),
            ]
        if isinstance(value, list):
            return [[*value, "x"]]
        return [value + 1 if isinstance(value, (int, float)) else f"{value}x"]

    for key, value in content.items():
        for number, other in enumerate(changed(value)):
            yield f"{key} {number}", content | {key: other}
        yield f"no {key}", {name: content[name] for name in content if name != key}
    yield "another key", content | {"remark": "better than it looks"}


def test_damaged_by_any_edit_of_the_json(recorded):
    path = recorded.root / JSON
    good = json.loads(path.read_text())
    tried = 0
    for name, content in edits(good):
        path.write_text(json.dumps(content))
        record = recorded.record
        assert record.status == "damaged" and record.content == {}, name
        assert record.reasons == ("toy_numpy.cpu.json was edited by hand: its seal does not match what it says",), name
        tried += 1
    assert tried > 25
    path.write_text(json.dumps(good))
    assert recorded.record.status == "fresh", "its layout is not what counts"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '"x"', "\xff"])
def test_damaged_when_it_is_no_record(recorded, text):
    (recorded.root / JSON).write_bytes(text.encode("latin-1"))
    record = recorded.record
    assert record.status == "damaged" and "toy_numpy.cpu.json" in record.reasons[0]


@pytest.mark.parametrize("file", ["toy_numpy.cpu.txt", "toy_numpy.cpu.curve.svg", "toy_numpy.cpu.curve.json"])
@pytest.mark.parametrize(
    "do, reason",
    [
        (lambda path: path.write_bytes(path.read_bytes() + b" "), "was changed after it was recorded"),
        (lambda path: path.write_bytes(b""), "was changed after it was recorded"),
        (lambda path: path.unlink(), "is gone"),
    ],
    ids=["edited", "emptied", "deleted"],
)
def test_damaged_when_one_of_its_files_is(recorded, file, do, reason):
    do(recorded.root / "records/models/toy" / file)
    record = recorded.record
    assert (record.status, record.reasons) == ("damaged", (f"{file} {reason}",))


@pytest.mark.parametrize("name, device", [("toy_numpy", "gpu"), ("toy_keras", "cpu")])
def test_damaged_when_it_is_a_copy(recorded, name, device):
    recorded.contract(CONTRACT, LOSSES, CURVE, ABSENT.replace('keras = { zh = "不需要", en = "not needed" }\n', ""))
    (recorded.folder / "toy_keras.py").write_text(GOOD)
    for path in list((recorded.root / "records/models/toy").iterdir()):
        shutil.copy(path, path.with_name(path.name.replace("toy_numpy.cpu", f"{name}.{device}")))
    catalog = recorded.catalog
    record = read_record(catalog, catalog.script(name), device)
    assert record.status == "damaged"
    assert record.reasons[0] == f"{name}.{device}.json is the record of {SCRIPT} on a cpu"


@pytest.mark.parametrize(
    "bound, reason",
    [
        ("minimum = 0.905", "seed 0: score is 0.9, below its declared minimum of 0.905"),
        ("minimum = 0.5\nmaximum = 0.905", "seed 1: score is 0.91, above its declared maximum of 0.905"),
    ],
)
def test_damaged_below_what_the_topic_claims(recorded, bound, reason):
    """A claim that is raised above what was recorded, for any seed, is not backed any more."""
    edit(recorded, TOPIC, "minimum = 0.5", bound)
    assert recorded.record.status == "damaged" and reason in recorded.record.reasons[0]


def test_damaged_when_a_declared_result_is_not_in_it(recorded):
    edit(recorded, TOPIC, "[results.losses]", "[results.gains]")
    assert (
        recorded.record.status == "damaged" and "lacks gains, which topic.toml declares" in recorded.record.reasons[0]
    )


# Refused, and written atomically


STAND_IN = Mnist(folder=None, checksums={"images": "0"}, real=False)


@pytest.mark.parametrize(
    "seed, changes, reason",
    [
        (0, {"data": STAND_IN}, "ran on stand-in data"),
        (1, {"data": STAND_IN}, "ran on stand-in data"),
        (0, {"results": {"score": 0.4, "losses": [1.0]}}, "seed 0: score is 0.4, below its declared minimum of 0.5"),
        (1, {"results": {"score": 0.4, "losses": [1.0]}}, "seed 1: score is 0.4, below its declared minimum of 0.5"),
        (1, {"rehearsed": True}, "was rehearsed, and a record is of the whole script"),
        (1, {"code": {}}, "was edited while it ran"),
    ],
)
def test_refused(recorded, seed, changes, reason):
    before = recorded.files()
    runs = [recorded.made_up_run(n, output="other\n", **(changes if n == seed else {})) for n in range(2)]
    with pytest.raises(RecordRefused, match=re.escape(reason)):
        write_record(recorded.catalog, runs)
    assert recorded.files() == before


def test_refused_if_the_code_was_edited_while_it_ran(recorded):
    runs = [recorded.made_up_run(seed) for seed in range(2)]
    before = recorded.files()
    edit(recorded, "snippets/deeper.py", "well", "ill")
    with pytest.raises(RecordRefused, match="edited while it ran"):
        write_record(recorded.catalog, runs)
    assert recorded.files() == before


def test_real_data_is_named(recorded):
    """The same files give the same digest, whatever their folder and order; other files give another."""
    digests = []
    for checksums in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}, {"a": "2", "b": "1"}):
        recorded.keep(data=Mnist(recorded.root, checksums))
        digests.append(recorded.record.content["data"])
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("steps", range(10))
def test_interrupted_writing(recorded, monkeypatch, steps):
    """Wherever writing stops, what is there is either the old record, whole, or the new one, or is seen to be damaged."""
    old = recorded.files()
    done = 0

    def counting(do):
        def step(*arguments, **options):
            nonlocal done
            if done == steps:
                raise KeyboardInterrupt
            done += 1
            return do(*arguments, **options)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", counting(os.replace))
        patch.setattr(type(recorded.root), "write_bytes", counting(type(recorded.root).write_bytes))
        patch.setattr(type(recorded.root), "unlink", counting(type(recorded.root).unlink))
        with pytest.raises(KeyboardInterrupt):
            recorded.keep(output="new\n", figures={"second": "<svg/>"})
    kept = {name: content for name, content in recorded.files().items() if not name.endswith(".partial")}
    assert recorded.record.status == ("fresh" if kept == old else "damaged")
    recorded.keep()
    assert recorded.record.status == "fresh"


def test_files_are_replaced_not_rewritten(recorded):
    """A reader who has the old file open keeps the old file."""
    with (recorded.root / JSON).open() as file:
        recorded.keep(output="new\n")
        assert json.load(file)["files"] != recorded.record.content["files"]
    assert not list(recorded.root.rglob("*.partial"))


def test_unclaimed_files(recorded):
    assert unclaimed_files(recorded.catalog) == []
    strays = [
        "records/models/toy/toy_numpy.cpu.old.svg",
        "records/models/toy/toy_keras.cpu.json",
        "records/models/toy/toy_numpy.cpu.txt.partial",
        "records/models/toy/toy_numpy.gpu.txt",
        "records/models/gone/gone_numpy.cpu.json",
        "records/notes.md",
    ]
    for path in strays:
        recorded.write(path, "x")
    assert unclaimed_files(recorded.catalog) == sorted(recorded.root / path for path in strays)


def test_paths(recorded):
    assert record_path(recorded.catalog, recorded.script, "gpu", "a.svg") == (
        recorded.root / "records/models/toy/toy_numpy.gpu.a.svg"
    )


def test_seeds_are_added_to_what_is_true_and_of_the_same_versions(recorded):
    run = recorded.made_up_run(2)
    before = recorded.files()
    other = dataclasses.replace(run, versions={**run.versions, "numpy": "1.0"})
    with pytest.raises(RecordRefused, match="seed 2, ran with other versions: .*numpy"):
        add_seeds(recorded.catalog, recorded.record, [run, other])
    low = dataclasses.replace(run, results={**run.results, "score": 0.4})
    with pytest.raises(RecordRefused, match="seed 2: score is 0.4, below"):
        add_seeds(recorded.catalog, recorded.record, [low])
    assert recorded.files() == before
    record = recorded.record
    recorded.code(GOOD.replace("0.9 + SEED", "0.8 + SEED"))
    with pytest.raises(RecordRefused, match="is stale, and cannot be added to"):
        add_seeds(recorded.catalog, recorded.record, [run])
    recorded.code(GOOD)
    add_seeds(recorded.catalog, record, [run])
    assert recorded.record.status == "fresh" and recorded.record.seeds == [0, 1, 2]


@pytest.mark.parametrize(
    "changes, changed",
    [
        ({}, []),
        ({"output": "the score is 0.90, after 12s 3ms/step\n"}, []),
        ({"output": "score: 0.91\n"}, ["output"]),
        ({"output": "score: 0.90 0.90\n"}, ["output"]),
        ({"results": {"score": 0.9000000000000001, "losses": [2.0, 1.25, 0.5]}}, ["results"]),
        ({"results": {"score": 0.9}}, ["results"]),
        ({"figures": {"curve": "<svg/>"}}, ["figures"]),
        ({"figures": {}}, ["figures"]),
        ({"versions": {"numpy": "2.4.6", "python": "3.11.8"}}, ["versions"]),
        ({"device_name": "Toy 3001"}, ["machine"]),
        ({"threads": 2}, ["machine"]),
        ({"data": Mnist(None, {"images": "0"})}, ["data"]),
        ({"seed": 1}, ["seed"]),
        ({"seconds_wall": 1.0, "peak_memory_bytes": 1, "drawn": {}, "printed": []}, []),
    ],
)
def test_what_an_edit_changed(recorded, changes, changed):
    """To the last bit, but for words and for how long something took."""
    recorded.keep(output="score: 0.90 (5s 2ms/step)\n")
    edit(recorded, "snippets/deeper.py", "well", "ill")
    run = dataclasses.replace(recorded.made_up_run(0, output="score: 0.90 (5s 2ms/step)\n"), **changes)
    assert changed_by_code(recorded.catalog, recorded.record, run) == changed


def test_results_of_other_seeds_are_kept_with_their_day(recorded, monkeypatch):
    """The new record is of the new code, and says which seeds are from before and of when; also the second time."""
    recorded.contract(CONTRACT.replace("seeds = 2", "seeds = 3"), LOSSES, CURVE, ABSENT)
    recorded.keep(3)
    content = {**recorded.record.content, "date": "2026-01-02"}
    write_sealed(recorded.root / JSON, content)
    for word in ("ill", "fine"):
        edit(
            recorded, "snippets/deeper.py", recorded.root.joinpath("snippets/deeper.py").read_text().split('"')[1], word
        )
        stale = recorded.record
        assert stale.status == "stale"
        write_record(recorded.catalog, [recorded.made_up_run(0), recorded.made_up_run(2)], stale)
        record = recorded.record
        assert record.status == "fresh" and record.content["date"] > "2026-01-02"
        assert record.content["results"] == {seed: content["results"][seed] for seed in ("0", "1", "2")}
        assert record.content["kept"] == {"1": "2026-01-02"}
    recorded.keep(3)
    assert "kept" not in recorded.record.content
