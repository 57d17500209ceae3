"""What the page on vanishing and exploding gradients says of every framework's scripts, held against their runs and `probe_gradients.py`."""

import numpy as np
import pytest

TOPIC = "models/gradients"


def states(images, kernel, recurrent, bias):
    """Return the hidden state after each time step: (N, T, I) to (N, T, U)."""
    state, found = np.zeros((len(images), len(recurrent))), []
    for t in range(images.shape[1]):
        state = np.tanh(images[:, t].astype("float64") @ kernel + state @ recurrent + bias)
        found.append(state)
    return np.stack(found, axis=1)


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
def test_clipped_step_has_the_length_it_should(run, mnist):
    """SGD moves by the learning rate times the norm, which is cut to 1e-3; without clipping it goes further."""
    probe = run.probe
    assert probe["clipped_step"] == pytest.approx(0.1 * 1e-3, rel=0.6)  # two biases move their sum further
    assert probe["step"] > 10 * probe["clipped_step"]
    assert probe["trained_on"] == (10_000 if mnist.real else 1_437)  # all of the stand-in
