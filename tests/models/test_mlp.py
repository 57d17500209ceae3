"""What the MLP page says of every framework's script, held against its run; `probe_mlp.py` took the measurements."""

import numpy as np
import pytest

from tests.models.versions import assert_near

TOPIC = "models/mlp"
DROPOUT_RATE = 0.2
LEARNING_RATE = 1e-3


def chosen(script):
    """The page's own model; what its mistakes leave is held by claims."""
    return script.name == "mlp"


@pytest.fixture
def probe(run):
    return run.probe


def hidden(images, probe):
    """Return the hidden layer of the page's formula, shape (N, 128)."""
    return np.maximum(0, images.reshape(-1, 784) @ probe["hidden_kernel"] + probe["hidden_bias"])


def accuracy(logits, labels):
    return np.mean(logits.argmax(axis=1) == labels)


def test_model_is_the_formula_on_the_page(probe):
    """logits = max(0, x W1 + b1) W2 + b2 at test time: another activation, a softmax or live dropout breaks it."""
    expected = hidden(probe["test_images"], probe) @ probe["output_kernel"] + probe["output_bias"]
    np.testing.assert_allclose(probe["test_logits"], expected, rtol=0, atol=1e-4)


def test_parameters_are_counted_right(probe):
    names = ("hidden_kernel", "hidden_bias", "output_kernel", "output_bias")
    assert [probe[name].shape for name in names] == [(784, 128), (128,), (128, 10), (10,)]
    assert sum(probe[name].size for name in names) == 101_770


def test_dropout_switches_off_one_fifth(probe):
    """For dropout with rate p, Var(z_k) = p / (1 - p) * sum_j (h_j W2_jk)^2; solve it for p."""
    passes = probe["training_mode_logits"]  # (passes, images, 10)
    units = hidden(probe["test_images"][: passes.shape[1]], probe)
    per_odds = units**2 @ probe["output_kernel"] ** 2
    odds = passes.var(axis=0, ddof=1).sum() / per_odds.sum()
    assert odds / (1 + odds) == pytest.approx(DROPOUT_RATE, abs=0.01)


def test_first_step_is_adams(probe):
    """Adam's first step moves each parameter by the learning rate, whatever its gradient."""
    np.testing.assert_allclose(np.abs(probe["first_step"]), LEARNING_RATE, rtol=0.01)


def test_initial_weights_are_those_on_the_page(probe, script):
    """A pixel that is blank in every image gives no gradient: its weights stay as drawn, unless something decays them."""
    limit = 1 / np.sqrt(784) if script.framework == "pytorch" else np.sqrt(6 / (784 + 128))
    untouched = np.abs(probe["hidden_kernel"][probe["blank_pixels"]])
    assert untouched.size > 1000
    assert untouched.max() == pytest.approx(limit, rel=0.01)
    assert untouched.mean() == pytest.approx(limit / 2, rel=0.05)


def test_training_shuffles(probe):
    """Sorted by label and not shuffled, one epoch learns 9 and forgets 0."""
    assert probe["accuracy_after_sorted_data"] > 0.5


def test_accuracy_is_what_the_script_says(run, probe):
    """Recounted on the test set by code of our own: catches a wrong set, a wrong axis, a wrong mean."""
    assert run.results["test_accuracy"] == pytest.approx(accuracy(probe["test_logits"], probe["test_labels"]), abs=1e-6)


def test_training_set_is_read_at_least_as_well(probe):
    """A model that had been trained on the test set would fail here."""
    assert accuracy(probe["train_logits"], probe["train_labels"]) >= accuracy(
        probe["test_logits"], probe["test_labels"]
    )


def test_loss_falls_from_guessing(run):
    losses = run.results["training_losses"]
    assert len(losses) == 5
    assert losses[0] < np.log(10)
    assert all(later < earlier for earlier, later in zip(losses, losses[1:])), losses


def test_frameworks_agree(catalog):
    """Losses less than accuracy, for initial weights differ by default."""
    assert_near(catalog, "mlp", test_accuracy=0.003, training_losses=0.05)
