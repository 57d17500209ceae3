"""Our formulas beside the frameworks' own functions: what agrees, what differs, what cannot be asked, and what is kept."""

import json

import numpy as np
import pytest

from evidence.catalog import CatalogError
from evidence.checks import checks_path, disagreements, read_checks, write_checks
from evidence.record import unclaimed_files
from evidence.running.framework_checks import CheckFailed, measure
from evidence.running.frameworks import evaluate

SCRIPT = """\
import numpy as np
score = 1
x = np.linspace(-2, 2, 9)
numbers = np.arange(3)


def square(x):
    return x**2
"""
CONTRACT = """\
title = { zh = "玩具", en = "Toy" }
[results.score]
unit = "number"
label = { zh = "得分", en = "Score" }
[absent]
keras = { zh = "无", en = "None" }
tensorflow = { zh = "无", en = "None" }
pytorch = { zh = "无", en = "None" }
mxnet = { zh = "无", en = "None" }
"""
SQUARE = """
[checks.square]
inputs = ["x"]
value = "square(x)"
derivative = "2 * x"
pytorch = "torch.square(x)"
"""

pytestmark = [pytest.mark.xdist_group("toy-checks"), pytest.mark.pytorch]


@pytest.fixture
def topic(toy, monkeypatch):
    """A topic with one check, and a function that says how its formulas compare."""
    monkeypatch.chdir(toy.root)
    toy.code(SCRIPT)
    toy.write("requirements.txt", "torch==1.0\n")

    def compare(checks: str = SQUARE):
        toy.contract(CONTRACT, checks)
        catalog = toy.catalog
        topic = catalog.topic("toy")
        found, version = measure(catalog, topic, "pytorch", {"toy": toy.run().values})
        return catalog, topic, found, version

    return compare


def test_what_is_the_same_agrees(topic):
    _, toy, found, version = topic()
    assert found == {"square": {"value": 0.0, "derivative": 0.0}} and version[0].isdigit()
    assert disagreements(toy, "pytorch", found) == []


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("torch.square(x)", "torch.square(x) + 1e-8", "value in pytorch differs by 2.5e-09"),
        ("torch.square(x)", "torch.square(x.float()).double() * 1.01", "value"),
        ('"2 * x"', '"2.1 * x"', "derivative in pytorch differs by"),
        ("torch.square(x)", "torch.square(x) * float('nan')", "value in pytorch differs by inf"),
        ("torch.square(x)", "torch.flip(torch.square(x) + x, [0])", "value"),
    ],
)
def test_what_differs_is_reported(topic, old, new, difference):
    _, toy, found, _ = topic(SQUARE.replace(old, new))
    assert difference in "\n".join(disagreements(toy, "pytorch", found))


def test_single_precision_is_not_held_to_double(topic):
    check = SQUARE.replace("torch.square(x)", "torch.square(x.float()) * (1 + 1e-7)")
    _, toy, found, _ = topic(check + 'dtype = "float32"\n')
    assert found["square"]["value"] > 0 and disagreements(toy, "pytorch", found) == []


@pytest.mark.parametrize(
    ("checks", "cause"),
    [
        (SQUARE.replace("torch.square(x)", "torch.sqaure(x)"), "checks.square in pytorch: AttributeError"),
        (SQUARE.replace("torch.square(x)", "torch.square(x)[:3]"), "3 numbers, where square"),
        (SQUARE.replace("torch.square(x)", "y = x"), "the last line must be an expression"),
    ],
)
def test_what_cannot_be_asked_is_an_error(topic, checks, cause):
    with pytest.raises(CheckFailed, match=cause):
        topic(checks)


def test_formula_that_the_script_does_not_have_fails_the_run(topic):
    with pytest.raises(Exception, match=r"the check's 'sqaure\(x\)' has no value: NameError"):
        topic(SQUARE.replace('"square(x)"', '"sqaure(x)"'))


def test_code_of_several_lines_and_whole_numbers(topic):
    check = """
[checks.steps]
inputs = ["x", "numbers"]
value = "x + numbers.sum()"
pytorch = '''
total = x
for number in numbers:
    assert number.dtype == torch.int64
    total = total + number
[total[:4], total[4:]]
'''
"""
    assert topic(check)[2] == {"steps": {"value": 0.0}}


def test_two_scripts_may_use_one_name(toy, monkeypatch):
    monkeypatch.chdir(toy.root)
    toy.code(SCRIPT)
    toy.write("requirements.txt", "torch==1.0\n")
    double = SQUARE.replace("checks.square", "checks.double").replace("torch.square(x)", "2 * x")
    double = double.replace("square(x)", "2 * x").replace('derivative = "2 * x"', 'script = "other"')
    toy.contract(CONTRACT.replace("[results", 'scripts = ["toy", "other"]\n[results', 1), SQUARE, double)
    toy.write("snippets/models/toy/other_numpy.py", SCRIPT.replace("-2, 2, 9", "0, 1, 5"))
    catalog = toy.catalog
    values = {"toy": {"x": np.linspace(-2, 2, 9)}, "other": {"x": np.linspace(0, 1, 5)}}
    values["toy"] |= {"square(x)": values["toy"]["x"] ** 2, "2 * x": 2 * values["toy"]["x"]}
    values["other"] |= {"2 * x": 2 * values["other"]["x"]}
    found, _ = measure(catalog, catalog.topic("toy"), "pytorch", values)
    assert found == {"square": {"value": 0.0, "derivative": 0.0}, "double": {"value": 0.0}}


def test_the_last_line_is_the_value():
    assert evaluate("y = 1\ny + 1", {}) == 2


@pytest.mark.parametrize(
    ("checks", "cause"),
    [
        (SQUARE + 'script = "other"\n', "checks.square names an unknown script: other"),
        (SQUARE.replace('inputs = ["x"]\n', ""), "checks.square.inputs is missing"),
        (SQUARE.replace('pytorch = "torch.square(x)"\n', ""), "checks.square.code"),
        (SQUARE + 'theano = "x"\n', "theano is an unknown key"),
    ],
)
def test_bad_check_is_an_error_of_the_contract(toy, checks, cause):
    toy.code(SCRIPT)
    toy.contract(CONTRACT, checks)
    with pytest.raises(CatalogError, match=cause):
        toy.catalog


@pytest.fixture
def kept(topic):
    catalog, toy, found, _ = topic()
    write_checks(
        catalog, toy, {name: {"pytorch": quantities} for name, quantities in found.items()}, {"pytorch": "1.0"}
    )
    return catalog, toy


def test_measurement_is_kept_and_claimed(kept):
    catalog, toy = kept
    found = read_checks(catalog, toy)
    assert found.reasons == () and found.differences["square"]["pytorch"]["value"] == 0
    assert checks_path(catalog, toy) not in unclaimed_files(catalog)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda toy: toy.contract(CONTRACT, SQUARE.replace("2 * x", "x + x")), "checks.square was edited after"),
        (lambda toy: toy.contract(CONTRACT, SQUARE + 'keras = "x"\n'), "checks.square was edited after"),
        (lambda toy: toy.code(SCRIPT.replace("x**2", "x * x")), "was edited after its checks were measured"),
        (lambda toy: toy.write("requirements.txt", "torch==2.0\n"), "the requirements now pin 2.0"),
        (
            lambda toy: toy.contract(CONTRACT, SQUARE.replace("value =", 'label = { zh = "甲", en = "a" }\nvalue =')),
            None,
        ),
    ],
)
def test_measurement_goes_stale(kept, toy, change, reason):
    change(toy)
    reasons = read_checks(toy.catalog, toy.catalog.topic("toy")).reasons
    assert not reasons if reason is None else reason in "\n".join(reasons)


def test_measurement_edited_by_hand_is_seen(kept):
    catalog, toy = kept
    path = checks_path(catalog, toy)
    content = json.loads(path.read_text())
    content["checks"]["square"]["differences"]["pytorch"]["value"] = 1e-17
    path.write_text(json.dumps(content))
    assert "edited by hand" in read_checks(catalog, toy).reasons[0]


def test_other_frameworks_keep_what_was_measured(toy, kept):
    both = SQUARE + 'keras = "x"\n'
    toy.contract(CONTRACT, both)
    catalog, topic = toy.catalog, toy.catalog.topic("toy")
    one = {"square": {"pytorch": {"value": 0.0, "derivative": 0.0}}}
    write_checks(catalog, topic, one, {"pytorch": "1.0"})
    assert "not been measured in keras" in read_checks(catalog, topic).reasons[0]
    write_checks(catalog, topic, {"square": {"keras": {"value": 1e-12, "derivative": 0.0}}}, {"keras": "3.0"})
    found = read_checks(catalog, topic)
    assert found.reasons == () and set(found.differences["square"]) == {"keras", "pytorch"}
