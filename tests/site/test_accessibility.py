"""No page has anything that axe-core complains of, in either scheme, on a desk or in a hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.site.conftest import EVERY_PAGE, Site
from tests.site.reader import Reader

# From the npm package axe-core. Every rule that it runs by itself, best practices among them.
AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# Everyday, of the thousands of parts of code and formulas, the first three of each class on a page: each costs as much as a link.
THIN_OUT = """() => {
  const seen = new Map()
  for (const part of document.querySelectorAll("pre span[class], .katex span[class]")) {
    seen.set(part.className, (seen.get(part.className) ?? 0) + 1)
    if (seen.get(part.className) > 3) part.remove()
  }
}"""
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"

# The first four show each width in each scheme, each width and each scheme in each language: enough for every day.
VIEWS = [
    (1280, "light", "zh"), (390, "dark", "zh"), (1280, "dark", "en"), (390, "light", "en"),
    (1280, "light", "en"), (390, "dark", "en"), (1280, "dark", "zh"), (390, "light", "zh"),
]  # fmt: skip


def violations(page: Page) -> list[str]:
    if not EVERY_PAGE:
        page.evaluate(THIN_OUT)
    page.evaluate(AXE)
    found = page.evaluate(RUN)
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} at {node['target']}: {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("width", "scheme", "language"), VIEWS if EVERY_PAGE else VIEWS[:4])
def test_axe(site: Site, reader: Callable[..., Reader], width: int, scheme: str, language: str) -> None:
    someone = reader(width=width, scheme=scheme, language=language)
    page = someone.context.new_page()
    found = []
    for built in site.chosen(language):
        someone.open(built.path, page)
        found += [f"{built}: {violation}" for violation in violations(page)]
    assert not found, "\n".join(found)
