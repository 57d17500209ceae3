"""What the walkthrough on reading row by row says, held against its run; `probe_recurrent_digits.py` took the measurements."""

import re

import numpy as np
import pytest

TOPIC = "walkthroughs/recurrent_digits"


@pytest.fixture
def probe(run):
    return run.probe


def test_accuracies_are_what_the_script_says(run, probe):
    for cell in ("rnn", "lstm", "gru"):
        right = probe[f"{cell}_logits"][:, -1].argmax(axis=1) == probe["test_labels"]
        assert run.results[f"{cell}_accuracy"] == pytest.approx(right.mean(), abs=1e-6)


def test_validation_images_are_not_trained_on(probe):
    """A tenth, and the tensor of the one begins where that of the other ends."""
    training, validation, adjoining = probe["places"]
    assert adjoining and validation == (training + validation) // 10


def test_weights_are_as_one_to_four_to_three(run, probe):
    assert [int(probe[f"{cell}_weights"]) for cell in ("rnn", "lstm", "gru")] == [6_016, 24_064, 18_048]
    assert all(f"{count:6,} weights" in run.output for count in (6_016, 24_064, 18_048))


@pytest.mark.needs_mnist("LSTM and GRU read better than the simple RNN at equal settings")
def test_gated_cells_are_ahead(run, probe):
    """At the end, at the first look, and in the loss; and the simple RNN has learned something."""
    results = run.results
    assert min(results["lstm_accuracy"], results["gru_accuracy"]) > results["rnn_accuracy"] + 0.04
    assert abs(results["lstm_accuracy"] - results["gru_accuracy"]) < 0.03
    assert results["rnn_accuracy"] > 0.5
    for cell in ("lstm", "gru"):
        assert probe[f"{cell}_accuracies"][0] > probe["rnn_accuracies"][0] + 0.05
        assert probe[f"{cell}_losses"][-200:].mean() < probe["rnn_losses"][-200:].mean() / 1.5
    for cell in ("rnn", "lstm", "gru"):
        assert len(probe[f"{cell}_accuracies"]) == 4
        assert probe[f"{cell}_losses"][:20].mean() == pytest.approx(np.log(10), abs=0.3), "begins near guessing"


@pytest.mark.needs_mnist("a network knows on the way only what it was asked on the way")
def test_what_is_not_asked_is_not_learned(run):
    """Asked at the end: little for most of the way, then steep. Asked after every row: high by half the image. Then close."""
    end, every = run.results["gru_by_row"], run.results["asked_by_row"]
    assert len(end) == len(every) == 28
    assert max(end[:18]) < 0.45 and end[-1] > 0.9
    assert every[13] > 0.75 and every[2] < 0.25
    assert abs(every[-1] - end[-1]) < 0.05


@pytest.mark.needs_mnist("probabilities jump about unless they were asked for")
def test_probabilities_on_the_way(run, probe):
    """The first test image: LSTM and GRU change their mind often, and end at 7; asked after every row, 7 stays."""
    for cell in ("RNN", "LSTM", "GRU"):
        line = re.search(rf"^{cell} +after each row: (.*)$", run.output, re.MULTILINE).group(1)
        answers = [int(digit) for digit in line.split()]
        assert answers == probe[f"{cell.lower()}_logits"][0].argmax(axis=1).tolist()
        assert np.count_nonzero(np.diff(answers)) >= 3, (cell, answers)
        assert cell == "RNN" or answers[-1] == 7
    asked = probe["asked_probabilities"]
    assert asked[:, -1].argmax(axis=1).tolist() == list(probe["test_labels"][:4])
    assert asked[:, 1].max() < 0.4, "pale while the paper is blank"
    assert asked[0, 20:, 7].min() > 0.5


@pytest.mark.needs_mnist("on blank paper, the network that was asked there does not commit itself")
def test_blank_paper(probe):
    assert probe["asked_blank"][2].max() < 0.4


def test_exchanged_axes_raise_nothing(run):
    assert re.search(r"^without an error: loss \d\.\d+, validation accuracy", run.output, re.MULTILINE)


def test_answers_do_not_depend_on_neighbours(probe):
    """Unless the axes are exchanged."""
    proper, exchanged = probe["moves"]
    assert proper == pytest.approx(0, abs=1e-5) and exchanged > 1e-3
