"""What the page on recurrent networks says of every framework's scripts, held against their runs and `probe_rnn.py`."""

import numpy as np
import pytest

TOPIC = "models/rnn"
GAINS = (0.5, 1.0, 1.5, 2.0)


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
    assert probe["trained_on_the_training_set"]


@pytest.mark.needs_mnist("the answer is in the last state only")
@pytest.mark.script("rnn")
def test_answer_is_there_only_at_the_end(run):
    """The output layer can read the last state; halfway it knows next to nothing."""
    by_row = run.results["accuracy_by_row"]
    assert len(by_row) == 28
    assert max(by_row[:14]) < 0.4 < 0.8 < by_row[-1]


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
def test_future_is_needed(run):
    """Forward only stays at what the past can tell, one half and the last cell's share; in both directions it is right."""
    results = run.results
    ceiling = 0.5 + 0.5 / 12.5
    assert results["forward_accuracy"] < ceiling + 0.02
    assert results["bidirectional_accuracy"] > 0.995


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


@pytest.mark.parametrize("number", (0, 1))
@pytest.mark.script("gradients")
def test_gradient_norms_are_those_of_backpropagation_by_hand(run, number):
    """The chain rule in NumPy, step by step from the last to the first, gives the same norms; none exceeds its bound."""
    probe = run.probe
    kernel, recurrent, bias, output, output_bias = (probe[f"weight_{number}_{i}"].astype("float64") for i in range(5))
    gain = (0.5, 1.5)[number]
    np.testing.assert_allclose(recurrent @ recurrent.T, gain**2 * np.eye(64), rtol=0, atol=1e-4)
    h = states(probe["images"], kernel, recurrent, bias)
    logits = h[:, -1] @ output + output_bias
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gradient = (chances - np.eye(10)[probe["labels"]]) @ output.T
    norms = []
    for t in reversed(range(28)):
        norms.append(np.linalg.norm(gradient, axis=1).mean())
        gradient = gradient * (1 - h[:, t] ** 2) @ recurrent.T
    np.testing.assert_allclose(probe[f"norms_{number}"], norms[::-1], rtol=1e-3)
    assert all(norm <= norms[0] * gain**steps * 1.0001 for steps, norm in enumerate(norms))


@pytest.mark.script("gradients")
def test_gradients_vanish_and_explode(run):
    """Orders of magnitude from the last step to the first: lost with a gain of 0.5, and of 1; won with 1.5, and with 2."""
    half, one, more, twice = run.results["magnitudes"]
    assert half < -7 and -3 < one < 0 and more > 0.5 and twice > 2


@pytest.mark.needs_mnist("clipping decides whether a large learning rate works")
@pytest.mark.script("gradients")
def test_clipping_decides_at_the_largest_learning_rate(run):
    results = run.results
    unclipped, clipped = results["unclipped_accuracies"], results["clipped_accuracies"]
    assert unclipped[2] < 0.5 < clipped[2] and clipped[2] - unclipped[2] > 0.15, (unclipped, clipped)
    assert unclipped[0] > 0.6, "at its smallest learning rate it has to learn without clipping"


@pytest.mark.script("gradients")
def test_clipped_step_has_the_length_it_should(run, mnist):
    """SGD moves by the learning rate times the norm, which is cut to 1e-3; without clipping it goes further."""
    probe = run.probe
    assert probe["clipped_step"] == pytest.approx(0.1 * 1e-3, rel=0.6)  # two biases move their sum further
    assert probe["step"] > 10 * probe["clipped_step"]
    assert probe["trained_on"] == (10_000 if mnist.real else 1_437)  # all of the stand-in
