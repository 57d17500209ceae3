"""What the page on filters says, held against the runs; `probe_filters.py` took the measurements."""

import numpy as np
import pytest

TOPIC = "models/filters"


def windows(images, size, stride, zeros=0):
    """Return every window of images (N, C, H, W): (N, C, height, width, size, size)."""
    images = np.pad(images, ((0, 0), (0, 0), (zeros, zeros), (zeros, zeros)))
    return np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def correlate(images, kernels, biases, stride=1, zeros=0):
    found = windows(images, kernels.shape[2], stride, zeros)
    return np.einsum("nchwij,ocij->nohw", found, kernels, optimize=True) + biases[:, None, None]


def accuracy(logits, labels):
    return np.mean(logits.argmax(axis=1) == labels)


def test_networks_are_what_the_page_says(run):
    """The same weights in NumPy give the same logits: with ReLU or without, with means or with maxima."""
    probe = run.probe
    for number, (activate, reduce) in enumerate(((True, np.mean), (False, np.mean), (False, np.max), (True, np.max))):
        kernels, biases, more, more_biases, dense, last = (probe[f"weights_{number}_{place}"] for place in range(6))
        maps = probe["few_images"][:, None]
        for weights, shift in ((kernels, biases), (more, more_biases)):
            maps = correlate(maps, weights, shift)
            maps = np.maximum(maps, 0) if activate else maps
            maps = reduce(windows(maps, 2, 2), axis=(4, 5))
        expected = maps.reshape(len(maps), 400) @ dense.T + last
        np.testing.assert_allclose(probe[f"test_logits_{number}"][: len(maps)], expected, rtol=0, atol=1e-3)
    pixels = probe["few_images"].reshape(-1, 784)
    expected = pixels @ probe["softmax_weights"] + probe["softmax_biases"]
    np.testing.assert_allclose(probe["softmax_logits"][: len(pixels)], expected, rtol=0, atol=1e-3)


def test_accuracies_are_what_the_script_says(run):
    for number, said in enumerate(run.results["accuracies"]):
        recounted = accuracy(run.probe[f"test_logits_{number}"], run.probe["test_labels"])
        assert said == pytest.approx(recounted, abs=1e-6)
    assert run.probe["trained_on_half_of_the_training_set"]
    recounted = accuracy(run.probe["softmax_logits"], run.probe["test_labels"])
    assert run.results["softmax_accuracy"] == pytest.approx(recounted, abs=1e-6)
    first, second, *_ = run.results["accuracies"]
    assert run.results["relu_gain"] == pytest.approx(first - second, abs=1e-9)


@pytest.mark.needs_mnist(
    "without an activation and with average pooling, a CNN is a linear classifier, and max pooling helps it as much as ReLU"
)
def test_what_relu_adds(run):
    """ReLU is worth three points and more; maxima, which are not linear either, make up for all of it, but for chance."""
    relu, linear, maxima, both = run.results["accuracies"]
    assert relu > linear + 0.03 and linear < 0.93 and maxima > relu - 0.01, run.results["accuracies"]
    assert both > linear + 0.03, run.results["accuracies"]
    assert abs(linear - run.results["softmax_accuracy"]) < 0.02, run.results


def test_only_the_network_without_relu_and_maxima_is_linear(run):
    """Logits of a sum are the sum of logits, less those of nothing; on pairs of images of ours as well."""
    relu, linear, maxima, both = run.results["additivity_errors"]
    assert linear < 1e-5 < 1e-2 < min(relu, maxima, both)
    probe = run.probe
    for number, is_linear in enumerate((False, True, False, False)):
        logits, train = probe[f"test_logits_{number}"][:100], probe[f"train_logits_{number}"][:100]
        error = np.abs(probe[f"sum_logits_{number}"] - logits - train + probe[f"zero_logits_{number}"]).max()
        assert (error < 1e-3) == is_linear, error


def test_figures_show_the_trained_network(run):
    """The eight kernels of the first layer, before and after, and what each layer makes of the first test image."""
    probe = run.probe
    np.testing.assert_allclose(probe["drawn_filters"][:8], probe["starts"][0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(probe["drawn_filters"][8:], probe["weights_0_0"][:, 0], rtol=0, atol=1e-6)
    maps = np.maximum(correlate(probe["few_images"][:1, None], probe["weights_0_0"], probe["weights_0_1"]), 0)
    for row, weights in enumerate((None, None, (probe["weights_0_2"], probe["weights_0_3"]), None)):
        if row % 2:
            maps = windows(maps, 2, 2).mean(axis=(4, 5))
        elif weights:
            maps = np.maximum(correlate(maps, *weights), 0)
        np.testing.assert_allclose(probe[f"drawn_maps_{row}"], maps[0, :8], rtol=0, atol=1e-3)


def test_kernels_before_training_are_random_and_the_same_in_every_network(run):
    """Small ones, as the frameworks draw them: uniform, within 0.2; and each is compared with what it has become."""
    starts, after = run.probe["starts"], run.probe["weights_0_0"][:, 0]
    for start in starts:
        np.testing.assert_array_equal(start, starts[0])
    assert 0.1 < np.abs(starts[0]).max() <= 0.2
    assert np.abs(after - starts[0]).max(axis=(1, 2)).min() > 0.01  # no kernel was left as it was
    expected = [np.corrcoef(b.ravel(), a.ravel())[0, 1] for b, a in zip(starts[0], after)]
    np.testing.assert_allclose(run.results["correlations"], expected, rtol=0, atol=1e-5)
