"""What the CNN page says of every framework's script, held against its run; `probe_cnn.py` took the measurements."""

import re

import numpy as np
import pytest

from evidence.record import read_record, record_path
from tests.models.versions import assert_near

TOPIC = "models/cnn"
pytestmark = pytest.mark.script("cnn")  # but for the window by hand
EPOCHS = 8
LABEL_SMOOTHING = 0.1
SHIFT = 2


@pytest.fixture
def probe(run):
    return run.probe


def convolve(images, kernel, bias):
    """Return the sums over each 3 x 3 window: (N, H, W, inputs) to (N, H - 2, W - 2, outputs)."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    return np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True) + bias


def pool(maps):
    """Return the largest of each 2 x 2 block, a last odd row or column left out: to (N, H // 2, W // 2, C)."""
    n, height, width, channels = maps.shape
    blocks = maps[:, : height // 2 * 2, : width // 2 * 2].reshape(n, height // 2, 2, width // 2, 2, channels)
    return blocks.max(axis=(2, 4))


def accuracy(logits, labels):
    return np.mean(logits.argmax(axis=1) == labels)


def cross_entropy(logits, labels):
    """Return the mean loss against targets that give each digit a tenth of the smoothed share, and the rest to the label."""
    targets = np.eye(10)[labels] * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / 10
    logits = logits.astype("float64")
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - (targets * logits).sum(axis=1))


def test_model_is_the_formula_on_the_page(probe):
    """Convolution, ReLU and max pooling, twice; flatten; two dense layers; out come logits, not probabilities."""
    maps = probe["test_images"][..., None]
    for layer in ("convolution_1", "convolution_2"):
        maps = pool(np.maximum(0, convolve(maps, probe[layer], probe[f"{layer}_bias"])))
    hidden = np.maximum(0, maps.reshape(len(maps), 1600) @ probe["hidden"] + probe["hidden_bias"])
    expected = hidden @ probe["output"] + probe["output_bias"]
    np.testing.assert_allclose(probe["test_logits"][: len(expected)], expected, rtol=0, atol=1e-4)


def test_parameters_are_counted_right(probe):
    layers = ("convolution_1", "convolution_2", "hidden", "output")
    assert [probe[name].size + probe[f"{name}_bias"].size for name in layers] == [320, 18_496, 204_928, 1_290]


def test_validation_images_are_a_twelfth_of_the_training_set_and_not_trained_on(probe):
    """What `train` receives is looked up in MNIST, image by image: none of the test set, none twice, none missing."""
    places, validation_places = probe["places"], probe["validation_places"]
    assert min(places) >= 0 and min(validation_places) >= 0, "not an image of the training set, from 0 to 1"
    assert sorted([*places, *validation_places]) == list(range(len(probe["train_labels"])))
    assert len(validation_places) == len(probe["train_labels"]) // 12
    np.testing.assert_array_equal(probe["labels"], probe["train_labels"][places])
    np.testing.assert_array_equal(probe["validation_labels"], probe["train_labels"][validation_places])


def test_training_images_move_by_two_pixels_at_most_and_to_each_place_alike(probe):
    """Each is one of the 25 windows of the padded image, none more often than chance has it; 24 degrees of freedom."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(probe["noise"], SHIFT), (28, 28)).reshape(-1, 28 * 28)
    found = np.array([(windows == each.ravel()).all(axis=1) for each in probe["shifted"]])
    assert (found.sum(axis=1) == 1).all()
    counts, expected = found.sum(axis=0), len(found) / len(windows)
    assert np.sum((counts - expected) ** 2 / expected) < 70, counts


def test_training_sees_images_through_the_shift_alone(probe):
    """Where it gives zeros, nothing is learned but how often each digit comes."""
    assert probe["loss_in_the_dark"] > 2.25


def test_accuracies_are_what_the_script_says(run, probe):
    """Recounted by code of our own: catches a wrong set, a wrong axis, a wrong mean."""
    assert run.results["test_accuracy"] == pytest.approx(accuracy(probe["test_logits"], probe["test_labels"]), abs=1e-6)
    held_out = probe["validation_places"]
    recounted = accuracy(probe["train_logits"][held_out], probe["train_labels"][held_out])
    assert run.results["validation_accuracies"][-1] == pytest.approx(recounted, abs=1e-6)


@pytest.mark.needs_whole("training images are read at least as well as others")
def test_training_images_are_read_at_least_as_well(probe):
    """A model that had been trained on the test set, or on the validation images, would fail here."""
    places, held_out = probe["places"], probe["validation_places"]
    training = accuracy(probe["train_logits"][places], probe["train_labels"][places])
    assert training >= accuracy(probe["test_logits"], probe["test_labels"])
    assert training >= accuracy(probe["train_logits"][held_out], probe["train_labels"][held_out])


def test_loss_falls_from_guessing(run):
    losses = run.results["training_losses"]
    assert len(losses) == len(run.results["validation_accuracies"]) == (2 if run.rehearsed else EPOCHS)
    assert losses[0] < np.log(10)
    assert all(later < earlier for earlier, later in zip(losses, losses[1:])), losses


@pytest.mark.needs_mnist("the loss is near that of the finished model; in two epochs of the stand-in it falls too far")
def test_loss_is_the_cross_entropy_of_the_logits(run, probe):
    """Near that of the finished model on the same images, and above the entropy of the smoothed labels."""
    assert run.results["training_losses"][-1] > 0.5
    places = probe["places"]
    finished = cross_entropy(probe["train_logits"][places], probe["train_labels"][places])
    assert finished < run.results["training_losses"][-1] < finished + 0.15


def test_one_image_is_predicted_from_the_logits_it_prints(run, probe):
    line = re.search(r"^logit(.*)$", run.output, re.MULTILINE).group(1)
    np.testing.assert_allclose([float(number) for number in line.split()], probe["test_logits"][0], rtol=0, atol=0.051)
    assert run.results["predicted_digit"] == probe["test_logits"][0].argmax()
    assert f"predicted digit: {run.results['predicted_digit']}, truth: {probe['test_labels'][0]}" in run.output


def test_recorded_logits_keep_the_distance_that_the_labels_ask_for(catalog):
    """The line that the page shows: the largest logit lies ln(0.91 / 0.01) above the mean of the others, within a tenth of that."""
    for script in catalog.select(TOPIC):
        if script.name == "cnn":
            line = re.search(
                r"^logit(.*)$", record_path(catalog, script, "cpu", "txt").read_text("utf-8"), re.MULTILINE
            )
            *others, largest = sorted(float(number) for number in line.group(1).split())
            assert abs((largest - np.mean(others)) / np.log(91) - 1) < 0.1, script.stem


def test_validation_accuracy_is_printed_after_each_epoch(run):
    for value in run.results["validation_accuracies"]:
        assert re.search(rf"(validation accuracy {value:.2%}|val_accuracy: {value:.4f})", run.output), value


def test_confusion_matrix_counts_every_test_image(run, probe):
    """Row by row the truth, column by column the prediction, as the numbers stand in the figure."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (probe["test_labels"], probe["test_logits"].argmax(axis=1)), 1)
    np.testing.assert_array_equal(probe["confusion_matrix"], counts)
    assert counts.trace() / counts.sum() == pytest.approx(run.results["test_accuracy"], abs=1e-6)


def test_pictures_bear_the_right_titles(probe):
    """The first sixteen training images under their labels; the first ten mistakes under prediction and truth."""
    assert list(probe["digit_places"]) == list(range(16))
    np.testing.assert_array_equal(probe["digit_titles"][:, 0], probe["train_labels"][:16])
    predictions = probe["test_logits"].argmax(axis=1)
    mistakes = np.flatnonzero(predictions != probe["test_labels"])[:10]
    np.testing.assert_array_equal(probe["mistake_places"], mistakes)
    titles = np.stack([predictions[mistakes], probe["test_labels"][mistakes]], axis=1)
    np.testing.assert_array_equal(probe["mistake_titles"], titles)


def test_frameworks_agree(catalog):
    """In the loss only at the end, for initial weights differ by default."""
    assert_near(catalog, "cnn", test_accuracy=0.001)
    losses = [
        read_record(catalog, other).mean("training_losses")[-1]
        for other in catalog.select(TOPIC)
        if other.name == "cnn"
    ]
    assert max(losses) - min(losses) <= 0.01


@pytest.mark.script("window")
def test_window_by_hand_is_the_formula(run, probe):
    """Convolved, rectified and pooled in another way; the page works out the last window of the second row."""
    picture, kernel = probe["picture"], probe["kernel"]
    expected = convolve(picture[None, :, :, None], kernel[:, :, None, None], 0)[0, :, :, 0]
    np.testing.assert_array_equal(probe["feature_map"], expected)
    np.testing.assert_array_equal(probe["pooled"], pool(np.maximum(0, expected)[None, :, :, None])[0, :, :, 0])
    np.testing.assert_array_equal(picture[1:4, 3:6], [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    assert (expected[1, 3], expected[0, 0]) == (2, -1)


@pytest.mark.script("window")
def test_map_moves_with_the_digit_and_the_dense_neuron_does_not(run, probe):
    there = convolve(probe["roomy"][None, :, :, None], probe["kernel"][:, :, None, None], 0)[0, :, :, 0]
    np.testing.assert_array_equal(probe["there"], there)
    np.testing.assert_array_equal(probe["moved"][:, 2:], there[:, :-2])
    assert run.results["answers"] == [np.sum(there**2), np.sum(there[:, 2:] * there[:, :-2])]
    assert "the map has moved along: True" in run.output


@pytest.mark.script("window")
def test_pooling_softens_a_shift_and_does_not_remove_it(run, probe):
    """The pooled maps, computed another way: nothing of the digit is lost at the border."""
    maps, pooled = [], []
    for shift in (0, 1, 2):
        moved = np.roll(np.pad(probe["picture"], 4), shift, axis=1)
        feature_map = convolve(moved[None, :, :, None], probe["kernel"][:, :, None, None], 0)
        maps.append(np.maximum(0, feature_map))
        pooled.append(pool(maps[-1])[0, :, :, 0])
    assert run.results["relu_answers"] == [np.sum(maps[0] * each) for each in maps]
    assert run.results["pooled_answers"] == [np.sum(pooled[0] * each) for each in pooled]
    assert run.results["pooled_sums"] == [each.sum() for each in pooled]
    np.testing.assert_array_equal(pooled[2][:, 1:], pooled[0][:, :-1])
    assert not pooled[2][:, 0].any() and not pooled[0][:, -1].any()


@pytest.mark.script("window")
def test_costs_are_counted_right(run):
    """The parameters are those of the trained models: `test_parameters_are_counted_right`."""
    assert run.results["parameters"] == [320, 18_496, 204_928, 1_290]
    sides, weights = (26 * 26, 11 * 11), (3 * 3 * 1 * 32, 3 * 3 * 32 * 64)
    assert run.results["multiplications"] == [*(s * w for s, w in zip(sides, weights)), 1600 * 128, 128 * 10]
