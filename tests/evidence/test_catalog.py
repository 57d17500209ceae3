"""A catalog that breaks a rule of the house is refused, with the file and the rule in the message."""

import pytest

from evidence.catalog import CatalogError, load_catalog
from tests.evidence.conftest import ABSENT, CONTRACT, CURVE, LOSSES, REHEARSAL, SCORE, STEPS


def test_good_catalog(toy):
    toy.contract(CONTRACT, LOSSES, CURVE, ABSENT)
    catalog = toy.catalog
    topic, script = catalog.topics["models/toy"], catalog.script("toy_numpy")
    assert (topic.section, topic.name, topic.contract.seeds, topic.contract.time_limit_seconds) == (
        "models",
        "toy",
        2,
        20,
    )
    assert (script.framework, script.path) == ("numpy", toy.folder / "toy_numpy.py")
    assert list(script.results) == ["score", "losses"] and list(script.figures) == ["curve"]
    assert script.results["score"].minimum == 0.5 and script.results["score"].maximum is None
    with pytest.raises(CatalogError, match="toy_keras.*toy_numpy"):
        catalog.script("toy_keras")


@pytest.mark.parametrize(
    "topic, framework, found",
    [
        (None, None, ["deep_numpy", "toy_numpy"]),
        ("models", None, ["toy_numpy"]),
        ("models/toy", "numpy", ["toy_numpy"]),
        (None, "keras", []),
        ("models/to", None, []),
    ],
)
def test_select(toy, topic, framework, found):
    toy.contract(CONTRACT.replace("toy", "deep"), ABSENT, topic="concepts/deep")
    toy.write("snippets/concepts/deep/deep_numpy.py", SCORE)
    assert [script.stem for script in toy.catalog.select(topic, framework)] == found


def test_one_topic_with_two_scripts(toy):
    """A result or a figure can belong to some scripts; a framework that no script uses is one hole, with one reason."""
    score = CONTRACT.replace('["toy"]', '["toy", "other"]').replace(
        'unit = "percent"', 'unit = "percent"\nscripts = ["toy"]'
    )
    toy.contract(score, LOSSES, ABSENT)
    toy.write("snippets/models/toy/other_numpy.py", SCORE)
    assert set(toy.catalog.script("toy_numpy").results) == {"score", "losses"}
    assert set(toy.catalog.script("other_numpy").results) == {"losses"}
    (toy.folder / "other_numpy.py").unlink()
    with pytest.raises(CatalogError, match="there is no script for other_numpy"):
        toy.catalog
    toy.contract(score, LOSSES, ABSENT, 'other_numpy = { zh = "以后", en = "later" }\n')
    assert set(toy.catalog.scripts) == {"toy_numpy"}


def test_figure_of_some_frameworks(toy):
    toy.contract(CONTRACT, LOSSES, CURVE + 'frameworks = ["keras"]\n', ABSENT)
    assert toy.catalog.script("toy_numpy").figures == {}
    assert list(toy.catalog.topics["models/toy"].figures) == ["curve"]


TITLE = 'title = { zh = "玩具", en = "Toy" }\n'


def replaced(old: str, new: str) -> str:
    assert old in CONTRACT + ABSENT
    return (CONTRACT + ABSENT).replace(old, new, 1)


@pytest.mark.parametrize(
    "contract, rule",
    [
        pytest.param("seeds = ", "not valid TOML", id="not TOML"),
        pytest.param("colour = 1\n" + CONTRACT + ABSENT, "colour is an unknown key", id="unknown key"),
        pytest.param(TITLE + ABSENT, "declares no result", id="no result"),
        pytest.param(replaced(TITLE, ""), "title is missing", id="no title"),
        pytest.param(replaced('en = "Toy"', 'en = ""'), "title must give a text for each of zh, en", id="empty title"),
        pytest.param(replaced("seeds = 2", "seeds = 0"), "seeds", id="no seed"),
        pytest.param(replaced("seeds = 2", 'seeds = "2"'), "seeds", id="seeds in quotes"),
        pytest.param(replaced("seeds = 2", "seeds = 2.5"), "seeds Input should be a valid integer", id="half a seed"),
        pytest.param(
            replaced("time_limit_seconds = 20", "time_limit_seconds = -1"), "time_limit_seconds", id="time limit"
        ),
        pytest.param(replaced('scripts = ["toy"]', 'scripts = "toy"'), "scripts", id="scripts no list"),
        pytest.param(TITLE + "results = 3\n" + ABSENT, "results", id="results no table"),
        pytest.param(
            TITLE + 'results.score = "high"\n' + ABSENT, "results must be a table of tables", id="result no table"
        ),
        pytest.param(
            replaced('unit = "percent"', 'unit = "miles"'), "results.score.unit Input should be 'percent'", id="unit"
        ),
        pytest.param(replaced('unit = "percent"\n', ""), "results.score.unit is missing", id="no unit"),
        pytest.param(replaced("minimum = 0.5", 'minimum = "0.5"'), "results.score.minimum", id="minimum no number"),
        pytest.param(replaced("minimum = 0.5", "minimum = true"), "results.score.minimum", id="minimum a truth value"),
        pytest.param(
            replaced("minimum = 0.5", "floor = 0.5"), "results.score.floor is an unknown key", id="unknown bound"
        ),
        pytest.param(
            replaced(', en = "Score"', ""), "results.score.label must give a text for each of zh, en", id="label"
        ),
        pytest.param(replaced('en = "Score"', 'en = ""'), "results.score.label must give a text", id="empty label"),
        pytest.param(replaced('en = "Score"', "en = 1"), "results.score.label.en", id="label no text"),
        pytest.param(replaced(', en = "there is one"', ""), "results.score.selection must give a text", id="selection"),
        pytest.param(
            replaced("minimum = 0.5", 'minimum = 0.5\nscripts = ["tyo"]'), "names unknown scripts: tyo", id="script"
        ),
        pytest.param(
            CONTRACT + '[figures.curve]\nzh = "线"\n' + ABSENT,
            "figures.curve.alternative must give a text",
            id="alternative",
        ),
        pytest.param(
            CONTRACT + '[figures.curve]\nzh = "线"\nen = ""\n' + ABSENT,
            "figures.curve.alternative must give",
            id="empty alternative",
        ),
        pytest.param(CONTRACT + CURVE + "size = 3\n" + ABSENT, "figures.curve.size is an unknown key", id="figure key"),
        pytest.param(
            CONTRACT + CURVE + 'scripts = ["tyo"]\n' + ABSENT, "figures.curve names unknown scripts", id="figure script"
        ),
        pytest.param(
            CONTRACT + CURVE + 'frameworks = ["torch"]\n' + ABSENT, "figures.curve.frameworks", id="figure framework"
        ),
        pytest.param(
            replaced('keras = { zh = "不需要", en = "not needed" }\n', ""),
            "there is no script for keras: write it, or give the reason",
            id="absence without a reason",
        ),
        pytest.param(
            replaced('keras = { zh = "不需要",', "keras = {"),
            "absent.keras must give a text",
            id="reason in one language",
        ),
        pytest.param(
            CONTRACT + ABSENT + 'numpy = { zh = "多余", en = "surplus" }\n',
            "[absent] excuses numpy, but nothing is missing there",
            id="surplus reason",
        ),
        pytest.param(
            CONTRACT + '[parity.toy]\ninput = [2]\nlayers = ["dens"]\n' + ABSENT,
            "parity.toy.layers.0 Input should be 'dense'",
            id="layer of a plan",
        ),
        pytest.param(
            CONTRACT + "[parity.toy]\ninput = [2]\n" + ABSENT,
            "parity.toy must give input and layers, or under apart the reason",
            id="half a plan",
        ),
        pytest.param(
            CONTRACT + '[parity.tyo]\napart = "a toy"\n' + ABSENT,
            "parity.tyo is of an unknown script: tyo",
            id="plan of no script",
        ),
        pytest.param(
            CONTRACT
            + '[training.toy]\nlearning_rate = 1\nlosses = "one"\nbatch_size = 2\nkeras = { epochs = 3 }\n'
            + ABSENT,
            "training.toy keras must say what is different, by the keys above, and why",
            id="difference without a reason",
        ),
        pytest.param(
            CONTRACT + '[training.toy]\nlearning_rate = 1\nlosses = "one"\nbatch_size = [2]\n' + ABSENT,
            "training.toy.batch_size",
            id="a list of one",
        ),
        pytest.param(
            CONTRACT + '[training.tyo]\nlearning_rate = 1\nlosses = "one"\nbatch_size = 2\n' + ABSENT,
            "training names unknown scripts: tyo",
            id="training of no script",
        ),
        pytest.param(
            CONTRACT + ABSENT + 'theano = { zh = "旧", en = "old" }\n', "excuses theano", id="unknown framework"
        ),
    ],
)
def test_broken_contract(toy, contract, rule):
    path = toy.contract(contract)
    with pytest.raises(CatalogError) as failure:
        toy.catalog
    assert str(path) in str(failure.value) and rule in str(failure.value)


@pytest.mark.parametrize(
    "path, named",
    [
        ("snippets/models/toy/toy.py", "toy.py"),
        ("snippets/models/toy/toy_theano.py", "toy_theano.py"),
        ("snippets/models/toy/toi_numpy.py", "toi_numpy.py"),
        ("snippets/models/toy/Toy_numpy.py", "Toy_numpy.py"),
        ("snippets/models/toy/deeper/toy_keras.py", "toy_keras.py"),
        ("snippets/models/toy_keras.py", "toy_keras.py"),
        ("snippets/modles/toy/toy_keras.py", "modles"),
    ],
)
def test_misplaced_or_misnamed_script(toy, path, named):
    """A script that nothing would ever run is an error, not silence."""
    toy.write(path, SCORE)
    with pytest.raises(CatalogError, match="is called <script>_<framework>.py|lies in snippets/") as failure:
        toy.catalog
    assert named in str(failure.value)


def test_names_are_unique(toy):
    """In another framework too: a page that asks for the one would show both."""
    excused = ABSENT.replace("keras", "numpy")
    toy.contract(CONTRACT, excused, topic="concepts/other")
    toy.write("snippets/concepts/other/toy_keras.py", SCORE)
    with pytest.raises(CatalogError, match="models/toy/toy_numpy.py and .*concepts/other/toy_keras.py share a name"):
        toy.catalog


def test_topic_without_contract(toy):
    toy.write("snippets/models/bare/bare_numpy.py", SCORE)
    with pytest.raises(CatalogError, match="models/bare has no topic.toml"):
        toy.catalog


def test_wrong_folder(tmp_path):
    with pytest.raises(CatalogError, match="no folder .*snippets: run this in the repository's root"):
        load_catalog(tmp_path)


@pytest.mark.parametrize(
    "bounds, value, broken",
    [
        ({"minimum": 0.9}, 0.9, None),
        ({"minimum": 0.9}, 0.8999, "score is 0.8999, below its declared minimum of 0.9"),
        ({"maximum": 0.9}, 0.9, None),
        ({"maximum": 0.9}, 0.9001, "score is 0.9001, above its declared maximum of 0.9"),
        ({"maximum": 0}, 1, "score is 1, above its declared maximum of 0"),
        ({"minimum": 0}, -1, "score is -1, below its declared minimum of 0"),
        ({"minimum": 0.9}, [1.0, 0.5, 1.0], "score is 0.5, below its declared minimum of 0.9"),
        ({"maximum": 0.9}, [0.1, 1.5, 0.1], "score is 1.5, above its declared maximum of 0.9"),
        ({}, -1e9, None),
    ],
)
def test_bounds(toy, bounds, value, broken):
    result = toy.script.results["score"].model_copy(update={"minimum": None, "maximum": None} | bounds)
    assert result.violations(value) == ([broken] if broken else [])


@pytest.mark.parametrize(
    "kinds, problem",
    [
        ("exact = true\nmeasured = true", "is exact and measured; a result is one of these at most"),
        ('zero = { dtype = "float32", terms = 9 }', "leave minimum and maximum out"),
        ('rounding = { dtype = "float16", terms = 9 }', "results.score.rounding.dtype"),
        ('rounding = { dtype = "float32", terms = 0 }', "results.score.rounding.terms"),
        ("step = 0", "results.score.step"),
    ],
)
def test_a_result_is_of_one_kind(toy, kinds, problem):
    toy.contract(replaced("minimum = 0.5", f"minimum = 0.5\n{kinds}"))
    with pytest.raises(CatalogError, match=problem):
        toy.catalog


def test_zero_but_for_rounding(toy):
    toy.contract(replaced("minimum = 0.5", 'zero = { dtype = "float32", terms = 100, magnitude = 2.0 }'))
    result = toy.script.results["score"]
    assert not result.has_chance and result.violations(10 * 10 * 2**-24 * 1.99) == []
    assert result.violations([0.0, -10 * 10 * 2**-24 * 2.01]) != []


@pytest.mark.parametrize(("declared", "seeds"), [("seeds = 2\n", [3, 0]), ("", [3, *range(3), *range(4, 20)])])
def test_seeds(toy, declared, seeds):
    """Twenty runs of a script unless its contract asks for fewer, its own seed first; without `SEED`, one run says all."""
    toy.contract(replaced("seeds = 2\n", declared))
    toy.code("SEED = 3\nscore = 0.9\n")
    assert toy.catalog.seeds(toy.script) == seeds
    toy.code("score = 0.9\n")
    assert toy.catalog.seeds(toy.script) == [0]


def test_a_section_excuses_its_topics(toy):
    toy.contract(CONTRACT)
    toy.write("snippets/models/section.toml", ABSENT)
    assert set(toy.catalog.scripts) == {"toy_numpy"}
    toy.write("snippets/models/section.toml", "[absent]\nkeras = 1\n")
    with pytest.raises(CatalogError, match="section.toml: absent.keras"):
        toy.catalog


@pytest.mark.parametrize(
    "old, new, rule",
    [
        ("toy]", "tyo]", "rehearsal.tyo is of an unknown script"),
        ("{ STEPS = 2 }", "{}", "rehearsal.toy.replace Dictionary should have at least 1 item"),
        ("STEPS = 2", "SEED = 2", "replaces SEED: a rehearsal is the same run, only shorter"),
        ("STEPS = 2", "STEPS = nan", "must be finite"),
        ("minimum = { score = 0.2 }", "", "has no bound: a rehearsal that promises nothing cannot be tested"),
        ("score = 0.2", "sorce = 0.2", "rehearsal.toy bounds sorce, no result of that script"),
        ("minimum", "least", "rehearsal.toy.least is an unknown key"),
        ("STEPS = 2", "EPOCHS = 2", "replaces EPOCHS, which toy_numpy.py does not assign once"),
        ("STEPS = 2", "STEPS = 2.0", "replaces STEPS by 2.0; toy_numpy.py has 9"),
        ("STEPS = 2", 'STEPS = "2"', "replaces STEPS by '2'; toy_numpy.py has 9"),
        ("STEPS = 2", "STEPS = true", "replaces STEPS by True; toy_numpy.py has 9"),
        ("STEPS = 2", "STEPS = [2]", "replaces STEPS by [2]; toy_numpy.py has 9"),
        ("STEPS = 2", "STEPS = [nan]", "must be finite"),
        ("STEPS = 2", "STEPS = 9", "replaces STEPS by 9; toy_numpy.py has 9"),
    ],
)
def test_broken_rehearsal(toy, old, new, rule):
    toy.code(STEPS)
    path = toy.contract(CONTRACT, REHEARSAL.replace(old, new), ABSENT)
    with pytest.raises(CatalogError) as failure:
        toy.catalog
    assert str(path) in str(failure.value) and rule in str(failure.value)


@pytest.mark.parametrize(
    "code",
    [
        SCORE,
        STEPS.replace("STEPS = 9", "STEPS = 3 * 3"),
        STEPS.replace("STEPS = 9", "STEPS, MORE = 9, 1"),
        STEPS.replace("STEPS = 9", "if True:\n    STEPS = 9"),
        STEPS + "STEPS = 9\n",
        STEPS + "STEPS += 1\n",
        STEPS + "def longer():\n    global STEPS\n    STEPS = 90\n",
    ],
)
def test_a_rehearsal_replaces_what_the_script_has(toy, code):
    """Otherwise it would change nothing, or only a part."""
    toy.contract(CONTRACT, REHEARSAL, ABSENT)
    toy.code(code)
    with pytest.raises(CatalogError, match="replaces STEPS, which toy_numpy.py does not assign once, at module level"):
        toy.catalog


def test_a_rehearsal_is_of_every_framework(toy):
    absent = "".join(line + "\n" for line in ABSENT.splitlines() if not line.startswith("pytorch"))
    toy.contract(CONTRACT, REHEARSAL, absent)
    toy.code(STEPS)
    other = toy.write("snippets/models/toy/toy_pytorch.py", STEPS)
    assert all(script.rehearsal.replace == {"STEPS": 2} for script in toy.catalog.scripts.values())
    other.write_text(STEPS.replace("STEPS", "EPOCHS"))
    with pytest.raises(CatalogError, match="replaces STEPS, which toy_pytorch.py does not"):
        toy.catalog


def test_bounds_of_a_rehearsal(toy):
    toy.code(STEPS)
    bounds = REHEARSAL + "maximum = { score = 0.4, losses = 3.0 }\n"
    toy.contract(CONTRACT, LOSSES, bounds, ABSENT)
    rehearsal = toy.script.rehearsal
    assert rehearsal.violations({"score": 0.3, "losses": [2.5, 3.0]}) == []
    assert rehearsal.violations({"score": 0.1, "losses": [2.5, 3.5]}) == [
        "score is 0.1, below 0.2, its minimum in rehearsal",
        "losses is 3.5, above 3, its maximum in rehearsal",
    ]


def test_topics_that_are_free_to_stand_come_as_in_the_navigation(toy):
    """Their names would bring them in another order; what the navigation lacks comes last."""
    toy.contract(CONTRACT, ABSENT)
    names = ("above", "below", "first", "hidden")
    for name in names:
        before = 'before = ["concepts/first"]\n' if name == "above" else ""
        toy.contract(
            CONTRACT.replace("toy", name).replace("scripts", f"{before}scripts", 1), ABSENT, topic=f"concepts/{name}"
        )
        toy.write(f"snippets/concepts/{name}/{name}_numpy.py", SCORE)
    toy.write(
        "mkdocs.yml",
        "docs_dir: docs/zh\nnav:\n  - Home: index.md\n  - Models:\n      - Toy: models/toy.md\n  - Concepts:\n"
        "      - Above all: concepts/above.md\n      - 'First: things': concepts/first.md\n      - Below: concepts/below.md\n",
    )
    paths = ["models/toy", "concepts/first", "concepts/above", "concepts/below", "concepts/hidden"]
    assert list(toy.catalog.topics) == paths


def test_topics_come_in_an_order_in_which_they_can_be_read(toy):
    """What is to be read before comes before, though its name is later in the alphabet."""
    toy.contract(CONTRACT.replace("scripts", 'before = ["concepts/zero"]\nscripts', 1), ABSENT)
    toy.contract(CONTRACT.replace("toy", "zero"), ABSENT, topic="concepts/zero")
    toy.write("snippets/concepts/zero/zero_numpy.py", SCORE)
    assert list(toy.catalog.topics) == ["concepts/zero", "models/toy"]
    toy.contract(
        CONTRACT.replace("toy", "zero").replace("scripts", 'before = ["models/toy"]\nscripts', 1),
        ABSENT,
        topic="concepts/zero",
    )
    with pytest.raises(CatalogError, match="in a circle: concepts/zero → models/toy → concepts/zero"):
        toy.catalog
    toy.contract(CONTRACT.replace("scripts", 'before = ["concepts/nothing"]\nscripts', 1), ABSENT)
    (toy.root / "snippets/concepts/zero/zero_numpy.py").unlink()
    (toy.root / "snippets/concepts/zero/topic.toml").unlink()
    (toy.root / "snippets/concepts/zero").rmdir()
    with pytest.raises(CatalogError, match="before names 'concepts/nothing', which is no topic"):
        toy.catalog
