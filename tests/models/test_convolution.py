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


@pytest.mark.script("settings")
def test_settings_are_those_of_the_formula(run):
    """The small seven, with padding, with a stride, pooled: each printed table, computed another way."""
    probe = run.probe
    picture, kernel = probe["picture"][None, None], probe["kernel"][None, None]
    plain = correlate(picture, kernel, np.zeros(1))
    expected = (
        plain,
        correlate(picture, kernel, np.zeros(1), zeros=1),
        correlate(picture, kernel, np.zeros(1), stride=2),
        windows(plain, 2, 2).max(axis=(4, 5)),
        windows(plain, 2, 2).mean(axis=(4, 5)),
    )
    tables = re.findall(r"(\d) x (\d)\n(\[\[.*?\]\])", run.output, re.DOTALL)
    assert len(tables) == len(expected)
    for (height, width, numbers), numbers_expected in zip(tables, expected):
        found = [float(number) for number in re.findall(r"-?\d+\.\d*", numbers)]
        np.testing.assert_array_equal(np.reshape(found, (int(height), int(width))), numbers_expected[0, 0])
    np.testing.assert_array_equal(
        plain[0, 0][::2, ::2], expected[2][0, 0]
    )  # a stride leaves out, and computes nothing new
    np.testing.assert_array_equal(plain, expected[1][:, :, 1:-1, 1:-1])


@pytest.mark.script("settings")
def test_receptive_fields_are_counted(run):
    """Both languages draw the CNN with these four layers."""
    assert run.results["fields"] == run.results["counted"] == [3, 4, 8, 10]


@pytest.mark.script("settings")
def test_columns_that_the_last_map_sees(run):
    """Five windows of the last pooling, traced back: the last of them ends two columns before the border."""
    last = 4
    for size, stride in ((2, 2), (3, 1), (2, 2), (3, 1)):  # from the last layer back to the picture
        last = last * stride + size - 1
    assert run.results["seen_columns"] == last + 1
