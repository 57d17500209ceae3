"""Makes a built site searchable: `python -m evidence.search site`.

Pagefind makes the index. It is not given the pages themselves, but an extract of each that it can index without knowing
Chinese: Chinese text is cut into overlapping pairs of characters, so that no dictionary decides where a word ends, neither
here nor in the browser. evidence/site/theme/assets/javascripts/search.js cuts queries by the same rule and puts excerpts together again.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from evidence.pages.glossary import LANGUAGES, load_glossary
from evidence.search.traditional import HAN, as_script, spellings

FOLDER = "pagefind"  # in the site
# In that folder: what search.js turns traditional Chinese by, for those who type it; and the names that it mends slips by.
TRADITIONAL, NAMES = "traditional.js", "names.{language}.js"
# What the index of a language is called. Pagefind takes English stems from words in both; were it told that a page is in
# Chinese, it would cut the text by its own dictionary, and the browser the query by another.
INDEXES = {"en": "en", "zh": "en-zh"}

# How much a word counts, by where it stands; a figure from 0 to 10. Code repeats itself and would drown what is said about it.
# What scripts print is there to be found, and never to come first. The glossary says a word about everything; what explains a thing
# comes first.
WEIGHTS = {"h1": 8, "h2": 4, "h3": 2, "h4": 2, "prose": 1, "code": 0.2, "output": 0.1, "file": 0.1, "glossary": 0.2}
HEADINGS = ("h1", "h2", "h3", "h4")

BLOCKS = {
    *[
        "address",
        "article",
        "aside",
        "blockquote",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
}
VOID = {*["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]}
SKIPPED_TAGS = {"script", "style", "svg", "math"}
# Not what a page says: marks of the theme, names of tabs and files, figures of runs.
SKIPPED_CLASSES = {
    *[
        "headerlink",
        "tabbed-labels",
        "filename",
        "evidence-strips",
        "evidence-matrix",
        "download",
        "footnote-ref",
        "footnote-backref",
        # What leads to other pages: these are found by themselves.
        "guide",
        "map",
        "pictures",
        "symptoms",
        "ways",
        "page-foot",
    ]
}

PRE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
SPAN = re.compile(r"</?span\b[^>]*>")

# A name in code is one word. So is a number with its commas, which count for nothing, here as in Pagefind.
WORD = rf"[^\W_{HAN}]+"
PIECE = re.compile(
    rf"(?P<space>\s+)|(?P<han>[{HAN}])|(?P<word>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\d)|{WORD}(?:_+{WORD}|\.\d+)*)"
    r"|(?P<rest>(?:[^\w\s]|_)+)"
)
NUMBER = re.compile(r"\d+(?:(?:\.|\{,\})\d+)+|\d{3,}")  # in a formula
# What the home page lists as signs of trouble, and the section that it sends them to.
SYMPTOMS = re.compile(r'<div class="symptoms">(.*?)</div>', re.DOTALL)
SYMPTOM = re.compile(r"<li>((?:<(?!/li>)[^>]*>|[^<:：])*)[:：](.*?)</li>", re.DOTALL)
LINK = re.compile(r'<a\b[^>]*?href="([^"#]*)#([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
# Pagefind's worker goes on without a part of the index that it cannot fetch, as if no page had what is in it.
TELLS_OF_LOSS = """{
  const request = self.fetch
  self.fetch = async address => {
    const answer = await request(address).catch(error => error)
    if (!answer.ok) self.postMessage({ lost: String(address) })
    return answer.ok ? answer : Promise.reject(answer)
  }
}
"""
JOINED = "\u2060"  # at the end of a word that no space follows


class SearchError(Exception):
    """The site cannot be made searchable."""


def cut(text: str) -> str:
    """Return `text` as words with a space between them, from which search.js can make the text again.

    A Chinese character becomes a word together with the one that follows it, the last of a run a word by itself; so every
    character begins exactly one word. Punctuation goes with a word beside it. JOINED says where the text has no space.
    """
    words: list[str] = []
    lead = ""  # punctuation that waits for its word
    for piece in PIECE.finditer(text):
        kind, found = piece.lastgroup, piece.group()
        if kind == "space":
            if lead:
                words.append(lead)
                lead = ""
            elif words:
                words[-1] = words[-1].removesuffix(JOINED)
        elif kind == "rest":
            if words and words[-1].endswith(JOINED):
                words[-1] = words[-1].removesuffix(JOINED) + found + JOINED
            else:
                lead += found
        else:
            follower = text[piece.end() : piece.end() + 1] if kind == "han" else ""
            words.append(lead + found + (follower if re.match(f"[{HAN}]", follower) else "") + JOINED)
            lead = ""
    if lead:
        words.append(lead)
    return " ".join(words).removesuffix(JOINED)


class Extract(HTMLParser):
    """Reads a page of the built site; `html` is what Pagefind should see of it, or None if it has no article.

    `terms` are what the page explains, by any name: search.js holds a query against them, and against the keywords that the
    page names itself, as against the title. A name that ends in `#` and an anchor is that of a section.
    """

    def __init__(self, page: str, terms: Iterable[str] = ()) -> None:
        super().__init__()
        self.terms = list(terms)
        self.language = self.description = ""
        self.blocks: list[tuple[str, str | None, list[str]]] = []  # kind, anchor, pieces of text
        # Open tags below <article>: name, kind, and whether skipped; "formula" if all but its numbers are.
        self.stack: list[tuple[str, str, bool | str]] = []
        self.anchors: set[str] = set()
        # Nearly all tags of a page colour its code, and reading them would take longer than all else.
        self.feed(PRE.sub(lambda code: SPAN.sub("", code[0]), page))
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.anchors.add(values.get("id") or "")
        if tag == "html":
            self.language = values.get("lang") or ""
        if tag == "meta" and values.get("name") == "description":
            self.description = values.get("content") or ""
        if tag == "meta" and values.get("name") == "keywords":
            self.terms += (values.get("content") or "").split(", ")
        if not self.stack and tag != "article":
            return
        _, kind, skipped = self.stack[-1] if self.stack else ("", "prose", False)
        classes = set((values.get("class") or "").split())
        kind = tag if tag in HEADINGS else "code" if tag == "pre" and kind != "output" else kind
        kind = "glossary" if "glossary" in classes else "output" if "language-text" in classes else kind
        skipped = skipped or tag in SKIPPED_TAGS or bool(classes & SKIPPED_CLASSES)
        # Code in a fold is a whole file: it repeats what the page has explained section by section.
        if tag == "pre" and any(name == "details" for name, _, _ in self.stack):
            kind = "file"
        if tag in BLOCKS or tag in HEADINGS:
            self.blocks.append((kind, values.get("id") if tag in HEADINGS else None, []))
        if tag == "img" and not skipped:
            self.blocks.append(("prose", None, [values.get("alt") or ""]))
        if tag == "br":
            self.handle_data(" ")
        if "arithmatex" in classes and not skipped:
            self.handle_data("…")
            skipped = "formula"
        if tag not in VOID:
            self.stack.append((tag, kind, skipped))

    def handle_endtag(self, tag: str) -> None:
        if not any(name == tag for name, _, _ in self.stack):
            return
        while self.stack.pop()[0] != tag:
            pass
        if self.stack and (tag in BLOCKS or tag in HEADINGS):
            self.blocks.append((self.stack[-1][1], None, []))

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1][0] == "annotation" and self.stack[-1][2] == "formula":
            for number in NUMBER.findall(data):
                self.blocks[-1][2].append(number.replace("{,}", ",") + "…")
        elif self.stack and not self.stack[-1][2]:
            if not self.blocks:
                self.blocks.append((self.stack[-1][1], None, []))
            self.blocks[-1][2].append(data)

    @property
    def title(self) -> str:
        return next(("".join(pieces) for kind, _, pieces in self.blocks if kind == "h1"), "")

    @property
    def text(self) -> str:
        return "\n".join("".join(pieces) for _, _, pieces in self.blocks)

    @property
    def html(self) -> str | None:
        lines = []
        for kind, anchor, pieces in self.blocks:
            if text := cut("".join(pieces)):
                name = f' id="{escape(anchor)}"' if anchor else ""
                tag = (
                    kind if kind in HEADINGS else "span"
                )  # After other elements Pagefind writes a full stop into the text.
                lines.append(f'<{tag}{name} data-pagefind-weight="{WEIGHTS[kind]}">{escape(text)}</{tag}>')
                if kind == "h1" and self.description:
                    lines.append(f"<span>{escape(cut(self.description))}</span>")
        if not lines:
            return None
        if self.language not in INDEXES:
            raise SearchError(
                f"there is no index for pages in {self.language!r}: name one in INDEXES, here and in search.js"
            )
        if self.terms:
            lines.append(f'<meta data-pagefind-meta="terms[content]" content="{escape(cut("|".join(self.terms)))}">')
        body = "\n".join(lines)
        return f'<!doctype html>\n<html lang="{INDEXES[self.language]}">\n<body data-pagefind-body>\n{body}\n</body>\n</html>\n'


def explained() -> dict[str, list[str]]:
    """Return the names, in either language and in code, of the terms that each page explains; `models/mlp.md` is a page."""
    found: dict[str, list[str]] = {}
    for term in load_glossary().terms.values():
        names = [name for language in LANGUAGES for name in (term.name[language], *term.also.get(language, []))]
        found.setdefault(term.page, []).extend(dict.fromkeys([*names, *term.code]))
    return found


def page_of(path: str) -> str:
    """Return what the page at `path` below the folder of its language is called in docs, without its ending."""
    return re.sub(r"(^|/)(index(\.html)?|)$|\.html$", "", path) or "index"


def symptoms(page: str) -> dict[str, list[str]]:
    """Return, for each page that the list of symptoms on the home page leads to, the symptoms, each with its anchor.

    The first link of each is where the symptom leads; where there are several, each says itself what it is about.
    """
    found: dict[str, list[str]] = {}
    for part in SYMPTOMS.findall(page):
        for symptom, answer in SYMPTOM.findall(part):
            links = LINK.findall(answer)
            names = [(*links[0][:2], symptom), *(links if len(links) > 1 else [])] if links else []
            for path, anchor, text in names:
                name = unescape(re.sub("<[^>]*>", "", text))
                found.setdefault(page_of(path), []).append(f"{name}#{unquote(anchor)}")
    return found


def make_index(site: Path) -> None:
    """Index every page of a built site but its 404.html, and write the index into its folder `pagefind`.

    Raises SearchError with what Pagefind said if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        extracts, output = Path(folder, "extracts"), Path(folder, FOLDER)
        terms, chinese, known = explained(), [], {}
        listed = {
            start: symptoms(home.read_text(encoding="utf-8")) if (home := site / start / "index.html").is_file() else {}
            for start in ("", "en/")
        }
        for path in sorted(site.rglob("*.html")):
            start, page = re.fullmatch("(en/|)(.*)", path.relative_to(site).as_posix()).groups()
            page = page_of(page)
            if path.name == "404.html":
                continue
            names = [*terms.get(f"{page}.md", ()), *listed[start].get(page, ())]
            extract = Extract(path.read_text(encoding="utf-8"), names)
            for name in extract.terms:
                if "#" in name and name.split("#")[1] not in extract.anchors:
                    raise SearchError(f"{path.relative_to(site)}: no section is called #{name.split('#')[1]}")
            if html := extract.html:
                target = extracts / path.relative_to(site)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(html, encoding="utf-8")
            known.setdefault(extract.language, []).extend(
                [extract.title, *(name.split("#")[0] for name in extract.terms)]
            )
            if extract.language == "zh":
                chinese += [extract.text, *extract.terms]
        command = [sys.executable, "-m", "pagefind", "--silent", "--site", str(extracts), "--output-path", str(output)]
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
        )
        if result.returncode != 0 or not (output / "pagefind-entry.json").is_file():
            raise SearchError(
                f"Pagefind could not index {site}: {result.stdout.strip() or f'exit status {result.returncode}'}"
            )
        shutil.rmtree(site / FOLDER, ignore_errors=True)
        # search.js speaks to Pagefind's worker; its user interfaces stay out of the site.
        shutil.copytree(
            output,
            site / FOLDER,
            ignore=shutil.ignore_patterns(
                "*ui.js", "*ui.css", "pagefind-highlight.js", "pagefind.js", "wasm.unknown.pagefind"
            ),
        )
        worker = site / FOLDER / "pagefind-worker.js"
        worker.write_text(TELLS_OF_LOSS + worker.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
        (site / FOLDER / TRADITIONAL).write_text(
            as_script(spellings("\n".join(chinese))), encoding="utf-8", newline="\n"
        )
        for language, names in known.items():
            written = json.dumps(sorted(set(names)), ensure_ascii=False, separators=(",", ":"))
            target = site / FOLDER / NAMES.format(language=language)
            target.write_text(f"self.names = {written}\n", encoding="utf-8", newline="\n")
