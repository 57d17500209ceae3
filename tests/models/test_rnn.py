"""What the page on recurrent networks says of every framework's scripts, held against their runs and `probe_rnn.py`."""

import numpy as np
import pytest

TOPIC = "models/rnn"


def states(images, kernel, recurrent, bias):
    """Return the hidden state after each time step: (N, T, I) to (N, T, U)."""
    state, found = np.zeros((len(images), len(recurrent))), []
    for t in range(images.shape[1]):
        state = np.tanh(images[:, t].astype("float64") @ kernel + state @ recurrent + bias)
        found.append(state)
    return np.stack(found, axis=1)


@pytest.mark.script("rnn")
def test_layer_is_the_formula_on_the_page(run):
    """tanh(x W + h U + b) at each step, the last state to the output layer; nothing else."""
    probe = run.probe
    kernel, recurrent, bias, output, output_bias = (probe[f"weight_{i}"] for i in range(5))
    assert [w.shape for w in (kernel, recurrent, bias, output)] == [(28, 64), (64, 64), (64,), (64, 10)]
    expected = states(probe["test_images"], kernel, recurrent, bias)[:, -1] @ output + output_bias
    np.testing.assert_allclose(probe["test_logits"][:500], expected, rtol=0, atol=1e-4)


@pytest.mark.script("rnn")
def test_accuracy_is_recounted(run):
    results, probe = run.results, run.probe
    recounted = np.mean(probe["test_logits"].argmax(axis=1) == probe["test_labels"])
    assert results["test_accuracy"] == pytest.approx(recounted, abs=1e-6)
    assert results["accuracy_by_row"][-1] == pytest.approx(recounted, abs=1e-3)


@pytest.mark.script("rnn")
def test_validation_is_on_the_last_twelfth_of_the_training_images(run):
    """In their order, training and validation images are the training set; the last accuracy is that of the model as it is left."""
    probe = run.probe
    assert probe["trained_on_the_training_set"]
    recounted = np.mean(probe["validation_logits"].argmax(axis=1) == probe["validation_labels"])
    assert run.results["validation_accuracies"][-1] == pytest.approx(recounted, abs=1e-3)
    assert len(probe["validation_labels"]) == probe["training_images"] // 12


@pytest.mark.script("rnn")
def test_loss_falls_from_guessing(run):
    losses = run.results["training_losses"]
    assert losses[0] < np.log(10)
    assert all(later < earlier for earlier, later in zip(losses, losses[1:])), losses


@pytest.mark.script("rnn")
def test_classifier_clips(run):
    """Clipped to nearly nothing, even Adam stands still; clipped as the script does, it moves."""
    probe = run.probe
    assert probe["step_when_clipped_to_nothing"] < 1e-3 < 1e-2 < probe["step"]


@pytest.mark.script("birnn")
def test_labels_are_counts_of_neighbours(run):
    """Each real cell's label counts the mines beside it, cell by cell; steps of padding are zeros and not real."""
    probe = run.probe
    lengths = probe["real"].sum(axis=1)
    assert lengths.min() == 5 and lengths.max() == 20
    for board, counts, length in zip(probe["boards"], probe["counts"], lengths):
        assert (board[:length].sum(axis=1) == 1).all() and (board[length:] == 0).all()
        mines = [0, *board[:length, 1], 0]
        assert list(counts[:length]) == [mines[i] + mines[i + 2] for i in range(length)]


@pytest.mark.script("birnn")
def test_boards_of_our_own_are_read(run):
    probe = run.probe
    mines = np.pad(probe["own_mines"], ((0, 0), (1, 1)))
    assert np.mean(probe["own_logits"].argmax(axis=2) == mines[:, :-2] + mines[:, 2:]) > 0.99


@pytest.mark.script("birnn")
def test_padding_changes_nothing(run):
    """A batch padded to more than twice the length gives the same logits as the boards alone."""
    probe = run.probe
    np.testing.assert_allclose(probe["padded_logits"][:, :17], probe["own_logits"], rtol=0, atol=1e-5)


@pytest.mark.script("birnn")
def test_labels_of_padding_do_not_count(run):
    probe = run.probe
    np.testing.assert_allclose(probe["losses"][0], probe["losses"][1], rtol=0, atol=1e-5)


@pytest.mark.script("birnn")
def test_only_both_directions_see_the_future(run):
    """Another last cell changes the outputs before it if, and only if, the network is bidirectional."""
    probe = run.probe
    assert probe["forward_changes"][:-1].max() == 0 < probe["forward_changes"][-1]
    assert probe["both_changes"][:-1].min() > 0
