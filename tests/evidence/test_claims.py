"""A claim is what it says: read, evaluated over runs, shown with its values, and refused where it says nothing."""

import pytest

from evidence import claims
from evidence.claims import ClaimError, Evidence, evaluate
from tests.evidence.conftest import ABSENT, CONTRACT, LOSSES

CLAIM = '[claims.good]\nholds = "{}"\nzh = "{}"\nen = "{}"\n'


def claim(toy, holds, text="good: {score}"):
    """Return a claim of the toy topic, the topic, and evidence of two seeds of its script."""
    toy.contract(CONTRACT, LOSSES, CLAIM.format(holds, text, text), ABSENT)
    runs = {"toy_numpy": {0: {"score": 0.9, "losses": [2.0, 1.0]}, 1: {"score": 0.8, "losses": [2.5, 0.5]}}}
    topic = toy.catalog.topics["models/toy"]
    return topic.claims["good"], topic, Evidence(toy.catalog, runs)


@pytest.mark.parametrize(
    ("holds", "true"),
    [
        ("score > 0.7", True),
        ("score > 0.85", False),
        ("losses[-1] < losses[0] / 1.9", True),
        ("all(b < a for a, b in zip(losses, losses[1:]))", True),
        ("max(over_seeds(score)) - min(over_seeds(score)) < 0.11", True),
        ("max(over_seeds(losses[-1])) < 0.9", False),
        ("toy.score > 0.7 and toy_numpy.losses[0] >= 2", True),
        ("len(over_runs(score)) == 2 and mean(over_frameworks(score)) == score", True),
    ],
)
def test_it_holds_for_every_seed(toy, holds, true):
    assert (claims.failures(*claim(toy, holds)) == []) is true


def test_every_seed_counts(toy):
    one, topic, evidence = claim(toy, "score > 0.7")
    for seed in (0, 1, 2):
        broken = evidence.with_run("toy_numpy", seed, {"score": 0.6, "losses": [1.0, 1.0]})
        (sentence,) = claims.failures(one, topic, broken)
        assert f"claims.good does not hold for toy_numpy, seed {seed}: score > 0.7" in sentence


@pytest.mark.parametrize(
    ("holds", "message"),
    [
        ("score >", "is no expression"),
        ("score.real > 0", "there is no script score"),
        ("open('x')", "only abs"),
        ("print(score)", "only abs"),
        ("(lambda: 1)()", "only abs"),
        ("score == 'x'", "'x' is no number"),
        ("lambda: score", "has no place"),
        ("score[0].x > 1", "write script.result"),
        ("over_seeds(score, 1)", "takes one argument"),
        ("accuracy > 0", "no script leaves all"),
        ("losses[9] > 0", "cannot be evaluated"),
        ("nobody.score > 0", "there is no script nobody"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(toy, holds, message):
    with pytest.raises(ClaimError, match=message.replace("(", r"\(")):
        claims.failures(*claim(toy, holds))


def test_nothing_else_can_be_reached(toy):
    for holds in ("__import__", "score.__class__", "[].__class__", "score := 1"):
        with pytest.raises(ClaimError):
            one, topic, evidence = claim(toy, holds)
            evaluate(one.holds, evidence, toy.script, 0)


@pytest.mark.parametrize(
    ("holds", "idle"),
    [
        ("score > 0.7", []),
        ("score > 0.7 or losses[0] > 0 or 1 > 0", ["losses", "score"]),
        ("score == score", ["score"]),
        ("score * 0 == 0 and losses[0] > losses[-1]", ["score"]),
        ("abs(score) >= 0", ["score"]),
    ],
)
def test_a_claim_that_cannot_fail_is_known(toy, holds, idle):
    assert claims.idle_results(*claim(toy, holds)) == idle


def test_values_are_over_all_runs(toy):
    one, topic, evidence = claim(toy, "score > 0", "from {losses[0]} to {losses[-1] / losses[0]:number}")
    assert claims.values(one, topic, evidence, "losses[0]", None) == ([2.0, 2.5], "nats")
    assert claims.values(one, topic, evidence, "losses[-1] / losses[0]", "number") == ([0.5, 0.2], "number")
    for expression, message in (
        ("score + losses[0]", "name the unit"),
        ("losses", "is no number"),
        ("score > 0", "no number"),
    ):
        with pytest.raises(ClaimError, match=message):
            claims.values(one, topic, evidence, expression, None)


def test_a_sentence_may_have_slices_and_units():
    found = claims.PLACEHOLDER.findall("{min(losses[0:2])}, {losses[-1] - losses[0]:nats}, {score}")
    assert found == [("min(losses[0:2])", ""), ("losses[-1] - losses[0]", "nats"), ("score", "")]


def test_claims_that_are_not_there(toy):
    claim(toy, "score > 0")
    with pytest.raises(ClaimError, match="models/toy claims no better; it claims good"):
        claims.find(toy.catalog, "toy", "better")
    with pytest.raises(ClaimError, match="no topic is called 'tiny'"):
        claims.find(toy.catalog, "tiny", "good")
