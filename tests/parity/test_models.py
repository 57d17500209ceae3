"""Every model that the site shows in more than one framework is one model: the same weights in, the same numbers out.

The models are built by the very `build_model` or `Model` that the page shows and a reader copies, as `[parity]` in the topic's
contract plans (`evidence.catalog.Plan`).
"""

import ast
import importlib.metadata
from functools import lru_cache
from typing import get_args

import numpy as np
import pytest

from evidence.catalog import FRAMEWORKS, LAYERS, Catalog, Plan, Script, Topic, load_catalog
from evidence.code import pinned_versions
from evidence.parity import read_parity, write_parity
from tests.conftest import ROOT
from tests.parity.measure import KINDS, differences, load_snippet, measure, translators

# Size of the batch and seed, for each precision. Small batches in single precision: the more activations, the more likely is one
# so near to zero that rounding alone decides on which side of a ReLU it is. Powers of two in double precision: MXNet divides
# by the size of the batch in 32 bits.
VARIANTS = {"float32": [(4, 0), (3, 1), (2, 2)], "float64": [(16, 0), (8, 1)]}
# Within ten steps rounding may take a ReLU to its other side, as it did with Adam in one of twelve draws of `filters`, and in 13 of
# 24 of `gan`, which has 35,000 of them for an image; that moves more of the parameters than is allowed. If nothing but ten steps
# differs, another draw is judged: what is a convention, or a mistake, differs in every draw.
DRAWS = 20
BUILDERS = ("build_model", "Model", "build_generator")  # the names that a snippet's model goes by
# Whose modules say themselves in which precision their variables are.
ALWAYS_SINGLE = ("tensorflow",)


def builder_of(script: Script) -> str | None:
    """Return the name of what builds a script's model; None if it has none."""
    tree = ast.parse(script.path.read_bytes())
    names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return next((name for name in BUILDERS if name in names), None)


def unplanned(catalog: Catalog) -> list[str]:
    """Return a sentence, with what to do, for each model that is shown in two frameworks and not compared here."""
    found, versions = [], {}
    for script in catalog.scripts.values():
        if builder_of(script):
            versions.setdefault((script.topic.path, script.name), []).append(script)
    for (topic, name), scripts in versions.items():
        shown, contract = ", ".join(FRAMEWORKS[script.framework] for script in scripts), scripts[0].topic.contract
        if len(scripts) == 1 or (name in contract.parity and contract.parity[name].apart):
            continue
        if name not in contract.parity:
            found.append(
                f"{name} has a model in {shown}, and nothing proves that they are the same: add [parity.{name}] to"
                f" snippets/{topic}/topic.toml, with the shape of one input and Keras' layers ({', '.join(KINDS)})"
            )
        elif unknown := [script.framework for script in scripts if script.framework == "numpy"]:
            found.append(f"{name} has a model in {', '.join(unknown)}: give tests/adapters a module for it")
        elif all(script.framework != "keras" for script in scripts):
            found.append(f"{name} has a model in {shown} and none in Keras, which is the reference: add one")
    return found


CATALOG = load_catalog(ROOT)
TOPICS = [topic for topic in CATALOG.topics.values() if topic.plans]
CASES = [
    (plan, script.framework)
    for topic in TOPICS
    for plan in topic.plans
    for script in CATALOG.select(topic.path)
    if script.name == plan.script and script.framework != "keras" and builder_of(script)
]
DOUBLE = [(plan, each) for plan, each in CASES if each not in (*ALWAYS_SINGLE, *plan.single)]


def topic_of(plan: Plan) -> Topic:
    return next(topic for topic in TOPICS if plan in topic.plans)


def each(cases: list[tuple[Plan, str]]) -> pytest.MarkDecorator:
    """Run a test for each model in each framework: those of a topic in one worker, where its record is written."""
    return pytest.mark.parametrize(
        ("plan", "framework"),
        [
            pytest.param(plan, framework, marks=group(topic), id=f"{topic.path}-{plan.name}-{framework}")
            for plan, framework in cases
            for topic in [topic_of(plan)]
        ],
    )


def group(topic: Topic) -> pytest.MarkDecorator:
    return pytest.mark.xdist_group(topic.path)


def test_every_model_is_compared(catalog):
    assert not (sentences := unplanned(catalog)), "\n".join(sentences)
    assert set(get_args(LAYERS)) == set(KINDS)


@pytest.fixture(scope="module")
def build(networks, weights, conventions):
    """Return the network of the model that a snippet builds."""

    def of(plan: Plan, framework: str, precision: str = "float32", dropout: bool = False):
        noise = None if not plan.noise else 0 if dropout else plan.noise
        with networks.keras.precision_of_keras(precision):
            script, builder, arguments = how_to_build(plan, framework)
            model = getattr(load_snippet(script.path), builder)(*arguments)
        if framework == "keras":
            return networks.keras.keras_network(model, dropout, noise, plan.source)
        if framework == "tensorflow":
            return networks.keras.tensorflow_network(model, dropout)
        parts = translators(weights, "pytorch", plan.model_dump())
        model = model.cpu().double() if precision == "float64" else model.cpu()
        return networks.pytorch.PyTorchNetwork(model, parts, conventions, weights, dropout, noise, plan.source)

    return of


def how_to_build(plan: Plan, framework: str) -> tuple[Script, str, list[str]]:
    """Return the script, the name in it that builds the model, and the arguments that this takes."""
    script = CATALOG.script(f"{plan.script}_{framework}")
    return script, plan.builder or builder_of(script), [plan.argument] if plan.argument else []


def gluon_case(plan: Plan, precision: str, dropout: bool = False) -> dict:
    """Return what the worker has to know to build the model that MXNet's snippet builds, with its own chance if `dropout`."""
    script, builder, arguments = how_to_build(plan, "mxnet")
    return {
        "snippet": script.path.relative_to(ROOT).as_posix(),
        "builder": builder,
        "arguments": arguments,
        "plan": plan.model_dump(),
        "precision": precision,
        "dropout": dropout,
        "noise": None if not plan.noise else 0 if dropout else plan.noise,
    }


def drawn(plan: Plan, batch: int, seed: int, draw: int, shapes: list[tuple], precision: str):
    """Return a batch, classes and weights of a model in Keras' layout, drawn at random, no bias zero."""
    generator = np.random.default_rng([seed, len(plan.name), draw])
    *others, last = plan.input
    x = generator.normal(size=(batch, *others, last + plan.noise)).astype(precision)
    weights = [generator.normal(scale=0.5 * np.prod(s[:-1]) ** -0.5, size=s).astype(precision) for s in shapes]
    for place in last_weights(plan, "batch_norm"):
        weights[place] = 0.5 + np.abs(weights[place])  # a variance
        for each in weights[place - 3 : place - 1]:
            each /= 8  # scale and shift: if thousands of features are larger, steps of SGD diverge
    if plan.vocabulary:
        x = generator.integers(plan.vocabulary, size=x.shape).astype("int32")
        x[:, -2:], x[:, 0] = 0, 1  # padding at the end; a row that may look at nothing would have no answer
        if plan.source:
            x[:, plan.source - 2 : plan.source] = 0
    if plan.padded:
        lengths = generator.integers(1, x.shape[1] + 1, size=batch)
        x[np.arange(x.shape[1]) >= lengths[:, np.newaxis]] = 0
    if plan.target:
        return x, generator.normal(size=(batch, *plan.target)).astype(precision), weights
    steps = [x.shape[1] - plan.source] if plan.vocabulary or plan.padded else []
    return x, generator.integers(plan.classes, size=[batch, *steps]).astype("int32"), weights


def noise(plan: Plan) -> frozenset[int]:
    """Return the places of the weights whose gradient is zero in theory: each key bias, which moves all scores of a query alike."""
    return frozenset(place - KINDS["attention"] + 4 for place in last_weights(plan, "attention"))


def last_weights(plan: Plan, kind: str) -> list[int]:
    """Return the place of the last weight of each layer of a kind."""
    ends = np.cumsum([KINDS[each] for each in plan.layers]) - 1
    return [int(end) for end, each in zip(ends, plan.layers) if each == kind]


@pytest.fixture(scope="module")
def reference(build):
    """Measure Keras' model; return the batch, the classes, the weights and the quantities. Kept for the other frameworks."""

    @lru_cache(maxsize=1)
    def built(plan: Plan, precision: str):
        network = build(plan, "keras", precision)
        planned = sum(KINDS[kind] for kind in plan.layers)
        assert len(network.variables) == planned, (
            f"{plan.name} in Keras has {len(network.variables)} weights, its plan {planned}"
        )
        return network

    @lru_cache(maxsize=max(map(len, VARIANTS.values())) * DRAWS)
    def of(plan: Plan, variant: tuple, precision: str, draw: int = 0):
        network = built(plan, precision)
        x, classes, values = drawn(plan, *variant, draw, [tuple(v.shape) for v in network.variables], precision)
        return x, classes, values, measure(network, x, classes, values)

    return of


@pytest.fixture(scope="module")
def scattered(build, seeded):
    """Return a batch of equal inputs, weights, and how much Keras' outputs scatter while training. Kept as above."""

    @lru_cache(maxsize=1)
    def of(plan: Plan):
        seeded(0)
        network = build(plan, "keras", dropout=True)
        x, _, values = drawn(plan, *VARIANTS["float32"][0], 0, [tuple(v.shape) for v in network.variables], "float32")
        x = np.repeat(x[:1, : -plan.noise] if plan.noise else x[:1], 1000, axis=0)
        network.set_weights(values)
        return x, values, network.scatter(x)

    return of


def report(plan: Plan, framework: str, variant: tuple, precision: str, found) -> None:
    layers = [f"{kind} {number}" for number, kind in enumerate(plan.layers, 1) for _ in range(KINDS[kind])]
    wrong = []
    for difference in found:
        if not difference.agrees:
            where = f" ({layers[difference.weight]})" if difference.weight is not None else ""
            wrong.append(f"{plan.name} in {FRAMEWORKS[framework]}: {difference}{where}")
    case = "batch of {}, seed {}".format(*variant)
    assert not wrong, "\n".join([f"not the same as the model in Keras ({case}, {precision}):", *wrong])


def compare(plan, framework, precision, reference, build, gluon) -> dict[str, float]:
    """Compare a model with Keras' in every variant, and return the largest difference of each quantity."""
    largest: dict[str, float] = {}
    for variant in VARIANTS[precision]:
        for draw in range(DRAWS):
            x, classes, values, expected = reference(plan, variant, precision, draw)
            try:
                if framework == "mxnet":
                    (actual,) = gluon.measure([(gluon_case(plan, precision), x, classes, values)])
                else:
                    actual = measure(build(plan, framework, precision), x, classes, values)
            except Exception as error:
                error.add_note(
                    f"{plan.name} in {FRAMEWORKS[framework]} cannot take the weights of the model in Keras, or be trained"
                )
                raise
            found = list(differences(expected, actual, noise(plan)))
            wrong = {each.quantity for each in found if not each.agrees}
            if not wrong or wrong - {"sgd_10", "adam_10"}:
                break
        report(plan, framework, variant, precision, found)
        largest |= {each.quantity: max(each.size, largest.get(each.quantity, 0)) for each in found}
    return largest


@each(CASES)
def test_model(plan, framework, reference, build, gluon, measured):
    measured[plan, framework] = compare(plan, framework, "float32", reference, build, gluon)


@each(DOUBLE)
def test_model_in_double_precision(plan, framework, reference, build, gluon):
    compare(plan, framework, "float64", reference, build, gluon)


@pytest.fixture(scope="module")
def seeded(networks):
    """Seed the chance of Keras and of PyTorch."""

    def seed(number: int) -> None:
        networks.keras.keras.utils.set_random_seed(number)
        networks.pytorch.torch.manual_seed(number)

    return seed


@each([(plan, framework) for plan, framework in CASES if plan.name == plan.script])
def test_chance_is_the_same(plan, framework, scattered, seeded, build, gluon):
    """While training, the same input gives outputs that scatter alike: dropout has the same rate at the same place, and noise
    that a model draws has the same spread.

    The variance over 1000 masks is known to about 3 %; a rate of 0.25 instead of 0.2 changes it by a third.
    """
    x, values, expected = scattered(plan)
    seeded(0)
    if framework == "mxnet":
        actual = float(gluon.measure([(gluon_case(plan, "float32", dropout=True), x, x, values)])[0]["scatter"][0])
    else:
        network = build(plan, framework, dropout=True)
        network.set_weights(values)
        actual = network.scatter(x)
    assert actual == pytest.approx(expected, rel=0.1, abs=1e-6), (
        f"{plan.name} in {FRAMEWORKS[framework]}: while training, the variance of its outputs is {actual:.3g}, and"
        f" {expected:.3g} in Keras: dropout has another rate or place, or noise another spread"
    )


def keep(topic: Topic, measured: dict) -> None:
    """Write the record of a topic's parity, if every model of it was compared here and passed."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for plan, framework in CASES:
        if plan in topic.plans:
            assert (plan, framework) in measured, f"{plan.name} in {framework} was not compared in this run, or differs"
            kept = found.setdefault(plan.script, {}).setdefault(framework, {})
            kept |= {name: max(size, kept.get(name, 0)) for name, size in measured[plan, framework].items()}
    versions = {package: importlib.metadata.version(package) for package in ("keras", "tensorflow", "torch")}
    versions["mxnet"] = pinned_versions(ROOT, "mxnet")["mxnet"]
    write_parity(CATALOG, topic, found, versions)


@pytest.mark.parametrize("topic", [pytest.param(topic, marks=group(topic), id=topic.path) for topic in TOPICS])
def test_record_of_parity_is_fresh(topic, catalog, pytestconfig, measured):
    """What the pages say of parity was measured with the scripts that they show, in every framework that they show."""
    if pytestconfig.getoption("--record-parity", default=False):
        keep(topic, measured)
    again = f"run: python -m pytest tests/parity -k {topic.path} --record-parity"
    expected: dict[str, set[str]] = {}
    for plan, framework in CASES:
        if plan in topic.plans:
            expected.setdefault(plan.script, set()).add(framework)
    recorded = read_parity(catalog, topic.contract.scripts)
    assert {name: parity.differences.keys() for name, parity in recorded.items()} == expected, again
    for parity in recorded.values():
        assert not parity.reasons, f"{'; '.join(parity.reasons)}; {again}"
