"""The sums and sizes that pages type are right; and a wrong one is seen."""

from pathlib import Path

import pytest

from evidence.catalog import load_catalog
from tests.pages import arithmetic, numbers
from tests.pages.source import Page, read_house

ROOT = Path(__file__).parents[2]
HOUSE = read_house(load_catalog(ROOT))


@pytest.mark.parametrize("name", HOUSE.pages)
def test_numbers(name):
    page = HOUSE.pages[name]
    found = numbers.sums_are_right(page) + numbers.sizes_are_known(page, HOUSE) + arithmetic.equations_are_right(page)
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


@pytest.mark.parametrize(
    ("formula", "wrong"),
    [
        (r"$\sqrt{14/4} \approx 1.871$", r"$\sqrt{14/4} \approx 1.781$"),
        (r"$e^{-1} / (e^{-1} + e^{2}) \approx 0.047$", r"$e^{-1} / (e^{-1} + e^{2}) \approx 0.47$"),
        (r"$\lfloor 25 / 2 \rfloor + 1 = 13$", r"$\lfloor 25 / 2 \rfloor + 1 = 14$"),
        (r"$2^{-27} \approx 7.5 \cdot 10^{-9}$", r"$2^{-27} \approx 7.5 \cdot 10^{-8}$"),
        (r"$\sigma(-5) \approx 0.007$ and $0.602 / 2\pi \approx 0.096$", r"$\sigma(5) \approx 0.007$"),
        (r"$-\log\frac12 = \log 2 \approx 0.693$", r"$-\log\frac13 = \log 2 \approx 0.693$"),
        (r"$(1 + 6 + 1,\; 2 + 8 - 1) = (8, 9)$", r"$(1 + 6 + 1,\; 2 + 8 - 1) = (8, 8)$"),
        (r"$(-\tfrac14)(-2) + \tfrac14 \cdot 2 = 1$", r"$(-\tfrac14)(-2) - \tfrac14 \cdot 2 = 1$"),
        (r"$z_1 = 1 - 2 \cdot 1 = -1, \qquad z_2 = 2$,", r"$z_1 = 1 - 2 \cdot 1 = 1, \qquad z_2 = 2$,"),
        (
            "$\\begin{aligned}\n-(-1) &= 1 \\\\\n(-1) + 2 \\cdot 1 - 4 &= -3\n\\end{aligned}$",
            "$\\begin{aligned}\n-(-1) &= 1 \\\\\n(-1) + 2 \\cdot 1 - 4 &= -2\n\\end{aligned}$",
        ),
        (r"$(4 \times 2)(2 \times 3) + (3) \to 4 \times 3$", r"$(4 \times 2)(3 \times 2) + (3) \to 4 \times 3$"),
        (r"$(3 \times N)(N \times 2) \to 3 \times 2$", r"$(3 \times N)(N \times 2) \to 2 \times 3$"),
    ],
)
def test_wrong_equations_are_seen(formula, wrong):
    assert list(arithmetic.wrong_equations(formula)) == []
    assert len(list(arithmetic.wrong_equations(wrong))) == 1


def test_what_is_no_arithmetic_is_left_alone():
    for formula in (r"$e = -3$", r"$x^2 + 1 = 3$", r"$\bar L = 0.77$", r"$f(2) = 4$", r"$a_{10} = 2$", r"$1 = 2x$"):
        assert list(arithmetic.wrong_equations(formula)) == []


def test_equations_of_pages_are_understood():
    """A reader of formulas that understood nothing would complain of nothing."""
    texts = (text for page in HOUSE.pages.values() for _, text in page.passages(headed=True))
    assert sum(len(list(arithmetic.equations(text))) for text in texts) > 80
