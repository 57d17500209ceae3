"""The sums and sizes that pages type are right; and a wrong one is seen."""

from pathlib import Path

import pytest

from evidence.catalog import load_catalog
from tests.pages import numbers
from tests.pages.source import Page, read_house

ROOT = Path(__file__).parents[2]
HOUSE = read_house(load_catalog(ROOT))


@pytest.mark.parametrize("name", HOUSE.pages)
def test_numbers(name):
    page = HOUSE.pages[name]
    found = numbers.sums_are_right(page) + numbers.sizes_are_known(page, HOUSE)
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("784 × 128 + 128 = 100,480 weights.", 0),
        ("784 × 128 + 128 = 100,408 weights.", 1),
        ("共 3 × (28 × 64 + 64) = 5,568 个。", 0),
        ("共 3 × (28 × 64 − 64) = 5,568 个。", 1),
        ("So $64 \\times 64 = 4{,}096$, and $h_2 + 1 = 2$.", 0),
        ("So $64 \\times 32 = 4{,}096$.", 1),
        ("(28 + 4 − 5) / 2 = 27 / 2, rounded down.", 0),
        ("With N × 2 + 1 = 3, $f(2) = 4$, $x^2 + 1 = 3$ and 1 + 1 = 2 x there is nothing to compute.", 0),
    ],
)
def test_wrong_sums_are_seen(text, found):
    assert len(numbers.sums_are_right(Page("docs/en/models/mlp.md", f"# Title\n\n{text}\n"))) == found


@pytest.mark.parametrize(
    ("place", "right", "wrong"), [('"28 × {} pixels', "28", "29"), ("a {} × 128 matrix", "784", "748")]
)
def test_unknown_sizes_are_seen(place, right, wrong):
    page = HOUSE.pages["docs/en/models/mlp.md"]
    changed = page.text.replace(place.format(right), place.format(wrong))
    assert changed != page.text
    found = numbers.sizes_are_known(Page(page.name, changed), HOUSE)
    assert found
    assert all(f": {wrong} in " in complaint for complaint in found)
