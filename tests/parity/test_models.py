"""Every model that the site shows in more than one framework is one model: the same weights in, the same numbers out.

The models are built by the very `build_model` or `Model` that the page shows and a reader copies.
"""

import ast
import importlib.metadata
from functools import lru_cache

import numpy as np
import pytest

from evidence.catalog import FRAMEWORKS, Catalog, load_catalog
from evidence.code import pinned_versions
from evidence.parity import read_parity, write_parity
from tests.conftest import ROOT
from tests.parity.measure import KINDS, differences, load_snippet, measure, translators

# For each script in more than one framework: the shape of one input in Keras' order of axes, and Keras' layers with weights,
# in order, by kind. A kind is what its translator in `snippets/frameworks/parity/` is called by.
FEED_FORWARD = [("dense", {}), ("dense", {}), ("layer_norm", {})]
ATTEND = [("attention", {"heads": 4}), ("layer_norm", {})]
ENCODER_LAYER, DECODER_LAYER = [*ATTEND, *FEED_FORWARD], [*ATTEND, *ATTEND, *FEED_FORWARD]
PLANS = {
    "mlp": ((28, 28), [("dense", {}), ("dense", {})]),
    "cnn": (
        (28, 28, 1),
        [("conv2d", {}), ("conv2d", {}), ("flatten_dense", {"height": 5, "width": 5}), ("dense", {})],
    ),
    "filters": ((28, 28, 1), [("conv2d", {}), ("conv2d", {}), ("flatten_dense", {"height": 5, "width": 5})]),
    "lookup": ((16,), [("embedding", {}), ("embedding", {}), ("attention", {"heads": 2}), ("dense", {})]),
    "comparison": ((784,), [("dense", {}), ("dense", {})]),
    "autoencoder": ((784,), [("dense", {})] * 4),
    "denoising": ((784,), [("dense", {})] * 4),
    "rnn": ((28, 28), [("rnn", {}), ("dense", {})]),
    "birnn": ((12, 2), [("bidirectional_rnn", {}), ("dense", {})]),
    "gradients": ((28, 28), [("rnn", {}), ("dense", {})]),
    "lstm_gru": ((28, 28), [("rnn", {}), ("dense", {})]),
    "recall": ((7, 9), [("rnn", {}), ("dense", {})]),
    "vae": ((784,), [("dense", {})] * 4),
    "vae_map": ((784,), [("dense", {})] * 6),
    "numerals": ((18,), [("embedding", {}), *ENCODER_LAYER, *DECODER_LAYER, ("dense", {})]),
    "halves": ((19,), [("embedding", {}), *ENCODER_LAYER, *ENCODER_LAYER, ("dense", {})]),
    "gan": ((64,), [("conv2d_without_bias", {}), ("batch_norm", {})] * 3 + [("conv2d", {})]),
    "collapse": ((2,), [("dense", {})] * 3),
    "equilibrium": ((1,), [("dense", {})]),
}
# Builders that make other models when given an argument: `script:argument`, as above.
PLANS |= {"halves:BERT": PLANS["halves"]}
PLANS |= {f"{name}:RNN": PLANS[name] for name in ("lstm_gru", "recall")}
PLANS |= {f"{name}:GRU": (PLANS[name][0], [("gru", {}), ("dense", {})]) for name in ("lstm_gru", "recall")}
# Models that give an answer at every step of sequences of different lengths, where steps of zeros are padding.
SEQUENCES = {"birnn"}
# Scripts with two models: `script:function`, after the one of `BUILDERS`.
PLANS |= {
    "gan:build_discriminator": (
        (28, 28, 1),
        [("conv2d", {}), ("conv2d_without_bias", {}), ("batch_norm", {}), ("flatten_dense", {"height": 7, "width": 7})],
    ),
    "collapse:build_discriminator": ((2,), [("dense", {})] * 3),
    "equilibrium:build_discriminator": ((1,), [("dense", {})] * 3),
}
# Models that do not tell classes apart learn numbers, of this shape for each input.
NUMBERS = {"gan": (28, 28, 1), "collapse": (2,), "equilibrium": (1,)}
NUMBERS |= {f"{name}:build_discriminator": (1,) for name in NUMBERS}
# How much noise a model draws for each input. It is drawn here instead, stands behind the input, and every framework is given
# the same; the model takes it as its argument `noise`. Only what is asked of chance is left to the model's own.
NOISE = {"vae": 20, "vae_map": 2}
# Models that read tokens, and answer at each: the size of the vocabulary. 0 is padding, and never the first.
TOKENS = {"lookup": 121, "numerals": 28, "halves": 29, "halves:BERT": 29}
# Models that read two sequences, a source and what is written so far: how many of the first tokens are the source. They stand
# side by side here; the model takes them as two arguments, and answers at each token of the second.
SOURCES = {"numerals": 6}
# Scripts whose models do not claim to be one model, and why.
APART = {"mechanics": "each is a toy that tells when Python runs its method; TensorFlow's has no bias"}
# Size of the batch and seed, for each precision. Small batches in single precision: the more activations, the more likely is one
# so near to zero that rounding alone decides on which side of a ReLU it is. Powers of two in double precision: MXNet divides
# by the size of the batch in 32 bits.
VARIANTS = {"float32": [(4, 0), (3, 1), (2, 2)], "float64": [(16, 0), (8, 1)]}
CLASSES = {
    "numerals": 28,
    "halves": 28,
    "halves:BERT": 28,
    "birnn": 3,
    "recall": 8,
    "recall:RNN": 8,
    "recall:GRU": 8,
}  # of all others 10
# Within ten steps of Adam rounding may take a ReLU to its other side, as it did in one of twelve draws of `filters`; in so small
# a model that moves more of the parameters than is allowed. If nothing but those ten steps differs, another draw is judged: what
# is a convention, or a mistake, differs in every draw.
DRAWS = 3
BUILDERS = ("build_model", "Model", "build_generator")  # the names that a snippet's model goes by


def builders(catalog: Catalog) -> dict[str, dict[str, str]]:
    """Return script name -> framework -> what builds its model, for every script with one model in two frameworks or more."""
    found: dict[str, dict[str, str]] = {}
    for script in catalog.scripts.values():
        tree = ast.parse(script.path.read_bytes())
        names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        if builder := next((name for name in BUILDERS if name in names), None):
            found.setdefault(script.name, {})[script.framework] = builder
    return {name: frameworks for name, frameworks in found.items() if len(frameworks) > 1 and name not in APART}


def unplanned(catalog: Catalog) -> list[str]:
    """Return a sentence, with what to do, for each model that is shown in two frameworks and not compared here."""
    found = []
    for name, frameworks in builders(catalog).items():
        shown = ", ".join(FRAMEWORKS[framework] for framework in frameworks)
        if name not in PLANS:
            found.append(
                f"{name} has a model in {shown}, and nothing proves that they are the same: add {name!r} to PLANS in"
                f" tests/parity/test_models.py, with the shape of one input and Keras' layers ({', '.join(KINDS)})"
            )
        elif unknown := frameworks.keys() - {"keras", "tensorflow", "pytorch", "mxnet"}:
            found.append(f"{name} has a model in {', '.join(unknown)}: give tests/parity/networks.py a network for it")
        elif "keras" not in frameworks:
            found.append(f"{name} has a model in {shown} and none in Keras, which is the reference: add one")
    return found


def builder_of(name: str, framework: str) -> tuple[str, list[str]]:
    """Return what builds a model of `PLANS`, and the arguments it takes."""
    script, _, argument = name.partition(":")
    if argument.startswith("build_"):
        return argument, []
    return MODELS[script][framework], [argument] if argument else []


CATALOG = load_catalog(ROOT)
MODELS = {name: frameworks for name, frameworks in builders(CATALOG).items() if name in PLANS}
OTHERS = [(name, framework) for name, frameworks in MODELS.items() for framework in frameworks if framework != "keras"]
ARGUED = [
    (name, framework)
    for name in PLANS
    if ":" in name
    for framework in MODELS.get(name.partition(":")[0], ())
    if framework != "keras"
]
# TensorFlow's modules say in which precision their variables are. MXNet keeps epsilon and momentum of batch norm in 32 bits, and
# computes LeakyReLU in them.
NORMALISED = {name for name, (_, layers) in PLANS.items() if ("batch_norm", {}) in layers}
LEAKY = {"collapse:build_discriminator"}
SINGLE = {(name, "tensorflow") for name in PLANS} | {(name, "mxnet") for name in NORMALISED | LEAKY}
DOUBLE = [pair for pair in OTHERS + ARGUED if pair not in SINGLE]


def each(pairs: list[tuple[str, str]]) -> pytest.MarkDecorator:
    """Run a test for each model in each framework: those of one model in one worker, where Keras' half of it is measured once."""
    return pytest.mark.parametrize(
        ("name", "framework"), [pytest.param(*pair, marks=pytest.mark.xdist_group(pair[0])) for pair in pairs]
    )


def test_every_model_is_compared(catalog):
    assert not (sentences := unplanned(catalog)), "\n".join(sentences)


@pytest.fixture(scope="module")
def build(networks, weights, conventions):
    """Return the network of the model that a snippet builds."""

    def of(name: str, framework: str, precision: str = "float32", dropout: bool = False):
        noise, source = 0 if dropout else NOISE.get(name, 0), SOURCES.get(name, 0)
        with networks.precision_of_keras(precision):
            builder, arguments = builder_of(name, framework)
            script = CATALOG.script(f"{name.partition(':')[0]}_{framework}")
            model = getattr(load_snippet(script.path), builder)(*arguments)
        if framework == "keras":
            return networks.keras_network(model, dropout, noise, source)
        if framework == "tensorflow":
            return networks.tensorflow_network(model, dropout)
        parts = translators(weights, "pytorch", PLANS[name][1])
        model = (
            networks.WithNoise(model, noise)
            if name in NOISE
            else networks.WithSource(model, source)
            if source
            else model
        )
        model = model.cpu().double() if precision == "float64" else model.cpu()
        return networks.PyTorchNetwork(model, parts, conventions, weights, dropout)

    return of


def gluon_case(name: str, precision: str, dropout: bool = False) -> dict:
    """Return what the worker has to know to build the model that MXNet's snippet builds, with its own chance if `dropout`."""
    path = CATALOG.script(f"{name.partition(':')[0]}_mxnet").path.relative_to(ROOT).as_posix()
    builder, arguments = builder_of(name, "mxnet")
    case = {"snippet": path, "builder": builder, "arguments": arguments, "plan": PLANS[name][1], "precision": precision}
    case |= {"source": SOURCES[name]} if name in SOURCES else {}
    return (
        case
        | ({"scatter": True} if dropout else {})
        | ({"noise": 0 if dropout else NOISE[name]} if name in NOISE else {})
    )


def drawn(name: str, batch: int, seed: int, draw: int, shapes: list[tuple], precision: str):
    """Return a batch, classes and weights of a model in Keras' layout, drawn at random, no bias zero."""
    generator = np.random.default_rng([seed, len(name), draw])
    *others, last = PLANS[name][0]
    x = generator.normal(size=(batch, *others, last + NOISE.get(name, 0))).astype(precision)
    weights = [generator.normal(scale=0.5 * np.prod(s[:-1]) ** -0.5, size=s).astype(precision) for s in shapes]
    for place in last_weights(name, "batch_norm"):
        weights[place] = 0.5 + np.abs(weights[place])  # a variance
        for each in weights[place - 3 : place - 1]:
            each /= 8  # scale and shift: if thousands of features are larger, steps of SGD diverge
    if name in TOKENS:
        x = generator.integers(TOKENS[name], size=x.shape).astype("int32")
        x[:, -2:], x[:, 0] = 0, 1  # padding at the end; a row that may look at nothing would have no answer
        x[:, SOURCES.get(name, 2) - 2 : SOURCES.get(name, 0)] = 0
    if name in SEQUENCES:
        lengths = generator.integers(1, x.shape[1] + 1, size=batch)
        x[np.arange(x.shape[1]) >= lengths[:, np.newaxis]] = 0
    if name in NUMBERS:
        return x, generator.normal(size=(batch, *NUMBERS[name])).astype(precision), weights
    each_step = name in TOKENS or name in SEQUENCES
    steps = (batch, x.shape[1] - SOURCES.get(name, 0))
    classes = generator.integers(CLASSES.get(name, 10), size=steps if each_step else batch)
    return x, classes.astype("int32"), weights


def noise(name: str) -> frozenset[int]:
    """Return the places of the weights whose gradient is zero in theory: each key bias, which moves all scores of a query alike."""
    return frozenset(place - KINDS["attention"] + 4 for place in last_weights(name, "attention"))


def last_weights(name: str, kind: str) -> list[int]:
    """Return the place of the last weight of each layer of a kind."""
    ends = np.cumsum([KINDS[each] for each, _ in PLANS[name][1]]) - 1
    return [int(end) for end, (each, _) in zip(ends, PLANS[name][1]) if each == kind]


@pytest.fixture(scope="module")
def reference(build):
    """Measure Keras' model; return the batch, the classes, the weights and the quantities. Kept for the other frameworks."""

    @lru_cache(maxsize=1)
    def built(name: str, precision: str):
        network = build(name, "keras", precision)
        planned = sum(KINDS[kind] for kind, _ in PLANS[name][1])
        assert len(network.variables) == planned, (
            f"{name} in Keras has {len(network.variables)} weights, PLANS {planned}"
        )
        return network

    @lru_cache(maxsize=max(map(len, VARIANTS.values())) * DRAWS)
    def of(name: str, variant: tuple, precision: str, draw: int = 0):
        network = built(name, precision)
        x, classes, values = drawn(name, *variant, draw, [tuple(v.shape) for v in network.variables], precision)
        return x, classes, values, measure(network, x, classes, values)

    return of


@pytest.fixture(scope="module")
def scattered(build, networks):
    """Return a batch of equal inputs, weights, and how much Keras' outputs scatter while training. Kept as above."""

    @lru_cache(maxsize=1)
    def of(name: str):
        networks.seed(0)
        network = build(name, "keras", dropout=True)
        x, _, values = drawn(name, *VARIANTS["float32"][0], 0, [tuple(v.shape) for v in network.variables], "float32")
        x = np.repeat(x[:1, : -NOISE[name]] if name in NOISE else x[:1], 1000, axis=0)
        network.set_weights(values)
        return x, values, network.scatter(x)

    return of


def report(name: str, framework: str, variant: tuple, precision: str, found) -> None:
    layers = [f"{kind} {number}" for number, (kind, _) in enumerate(PLANS[name][1], 1) for _ in range(KINDS[kind])]
    wrong = []
    for difference in found:
        if not difference.agrees:
            where = f" ({layers[difference.weight]})" if difference.weight is not None else ""
            wrong.append(f"{name} in {FRAMEWORKS[framework]}: {difference}{where}")
    case = "batch of {}, seed {}".format(*variant)
    assert not wrong, "\n".join([f"not the same as the model in Keras ({case}, {precision}):", *wrong])


def compare(name, framework, precision, reference, build, gluon) -> dict[str, float]:
    """Compare a model with Keras' in every variant, and return the largest difference of each quantity."""
    largest: dict[str, float] = {}
    for variant in VARIANTS[precision]:
        for draw in range(DRAWS):
            x, classes, values, expected = reference(name, variant, precision, draw)
            try:
                if framework == "mxnet":
                    (actual,) = gluon.measure([(gluon_case(name, precision), x, classes, values)])
                else:
                    actual = measure(build(name, framework, precision), x, classes, values)
            except Exception as error:
                error.add_note(
                    f"{name} in {FRAMEWORKS[framework]} cannot take the weights of the model in Keras, or be trained"
                )
                raise
            found = list(differences(expected, actual, noise(name)))
            if [each.quantity for each in found if not each.agrees] != ["adam_10"]:
                break
        report(name, framework, variant, precision, found)
        largest |= {each.quantity: max(each.size, largest.get(each.quantity, 0)) for each in found}
    return largest


@each(OTHERS + ARGUED)
def test_model(name, framework, reference, build, gluon, measured):
    largest = compare(name, framework, "float32", reference, build, gluon)
    kept = measured.setdefault(name.partition(":")[0], {}).setdefault(framework, {})
    kept |= {quantity: max(size, kept.get(quantity, 0)) for quantity, size in largest.items()}


@each(DOUBLE)
def test_model_in_double_precision(name, framework, reference, build, gluon):
    compare(name, framework, "float64", reference, build, gluon)


@each(OTHERS)
def test_chance_is_the_same(name, framework, scattered, networks, build, gluon):
    """While training, the same input gives outputs that scatter alike: dropout has the same rate at the same place, and noise
    that a model draws has the same spread.

    The variance over 1000 masks is known to about 3 %; a rate of 0.25 instead of 0.2 changes it by a third.
    """
    x, values, expected = scattered(name)
    networks.seed(0)
    if framework == "mxnet":
        actual = float(gluon.measure([(gluon_case(name, "float32", dropout=True), x, x, values)])[0]["scatter"][0])
    else:
        network = build(name, framework, dropout=True)
        network.set_weights(values)
        actual = network.scatter(x)
    assert actual == pytest.approx(expected, rel=0.1, abs=1e-6), (
        f"{name} in {FRAMEWORKS[framework]}: while training, the variance of its outputs is {actual:.3g}, and {expected:.3g} in"
        " Keras: dropout has another rate or place, or noise another spread"
    )


def keep(catalog: Catalog, measured: dict) -> None:
    """Write the record of parity, if every model was compared here and passed."""
    assert {name: measured.get(name, {}).keys() for name in MODELS} == {
        name: frameworks.keys() - {"keras"} for name, frameworks in MODELS.items()
    }, "not every model was compared in this process and passed; run them all, without -n"
    versions = {package: importlib.metadata.version(package) for package in ("keras", "tensorflow", "torch")}
    versions["mxnet"] = pinned_versions(catalog.root, "mxnet")["mxnet"]
    scripts = {name: [catalog.script(f"{name}_{framework}") for framework in MODELS[name]] for name in MODELS}
    write_parity(catalog, measured, scripts, versions)


def test_record_of_parity_is_fresh(catalog, pytestconfig, measured):
    """What the pages say of parity was measured with the scripts that they show, in every framework that they show."""
    if pytestconfig.getoption("--record-parity", default=False):
        keep(catalog, measured)
    recorded, again = read_parity(catalog), "run: python -m pytest tests/parity --record-parity"
    assert recorded.keys() == MODELS.keys(), again
    for name, parity in recorded.items():
        assert not parity.reasons, f"{'; '.join(parity.reasons)}; {again}"
        assert parity.differences.keys() == MODELS[name].keys() - {"keras"}, f"{name}: {again}"
