"""The style sheets of the theme lose what no page needs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import material
import pytest
from playwright.sync_api import Route

from evidence.site import styles
from tests.site.conftest import Site
from tests.site.reader import Reader

THEME = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".on{a:b}.off{a:b}", ".on{a:b}"),
        (".on,.off .on,.on>.off{a:b}", ".on{a:b}"),
        (".on:not(.off){a:b}:is(.off,.on) p{a:b}", ".on:not(.off){a:b}:is(.off,.on) p{a:b}"),
        ("@media print{.off{a:b}}@media (x){.on{a:b}.off{c:d}}", "@media (x){.on{a:b}}"),
        ("[dir=rtl] .on{a:b}[dir=ltr] .on{a:b}", "[dir=ltr] .on{a:b}"),
        ('@keyframes off{0%{a:b}}p{a:url("}.off{")}', '@keyframes off{0%{a:b}}p{a:url("}.off{")}'),
        ('[href$=".off"]{a:b}', '[href$=".off"]{a:b}'),
    ],
)
def test_rules(css: str, kept: str) -> None:
    assert styles.rules(css, {"on", "ltr"}) == kept


def test_properties_that_nothing_refers_to() -> None:
    css = ":root{--used:url('data:;{}');--unused:1;a:b}p{c:var(--used)}"
    assert styles.without_unused_properties(css, css) == ":root{--used:url('data:;{}');a:b}p{c:var(--used)}"


def test_comments() -> None:
    css = '/* one\n   two */\na {\n  b: "c  d" / "";\n\n  e: f; /* g */\n}\n'
    assert styles.without_comments(css) == 'a {\nb: "c  d" / "";\ne: f;\n}'


# Of every element, parts of code and formulas aside, its place; of the first three of each name and classes, within elements of
# the same names and classes, also all that a style sheet may say of them and of what it puts before and after them. Fonts are
# asked for when the page is laid out.
LOOKS = """() => document.body.offsetWidth && document.fonts.ready.then(() => {
  const chains = new Map(), seen = new Map()
  return [document.body, ...document.body.querySelectorAll("*")].flatMap(element => {
    const chain = `${chains.get(element.parentElement) ?? ""}>${element.localName}.${element.getAttribute("class")}`
    chains.set(element, chain)
    seen.set(chain, (seen.get(chain) ?? 0) + 1)
    if (seen.get(chain) > 3 && element.parentElement.closest("pre, .katex")) return []
    const { x, y, width, height } = element.getBoundingClientRect()
    const looks = [chain, x, y, width, height]
    for (const part of seen.get(chain) > 3 ? [] : [null, "::before", "::after"]) {
      const style = getComputedStyle(element, part)
      for (const name of ["content", "display", "color", "background-color", "border", "box-shadow", "font-family", "font-size",
          "font-weight", "line-height", "mask-image", "opacity", "outline", "overflow", "position", "text-decoration", "transform",
          "transition", "visibility", "width", "z-index"])
        looks.push(style.getPropertyValue(name))
    }
    return looks.join("|")
  })
})"""


@pytest.mark.parametrize(("width", "medium"), [(1280, "screen"), (390, "screen"), (1280, "print")])
def test_pages_look_the_same(site: Site, reader: Callable[..., Reader], width: int, medium: str) -> None:
    """Every element has the place and the looks that the theme's whole style sheets give it."""

    def whole(route: Route) -> None:
        file = THEME / route.request.url.rpartition("/")[2]
        route.fulfill(path=file) if file.exists() else route.continue_()

    ours, theirs = reader(width=width), reader(width=width)
    theirs.context.route("**/*.min.css", whole)
    tabs = [(someone, someone.context.new_page()) for someone in (ours, theirs)]
    for _, page in tabs:
        page.emulate_media(media=medium)
    for built in site.chosen("zh"):
        looks = [someone.open(built.path, page).evaluate(LOOKS) for someone, page in tabs]
        other = [pair for pair in zip(*looks, strict=True) if pair[0] != pair[1]]
        assert not other, f"{built}: {len(other)} elements look otherwise, first {other[0]}"
