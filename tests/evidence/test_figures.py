"""A figure that shows something else than it says is found, whichever word or number moved."""

import copy

import pytest

from evidence.catalog import CatalogError
from evidence.figures import differences, series_problems
from evidence.outcome import RunFailed
from tests.evidence.conftest import ABSENT, CONTRACT, CURVE

GAINS = CONTRACT[CONTRACT.index("[results.score]") :].replace("score", "gains")
LOSSES = GAINS.replace("gains", "losses")
SERIES = 'series = { "test" = "gains", "training" = "losses" }\n'
RESULTS = {"score": 0.9, "gains": [0.5, 0.7, 0.8], "losses": [3.0, 2.0, 1.0 / 3]}


def panel(**entries):
    return {"title": "learning", "x": "epoch", "y": "loss", "legend": ["test", "training"], **entries}


def line(label, values):
    return {"label": label, "x": [1, 2, 3], "y": values}


DRAWN = {"axes": [panel(lines=[line("test", [0.5, 0.7, 0.8]), line("training", [3, 2, 0.333333])])]}


@pytest.fixture
def problems(toy):
    """Return what is wrong with a drawing, held to a contract with these lines about its figure."""

    def found(drawn, lines: str = SERIES, results=RESULTS) -> str:
        toy.contract(CONTRACT, GAINS, LOSSES, CURVE + lines, ABSENT)
        return "\n".join(series_problems(toy.script, {"curve": drawn}, results))

    return found


def changed(*path, value):
    """Return the drawing with one entry replaced."""
    drawn = copy.deepcopy(DRAWN)
    place = drawn
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return drawn


def test_what_its_contract_says(problems):
    assert problems(DRAWN) == ""
    assert problems(DRAWN, SERIES + 'titles = ["learning"]\nx = ["epoch"]\ny = ["loss"]\n') == ""


def test_swapped_labels(problems):
    one, other = DRAWN["axes"][0]["lines"]
    swapped = {"axes": [panel(lines=[{**one, "label": "training"}, {**other, "label": "test"}])]}
    found = problems(swapped)
    assert "shows something else than gains as 'test'" in found
    assert "shows something else than losses as 'training'" in found


def test_a_training_curve_under_the_name_of_the_test(problems):
    found = problems(changed("axes", 0, "lines", 0, "y", value=[3, 2, 0.333333]))
    assert "shows something else than gains as 'test'" in found and "losses as" not in found


@pytest.mark.parametrize("value", [[0.5, 0.7, 0.801], [0.5, 0.7], [0.5, 0.7, None], []])
def test_other_values(problems, value):
    """As the maximum where the mean is said."""
    assert "shows something else than gains" in problems(changed("axes", 0, "lines", 0, "y", value=value))


def test_six_digits_are_what_counts(problems):
    assert problems(changed("axes", 0, "lines", 0, "y", value=[0.5000001, 0.7, 0.8])) == ""
    assert "something else" in problems(changed("axes", 0, "lines", 0, "y", value=[0.50001, 0.7, 0.8]))


def test_a_result_that_is_drawn_and_not_declared(problems):
    found = problems(DRAWN, 'series = { "test" = "gains" }\n')
    assert found == "the figure curve shows losses as 'training', which its contract does not declare as a series"
    assert problems(changed("axes", 0, "lines", 1, "y", value=[3, 2, 1]), 'series = { "test" = "gains" }\n') == ""


def test_two_results_that_are_equal_may_bear_either_name(problems):
    same = RESULTS | {"losses": RESULTS["gains"]}
    assert problems(changed("axes", 0, "lines", 1, "y", value=[0.5, 0.7, 0.8]), results=same) == ""


def test_a_label_that_is_gone_or_there_twice(problems):
    assert "has 0 series called 'test'; its series are: 'loss: tests', 'loss: training'" in problems(
        changed("axes", 0, "lines", 0, "label", value="tests")
    )
    assert "has 2 series called 'training'" in problems(changed("axes", 0, "lines", 0, "label", value="training"))


def test_panels_tell_series_of_one_name_apart(problems):
    accuracy = panel(title="", y="accuracy", lines=[line("test", [0.5, 0.7, 0.8])], legend=["test"])
    loss = panel(title="", lines=[line("test", [3, 2, 0.333333])], legend=["test"])
    for empty in (accuracy, loss):
        del empty["title"]
    both = {"axes": [accuracy, loss]}
    declared = 'series = { "accuracy: test" = "gains", "loss: test" = "losses" }\n'
    assert problems(both, declared) == ""
    assert "something else than gains" in problems(
        {"axes": [{**accuracy, "y": "loss"}, {**loss, "y": "accuracy"}]}, declared
    )


def test_without_a_label_the_axis_gives_the_name(problems):
    drawn = {"axes": [{"y": "gain", "lines": [{"x": [1, 2, 3], "y": [0.5, 0.7, 0.8]}]}]}
    assert problems(drawn, 'series = { "gain" = "gains" }\n') == ""
    assert problems({"axes": [{"bars": [{"heights": [0.5, 0.7, 0.8]}]}]}, 'series = { "" = "gains" }\n') == ""


def test_a_legend_that_names_what_is_not_there(problems):
    found = problems(changed("axes", 0, "legend", value=["Test", "training"]))
    assert found == "the figure curve has 'Test' in a legend, and nothing in it is called so"


@pytest.mark.parametrize("key, text", [("titles", "learning"), ("x", "epoch"), ("y", "loss")])
def test_words_that_are_held(problems, key, text):
    found = problems(DRAWN, SERIES + f'{key} = ["else"]\n')
    assert found == f"the figure curve has the {key} {text}, and its contract says else"


def test_unknown_results_are_an_error(problems):
    with pytest.raises(CatalogError, match="figures.curve names unknown results: wins"):
        problems(DRAWN, 'series = { "test" = "wins" }\n')


@pytest.mark.parametrize(
    "path, value, difference",
    [
        (("axes", 0, "title"), "training", "axes 0: title is 'training', and 'learning' in the record"),
        (("axes", 0, "x"), "step", "axes 0: x is 'step', and 'epoch' in the record"),
        (
            ("axes", 0, "legend"),
            ["training", "test"],
            "axes 0: legend is ['training', 'test'], and ['test', 'training']",
        ),
        (("axes", 0, "x_ticks"), ["1"], "axes 0: x_ticks is ['1'], and None in the record"),
        (("axes", 0, "lines"), [], "axes 0: lines is [], and ['test', 'training'] in the record"),
        (("axes", 0, "points"), [{"count": 3}], "axes 0: points is [''], and None in the record"),
        (("title",), "all", "title is 'all', and None in the record"),
        (("axes",), [], "it has 0 axes, and 1 in the record"),
    ],
)
def test_differences_from_the_record(path, value, difference):
    found = differences(DRAWN, changed(*path, value=value))
    assert len(found) == 1 and difference in found[0]


def test_numbers_may_differ():
    """Results have intervals of their own, and titles have predictions in them."""
    assert differences(DRAWN, changed("axes", 0, "lines", 0, "y", value=[0.4, 0.6, 0.9])) == []
    titled = changed("axes", 0, "title", value="7 ≠ 2 (99.5%)")
    assert differences(titled, changed("axes", 0, "title", value="3 ≠ 5 (98%)")) == []
    assert differences(titled, changed("axes", 0, "title", value="3 (98%)")) != []


def test_a_run_is_held_to_its_contract(toy):
    """The runner refuses a script whose labels are swapped."""
    toy.contract(CONTRACT, GAINS, LOSSES, CURVE + SERIES, ABSENT)
    code = (
        "import matplotlib.pyplot as plt\nscore, gains, losses = 0.9, [0.5, 0.7, 0.8], [3.0, 2.0, 1 / 3]\n"
        "_, axes = plt.subplots(num='curve', clear=True)\n"
        "axes.plot(gains, label='test')\naxes.plot(losses, label='training')\naxes.legend()\nplt.show()\n"
    )
    toy.code(code)
    run = toy.run()
    assert [line["label"] for line in run.drawn["curve"]["axes"][0]["lines"]] == ["test", "training"]
    toy.code(
        code.replace("plot(gains", "plot(last").replace("plot(losses", "plot(gains").replace("plot(last", "plot(losses")
    )
    with pytest.raises(RunFailed, match="the figure curve shows something else than gains as 'test'"):
        toy.run()
