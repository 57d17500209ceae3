"""What the page on attention says, held against the runs; `probe_attention.py` took the measurements."""

import re

import numpy as np
import pytest

TOPIC = "models/attention"
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
def test_learning_descends_the_loss_on_the_page(run):
    """One query at a time, with the whole Jacobian of the softmax: half of the squared distance, 100 steps."""
    generator = np.random.default_rng(run.seed)
    keys, queries = generator.normal(size=(100, 32, 64)), generator.normal(size=(100, 64))
    wanted = np.eye(32)[0]
    for name, root in (("plain", 1), ("scaled", 8)):
        found = []
        for own, query in zip(keys, queries):
            for _ in range(100):
                weights = attend(query[None] * 8 / root, own, own, np.ones((1, 32), dtype=bool))[1][0]
                jacobian = np.diag(weights) - np.outer(weights, weights)
                query = query - own.T @ jacobian @ (weights - wanted) / root
            found.append(weights[0] > 0.5)
        assert run.results[f"{name}_found"][2] == pytest.approx(np.mean(found), abs=0.03)


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
def test_accuracies_one_by_one_are_those_of_other_sequences(run):
    _, masked, _, leaking = run.results["accuracies"]
    for number, said in enumerate((masked, leaking)):
        assert np.mean(run.probe[f"answered_{number}"] == run.probe["answers"]) == pytest.approx(said, abs=0.05)


@pytest.mark.script("lookup")
def test_weights_are_those_of_other_sequences(run):
    """Recounted: what a question gives to the pair that holds its answer, and to the answer that follows it."""
    probe = run.probe
    for number in range(2):
        asking = probe[f"shares_{number}"].mean(axis=1)[:, QUESTIONS]  # (N, 4, T)
        right = np.mean([asking[n, i, place] for n, row in enumerate(probe["places"]) for i, place in enumerate(row)])
        following = np.mean([asking[:, i, 9 + 2 * i] for i in range(4)])
        assert run.results["right_shares"][number] == pytest.approx(right, abs=0.05)
        assert run.results["following_shares"][number] == pytest.approx(following, abs=0.05)


@pytest.mark.script("lookup")
def test_figure_shows_the_first_test_sequence(run):
    probe = run.probe
    np.testing.assert_allclose(probe["drawn"], probe["first_maps"], rtol=0, atol=1e-5)
    for places in probe["drawn_places"]:
        np.testing.assert_array_equal(places, probe["first_places"])
    assert re.search(r"an example: ([a-j]\d ){4,8}", run.output)
