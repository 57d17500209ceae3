"""Terms in Markdown lead to the glossary, and the glossary lists them.

A Python-Markdown extension. The first use of each term of `terms.toml` in a page's running text becomes a link to its entry,
with its definition as title: a tooltip for the mouse, a description for screen readers, and one key or tap away for all others.
`/// glossary` and a closing `///`, on a page `glossary.md` at the top of the documentation, become the list of all terms.
"""

from __future__ import annotations

import functools
import posixpath
import re
import tomllib
import xml.etree.ElementTree as etree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from pymdownx.blocks import BlocksExtension
from pymdownx.blocks.block import Block

FILE = Path(__file__).with_name("terms.toml")
LANGUAGES = ("zh", "en")
# What is no running text: headings and the like, code, links, labels of tabs, and what is made from records and formulas.
SKIPPED_TAGS = {"a", "code", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "label", "pre", "summary", "th"}
SKIPPED_CLASSES = {"admonition-title", "arithmatex", "download", "evidence-matrix", "evidence-strips", "footnote"}


@dataclass(frozen=True)
class Term:
    """A term; texts are by language. `page` explains it, `also` are other ways to write it, `code` what it is called in code,
    `taiwan` what it is called in Taiwan where that is another word."""

    key: str
    group: str
    name: dict[str, str]
    also: dict[str, list[str]]
    code: list[str]
    taiwan: list[str]
    page: str
    definition: dict[str, str]

    def forms(self, language: str) -> Iterator[str]:
        """Yield what counts as a use of the term."""
        if (
            len(self.name[language]) > 1 or self.name[language].isascii()
        ):  # One Chinese character is part of many words.
            yield self.name[language]
        yield from self.also.get(language, [])


@dataclass(frozen=True)
class Glossary:
    """All terms in alphabetical order of their English names, and the titles of their groups by language."""

    groups: dict[str, dict[str, str]]
    terms: dict[str, Term]

    @functools.cached_property
    def uses(self) -> dict[str, tuple[re.Pattern, dict[str, str]]]:
        """By language, a pattern that finds terms, the longest first, and the key of each form that it can find."""
        found = {}
        for language in LANGUAGES:
            keys = {form: term.key for term in self.terms.values() for form in term.forms(language)}
            found[language] = (_pattern(sorted(keys, key=lambda form: (-len(form), form))), keys)
        return found


def _pattern(forms: Sequence[str]) -> re.Pattern:
    """Chinese has no ends of words. English has, and plurals; all but abbreviations may begin a sentence."""
    chinese = [re.escape(form) for form in forms if not form.isascii()]
    english = [
        (re.escape(form[0]) if not form.islower() else f"[{form[0]}{form[0].upper()}]") + re.escape(form[1:])
        for form in forms
        if form.isascii()
    ]
    # The ends of a word are looked for once, not by each form: most places are within a word.
    return re.compile("|".join([*chinese, rf"(?<![A-Za-z0-9_-])(?:{'|'.join(english)})(?:e?s)?(?![A-Za-z0-9_-])"]))


def load_glossary() -> Glossary:
    """Read `terms.toml`, once as long as it does not change."""
    return _load(FILE.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _load(changed: int) -> Glossary:
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    groups = tables.pop("groups")
    terms = [
        Term(
            key,
            table["group"],
            table["name"],
            table.get("also", {}),
            table.get("code", []),
            table.get("taiwan", []),
            table["page"],
            {x: table[x] for x in LANGUAGES},
        )
        for key, table in tables.items()
    ]
    return Glossary(groups, {term.key: term for term in sorted(terms, key=lambda term: term.name["en"].lower())})


class TermProcessor(Treeprocessor):
    """Makes the first use of each term a link to the glossary, but in the glossary itself."""

    def __init__(self, markdown: Markdown, language: str) -> None:
        super().__init__(markdown)
        self.language = language

    def run(self, root: etree.Element) -> None:
        if root.find(".//dl[@class='glossary']") is not None:
            return
        glossary = load_glossary()
        self.terms = glossary.terms
        self.pattern, self.keys = glossary.uses[self.language]
        self.seen: set[str] = set()
        # MkDocs checks links, and makes them lead to where the page will be, if they lead from file to file.
        links = self.md.treeprocessors["relpath"] if "relpath" in self.md.treeprocessors else None
        source = getattr(getattr(links, "file", None), "src_uri", "")
        self.address = posixpath.relpath("glossary.md", posixpath.dirname(source) or ".")
        self._walk(root)

    def _walk(self, element: etree.Element) -> None:
        if element.tag in SKIPPED_TAGS or SKIPPED_CLASSES & set(element.get("class", "").split()):
            return
        children = list(element)
        element.text = self._link(element, 0, element.text)
        for child in children:
            self._walk(child)
            child.tail = self._link(element, list(element).index(child) + 1, child.tail)

    def _link(self, parent: etree.Element, index: int, text: str | None) -> str | None:
        """Put links to the terms first used in `text` among the children of `parent`, and return what stays before them."""
        if not text or isinstance(text, AtomicString):
            return text
        before, last, end = text, None, 0
        for match in self.pattern.finditer(text):
            key = self.keys[self._form(match[0])]
            if key in self.seen:
                continue
            self.seen.add(key)
            if last is None:
                before = text[: match.start()]
            else:
                last.tail = text[end : match.start()]
            last = etree.Element("a", {"class": "term", "href": f"{self.address}#{key}"})
            last.set("title", self.terms[key].definition[self.language])
            last.text = match[0]
            parent.insert(index, last)
            index, end = index + 1, match.end()
        if last is not None:
            last.tail = text[end:]
        return before

    def _form(self, text: str) -> str:
        """Return the form of which `text` is the plural or the beginning of a sentence."""
        for form in (text, text.removesuffix("s"), text.removesuffix("es")):
            for spelling in (form, form[0].lower() + form[1:]):
                if spelling in self.keys:
                    return spelling
        raise AssertionError(text)


class GlossaryBlock(Block):
    """`/// glossary`: every term, group by group, in both languages, with its definition."""

    NAME = "glossary"

    def __init__(self, length, tracker, block_mgr, config) -> None:
        self.language = config["language"]
        super().__init__(length, tracker, block_mgr, config)

    def on_create(self, parent: etree.Element) -> etree.Element:
        here, other = self.language, LANGUAGES[1 - LANGUAGES.index(self.language)]
        glossary = load_glossary()
        container = etree.SubElement(parent, "div")
        for group, title in glossary.groups.items():
            etree.SubElement(container, "h2").text = title[here]
            entries = etree.SubElement(container, "dl", {"class": "glossary"})
            for term in glossary.terms.values():
                if term.group == group:
                    name = etree.SubElement(entries, "dt", {"id": term.key})
                    link = etree.SubElement(name, "a", {"href": term.page})
                    link.text = AtomicString(term.name[here])
                    if term.name[other] != term.name[here]:
                        link.tail = " "
                        etree.SubElement(name, "span", {"lang": other}).text = AtomicString(term.name[other])
                    for code in term.code:
                        name[-1].tail = " "
                        etree.SubElement(name, "code").text = AtomicString(code)
                    etree.SubElement(entries, "dd").text = AtomicString(term.definition[here])
        return container


class GlossaryExtension(BlocksExtension):
    """Registers both; the option `language` is `zh` or `en`."""

    def __init__(self, *args, **options) -> None:
        self.config = {"language": ["zh", "Language of the page: zh or en"]}
        super().__init__(*args, **options)

    def extendMarkdownBlocks(self, md: Markdown, block_mgr) -> None:
        language = self.getConfig("language")
        block_mgr.register(GlossaryBlock, {"language": language})
        # After inline patterns (20) and what they leave to others (10), before MkDocs (0) resolves links.
        md.treeprocessors.register(TermProcessor(md, language), "glossary", 8)


def makeExtension(**options) -> GlossaryExtension:
    """Entry point of Python-Markdown."""
    return GlossaryExtension(**options)
