"""Whether a link leads to what its words say: a link that names the subject of one page does not lead to another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from posixpath import dirname, join, normpath

from evidence.pages.glossary import load_glossary
from tests.pages.languages import slug
from tests.pages.source import FORMULA, INLINE_CODE, LINK, House, Page

BELOW = {"zh": re.compile(r"下文|下面"), "en": re.compile(r"\b(?:below|further down)\b", re.I)}
ABOVE = {"zh": re.compile(r"上文|上面|前面"), "en": re.compile(r"\b(?:above|further up)\b", re.I)}


def links_lead_where_they_say(page: Page, house: House) -> list[str]:
    """The words of a link that are a topic's title or a term of the glossary stand for a page: it is the one it leads to, or one
    that has them in its title, description or keywords. What is above or below is there."""
    found = []
    for line, text, target in _links(page):
        path, _, anchor = target.partition("#")
        name = normpath(join(dirname(page.name), path)) if path else page.name
        if name not in house.pages:
            continue
        names = not re.search("[，,]", text)  # a clause need not name what it leads to
        subjects = {
            form: pages for form, pages in _subjects(house, page.language).items() if names and _has(text, form)
        }
        subjects = {
            form: subjects[form] for form in subjects if not any(form != other and form in other for other in subjects)
        }
        leads = house.pages[name].path
        if subjects and not any(
            leads in pages or _has(_head(house.pages[name]), form) for form, pages in subjects.items()
        ):
            found.append(
                f"{page.name}:{line}: [{text}] leads to {leads}, which is not about {', '.join(sorted(subjects))}"
            )
        if name == page.name and anchor:
            places = [block.line for block in page.blocks if block.kind == "heading" and slug(block.text) == anchor]
            for place in places:
                if (
                    BELOW[page.language].search(text)
                    and place < line
                    or ABOVE[page.language].search(text)
                    and place > line
                ):
                    found.append(f"{page.name}:{line}: [{text}] leads to line {place}")
    return found


def _links(page: Page) -> Iterator[tuple[int, str, str]]:
    for block in page.blocks:
        if block.kind not in ("fence", "formula", "diagram"):
            for match in LINK.finditer(block.text):
                if "//" not in match[2]:
                    yield block.line + block.text.count("\n", 0, match.start()), match[1], match[2]


@cache
def _of_glossary(language: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for term in load_glossary().terms.values():
        for form in term.forms(language):
            found.setdefault(form.lower(), set()).add(term.page)
    return {form: frozenset(pages) for form, pages in found.items() if None not in pages}


def _subjects(house: House, language: str) -> dict[str, frozenset[str]]:
    """Return what stands for pages: titles of topics and terms of the glossary, with the pages."""
    titles = {topic.title[language].lower(): frozenset({f"{topic.path}.md"}) for topic in house.catalog.topics.values()}
    return _of_glossary(language) | titles


def _has(text: str, form: str) -> bool:
    text = INLINE_CODE.sub(" ", FORMULA.sub(" ", text)).lower()
    if form.isascii():
        return bool(re.search(rf"(?<![a-z]){re.escape(form)}(?:e?s)?(?![a-z])", text))
    return form in text


def _head(page: Page) -> str:
    title = next((block.text for block in page.blocks if block.kind == "heading"), "")
    return " ".join([title, *(str(page.front.get(key, "")) for key in ("description", "keywords"))])
