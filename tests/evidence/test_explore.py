"""Figures with sliders: the browser's arithmetic is that of the topics' scripts, and what cannot be drawn is said."""

import functools
import html
import itertools
import json
import re
import shutil
from pathlib import Path
from unicodedata import normalize

import matplotlib
import numpy as np
import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

from evidence.catalog import LANGUAGES, CatalogError, load_catalog
from evidence.notebooks.dialect import sections
from evidence.pages import explore
from evidence.pages.explore import ExploreError
from evidence.record import record_path
from tests.evidence.pictures import panels

ROOT = Path(__file__).parents[2]
CATALOG = load_catalog(ROOT)
EXPLORATIONS = [(topic.name, name) for topic in CATALOG.topics.values() for name in topic.explorations]
EVERY_EXPLORATION = pytest.mark.parametrize(
    ("topic", "name"), EXPLORATIONS, ids=[".".join(each) for each in EXPLORATIONS]
)
WEIGHTS = ("w1", "w2", "b")

pytestmark = pytest.mark.xdist_group("explore")


@functools.cache
def described(topic, name, language="en"):
    exploration = CATALOG.topic(topic).explorations[name]
    script = CATALOG.script(f"{exploration.script}_numpy")
    return explore.about(CATALOG, script, exploration, language), explore.start(CATALOG, script, exploration)


def drawn(topic, name, **values):
    about, start = described(topic, name)
    return explore.draw(about, {**start, **values})


def drawn_all(topic, name, values):
    """Draw it for many values of its sliders, in one call of the engine, which under load takes longest."""
    explore.engine().eval("var exploreAll = (about, all) => all.map(values => explore(about, values))")
    return explore.engine().call("exploreAll", described(topic, name)[0], values)


def stops(slider):
    """Return the values at which a slider can stand, as a browser counts them."""
    digits = len(str(slider.step).partition(".")[2])
    number = round((slider.maximum - slider.minimum) / slider.step)
    return [round(slider.minimum + place * slider.step, digits) for place in range(number + 1)]


def names_of(topic, *chosen):
    """Run some sections of a script and return its names."""
    matplotlib.use("Agg")
    parts = sections(CATALOG.script(f"{topic}_numpy").path.read_text(encoding="utf-8"))
    names = {}
    exec("\n".join(parts[section] for section in chosen), names)
    return names


def figure_of(stem, figure):
    return json.loads(record_path(CATALOG, CATALOG.script(stem), "cpu", f"{figure}.json").read_text())["axes"]


# The same arithmetic ----------------------------------------------------------------------------------------------------


def test_learning_rate():
    """At every rate the path is that of the script's `descend`, and so are the loss and the factors of a step."""
    names = names_of("gradient_descent", "imports", "problem", "descend")
    slider = CATALOG.topic("gradient_descent").explorations["learning_rate"].sliders["share"]
    shares = stops(slider)
    for share, ours in zip(
        shares, drawn_all("gradient_descent", "learning_rate", [{"share": each} for each in shares])
    ):
        path = names["descend"](share * names["edge"], 200, 12)
        assert np.allclose(ours["path"], path, rtol=1e-9, atol=1e-9), share
        for place, number in ((0, "begin"), (-1, "end")):
            assert ours["numbers"][number] == pytest.approx(names["excess"](path[place]), rel=1e-9), share
        factors = 1 - share * names["edge"] * np.linalg.eigvalsh(names["hessian"])
        assert [ours["numbers"][part] for part in ("flat", "steep")] == pytest.approx(factors, rel=1e-9, abs=1e-9)


def test_first_learning_rate_is_the_recorded_one():
    recorded = figure_of("gradient_descent_numpy", "rates")[1]
    assert recorded["title"] == "0.9 of the edge"
    path = np.stack([recorded["lines"][0][axis] for axis in "xy"], axis=1)
    assert np.allclose(drawn("gradient_descent", "learning_rate")["path"], path, rtol=1e-5)


def test_best_rate_lies_where_both_directions_shrink_alike():
    """As the page says: a little below the edge."""
    slider = CATALOG.topic("gradient_descent").explorations["learning_rate"].sliders["share"]
    found = {share: drawn("gradient_descent", "learning_rate", share=share)["numbers"] for share in stops(slider)}
    alike = min(found, key=lambda share: abs(found[share]["flat"] + found[share]["steep"]))
    assert 0.9 <= alike < 1
    assert abs(found[0.5]["steep"]) < 1e-12


def test_dying_neuron():
    """For rates and slopes on both sides of death: the sum after the first step, the loss, and when it is low."""
    train = names_of("activation", "imports", "functions", "derivatives", "dying")["train"]
    for rate, slope in itertools.product((0.1, 1, 1.5, 1.6, 2, 2.5), (0, 0.01, 0.3)):
        ours = drawn("activation", "dying", first_rate=rate, slope=slope)["numbers"]
        highest, losses = train(slope, rate)
        assert ours["highest"] == pytest.approx(highest, rel=1e-9, abs=1e-9), (rate, slope)
        assert ours["loss"] == pytest.approx(losses[-1], rel=1e-9, abs=1e-9), (rate, slope)
        assert ours["steps"] == len(losses) - 2, (rate, slope)  # the last loss is taken before its update
        if "back" in ours:
            assert losses[ours["back"]] < float(ours["low"]) <= losses[ours["back"] - 1], (rate, slope)


def test_dying_neuron_as_the_page_tells_it():
    record = explore.read_record(CATALOG, CATALOG.script("activation_numpy"))
    dead = drawn("activation", "dying")
    assert dead["sentence"] == "dies" and dead["numbers"]["loss"] == pytest.approx(record.value("dead_loss"), rel=1e-9)
    backs = [drawn("activation", "dying", slope=slope)["numbers"]["back"] for slope in (0.01, 0.02, 0.05, 0.1, 0.3)]
    assert backs == sorted(backs, reverse=True)
    assert [drawn("activation", "dying", first_rate=rate)["sentence"] for rate in (1.5, 1.6)] == ["lives", "dies"]


def test_border():
    """For all 2,197 neurons within reach, the outputs, the rows that are right, and a border where the sum is zero."""
    names = names_of("neuron", "imports", "neuron", "rule")
    most = dict.fromkeys(names["tables"], 0)
    states = list(itertools.product(np.arange(-3, 3.5, 0.5).tolist(), repeat=3))
    for state, ours in zip(states, drawn_all("neuron", "border", [dict(zip(WEIGHTS, state)) for state in states])):
        for table, targets in names["tables"].items():
            right = names["count_right"](names["inputs"], targets, np.array(state))
            assert ours["numbers"][table.lower()] == right, state
            most[table] = max(most[table], right)
        outputs = names["neuron"](names["inputs"], np.array(state[:2]), state[2])
        shown = [int(output) for output in re.findall(r'<text class="(?:on)?"[^>]*>([01])</text>', ours["pictures"])]
        assert shown == outputs.tolist(), state
        if border := re.search(r'class="border" d="M(\S+) (\S+)L(\S+) (\S+)"', ours["pictures"]):
            frame = re.search(r'<svg x="\d+" y="\d+" width="(\d+)" height="(\d+)"', ours["pictures"])
            wide, high = map(int, frame.groups())
            pixels = [float(number) for number in border.groups()]
            for across, down in (pixels[:2], pixels[2:]):
                point = np.array([-0.6 + 2.2 * across / wide, 1.6 - 2.2 * down / high])
                assert abs(point @ state[:2] + state[2]) < 0.01, state  # tenths of a pixel
    assert most == {"AND": 4, "OR": 4, "NAND": 4, "XOR": 3}


@pytest.mark.parametrize(
    ("state", "table"), [((2, 1, -2), "and"), ((2, 1, -0.5), "or"), ((-2, -1, 3), "nand")], ids=["and", "or", "nand"]
)
def test_borders_that_the_page_names(state, table):
    ours = drawn("neuron", "border", **dict(zip(WEIGHTS, state)))
    assert ours["sentence"] == table and ours["numbers"][table] == 4
    if table == "and":
        assert described("neuron", "border")[1] == dict(zip(WEIGHTS, state))


def test_learning():
    """After each correction the weights are those of the script's rule, and as many rows are right."""
    names = names_of("neuron", "imports", "neuron", "rule", "single")
    for correction in range(11):
        numbers = drawn("neuron", "learning", correction=correction)["numbers"]
        for table in ("AND", "XOR"):
            state = names["learned"][table][0][correction]
            assert [numbers[f"{table.lower()}_{name}"] for name in WEIGHTS] == state.tolist()
            assert numbers[table.lower()] == names["count_right"](names["inputs"], names["tables"][table], state)
    assert np.array_equal(*(names["learned"]["XOR"][0][correction] for correction in (6, 10)))
    assert np.array_equal(*(names["learned"]["XOR"][0][correction] for correction in (2, 6)))


def test_replays_are_the_recorded_runs():
    """The loss at each update is that of another figure of the same run; and what the pages say of the way there."""
    curves = figure_of("gradient_descent_numpy", "curves")[0]["lines"]
    for update in range(61):
        numbers = drawn("gradient_descent", "paths", update=update)["numbers"]
        assert list(numbers.values()) == pytest.approx([curve["y"][update] for curve in curves], rel=1e-3), update
    batch, _, stochastic = (np.diff(curve["y"]) for curve in curves)
    assert (batch < 0).all() and (stochastic > 0).sum() > 10

    curves = figure_of("optimizers_numpy", "losses")[0]["lines"]
    for update in range(101):
        numbers = drawn("optimizers", "paths", update=update)["numbers"]
        assert list(numbers.values()) == pytest.approx([curve["y"][update] for curve in curves], rel=1e-3), update
    sgd, momentum, rmsprop, adam = (curve["y"] for curve in curves)
    assert momentum[20] > max(sgd[20], rmsprop[20], adam[20])
    assert adam[40] < momentum[40] < min(sgd[40], rmsprop[40])
    assert rmsprop[95] < rmsprop[100]


# The same pictures ------------------------------------------------------------------------------------------------------


def anywhere(topic, name, number=12):
    """Return where the sliders stand at first, and some other places, the same in every run."""
    random = np.random.default_rng(0)
    sliders = CATALOG.topic(topic).explorations[name].sliders
    places = [{slider: random.choice(stops(each)).item() for slider, each in sliders.items()} for _ in range(number)]
    return [described(topic, name)[1], *places]


def drawn_anywhere(topic, name, number=12):
    """Yield some values of the sliders, the panels that a reader sees, and all that is drawn."""
    values = anywhere(topic, name, number)
    for each, shown in zip(values, drawn_all(topic, name, values)):
        yield each, panels(shown["pictures"]), shown


def assert_same(panel, points, expected, context):
    """The points of a line are those expected; of those far outside of the frame, which nobody sees, only that they are there."""
    points, expected = np.asarray(points), np.asarray(expected, dtype=float)
    assert points.shape == expected.shape, context
    size = np.array([float(panel.frame["width"]), float(panel.frame["height"])])
    low, high = np.sort(panel.numbers([-size, 2 * size]), axis=0)
    seen = ((expected > low) & (expected < high)).all(axis=1)
    assert (np.abs(points - expected)[seen] <= panel.tolerance).all(), context
    assert not ((points > low) & (points < high)).all(axis=1)[~seen].any(), context


def assert_valley(panel, best, loss):
    """The star is at the least loss, and the loss is the same all along each ring, and greater on the next."""
    assert (np.abs(panel.least - best) <= panel.tolerance).all()
    losses = [loss(ring) for ring in panel.rings()]
    assert all(each.max() < 1.02 * each.min() for each in losses[4:])  # the inner ones are few pixels wide
    assert all(a.max() < b.min() for a, b in itertools.pairwise(losses))


def test_picture_of_the_learning_rate():
    names = names_of("gradient_descent", "imports", "problem", "descend")
    words = figure_of("gradient_descent_numpy", "rates")[0]
    for values, (panel,), shown in drawn_anywhere("gradient_descent", "learning_rate"):
        path = names["descend"](values["share"] * names["edge"], 200, 12)
        assert_same(panel, panel.path("main"), path, values)
        assert_same(panel, panel.path("dots main"), path, values)
        assert_same(panel, panel.path("dots head"), path[-1:], values)
        assert_valley(panel, names["best"], names["excess"])
        assert (panel.x, panel.y) == (words["x"], words["y"])
        (steepest,) = {min(1 - values["share"] * names["edge"] * np.linalg.eigvalsh(names["hessian"]))}
        signs = {"slides": steepest > -1e-9, "crosses": -1 < steepest < 0, "leaves": steepest < -1, "edge": True}
        assert shown["sentence"] == next(outcome for outcome, holds in signs.items() if holds), values


def test_picture_of_the_dying_neuron():
    """Dashed what is to be learned, thin the sum after the first step, thick what it puts out in the end."""
    names = names_of("activation", "imports", "functions", "derivatives", "dying")
    code = sections(CATALOG.script("activation_numpy").path.read_text(encoding="utf-8"))["dying"].partition(
        "_, gentle"
    )[0]
    end, first = dict(names), dict(names)
    exec(code.replace("return highest, losses", "return relu(weight * inputs + bias, slope)"), end)
    exec(code.replace("range(5000)", "range(1)").replace("return highest, losses", "return weight, bias"), first)
    for values, (panel,), shown in drawn_anywhere("activation", "dying", 6):
        rate, slope = values["first_rate"], values["slope"]
        weight, bias = first["train"](slope, rate)
        outputs = np.stack([names["inputs"], end["train"](slope, rate)], axis=1)
        assert_same(panel, panel.path("main thick"), outputs, values)
        assert_same(panel, panel.path("second"), [[0, bias], [1, weight + bias]], values)
        assert_same(panel, panel.path("aim"), [[0, 0], [1, 1]], values)
        assert_same(panel, panel.path("zero"), [[0, 0], [1, 0]], values)
        lives = "lives" if max(bias, weight + bias) > 0 else "returns" if slope > 0 else "dies"
        assert shown["sentence"] == lives, values


def assert_plane(panel, weights, bias, context):
    """The shaded side is where the sum is above zero."""
    assert (panel.x, panel.y) == ("x₁", "x₂")
    shaded = [each for each in panel.frame.find_all("path") if each["class"] == ["shaded"]]
    places = np.random.default_rng(0).uniform(-0.6, 1.6, size=(60, 2))
    sums = places @ weights + bias
    if not shaded:
        assert (sums <= 0).all(), context
        return
    inside = matplotlib.path.Path(panel.path("shaded")).contains_points(places)
    clear = np.abs(sums) > np.abs(weights) @ panel.tolerance
    assert (inside == (sums > 0))[clear].all(), context


def test_picture_of_the_border():
    names = names_of("neuron", "imports", "neuron", "rule")
    for values, (panel,), _ in drawn_anywhere("neuron", "border"):
        weights, bias = np.array([values["w1"], values["w2"]]), values["b"]
        assert_plane(panel, weights, bias, values)
        for kind, output in (("on", 1), ("off", 0)):
            chosen = names["inputs"][names["neuron"](names["inputs"], weights, bias) == output]
            assert_same(panel, panel.centres(kind), chosen, values)


def test_picture_of_learning():
    names = names_of("neuron", "imports", "neuron", "rule", "single")
    for correction in range(11):
        shown = drawn("neuron", "learning", correction=correction)
        both = panels(shown["pictures"])
        assert [panel.title for panel in both] == ["AND", "XOR"]
        for panel in both:
            state, targets = names["learned"][panel.title][0][correction], np.array(names["tables"][panel.title])
            assert_plane(panel, state[:2], state[2], correction)
            for kind, target in (("one", 1), ("nought", 0)):
                assert_same(panel, panel.centres(kind), names["inputs"][targets == target], correction)
        learned = (
            names["count_right"](names["inputs"], names["tables"]["AND"], names["learned"]["AND"][0][correction]) == 4
        )
        assert shown["sentence"] == ("learned" if learned else "learning")


@pytest.mark.parametrize("topic", ["gradient_descent", "optimizers"])
def test_picture_of_a_replay(topic):
    """Up to each update a panel shows the path of the recorded run, under its title; the sentence gives its loss after it."""
    recorded = figure_of(f"{topic}_numpy", "paths")
    titles = [panel["title"].partition(":")[0] for panel in recorded]
    says = CATALOG.topic(topic).explorations["paths"].says["after"]["en"]
    assert re.findall(r"([\w-]+(?: [\w-]+)*?) \{(\w+)\}", says) == [
        (title, f"loss_{place}") for place, title in enumerate(titles)
    ]
    if topic == "gradient_descent":
        names = names_of(topic, "imports", "problem")
        best, loss = names["best"], names["excess"]
    else:
        best, loss = (0, 0), lambda points: (points[:, 0] ** 2 + 100 * points[:, 1] ** 2) / 2
    for values, shown, _ in drawn_anywhere(topic, "paths"):
        assert [panel.title.partition(":")[0] for panel in shown] == titles
        for panel, before in zip(shown, recorded):
            path = np.stack([before["lines"][0][axis] for axis in "xy"], axis=1)[: values["update"] + 1]
            assert_same(panel, panel.path("main"), path, values)
            assert_same(panel, panel.path("dots head"), path[-1:], values)
            assert_valley(panel, best, loss)
            if words := {axis: recorded[0][axis] for axis in "xy" if axis in recorded[0]}:
                assert {"x": panel.x, "y": panel.y} == words


# What is shown ----------------------------------------------------------------------------------------------------------


@EVERY_EXPLORATION
def test_there_is_a_sentence_for_every_outcome(topic, name):
    """Wherever the sliders stand; and no sentence is never said. No number in it is missing, infinite or undefined."""
    about, _ = described(topic, name)
    sliders = CATALOG.topic(topic).explorations[name].sliders
    said = set()
    everywhere = [dict(zip(sliders, each)) for each in itertools.product(*map(stops, sliders.values()))]
    for values, shown in zip(everywhere, drawn_all(topic, name, everywhere)):
        said.add(shown["sentence"])
        texts = " ".join([shown["pictures"], shown["says"], *shown["values"].values()])
        assert not re.search("[{}]|NaN|undefined|∞", texts), values
    assert said == about["says"].keys()


@EVERY_EXPLORATION
def test_sliders_say_where_they_stand(topic, name):
    """To the last digit, whatever else is said; their labels name them; where they start is a number of the script."""
    sliders = CATALOG.topic(topic).explorations[name].sliders
    code = CATALOG.script(f"{topic}_numpy").path.read_text(encoding="utf-8")
    for values in anywhere(topic, name, 4):
        shown = drawn(topic, name, **values)["values"]
        for slider, value in values.items():
            said = [number.replace("−", "-") for number in re.findall(r"−?[\d.]+", shown[slider])]
            assert value in [float(number) for number in said], (slider, value, shown)
    for slider, each in sliders.items():
        symbols = {re.sub(r"\W", "", normalize("NFKC", label)) for label in re.findall(r"\w[₀-₉]", str(each.label))}
        assert symbols <= {slider}, (slider, each.label)
        assert isinstance(each.start, str) or re.search(rf"(?<![\w.]){each.start:g}(?![\w.])", code), (
            slider,
            each.start,
        )


def captions(topic, name):
    """Yield the text under an exploration, in each language."""
    for language in LANGUAGES:
        page = (ROOT / "docs" / language / f"{CATALOG.topic(topic).path}.md").read_text(encoding="utf-8")
        (caption,) = re.findall(rf"^/// explore \| {topic}\.{name}\n(.*?)^///$", page, flags=re.MULTILINE | re.DOTALL)
        yield caption


# What the tests above hold for the numbers that the texts under the figures name.
NAMED = {
    "gradient_descent.paths": "",
    "gradient_descent.learning_rate": "1",
    "optimizers.paths": "20 40 95",
    "activation.dying": "0.01 2 0.1",
    "neuron.border": "-0.5 -2 -1 3",
    "neuron.learning": "0 10 10 6 2",
}


@EVERY_EXPLORATION
def test_captions_name_what_has_been_tried(topic, name):
    """In both languages, in one order, and where a slider can stand. Another number needs a test of its own."""
    sliders = CATALOG.topic(topic).explorations[name].sliders.values()
    for caption in captions(topic, name):
        numbers = re.findall(r"`(-?[\d.]+)`", caption)
        assert numbers == NAMED[f"{topic}.{name}"].split()
        assert all(any(float(number) in stops(slider) for slider in sliders) for number in numbers)


@EVERY_EXPLORATION
def test_pages_show_it(topic, name):
    for language in LANGUAGES:
        page = ROOT / "docs" / language / f"{CATALOG.topic(topic).path}.md"
        assert f"/// explore | {topic}.{name}\n" in page.read_text(encoding="utf-8"), page


def test_numbers_are_written_for_readers():
    numbers = [0, -1, 4999, 0.5, 0.14, -0.8, 287.6, 41_853.4, 9.9e-4, -2.5e-12, "2, 1, −2"]
    shown = ["0", "−1", "4999", "0.5", "0.140", "−0.800", "288", "4.2 × 10⁴", "9.9 × 10⁻⁴", "−2.5 × 10⁻¹²", "2, 1, −2"]
    assert [explore.engine().call("show", number) for number in numbers] == shown


# What cannot be ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path):
    """A copy of the topic of neurons, to be broken: call it with what stands in the contract, and what shall."""
    for part in ("snippets/concepts/neuron", "records/concepts/neuron"):
        shutil.copytree(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "snippets/concepts/section.toml", tmp_path / "snippets/concepts")

    def edited(old, new):
        contract = tmp_path / "snippets/concepts/neuron/topic.toml"
        text = re.sub(r"^before = .*\n", "", contract.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert old in text
        contract.write_text(text.replace(old, new), encoding="utf-8")
        catalog = load_catalog(tmp_path)
        return catalog, catalog.script("neuron_numpy"), catalog.topic("neuron").explorations

    return edited


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("start = 10", "start = 10.5", "cannot start at 10.5: from 0 to 10 it goes by 1"),
        ("start = 10", "start = 11", "cannot start at 11"),
        ("minimum = 0\nmaximum = 10", "minimum = 10\nmaximum = 0", "needs a minimum below its maximum"),
        ("step = 0.5", "step = 0", "greater than 0"),
        ('"and_states", "xor_states"]', '"and_states", "xor_weights"]', "unknown results: xor_weights"),
        ("[explorations.learning]\n", '[explorations.learning]\nfigure = "race"\n', "unknown figure: race"),
        ("[explorations.learning]\n", '[explorations.learning]\nscript = "race"\n', "unknown script: race"),
        ("[explorations.learning]\n", '[explorations.learning]\ncolour = "red"\n', "colour is an unknown key"),
        (
            'label = { zh = "改正次数", en = "Corrections" }',
            'label = { en = "Corrections" }',
            "a text for each of zh, en",
        ),
    ],
)
def test_contract_that_cannot_be(house, old, new, complaint):
    with pytest.raises(CatalogError, match=re.escape(complaint)):
        house(old, new)


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("border", '"and_states[-3]"', '"and_states[99]"', "the slider w1 starts at and_states[99], which is no recorded number"),
        ("border", '"and_states[-3]"', '"and_states"', "starts at and_states, which is no recorded number"),
        ("border", '"and_states[-3]"', '"weights[0]"', "starts at weights[0], which is no recorded number"),
        ("border", '"and_states[-3]"', '"learnable"', "the slider w1 cannot start at 14"),
        ("border", "[explorations.border.says]\nand =", "[explorations.border.says]\nAND =", "border needs a sentence and"),
        ("border", "AND {and}", "AND {rows}", "{rows} is no number of neuron.border: w1, w2, b, and, or, nand, xor"),
        ("edge", "explorations.border", "explorations.edge", "no figure is called neuron.edge"),
        ("learning", 'results = ["and_states", "xor_states"]', 'results = ["and_states"]', "neuron.learning"),
    ],
)  # fmt: skip
def test_figure_that_cannot_be_drawn(house, name, old, new, complaint):
    catalog, script, explorations = house(old, new)
    with pytest.raises(ExploreError, match=re.escape(complaint)):
        explore.figure(catalog, script, explorations[name], "en", "")


def test_result_that_no_record_has(house):
    new = '[results.bias]\nunit = "count"\nlabel = { zh = "偏置", en = "Bias" }\n\n[results.learnable]\n'
    house("[results.learnable]\n", new)
    catalog, script, explorations = house('"and_states", "xor_states"]', '"and_states", "bias"]')
    with pytest.raises(ExploreError, match="the record of neuron_numpy has no bias; run `make records`"):
        explore.figure(catalog, script, explorations["learning"], "en", "")


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("neurons.border", "no topic is called 'neurons'"),
        (
            "neuron.borders",
            "concepts/neuron declares no exploration borders; there are: neuron.border, neuron.learning",
        ),
        ("neuron", "concepts/neuron declares no exploration ; there are: neuron.border, neuron.learning"),
        ("loss.border", "concepts/loss declares no exploration border; there are: none"),
    ],
)
def test_block_that_names_nothing(argument, complaint, monkeypatch, caplog):
    """The page and the log say what is wrong, and what there is."""
    monkeypatch.chdir(ROOT)
    shown = Markdown(extensions=["evidence.pages.markdown"]).convert(f"/// explore | {argument}\nTry it.\n///")
    assert complaint in html.unescape(shown) and "evidence-problem" in shown and "Try it." in shown
    assert [message for message in caplog.messages if complaint in message]


def test_block(monkeypatch, caplog):
    """The text is the caption; what the page's script is told is what the build was told."""
    monkeypatch.chdir(ROOT)
    options = {"evidence.pages.markdown": {"language": "en"}}
    page = Markdown(extensions=["evidence.pages.markdown"], extension_configs=options)
    figure = BeautifulSoup(page.convert("/// explore | neuron.border\nTry `b`.\n///"), "html.parser").figure
    about, start = described("neuron", "border")
    assert not caplog.messages and json.loads(figure["data-about"]) == about
    assert figure.figcaption.text.strip() == "Try b."
    assert {each["name"]: float(each["value"]) for each in figure.find_all("input")} == start
    assert figure.output.text == explore.draw(about, start)["says"]
    for each in figure.find_all("input"):
        assert figure.find("label", attrs={"for": each["id"]}).text and each["aria-valuetext"]
