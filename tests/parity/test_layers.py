"""One layer at a time: Keras' layer, PyTorch's and Gluon's compute the same, and learn the same.

The pairs of layers and the translators are those of the snippets, which the page shows.
"""

import numpy as np
import pytest

from tests.parity.measure import Translator, differences, load_snippet, measure

# Inputs, units and seed, for each precision. The inputs are even, for attention's two heads; in double precision each head
# has a power of 4 of them, for Keras keeps the scale of the scores, 1 / sqrt(inputs / 2), in 32 bits.
VARIANTS = {
    "float32": [(6, 5, 0), (8, 7, 1), (10, 3, 2)],
    "float64": [(2, 5, 0), (8, 7, 1), (32, 3, 2)],
}
LAYERS = [
    "Dense", "Conv2D", "Flatten, Dense", "SimpleRNN", "LSTM", "GRU", "MultiHeadAttention", "LayerNormalization",
    "BatchNormalization", "Embedding",
]  # fmt: skip
KEY_BIAS = 3  # of MultiHeadAttention's weights


def drawn(layers, layer: str, inputs: int, units: int, seed: int, precision: str):
    """Return a batch, a target and weights of a layer in Keras' layout, all drawn at random, no bias zero."""
    generator = np.random.default_rng([seed, LAYERS.index(layer)])
    formula, x, weights = layers.example(layer, inputs, units, generator)
    target = generator.normal(size=formula(x, *weights).shape)
    x = x if layer == "Embedding" else x.astype(precision)
    return x, target.astype(precision), [weight.astype(precision) for weight in weights]


@pytest.fixture(scope="module")
def layers(catalog):
    return load_snippet(catalog.script("layers_numpy").path)


@pytest.fixture(scope="module")
def reference(layers, weights, networks):
    """Measure Keras' layer, each case once a module."""
    measured = {}

    def of(layer: str, variant: tuple, precision: str):
        key = (layer, variant, precision)
        if key not in measured:
            x, target, values = drawn(layers, layer, *variant, precision)
            with networks.keras.precision_of_keras(precision):
                built = weights.layer_pairs(*variant[:2])[layer][0]
                weights.call_keras(built, x)  # now it has weights
            measured[key] = measure(networks.keras.keras_network(built), x, target, values)
        return measured[key]

    return of


def report(layer: str, framework: str, variant: tuple, precision: str, found) -> None:
    wrong = [f"{layer} in {framework}: {difference}" for difference in found if not difference.agrees]
    where = "{} inputs, {} units, seed {}".format(*variant)
    assert not wrong, "\n".join([f"not the same as Keras' layer ({where}, {precision}):", *wrong])


def noise(layer: str) -> frozenset[int]:
    return frozenset([KEY_BIAS]) if layer == "MultiHeadAttention" else frozenset()


def test_every_pair_is_tested(weights):
    assert list(weights.layer_pairs(6, 5)) == LAYERS


@pytest.mark.parametrize("precision", VARIANTS)
@pytest.mark.parametrize("layer", LAYERS)
def test_pytorch(layer, precision, layers, weights, conventions, networks, reference):
    for variant in VARIANTS[precision]:
        x, target, values = drawn(layers, layer, *variant, precision)
        _, module, forth, back = weights.layer_pairs(*variant[:2])[layer]
        module = module.double() if precision == "float64" else module
        network = networks.pytorch.PyTorchNetwork(module, [Translator(len(values), forth, back)], conventions, weights)
        actual = measure(network, x, target, values)
        expected = reference(layer, variant, precision)
        report(layer, "PyTorch", variant, precision, differences(expected, actual, noise(layer)))


# Gluon keeps a normalisation's epsilon and momentum in 32 bits, whatever it computes in.
IN_DOUBLE = [layer for layer in LAYERS if "Normalization" not in layer]


@pytest.fixture(scope="module")
def gluon_quantities(layers, gluon):
    """All cases of Gluon's layers, in one message to its worker."""
    keys, cases = [], []
    for precision, names in zip(VARIANTS, (LAYERS, IN_DOUBLE)):
        for layer in names:
            for variant in VARIANTS[precision]:
                x, target, values = drawn(layers, layer, *variant, precision)
                case = {"layer": layer, "sizes": variant[:2], "count": len(values), "precision": precision}
                keys.append((layer, variant, precision))
                cases.append((case, x, target, values))
    return dict(zip(keys, gluon.measure(cases)))


@pytest.mark.parametrize(
    ("layer", "precision"), [(layer, "float32") for layer in LAYERS] + [(layer, "float64") for layer in IN_DOUBLE]
)
def test_mxnet(layer, precision, gluon_quantities, reference):
    for variant in VARIANTS[precision]:
        expected = reference(layer, variant, precision)
        found = differences(expected, gluon_quantities[layer, variant, precision], noise(layer))
        report(layer, "MXNet", variant, precision, found)


@pytest.mark.parametrize("layer", LAYERS)
def test_formula_in_numpy(layer, layers, reference):
    """In double precision, the formulas of layers_numpy.py are Keras' layers, as while training."""
    for variant in VARIANTS["float64"]:
        x, target, values = drawn(layers, layer, *variant, "float64")
        actual = layers.layers(*variant[:2])[layer][0](x, *values)
        expected = reference(layer, variant, "float64")
        if layer == "BatchNormalization":  # measured as at inference, with the moving statistics
            gamma, beta, mean, variance = values
            actual = (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta
        np.testing.assert_allclose(actual, expected["forward"][0], rtol=0, atol=1e-12, err_msg=layer)


def test_gradient_of_the_key_bias_is_zero(layers, reference):
    """A key bias adds the same number to all scores of a query, and softmax takes it out again: no gradient but rounding.

    That is why Adam's steps along it are noise, and why it alone is left out of the comparison with Adam.
    """
    for variant in VARIANTS["float64"]:
        gradient = reference("MultiHeadAttention", variant, "float64")["gradient"]
        assert np.abs(gradient[KEY_BIAS]).max() < 1e-15 < 1e-6 < np.abs(gradient[KEY_BIAS - 1]).max()
