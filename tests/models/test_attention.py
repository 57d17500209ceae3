"""What the page on attention says, held against the runs; `probe_attention.py` took the measurements."""

import re

import numpy as np
import pytest

TOPIC = "models/attention"
SIZES = np.array([4, 16, 64, 256, 1024])
QUESTIONS = slice(8, 16, 2)


def attend(queries, keys, values, allowed):
    """Return the outputs and the weights, one query at a time, with nothing but what it may look at."""
    outputs, weights = np.zeros_like(values), np.zeros((*allowed.shape,))
    for place in np.ndindex(allowed.shape[:-1]):
        seen = np.flatnonzero(allowed[place])
        scores = keys[place[:-1]][seen] @ queries[place] / np.sqrt(queries.shape[-1])
        shares = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        weights[place][seen], outputs[place] = shares, shares @ values[place[:-1]][seen]
    return outputs, weights


def heads(x):
    return x.reshape(*x.shape[:2], 2, -1).swapaxes(1, 2)


def multi_head(x, weights, biases, allowed):
    queries, keys, values = (heads(x @ weights[i] + biases[i]) for i in range(3))
    mixed, shares = attend(queries, keys, values, np.broadcast_to(allowed[:, None], (*queries.shape[:3], x.shape[1])))
    return mixed.swapaxes(1, 2).reshape(x.shape) @ weights[3] + biases[3], shares


@pytest.mark.script("scaling")
def test_scores_deviate_by_the_root_of_the_size(run):
    np.testing.assert_allclose(run.results["deviations"], np.sqrt(SIZES), rtol=0.08)


@pytest.mark.script("scaling")
def test_without_scaling_the_softmax_saturates(run):
    """The weight goes to a single key and the slope is lost, the more the larger the size; with scaling neither depends on it."""
    plain, scaled = (np.array(run.results[f"{name}_weights"]) for name in ("plain", "scaled"))
    assert all(np.diff(plain) > 0) and plain[-1] > 0.9 and np.ptp(scaled) < 0.05
    plain, scaled = (np.array(run.results[f"{name}_slopes"]) for name in ("plain", "scaled"))
    assert all(np.diff(plain) < 0) and plain[-1] < 0.1 and np.ptp(scaled) < 0.05
    assert scaled[-1] > 10 * plain[-1]


@pytest.mark.script("attention")
def test_masks_are_what_the_page_says(run):
    probe, there = run.probe, np.arange(5) < np.array([[5], [3], [1]])
    np.testing.assert_array_equal(probe["padding"], np.repeat(there[:, None], 5, axis=1))
    np.testing.assert_array_equal(probe["causal"][0], [[key <= query for key in range(5)] for query in range(5)])


@pytest.mark.script("attention")
def test_by_hand_and_layer_are_the_formula(run):
    """On inputs of ours, both masks at once: a mask laid on its side, a missing root, swapped projections would show."""
    probe = run.probe
    x, allowed = probe["x"], probe["padding"] & probe["causal"]
    mixed, shares = attend(x, x + 1, x - 1, allowed)
    np.testing.assert_allclose(probe["mixed"], mixed, rtol=0, atol=1e-12)
    np.testing.assert_allclose(probe["shares"], shares, rtol=0, atol=1e-12)
    expected, _ = multi_head(x, probe["weights"], probe["biases"], allowed)
    np.testing.assert_allclose(probe["by_hand"], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(probe["layer"], expected, rtol=0, atol=1e-6)


@pytest.mark.script("attention")
def test_masked_tokens_change_nothing_and_others_do(run):
    without, padding, causal = run.results["changes"]
    assert padding == causal == 0 and without > 0.1


@pytest.mark.script("lookup")
def test_task_is_what_the_page_says(run):
    """Four to eight pairs, no key twice, padding behind them; four different questions, each with the value of its pair."""
    probe = run.probe
    for tokens, answers, places in zip(probe["tokens"], probe["answers"], probe["places"]):
        pairs = tokens[:8][tokens[:8] > 0] - 1
        assert 4 <= len(pairs) <= 8 and all(tokens[len(pairs) : 8] == 0) and pairs.min() >= 0 and pairs.max() < 100
        values = dict(zip(pairs // 10, pairs % 10))
        assert len(values) == len(pairs)
        asked = tokens[QUESTIONS] - 101
        assert len(set(asked)) == 4
        assert [values[key] for key in asked] == list(answers) == list(tokens[9::2] - 111)
        assert list(pairs[places] // 10) == list(asked)


@pytest.mark.script("lookup")
def test_no_test_sequence_was_trained_on(run):
    trained = {row.tobytes() for row in run.probe["trained_on"]}
    assert not any(row.tobytes() in trained for row in run.probe["tested_on"])


@pytest.mark.script("lookup")
def test_model_is_the_formula_on_the_page(run):
    """Embeddings of token and place, attention with its masks, a sum, a dense layer; the first without the future."""
    probe = run.probe
    tokens = probe["tokens"][:6]
    for number, causal in enumerate((True, False)):
        x = (probe[f"tokens_{number}"][tokens] + probe[f"places_{number}"]).astype("float64")
        allowed = np.repeat(tokens[:, None] > 0, 16, axis=1) & (np.tri(16, dtype=bool) | (not causal))
        mixed, shares = multi_head(x, probe[f"weights_{number}"], probe[f"biases_{number}"], allowed)
        logits = (x + mixed) @ probe[f"kernel_{number}"] + probe[f"bias_{number}"]
        # Of rows and tokens that are padding themselves, nothing is asked.
        np.testing.assert_allclose(probe[f"shares_{number}"][:6], shares, rtol=0, atol=1e-4)
        np.testing.assert_allclose(probe[f"logits_{number}"][:6], logits, rtol=1e-3, atol=1e-3)


@pytest.mark.script("lookup")
def test_the_future_does_not_leak(run):
    """With the causal mask a question's logits are the same whatever stands behind it; without, they follow what stands there."""
    probe = run.probe
    before, after = (probe[f"{name}logits_0"][:, 8] for name in ("", "garbled_"))
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)
    given = probe["garbled_logits_1"][:, QUESTIONS].argmax(axis=2)
    assert np.mean(given == probe["answers"]) < 0.1


@pytest.mark.script("lookup")
def test_answers_are_given_without_the_future(run):
    """Wrong answers in the input change none of the answers given one by one: no teacher forcing, in either model."""
    for number in range(2):
        np.testing.assert_array_equal(run.probe[f"garbled_answered_{number}"], run.probe[f"answered_{number}"])


@pytest.mark.script("lookup")
def test_only_the_causal_mask_makes_the_model_learn(run):
    """Both are perfect with all tokens in sight; one by one, the model that could see the future hardly does better than guessing."""
    seen, masked, leaked, leaking = run.results["accuracies"]
    assert min(seen, masked, leaked) > 0.98 and leaking < 0.4, run.results["accuracies"]
    for number, said in enumerate((masked, leaking)):
        assert np.mean(run.probe[f"answered_{number}"] == run.probe["answers"]) == pytest.approx(said, abs=0.05)


@pytest.mark.script("lookup")
def test_attention_points_where_the_answer_stands(run):
    """Recounted on sequences of ours: on the pair with the causal mask, on the answer that follows without it."""
    probe = run.probe
    for number in range(2):
        asking = probe[f"shares_{number}"].mean(axis=1)[:, QUESTIONS]  # (N, 4, T)
        right = np.mean([asking[n, i, place] for n, row in enumerate(probe["places"]) for i, place in enumerate(row)])
        following = np.mean([asking[:, i, 9 + 2 * i] for i in range(4)])
        assert run.results["right_shares"][number] == pytest.approx(right, abs=0.05)
        assert run.results["following_shares"][number] == pytest.approx(following, abs=0.05)
    masked, leaking = zip(run.results["right_shares"], run.results["following_shares"])
    assert masked[0] > 0.5 and masked[1] == 0
    assert leaking[0] < 0.1 and leaking[1] > 0.6


@pytest.mark.script("lookup")
def test_figure_shows_the_first_test_sequence(run):
    probe = run.probe
    np.testing.assert_allclose(probe["drawn"], probe["first_maps"], rtol=0, atol=1e-5)
    for places in probe["drawn_places"]:
        np.testing.assert_array_equal(places, probe["first_places"])
    assert re.search(r"an example: ([a-j]\d ){4,8}", run.output)
