"""The sentences of claims do not say the opposite of what the records have; and one that does is seen."""

import pytest

from evidence.record import recorded_results
from tests import sentences


def test_sentences_say_what_is_so(catalog):
    recorded, found = recorded_results(catalog), []
    for topic in catalog.topics.values():
        for claim in topic.claims.values():
            found += sentences.contradictions(claim, topic, recorded)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("language", "sentence", "lower", "higher"),
    [
        ("en", "the loss falls from {a} to {b}", "b", "a"),
        ("en", "accuracy climbs from {a} after one epoch to {b:percent}", "a", "b"),
        ("zh", "损失从 {a} 降到 {b}", "b", "a"),
        ("zh", "准确率从 {a} 升到 {b}，很快", "a", "b"),
        ("en", "{a} is read, {a}, more than {b}", "b", "a"),
        ("en", "it is {a}, below $\\log 4 \\approx 1.386$, and so on", "a", "1.386"),
        ("zh", "{a} 高于 {b}", "b", "a"),
        ("zh", "{a}，低于 50%", "a", "50%"),
    ],
)
def test_what_a_sentence_says(language, sentence, lower, higher):
    ((_, *found),) = sentences.orders(sentence, language)
    assert found == [lower, higher]


def test_what_says_no_order():
    for sentence in (
        "it goes from {a} to {b}",
        "falls, or rises, from {a} to {b}",
        "{a} above the least loss",
        "{a} of {b}",
    ):
        assert list(sentences.orders(sentence, "en")) == []


@pytest.mark.parametrize(
    ("topic", "name", "right", "wrong"),
    [
        ("models/mlp", "needs_scale", "falls", "rises"),
        ("models/gan", "discriminator_leads", ", below ", ", above "),
        ("concepts/forward_pass", "third", "升到", "降到"),
    ],
)
def test_the_opposite_is_seen(catalog, topic, name, right, wrong):
    topic = catalog.topics[topic]
    claim = topic.claims[name]
    texts = {language: text.replace(right, wrong) for language, text in claim.text.items()}
    assert texts != claim.text
    assert sentences.contradictions(claim.model_copy(update={"text": texts}), topic, recorded_results(catalog))
