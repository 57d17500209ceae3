"""Diagrams: drawn, adapted to the page, refused."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown
from mkdocs.config import load_config
from playwright.sync_api import Browser

from evidence.pages import diagrams
from tests.site.conftest import ROOT, Site, build

CHAIN = "digraph { image -> model -> logits }"
LANGUAGES = ("zh", "en")


@pytest.fixture
def convert(monkeypatch: pytest.MonkeyPatch):
    """Markdown as the site sets it."""
    monkeypatch.chdir(ROOT)
    config = load_config(str(ROOT / "mkdocs.en.yml"))
    return Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs).convert


def svg(dot: str, alternative: str = "What it shows") -> BeautifulSoup:
    return BeautifulSoup(diagrams.render(dot, alternative), "html.parser").svg


def test_a_fence_becomes_one_image_with_its_texts(convert) -> None:
    html = BeautifulSoup(convert(f"```dot alt=\"图像 < 1 'a' 变成 logit\"\n{CHAIN}\n```"), "html.parser")
    drawing = html.select_one("div.diagram > svg")
    assert drawing["role"] == "img"
    assert drawing["aria-label"] == "图像 < 1 'a' 变成 logit"
    assert [text.text for text in drawing.find_all("text")] == ["image", "model", "logits"]
    assert not html.find(["pre", "script", "title"])


def test_a_fence_may_stand_in_a_tab(convert) -> None:
    text = f'=== "Keras"\n\n    - An item\n\n        ```dot alt="A chain"\n        {CHAIN}\n        ```\n'
    assert BeautifulSoup(convert(text), "html.parser").select_one(".tabbed-block li svg[role=img]")


EVERYTHING = """graph {
  label="everything" fontsize=20
  subgraph cluster_encoder { label=编码器 a -- b [label="28 × 28", style=dashed, dir=both] }
  node [shape=circle] c
  d [shape=record, label="x|{y|z}", class=highlight, id=d]
  e [label=<<table><tr><td><b>bold</b> 粗</td><td bgcolor="black">cell</td></tr></table>>, shape=none]
  {a b c} -- {d e}
}"""


def test_what_is_drawn_takes_ink_and_font_of_the_page() -> None:
    drawing = svg(EVERYTHING)
    assert drawing["fill"] == "currentColor"
    for element in drawing.find_all(True):
        assert {element.get(name, "none") for name in ("fill", "stroke")} <= {"currentColor", "none"}, element
        assert not element.has_attr("font-family"), element
    corners = drawing.g.find_all("polygon", recursive=False)
    assert not [corner for corner in corners if corner["fill"] != "none"], "a background covers the page's"
    assert drawing.select_one("g.node.highlight")


def test_what_is_drawn_is_fit_for_html() -> None:
    text = diagrams.render(EVERYTHING, "x")
    assert text.startswith("<svg ")
    assert not re.search(r"<[?!]|xmlns|xml:|xlink|\bid=|<title|\n", text), (
        "no part of an XML file, no name that may come twice"
    )


def test_house_style_is_a_default() -> None:
    """A page may say otherwise, for one node, for all, or for the graph."""
    for dot in (
        "digraph { a -> b; a [height=2] }",
        "digraph { node [height=2]; a -> b }",
        "digraph { ranksep=3; a -> b }",
    ):
        assert float(svg(dot)["height"]) > float(svg("digraph { a -> b }")["height"]) + 50, dot


def test_each_run_draws_the_same() -> None:
    """Another process, and whatever was drawn before, change nothing."""
    script = "import sys; from evidence.pages import diagrams; print(diagrams.render(sys.argv[1], 'x'))"
    other = subprocess.run(
        [sys.executable, "-c", script, EVERYTHING], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60
    )
    diagrams.draw.cache_clear()
    svg("digraph { 一 -> 二 [label=三]; node [shape=star]; 四 }")
    assert other.stdout.strip() == diagrams.render(EVERYTHING, "x")


def test_engine_starts_with_the_first_diagram_and_lets_python_exit() -> None:
    script = (
        "from evidence.pages import diagrams; assert not diagrams.graphviz.cache_info().currsize;"
        "diagrams.render('digraph { a -> b }', 'x'); assert diagrams.graphviz.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60, check=True)


@pytest.mark.parametrize(
    ("dot", "alternative", "message", "line"),
    [
        ("digraph {\n  a -> -> b\n}", "x", "Graphviz says: syntax error near '->'", 2),
        ("digraph {\n  a -> b", "x", "Graphviz says: syntax error", 2),
        ("digraph { a [label=<x<b>] }", "x", "Graphviz says: syntax error", 1),
        ("digraph { a [shape=bow] }", "x", "using box for unknown shape bow", None),
        ("digraph { a [fontname=Lobster] }", "x", "no hard-coded metrics for 'Lobster'", None),
        ("", "x", "there is no graph in it", None),
        (CHAIN, " ", "no text alternative", None),
        ("digraph { a [color=red] }", "x", "the colour red", None),
        ("digraph { a [fontcolor=\"#123456\"] }", "x", "the colour #123456", None),
        ("digraph { a [style=filled] }", "x", "the colour lightgrey", None),
        ("digraph { a [style=filled, fillcolor=\"black:white\"] }", "x", "the colour url", None),
        ("digraph { bgcolor=white a }", "x", "the colour white", None),
        ("digraph { a [URL=\"b.html\"] }", "x", "a link or an image", None),
        ("digraph { rankdir=LR; " + " -> ".join("abcdefgh") + " }", "x", "wide, and its texts illegible on a phone", None),
    ],
)  # fmt: skip
def test_what_does_not_work_is_an_error_that_says_why(
    dot: str, alternative: str, message: str, line: int | None
) -> None:
    with pytest.raises(diagrams.DiagramError, match=re.escape(message)) as caught:
        diagrams.render(dot, alternative)
    assert caught.value.line == line


def test_a_phone_shows_the_widest_diagram_legibly() -> None:
    font_size = float(svg(CHAIN).find("text")["font-size"])
    assert font_size * 358 / diagrams.MAXIMUM_WIDTH >= 10


WRONG = """---
description: x
---
# Home

```dot alt="x"
digraph {
  a -> -> b
}
```

```dot
digraph { a }
```

```dot alt="x" title="y"
digraph { b }
```

```dot
digraph { a }
```
"""
SAID = [
    (8, "syntax error near '->'"),
    (12, "no text alternative"),
    (16, "no option title"),
    (20, "no text alternative"),
]


def test_a_page_with_wrong_diagrams_fails_the_strict_build(working_copy: Path) -> None:
    """All of them are named at once, each with its line."""
    for language in LANGUAGES:
        (working_copy / f"docs/{language}/index.md").write_text(WRONG, encoding="utf-8")
    result = build(working_copy, working_copy / "site", "--strict")
    assert result.returncode != 0 and f"Aborted with {len(SAID)} warnings in strict mode" in result.stdout, (
        result.stdout
    )
    for line, message in SAID:
        assert re.search(rf"docs/zh/index\.md:{line}: .*{re.escape(message)}", result.stdout), result.stdout
    result = build(working_copy, working_copy / "site")  # as `mkdocs serve`: shown, and said
    assert result.returncode == 0, result.stdout
    for language, folder in zip(LANGUAGES, ("", "en/")):
        html = (working_copy / f"site/{folder}index.html").read_text(encoding="utf-8")
        shown = [failure.text for failure in BeautifulSoup(html, "html.parser").select(".admonition.failure")]
        for (line, message), text in zip(SAID, shown, strict=True):
            assert re.search(rf"docs/{language}/index\.md:{line}: .*{re.escape(message)}", result.stdout), result.stdout
            assert message in text


@pytest.mark.xdist_group("pages")
def test_pages_draw_what_they_describe(site: Site) -> None:
    drawn = [page for page in site.pages.values() if page.html.select(".diagram svg")]
    assert {page.counterpart for page in drawn} == {page.path for page in drawn} != set()
    for page in drawn:
        for drawing in page.html.select(".diagram svg"):
            chinese = re.search("[一-鿿]", drawing["aria-label"])
            assert bool(chinese) == (page.language == "zh"), f"{page}: the text alternative is in the other language"


# Letters as wide as they come, Chinese alone and mixed, punctuation of both scripts, small and large type.
LABELS = """digraph {
  a [label="WWMM wide LETTERS"]; b [label="一二三四五六七八九十"]; c [label="卷积 3 × 3，32 个卷积核，ReLU"]
  d [label="28 × 28 × 1\\n= 784"]; e [label="“最大者”——（答案）；", fontsize=10]; f [label="Σ ≤ ∞ → θ", fontsize=20]
  g [label=<<b>Bold WWW 粗体</b> and <i>italic</i>>, shape=ellipse]; h [shape=circle, label="十个 logit"]
  a -> b -> c -> d; a -> e -> f -> g -> h
}"""
# Each text that reaches beyond the shape it belongs to, by how many pixels.
OVERFLOWING = """() => [...document.querySelectorAll('.diagram .node')].flatMap(node => {
  const shape = node.querySelector('ellipse, path, polygon');
  if (!shape || node.querySelector('[stroke=none]')) return [];
  const box = shape.getBoundingClientRect(), texts = [...node.querySelectorAll('text')].map(text => text.getBoundingClientRect());
  const beyond = Math.max(...texts.flatMap(text => [box.left - text.left, text.right - box.right]));
  return beyond > 0 ? [`${node.textContent}: ${beyond}`] : [];
})"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("font", ["var(--text-fonts)", "DejaVu Sans", "Liberation Sans", "Noto Sans CJK SC"])
def test_no_text_is_wider_than_its_box(browser: Browser, language: str, font: str) -> None:
    """In the page's fonts, and in others that a reader may have."""
    sheet = (ROOT / "evidence/site/theme/assets/stylesheets/extra.css").read_text(encoding="utf-8")
    drawings = [LABELS]
    for page in sorted((ROOT / "docs" / language).rglob("*.md")):
        drawings += re.findall(r"(?ms)^```dot.*?\n(.*?)^```", page.read_text(encoding="utf-8"))
    assert len(drawings) > 1
    body = "".join(f'<div class="diagram">{diagrams.render(dot, "x")}</div>' for dot in drawings)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_content(
        f'<html lang="{language}"><style>{sheet}</style><body class="md-typeset" style=\'font-family:{font}\'>{body}'
    )
    assert page.locator(".diagram .node").count() > 10
    assert page.evaluate(OVERFLOWING) == []
    page.close()
