"""No two labels, text alternatives or nodes have changed places; and two that have are seen."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidence.catalog import load_catalog
from tests.pages import swaps
from tests.pages.source import Page, read_house

ROOT = Path(__file__).parents[2]
HOUSE = read_house(load_catalog(ROOT))


@pytest.mark.parametrize("topic", HOUSE.catalog.topics.values(), ids=lambda topic: topic.path)
def test_texts_are_in_their_places(topic):
    assert swaps.swapped_results(topic) + swaps.swapped_figures(topic, HOUSE.catalog) == []


@pytest.mark.parametrize("name", [name for name in HOUSE.pages if name.startswith("docs/en/")])
def test_nodes_have_their_labels(name):
    assert swaps.swapped_nodes(HOUSE.pages[name]) == []


def turned(table: str, key: str, one: str, other: str):
    """Return the topic on loss with the texts of two entries of its contract in each other's places."""
    topic = HOUSE.catalog.topics["concepts/loss"]
    entries = dict(getattr(topic.contract, table))
    texts = getattr(entries[one], key), getattr(entries[other], key)
    entries[one], entries[other] = (
        entries[name].model_copy(update={key: text}) for name, text in zip((one, other), texts[::-1])
    )
    return replace(topic, contract=topic.contract.model_copy(update={table: entries}))


def test_labels_of_results_that_changed_places():
    (found,) = swaps.swapped_results(turned("results", "label", "entropy_steps", "squared_steps"))
    assert "the labels of entropy_steps and squared_steps have changed places" in found


def test_texts_of_figures_that_changed_places():
    (found,) = swaps.swapped_figures(turned("figures", "alternative", "slopes", "escape"), HOUSE.catalog)
    assert "the texts of the figures slopes and escape have changed places" in found


def test_nodes_that_changed_places():
    page = HOUSE.pages["docs/en/practice/data.md"]
    right = 'train [label="training"]; validation [label="validation"]'
    assert right in page.text
    changed = page.text.replace(right, 'train [label="validation"]; validation [label="training"]')
    (found,) = swaps.swapped_nodes(Page(page.name, changed))
    assert "the labels of the nodes train and validation have changed places" in found
