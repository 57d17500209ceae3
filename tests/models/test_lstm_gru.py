"""What the page on LSTM and GRU says of every framework's scripts, held against their runs and `probe_lstm_gru.py`."""

import numpy as np
import pytest

from evidence.record import read_record

TOPIC = "models/lstm_gru"
CHANCE = 1 / 8
GATE_BIASES = {"lstm_gru": 1.0, "recall": 4.0}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def last_state(cell, framework, x, kernel, recurrent, bias):
    """Return the last hidden state by the page's formulas: in float64, from parameters in the framework's order of gates."""
    h = c = np.zeros((len(x), 64))
    x = x.astype("float64")
    if cell != "GRU" and bias.ndim == 2:
        bias = bias.sum(axis=0)
    for t in range(x.shape[1]):
        if cell == "RNN":
            h = np.tanh(x[:, t] @ kernel + h @ recurrent + bias)
        elif cell == "LSTM":
            i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            a, b = np.split(x[:, t] @ kernel + bias[0], 3, axis=1), np.split(h @ recurrent + bias[1], 3, axis=1)
            update, reset = (0, 1) if framework == "keras" else (1, 0)
            z, r = sigmoid(a[update] + b[update]), sigmoid(a[reset] + b[reset])
            h = z * h + (1 - z) * np.tanh(a[2] + r * b[2])
    return h


@pytest.mark.parametrize("cell", ("RNN", "LSTM", "GRU"))
@pytest.mark.script("lstm_gru", "recall")
def test_layers_are_the_formulas_on_the_page(run, script, cell):
    """Order of gates, the reset after the product, one bias or two: by a program of our own, with the layer's parameters."""
    probe = run.probe
    state = last_state(cell, script.framework, probe["x"], *(probe[f"{cell}_{i}"] for i in range(3)))
    expected = state @ probe[f"{cell}_kernel"] + probe[f"{cell}_bias"]
    np.testing.assert_allclose(probe[f"{cell}_logits"], expected, rtol=0, atol=2e-6)


@pytest.mark.script("lstm_gru", "recall")
def test_cells_are_set_up_alike(run, script):
    """64 hidden numbers in each; gates begin by keeping, and the simple RNN with an orthogonal matrix, which keeps lengths."""
    probe, keep = run.probe, GATE_BIASES[script.name]
    assert all(probe[f"{cell}_1"].shape[0] == 64 for cell in ("RNN", "LSTM", "GRU"))
    np.testing.assert_allclose(probe["RNN_1"] @ probe["RNN_1"].T, np.eye(64), rtol=0, atol=1e-4)
    biases = {cell: probe[f"{cell}_2"].reshape(-1, probe[f"{cell}_1"].shape[1]).sum(axis=0) for cell in ("LSTM", "GRU")}
    second, first = slice(64, 128), slice(0, 64)
    places = {"LSTM": second, "GRU": first if script.framework == "keras" else second}
    for cell, place in places.items():
        assert (biases[cell][place] == keep).all() and biases[cell].sum() == 64 * keep


@pytest.mark.script("lstm_gru", "recall")
def test_gradients_are_clipped(run):
    """Clipped to nearly nothing, even Adam stands still."""
    assert run.probe["moved_when_clipped_to_nothing"] < 1e-4


@pytest.mark.script("lstm_gru")
def test_accuracies_are_recounted(run):
    results, probe = run.results, run.probe
    names = ("rnn_test_accuracy", "lstm_test_accuracy", "gru_test_accuracy")
    np.testing.assert_allclose([results[name] for name in names], probe["accuracies"], rtol=0, atol=1e-6)
    assert probe["trained_on_training_images"]


@pytest.mark.needs_mnist("the first test image is blank down to its seventh row")
@pytest.mark.script("lstm_gru")
def test_gates_narrow_at_the_first_stroke(run):
    probe = run.probe
    for gate in (probe["forget_gate"], probe["update_gate"]):
        assert len(gate) == 28 and gate[7:10].min() < gate[:5].mean() - 0.05


@pytest.mark.script("recall")
def test_sequences_are_those_on_the_page(run):
    """One symbol of eight at each of 34 steps, one mark among the first ten; the marked symbol is the answer."""
    probe = run.probe
    symbols, marks = probe["sequences"][:, :, :8], probe["sequences"][:, :, 8]
    assert probe["sequences"].shape[1:] == (34, 9) and (symbols.sum(axis=2) == 1).all()
    assert (marks.sum(axis=1) == 1).all() and set(marks.argmax(axis=1)) == set(range(10))
    marked = symbols[np.arange(len(marks)), marks.argmax(axis=1)].argmax(axis=1)
    np.testing.assert_array_equal(marked, probe["symbols"])
    assert np.bincount(marked, minlength=8).max() < 100  # of 500: no symbol is worth guessing
    assert not probe["seen_twice"]


@pytest.mark.script("recall")
def test_only_gates_remember(run):
    """The simple RNN stays within ten points of chance at rates from 2e-3 up, and below 30 % at all; both gated cells exceed 95 %."""
    results, probe = run.results, run.probe
    *_, small, large = results["other_rnn_accuracies"]
    assert max(results["rnn_accuracy"], small, large) <= CHANCE + 0.1
    assert max(results["other_rnn_accuracies"]) < 0.3
    assert min(results["lstm_accuracy"], results["gru_accuracy"]) > 0.95
    assert np.mean(probe["fresh_logits"].argmax(axis=1) == probe["symbols"]) > 0.95


@pytest.mark.script("recall")
def test_gradient_norms_are_those_of_backpropagation_by_hand(run):
    """For the simple RNN: the chain rule in NumPy, from the right answer's logit to the input of each step."""
    probe = run.probe
    kernel, recurrent, bias = probe["norms_kernel"], probe["norms_recurrent"], probe["norms_bias"]
    bias = bias.sum(axis=0) if bias.ndim == 2 else bias
    x, h, states = probe["x"], np.zeros((16, 64)), []
    for t in range(34):
        h = np.tanh(x[:, t] @ kernel + h @ recurrent + bias)
        states.append(h)
    gradient, norms = probe["norms_output"].T[probe["symbols"][:16]], []
    for state in reversed(states):
        gradient = gradient * (1 - state**2)
        norms.append(np.linalg.norm(gradient @ kernel.T, axis=1).mean())
        gradient = gradient @ recurrent.T
    np.testing.assert_allclose(probe["norms"], norms[::-1], rtol=1e-3)


@pytest.mark.script("recall")
def test_training_leaves_the_simple_rnn_anywhere(script, catalog):
    """Its gradients at the steps of the marks differ between the recorded seeds by powers of ten, and with none is the task learned."""
    recorded = read_record(catalog, script).content["results"].values()
    early = [results["early_after"][0] for results in recorded]
    assert max(early) - min(early) > 2
    assert max(results["rnn_accuracy"] for results in recorded) <= CHANCE + 0.1


@pytest.mark.script("selecting")
@pytest.mark.parametrize("without", (None, "select", "keep", "bias"))
def test_weights_by_hand_select_and_keep(run, without):
    """By a loop of our own, on other sequences: every answer is right, and each of the three parts is needed for that."""
    probe = run.probe
    W, U, b = probe["W"].copy(), probe["U"].copy(), probe["b"].copy()
    assert U.shape == (17, 17)
    if without == "select":
        W[8] = 0  # no unit sees the mark
    if without == "keep":
        U[8:16, 8:16] = 0
    if without == "bias":
        U[16] = 0
    h = np.zeros((500, 17))
    for t in range(34):
        h = np.tanh(probe["x"][:, t] @ W + h @ U + b)
    right = np.mean(h[:, 8:16].argmax(axis=1) == probe["answers"])
    assert right == 1 if without is None else right < 0.5
