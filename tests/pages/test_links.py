"""Links lead where their words say; and those that do not are seen."""

from pathlib import Path

import pytest

from evidence.catalog import load_catalog
from tests.pages.links import links_lead_where_they_say
from tests.pages.source import Page, read_house

ROOT = Path(__file__).parents[2]
HOUSE = read_house(load_catalog(ROOT))


@pytest.mark.parametrize("name", HOUSE.pages)
def test_links(name):
    found = links_lead_where_they_say(HOUSE.pages[name], HOUSE)
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        ("en", "[the CNN before this page](../models/cnn.md)", "[the CNN before this page](../models/rnn.md)"),
        ("zh", "[上一页的卷积神经网络](../models/cnn.md)", "[上一页的卷积神经网络](../models/rnn.md)"),
        ("en", "[gradient descent](gradient_descent.md)", "[gradient descent](loss.md)"),
        ("en", "[stops early](overfitting.md)", "[early stopping](loss.md)"),
        ("zh", "[见损失函数](loss.md#数学)", "[见损失函数](neuron.md#数学)"),
        ("en", "[below](#last)", "[below](#first)"),
        ("zh", "[上面](#first)", "[上面](#last)"),
    ],
)
def test_a_link_that_leads_elsewhere_is_seen(language, right, wrong):
    for text, number in ((right, 0), (wrong, 1)):
        page = Page(f"docs/{language}/concepts/epochs.md", f"# First\n\n{text}\n\n## Last\n")
        assert len(links_lead_where_they_say(page, HOUSE)) == number, text


def test_a_clause_or_other_words_may_lead_anywhere():
    for link in (
        "[the gradient vanishes, and nothing is learned](../models/gan.md)",
        "[here](loss.md)",
        "[`loss`](neuron.md)",
    ):
        assert links_lead_where_they_say(Page("docs/en/concepts/epochs.md", f"# T\n\n{link}\n"), HOUSE) == []
