"""What the page on the parts of a CNN says, held against the runs; `probe_convolution.py` took the measurements."""

import re

import numpy as np
import pytest

TOPIC = "models/convolution"
CASES = [(3, 1, 0), (3, 2, 1), (2, 2, 0), (5, 3, 2)]  # as in the probe


def windows(images, size, stride, zeros=0):
    """Return every window of images (N, C, H, W): (N, C, height, width, size, size)."""
    images = np.pad(images, ((0, 0), (0, 0), (zeros, zeros), (zeros, zeros)))
    return np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def correlate(images, kernels, biases, stride=1, zeros=0):
    found = windows(images, kernels.shape[2], stride, zeros)
    return np.einsum("nchwij,ocij->nohw", found, kernels, optimize=True) + biases[:, None, None]


@pytest.mark.script("sliding")
def test_sliding_is_the_formula(run):
    probe = run.probe
    image, kernel = probe["image"][None, None], probe["kernel"][None, None]
    for name, stride, zeros in (("map", 1, 0), ("padded", 2, 1)):
        expected = correlate(image, kernel, np.zeros(1), stride, zeros)[0, 0]
        np.testing.assert_allclose(probe[name], expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(probe["largest"], windows(image, 2, 2).max(axis=(4, 5))[0, 0])


@pytest.mark.script("sliding")
def test_convolution_is_a_matrix_with_few_different_numbers(run):
    """Multiplying by it is convolving; a row of outputs sees nine pixels each, through the same nine weights."""
    matrix, image = run.probe["matrix"], run.probe["image"]
    np.testing.assert_allclose(image.ravel() @ matrix, run.probe["map"].ravel(), rtol=0, atol=1e-12)
    assert run.results["matrix_counts"] == [784 * 676, 9 * 676, 9]
    np.testing.assert_array_equal(np.count_nonzero(matrix, axis=0), 9)


@pytest.mark.script("sliding")
def test_figures_show_the_convolution_of_the_digit(run):
    edges = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    expected = correlate(run.probe["digit"][None, None], edges[None, None], np.zeros(1))[0, 0]
    np.testing.assert_allclose(run.probe["drawn_map"], expected, rtol=0, atol=1e-12)
    products = run.probe["drawn_products"]
    np.testing.assert_allclose(products.sum(), expected[9, 12], rtol=0, atol=1e-12)


@pytest.mark.script("convolution")
def test_by_hand_is_the_formula(run):
    """On inputs of ours too, oblong ones, where a swapped height and width would show."""
    probe = run.probe
    for case, (size, stride, zeros) in enumerate(CASES):
        images, kernels, biases = (probe[f"{name}_{case}"] for name in ("images", "kernels", "biases"))
        expected = correlate(images, kernels, biases, stride, zeros)
        for name in ("maps", "padded"):
            if f"{name}_{case}" in probe:
                np.testing.assert_allclose(probe[f"{name}_{case}"], expected, rtol=0, atol=1e-12)
        for name in ("max", "mean"):
            expected_pool = getattr(np, name)(windows(images, size, stride), axis=(4, 5))
            np.testing.assert_allclose(probe[f"{name}_{case}"], expected_pool, rtol=0, atol=1e-12)


@pytest.mark.script("convolution")
def test_every_layer_is_compared_and_its_shape_is_what_the_page_says(run, stem):
    """Four convolutions and four poolings of 9 by 8, each a printed line with its shape."""
    assert [len(run.results[f"{part}_differences"]) for part in ("convolution", "pooling")] == [4, 4]
    sides = [(7, 6), (9, 8), (4, 3), (5, 4), (4, 4), (4, 4), (4, 3), (4, 3)]
    found = re.findall(r"to \((\d+), (\d+), (\d+)\)", run.output)
    axes = slice(0, 2) if stem.endswith("keras") else slice(1, 3)
    assert [tuple(map(int, shape))[axes] for shape in found] == sides


@pytest.mark.script("convolution")
def test_parameters_are_counted_right(run):
    outputs = 8 * 26 * 26
    assert run.results["parameter_counts"] == [784 * outputs + outputs, 8 * 9 + 8]


def accuracy(logits, labels):
    return np.mean(logits.argmax(axis=1) == labels)


@pytest.mark.script("filters")
def test_networks_are_what_the_page_says(run):
    """The same weights in NumPy give the same logits: with ReLU and means, without ReLU, without ReLU but with maxima."""
    probe = run.probe
    for number, (activate, reduce) in enumerate(((True, np.mean), (False, np.mean), (False, np.max))):
        kernels, biases, more, more_biases, dense, last = (probe[f"weights_{number}_{place}"] for place in range(6))
        maps = probe["few_images"][:, None]
        for weights, shift in ((kernels, biases), (more, more_biases)):
            maps = correlate(maps, weights, shift)
            maps = np.maximum(maps, 0) if activate else maps
            maps = reduce(windows(maps, 2, 2), axis=(4, 5))
        expected = maps.reshape(len(maps), 400) @ dense.T + last
        np.testing.assert_allclose(probe[f"test_logits_{number}"][: len(maps)], expected, rtol=0, atol=1e-3)


@pytest.mark.script("filters")
def test_accuracies_are_what_the_script_says(run):
    for number, said in enumerate(run.results["accuracies"]):
        recounted = accuracy(run.probe[f"test_logits_{number}"], run.probe["test_labels"])
        assert said == pytest.approx(recounted, abs=1e-6)
    assert run.probe["trained_on_half_of_the_training_set"]
    first, second, _ = run.results["accuracies"]
    assert run.results["relu_gain"] == pytest.approx(first - second, abs=1e-9)


@pytest.mark.script("filters")
@pytest.mark.needs_mnist(
    "without an activation and with average pooling, a CNN is a linear classifier, and max pooling helps it as much as ReLU"
)
def test_what_relu_adds(run):
    """ReLU is worth three points and more; maxima, which are not linear either, make up for all of it, but for chance."""
    relu, linear, maxima = run.results["accuracies"]
    assert relu > linear + 0.03 and linear < 0.93 and maxima > relu - 0.01, run.results["accuracies"]


@pytest.mark.script("filters")
def test_only_the_network_without_relu_and_maxima_is_linear(run):
    """Logits of a sum are the sum of logits, less those of nothing; on pairs of images of ours as well."""
    relu, linear, maxima = run.results["additivity_errors"]
    assert linear < 1e-5 < 1e-2 < min(relu, maxima)
    probe = run.probe
    for number, is_linear in enumerate((False, True, False)):
        logits, train = probe[f"test_logits_{number}"][:100], probe[f"train_logits_{number}"][:100]
        error = np.abs(probe[f"sum_logits_{number}"] - logits - train + probe[f"zero_logits_{number}"]).max()
        assert (error < 1e-3) == is_linear, error


@pytest.mark.script("filters")
def test_figures_show_the_trained_network(run):
    """The eight kernels of the first layer, and what each of its layers makes of the first test image."""
    probe = run.probe
    np.testing.assert_allclose(probe["drawn_filters"], probe["weights_0_0"][:, 0], rtol=0, atol=1e-6)
    maps = np.maximum(correlate(probe["few_images"][:1, None], probe["weights_0_0"], probe["weights_0_1"]), 0)
    for row, weights in enumerate((None, None, (probe["weights_0_2"], probe["weights_0_3"]), None)):
        if row % 2:
            maps = windows(maps, 2, 2).mean(axis=(4, 5))
        elif weights:
            maps = np.maximum(correlate(maps, *weights), 0)
        np.testing.assert_allclose(probe[f"drawn_maps_{row}"], maps[0, :8], rtol=0, atol=1e-3)
