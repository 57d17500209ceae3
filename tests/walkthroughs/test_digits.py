"""What the walkthroughs on handwritten digits say, held against the runs of their scripts; `probe_digits.py` took the measurements."""

import re

import numpy as np
import pytest

TOPIC = "walkthroughs/digits"
EPOCHS = 3


@pytest.fixture
def probe(run):
    return run.probe


def convolve(images, kernel, bias):
    """Return ReLU of the sums over each 3 x 3 window: (N, H, W, inputs) to (N, H - 2, W - 2, outputs)."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    return np.maximum(0, np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True) + bias)


def pool(maps):
    n, height, width, channels = maps.shape
    blocks = maps[:, : height // 2 * 2, : width // 2 * 2].reshape(n, height // 2, 2, width // 2, 2, channels)
    return blocks.max(axis=(2, 4))


def test_both_frameworks_have_the_network_that_is_drawn(probe):
    """The same formula gives what Keras and PyTorch give: two convolutions, ReLU, pooling, 128 neurons, softmax."""
    maps = probe["test_images"][..., None]
    for layer in ("first", "second"):
        maps = pool(convolve(maps, probe[layer], probe[f"{layer}_bias"]))
    hidden = np.maximum(0, maps.reshape(len(maps), 800) @ probe["hidden"] + probe["hidden_bias"])
    logits = hidden @ probe["output"] + probe["output_bias"]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probe["probabilities"][: len(expected)], expected, rtol=0, atol=1e-5)


def test_parameters_are_counted_right(run, probe):
    layers = ("first", "second", "hidden", "output")
    counted = [probe[name].size + probe[f"{name}_bias"].size for name in layers]
    assert counted == [160, 4_640, 102_528, 1_290]
    for count in [*counted, sum(counted)]:
        assert f"{count:,}" in run.output or str(count) in run.output


def test_accuracies_are_what_the_script_says(run, probe):
    right = probe["probabilities"].argmax(axis=1) == probe["test_labels"]
    assert run.results["test_accuracy"] == pytest.approx(right.mean(), abs=1e-6)
    assert run.results["mistakes"] == np.sum(~right)
    assert run.results["validation_accuracies"][-1] == pytest.approx(float(probe["validation_accuracy"]), abs=1e-6)


@pytest.mark.needs_mnist("most is learned in the first epoch")
def test_training_is_read_off_the_curves_as_told(run):
    """Most is learned in the first epoch, and there the images set aside are read better than those trained on."""
    training, validation = run.results["training_losses"], run.results["validation_losses"]
    assert len(training) == len(validation) == len(run.results["validation_accuracies"]) == EPOCHS
    assert all(later < earlier for earlier, later in zip(training, training[1:]))
    assert validation[0] < training[0]
    assert run.results["untrained_loss"] - training[0] > 8 * (training[0] - training[-1])
    assert validation[-1] < validation[0] + 0.01


@pytest.mark.needs_mnist("the first test image is a 7")
def test_first_test_image_is_read_right(run, probe):
    assert run.results["predicted_digit"] == probe["predictions"][0] == probe["test_labels"][0] == 7


@pytest.mark.script("digits", framework="keras")
@pytest.mark.needs_mnist("the first test image is a clear 7, the confusions and mistakes are few")
def test_one_image_is_no_matter_of_doubt(probe):
    assert probe["bars"] == pytest.approx(probe["probabilities"][0], abs=1e-6)
    assert probe["bars"].sum() == pytest.approx(1, abs=1e-5)
    assert np.sort(probe["bars"])[-2] < 0.05


@pytest.mark.script("digits", framework="keras")
def test_confusion_matrix_counts_every_test_image(run, probe):
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (probe["test_labels"], probe["predictions"]), 1)
    np.testing.assert_array_equal(probe["counts"], counts)
    assert counts.sum() - counts.trace() == run.results["mistakes"]


@pytest.mark.script("digits", framework="keras")
@pytest.mark.needs_mnist("each mistake of which the network is surest is one that it is very sure of")
def test_mistakes_are_shown_surest_first(probe):
    surest = probe["surest"]
    sureness = probe["probabilities"][surest].max(axis=1)
    assert all(later <= earlier for earlier, later in zip(sureness, sureness[1:]))
    assert sureness[0] > 0.9, "wrong with great confidence"
    expected = [
        f"{probe['predictions'][i]} ({p:.0%}) ≠ {probe['test_labels'][i]}" for i, p in zip(surest[:10], sureness)
    ]
    assert list(probe["surest_mistakes_titles"]) == expected
    assert list(probe["twenty_digits_titles"]) == [str(label) for label in probe["train_labels"][:20]]


def test_restored_network_gives_the_same_answers(run, probe):
    np.testing.assert_allclose(probe["restored_probabilities"], probe["probabilities"], rtol=0, atol=1e-6)


@pytest.mark.script("digits", framework="keras")
@pytest.mark.needs_mnist("doubt finds most mistakes, and most doubted answers are right")
def test_doubt_finds_most_mistakes(probe):
    doubtful = probe["doubtful"]
    assert len(doubtful) == 500
    rest = np.setdiff1d(np.arange(len(probe["test_labels"])), doubtful)
    top = probe["probabilities"].max(axis=1)
    assert top[doubtful].max() <= top[rest].min()
    wrong = probe["predictions"] != probe["test_labels"]
    assert probe["caught_share"] == pytest.approx(wrong[doubtful].sum() / wrong.sum()) and probe["caught_share"] > 0.7
    assert wrong[doubtful].mean() < 0.3, "most doubted answers are right"


@pytest.mark.script("digits", framework="keras")
@pytest.mark.needs_mnist("what wrong inputs do to accuracy and confidence")
def test_wrong_input_is_not_noticed(probe):
    """Prepared, black on white, rows for columns, 0 to 255."""
    accuracies, confidences = probe["variant_accuracies"], probe["variant_confidences"]
    assert accuracies[0] > 0.97
    assert all(accuracies[1:3] < 0.5) and all(confidences[1:3] > accuracies[1:3] + 0.1)
    assert accuracies[3] > accuracies[0] - 0.03, "hardly changed"
    assert confidences[3] > 0.995 > confidences[0], "certain of everything"


@pytest.mark.script("digits", framework="pytorch")
def test_what_fit_hid(run, probe):
    """The loss is the mean of -ln softmax, gradients are slopes and add up, dropout acts in train mode only."""
    loss = -np.log(probe["true_probabilities"]).mean()
    assert len(probe["true_probabilities"]) == 64
    for name in ("CrossEntropyLoss of the logits", r"mean of -ln\(softmax\), by hand"):
        printed = re.search(rf"^{name}: +(\d\.\d+)$", run.output, re.MULTILINE)[1]
        assert float(printed) == pytest.approx(loss, abs=2e-6), name
    assert "softmax gives the true class: 0.0\nCrossEntropyLoss of the logits: 200.0\n" in run.output
    slope, tried, added = probe["slopes"]
    assert tried == pytest.approx(slope, abs=2e-3) and added == pytest.approx(2 * slope, rel=1e-3)
    assert "after zero_grad: None" in run.output
    assert probe["spreads"][0] > 1e-3 and probe["spreads"][1] == 0


@pytest.mark.script("digits", framework="pytorch")
def test_softmax_looks_at_differences(probe):
    """The image of which it is least sure; two logits and two probabilities; and the bars are those of that image."""
    place = int(probe["place"])
    assert place == probe["probabilities"].max(axis=1).argmin()
    assert str(probe["logits_title"][0]) == f"labelled {probe['test_labels'][place]}"
    logits, probabilities = probe["two_logits"], probe["two_probabilities"]
    assert probabilities[0] / probabilities[1] == pytest.approx(np.exp(logits[0] - logits[1]), rel=1e-3)
    assert np.sort(probe["bars"][0])[:-3:-1] == pytest.approx(logits, abs=1e-5)
    assert np.sort(probe["bars"][1])[:-3:-1] == pytest.approx(probabilities, abs=1e-5)


@pytest.mark.script("digits", framework="pytorch")
def test_softmax_twice_cannot_pass_the_grey_line(probe):
    """Though the answers be perfect."""
    assert np.log(np.e + 9) - 1 == pytest.approx(1.46, abs=0.005)
    assert probe["short_losses"][1].min() > np.log(np.e + 9) - 1 - 1e-5


@pytest.mark.script("digits", framework="pytorch")
@pytest.mark.needs_mnist("what wrong loops do to loss and accuracy")
def test_wrong_loops_learn_worse(probe):
    """As it should be, softmax twice, no zero_grad; and dropout left on."""
    proper, softmax_twice, no_zero_grad = probe["short_accuracies"]
    assert proper > 0.9
    assert 0.7 < softmax_twice < proper, "passable, and worse"
    assert no_zero_grad < proper - 0.05
    losses = probe["short_losses"]
    assert losses.shape == (3, 200)
    assert losses[:, :3].mean(axis=1) == pytest.approx(np.log(10), abs=0.1), "all begin at guessing"
    assert losses[1, -50:].mean() < 1.75, "and goes flat above the line"
    assert losses[2, :15].mean() == pytest.approx(losses[0, :15].mean(), abs=0.1), "at first no harm is done"
    assert losses[0, -100:].mean() < 0.5 < losses[2, -100:].mean() - 0.2
    assert losses[2, -100:].std() > 2 * losses[0, -100:].std(), "it swings"
    assert probe["train_mode_accuracy"] < probe["validation_accuracy"]


@pytest.mark.script("digits", framework="pytorch")
@pytest.mark.needs_mnist("judged alike, the images trained on are read better in the end")
def test_training_images_are_ahead_when_judged_alike(run, probe):
    assert probe["trained_on_loss"] < run.results["validation_losses"][-1]
