"""Formulas: found, rendered, refused."""

from __future__ import annotations

import re
import subprocess
import sys

import markdown
import pytest
from bs4 import BeautifulSoup

from evidence.pages import mathematics
from tests.site.conftest import ROOT


def convert(text: str) -> str:
    return markdown.markdown(text, extensions=["evidence.pages.mathematics", "tables", "toc"])


@pytest.mark.parametrize(
    ("text", "formula", "display"),
    [
        ("a formula $x < y$ in a line", "x < y", False),
        (r"a formula \(x_1\) in a line", "x_1", False),
        (
            "$$\n\\begin{aligned} a &= b \\\\ &< c \\end{aligned}\n$$",
            r"\begin{aligned} a &= b \\ &< c \end{aligned}",
            True,
        ),
        (
            r"\[ \hat{\theta} = \operatorname*{arg\,min}_\theta L \]",
            r"\hat{\theta} = \operatorname*{arg\,min}_\theta L",
            True,
        ),
        (r"$$ \text{损失} \ge 0 $$", r"\text{损失} \ge 0", True),
        ("| a |\n| --- |\n| $W_1$ |", "W_1", False),
    ],
)
def test_a_formula_becomes_html_and_mathml(text: str, formula: str, display: bool) -> None:
    html = BeautifulSoup(convert(text), "html.parser")
    assert html.select_one("math annotation").text == formula
    assert html.select_one(".katex-html")
    assert bool(html.select(".katex-display")) == display


@pytest.mark.parametrize(
    "formula",
    [r"\lambda_{\max}", r"x^{\min}", r"\Bigl(\frac{1}{2}\Bigr)_n", r"\Big(\frac{\partial L}{\partial Z_2}\Big)_n"],
)
def test_an_index_gives_valid_mathml_and_styles(formula: str) -> None:
    html = BeautifulSoup(convert(f"${formula}$"), "html.parser")
    assert [len(element.find_all(recursive=False)) for element in html.select("msub, msup")] in ([2], [2, 2])
    assert not re.search(r"(?<!-)height:-", str(html))


def test_a_sign_stays_with_its_formula() -> None:
    """Which may break where it might have without it."""
    kept = BeautifulSoup(convert("其中 $w \\cdot x = 0$，而 $a$ 是 $b$），$c$."), "html.parser")
    assert [span.contents[-1] for span in kept.select(".with-comma")] == ["，", "），", "."]
    assert kept.p.contents[2:4] == ["而 ", kept.select("inline-formula")[1]]
    assert [len(formula.select("wbr")) for formula in kept.select("inline-formula")] == [2, 0, 0, 0]
    alone = convert(r"服从 $U(-1/\sqrt{n}, 1/\sqrt{n})$，")  # as wide as a phone, in large letters
    assert "with-comma" not in alone


def test_money_and_code_are_no_formulas() -> None:
    assert "katex" not in convert("It costs $5 or $6, and `$x$` is code.")


@pytest.mark.parametrize("formula", [r"\frac{1", r"\undefined", "损失", "a & b"])
def test_a_wrong_formula_is_an_error_that_names_it(formula: str) -> None:
    with pytest.raises(mathematics.FormulaError, match=re.escape(repr(formula))):
        convert(f"text ${formula}$ text")


def test_a_formula_in_a_heading_is_refused() -> None:
    with pytest.raises(mathematics.FormulaError, match="heading"):
        convert("## The loss $L$")


def test_python_exits_after_a_formula() -> None:
    """An open JavaScript engine would keep the process, and so the build, from ending."""
    subprocess.run(
        [sys.executable, "-c", "from evidence.pages import mathematics; mathematics.render('x')"],
        timeout=30,
        check=True,
    )


def test_script_and_style_sheet_are_of_one_release() -> None:
    version = mathematics.katex().eval("katex.version")
    assert f'content:"{version}"' in (ROOT / "evidence/site/theme/assets/katex/katex.min.css").read_text(
        encoding="utf-8"
    )
