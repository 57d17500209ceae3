"""The style sheets of the theme lose what no page needs, and nothing else."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import material
import pytest
from tests.site.conftest import ROOT, Site
from tests.site.reader import Reader

THEME = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"
spec = importlib.util.spec_from_file_location("styles", ROOT / "hooks" / "styles.py")
styles = importlib.util.module_from_spec(spec)
spec.loader.exec_module(styles)


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".on{a:b}.off{a:b}", ".on{a:b}"),
        (".on,.off .on,.on>.off{a:b}", ".on{a:b}"),
        (".on:not(.off){a:b}:is(.off,.on) p{a:b}", ".on:not(.off){a:b}:is(.off,.on) p{a:b}"),
        ("@media print{.off{a:b}}@media (x){.on{a:b}.off{c:d}}", "@media (x){.on{a:b}}"),
        ("[dir=rtl] .on{a:b}[dir=ltr] .on{a:b}", "[dir=ltr] .on{a:b}"),
        ("@keyframes off{0%{a:b}}p{a:url(\"}.off{\")}", "@keyframes off{0%{a:b}}p{a:url(\"}.off{\")}"),
        ("[href$=\".off\"]{a:b}", "[href$=\".off\"]{a:b}"),
    ],
)
def test_rules(css: str, kept: str) -> None:
    assert styles.rules(css, {"on", "ltr"}) == kept


def test_properties_that_nothing_refers_to() -> None:
    css = ":root{--used:url('data:;{}');--unused:1;a:b}p{c:var(--used)}"
    assert styles.without_unused_properties(css, css) == ":root{--used:url('data:;{}');a:b}p{c:var(--used)}"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("medium", ["screen", "print"])
def test_pages_look_the_same(site: Site, reader: Callable[..., Reader], width: int, medium: str) -> None:
    """Beside the theme's whole style sheets, to the last pixel."""
    ours, theirs = reader(width=width), reader(width=width)
    theirs.context.route("**/*.min.css", lambda route: route.fulfill(path=file) if (file := THEME / route.request.url.rpartition("/")[2]).exists() else route.continue_())
    for built in site.chosen("zh"):
        pictures = []
        for someone in (ours, theirs):
            page = someone.context.new_page()
            page.emulate_media(media=medium)
            someone.open(built.path, page)
            page.evaluate("Promise.all([...document.images].map(image => { image.loading = 'eager'; return image.decode() }))")
            pictures.append(page.screenshot(full_page=True, animations="disabled"))
            page.close()
        assert pictures[0] == pictures[1], built
