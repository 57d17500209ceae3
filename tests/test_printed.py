"""Every script prints its declared results under their names; and what is printed under another's name is seen."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from evidence.record import read_record, record_path
from tests import printed


def test_recorded_output(catalog, script):
    record = read_record(catalog, script)
    if script.topic.section == "walkthroughs":
        pytest.skip("a notebook, whose cells show what they compute")
    output = record_path(catalog, script, "cpu", "txt").read_text(encoding="utf-8")
    found = printed.wrong_numbers(script, record.content["results"][str(record.seeds[0])], output)
    assert not found, "\n".join(found)


def test_fresh_output(script, run):
    """The output on the page is a record's; this is what the script prints now. A notebook's cells show what they compute."""
    if script.topic.section == "walkthroughs":
        return  # not skipped: a receipt is for a script whose tests have all passed
    found = printed.wrong_numbers(script, run.results, run.output)
    assert not found, "\n".join(found)


def test_promises(script):
    assert not printed.broken_promises(script)


def test_versions_print_the_same(catalog):
    versions = {(script.topic.path, script.name): catalog.versions(script) for script in catalog.scripts.values()}
    assert not [complaint for scripts in versions.values() for complaint in printed.other_expressions(scripts)]


LABELS = {
    "test_accuracy": "Test accuracy",
    "validation_accuracy": "Validation accuracy",
    "losses": "Training loss of each epoch",
    "largest_gap": "Largest gap",
}
RESULTS = {"test_accuracy": 0.977, "validation_accuracy": 0.981, "losses": [0.5, 0.25], "largest_gap": 0.75}
SCRIPT = """\
RATE = 0.125
largest_gap = float(gaps.max())
print(f"test accuracy: {test_accuracy:.2%}")
"""


def script_of(folder: Path, code: str = SCRIPT, stem: str = "tiny_keras"):
    path = folder / f"{stem}.py"
    path.write_text(code, encoding="utf-8")
    results = {name: SimpleNamespace(label={"en": label}) for name, label in LABELS.items()}
    return SimpleNamespace(stem=stem, name="tiny", path=path, results=results)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("test accuracy: 97.70%, validation accuracy: 98.10%", []),
        (
            "test accuracy: 98.10%, validation accuracy: 98.10%",
            ["is validation_accuracy; the words before it say test"],
        ),
        ("validation accuracy: 97.70%, test accuracy: 98.10%", ["say validation_accuracy", "say test_accuracy"]),
        ("test accuracy 97.90%", ["is no result; the words before it say test_accuracy"]),
        ("epoch 1: test accuracy 97.70%\nepoch 1: test accuracy 97.90%", []),
        ("training loss of the epoch 0.25, accuracy 97.9%", []),
        ("training loss of the epoch 0.75", ["is largest_gap; the words before it say losses"]),
        ("largest gap 0.7, share 0.31", []),
        ("largest gap 0.5", ["is losses; the words before it say largest_gap"]),
        ("rate 0.125, test accuracy 12.5%", []),
        ("469/469 - 4s - 8ms/step - test accuracy: 0.0290", []),
    ],
)
def test_a_number_is_the_result_that_its_label_names(tmp_path, line, found):
    complaints = printed.wrong_numbers(script_of(tmp_path), RESULTS, f"first line\n{line}\n")
    assert len(complaints) == len(found)
    assert all(part in complaint for part, complaint in zip(found, complaints))


@pytest.mark.parametrize("wrong", ["gaps.mean()", "np.min(gaps)", "sum_up(gaps)"])
def test_what_is_called_largest_is_a_maximum(tmp_path, wrong):
    code = "def sum_up(values):\n    return values.mean()\n\n\n" + SCRIPT
    assert printed.broken_promises(script_of(tmp_path, code)) == []
    found = printed.broken_promises(script_of(tmp_path, code.replace("gaps.max()", wrong)))
    assert len(found) == 1
    assert "promises a maximum" in found[0]


def test_versions_that_print_another_expression_are_seen(tmp_path):
    versions = [script_of(tmp_path), script_of(tmp_path, stem="tiny_pytorch")]
    assert printed.other_expressions(versions) == []
    versions[1] = script_of(tmp_path, SCRIPT.replace("{test_", "{validation_"), "tiny_pytorch")
    assert len(printed.other_expressions(versions)) == 1
