"""The Markdown of a page, taken apart into blocks that know their line and where they stand.

Only what our pages use is understood; `rules.rendered_code` compares with what the site's own Markdown makes of a page,
so nothing is shown to a reader that this parser has overlooked as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from pathlib import Path

import yaml

from evidence.catalog import LANGUAGES, SECTIONS, Catalog
from evidence.pages.embeds import RANGES, expand, lines_in

EMBED = re.compile(r'--8<-- "(?P<path>[^":]+)(?::(?P<section>[^"]+))?"')
MARKER = re.compile(r"# --8<-- \[(?P<type>start|end):(?P<name>[a-z][a-z0-9_]*)\]")
INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
FORMULA = re.compile(r"(?<![\\$])\$(?![\s$])([^$]+?)(?<![\s\\])\$|\\\((.+?)\\\)", re.DOTALL)
EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
FOOTNOTE = re.compile(r"\[\^([^\]]+)\]")
IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)[^)]*\)")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)]*)\)")

FENCE = re.compile(r"(?P<mark>`{3,}|~{3,})\s*(?P<info>[^`]*)")
CONTAINER = re.compile(r'(?P<mark>===|!!!|\?\?\?)[!+]?\s*(?P<type>[\w -]*?)\s*(?:"(?P<label>.*)")?')
BLOCK = re.compile(r"/{3,}\s*(?P<name>[\w-]*)\s*(?:\|\s*(?P<argument>.*))?")
ITEM = re.compile(r"(?:[-*+]|\d+[.)]|:)(?:\s+|$)")
NOTE = re.compile(r"\[\^(?P<name>[^\]]+)\]:\s*")
STARTS = re.compile(
    rf"{FENCE.pattern}|(?:===|!!!|\?\?\?)[!+]? |/{{3,}}|{ITEM.pattern}|{NOTE.pattern}|#{{1,6}} |\||\$\$|--8<--"
)
FORMULA_ENDS = {"$$": "$$", "\\[": "\\]", "\\begin{": "\\end{"}
KINDS = {"===": "tab", "!!!": "admonition", "???": "folded"}


@dataclass(frozen=True)
class Container:
    """What holds other blocks by indentation: a tab, an admonition, a folded block, a list item, a footnote."""

    kind: str
    label: str
    indent: int


@dataclass
class Block:
    """A heading, paragraph, item, table, fence, diagram, tab, folded, admonition, formula, footnote, evidence, … of a page.

    `chapter` is the title of the `## ` section it stands in, `step` the line of the innermost heading above it.
    """

    kind: str
    line: int
    lines: list[str]
    containers: tuple[Container, ...] = ()
    chapter: str = ""
    step: int = 0
    detail: str = ""  # a heading's level, a fence's info string, a diagram's text alternative, a footnote's name, an admonition's type

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def tab(self) -> str | None:
        """The label of the innermost tab."""
        return next((c.label for c in reversed(self.containers) if c.kind == "tab"), None)

    @property
    def embed(self) -> tuple[str, str | None] | None:
        """The path and section that a fence embeds, if it embeds one and holds nothing else."""
        filled = [line.strip() for line in self.lines if line.strip()]
        match = EMBED.fullmatch(filled[0]) if self.kind == "fence" and len(filled) == 1 else None
        return (match["path"], match["section"]) if match else None

    @property
    def codes(self) -> list[str]:
        """Its fragments of inline code."""
        return [match[2].strip() for match in INLINE_CODE.finditer(self.text)] if self.kind != "fence" else []

    @property
    def rows(self) -> list[tuple[int, list[str]]]:
        """Line and cells of each row of a table, without the line of dashes."""
        rows = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in self.lines]
        rows = [(self.line + i, [cell.strip() for cell in row]) for i, row in enumerate(rows)]
        return [(line, row) for line, row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]


@dataclass
class Page:
    """One Markdown file; `name` is its path from the repository's root. Its short blocks are written out with the catalog.

    `complaints` are of short blocks that cannot be: line and message.
    """

    name: str
    text: str
    catalog: Catalog | None = None
    complaints: list[tuple[int, str]] = field(init=False, default_factory=list)
    front: dict = field(init=False)
    blocks: list[Block] = field(init=False)

    def __post_init__(self) -> None:
        body = re.sub(r"<!--.*?-->", lambda match: "\n" * match[0].count("\n"), self.text, flags=re.DOTALL)
        match = re.match(r"---\n(.*?)\n---\n", body, re.DOTALL)
        self.front = (yaml.safe_load(match[1]) or {}) if match else {}
        body = "\n" * match[0].count("\n") + body[match.end() :] if match else body
        lines = list(enumerate(body.split("\n"), 1))
        if self.catalog:
            texts = [text for _, text in lines]
            complain = lambda number, message: self.complaints.append((number, message))  # noqa: E731
            lines = list(expand(texts, lambda: self.catalog, self.path, complain))
        self.blocks = _blocks([text.expandtabs(4) for _, text in lines], [number for number, _ in lines])

    @property
    def language(self) -> str:
        return "zh" if self.name.startswith("docs/zh/") or self.name.endswith(".zh.md") else "en"

    @property
    def path(self) -> str:
        """The path that the page has in both languages."""
        return re.sub(r"^docs/\w+/", "", self.name)

    @property
    def topic(self) -> str | None:
        """`models/mlp` for a page that stands in a topic's place, whether there is such a topic or not."""
        return self.path.removesuffix(".md") if self.path.split("/")[0] in SECTIONS else None

    @cached_property
    def embeds(self) -> list[tuple[Block, str, str | None]]:
        return [(block, *block.embed) for block in self.blocks if block.embed]

    def passages(self, headed: bool = False) -> Iterator[tuple[int, str]]:
        """Yield line and text of all running text: paragraphs, items, headings, titles, text alternatives, table cells.

        `headed`: a table is not given cell by cell but row by row, each cell after the heading of its column; and formulas
        that stand alone are given too.
        """
        yield from ((1, str(self.front[key])) for key in ("title", "description") if key in self.front)
        for block in self.blocks:
            if block.kind in ("heading", "paragraph", "item", "tab", "admonition", "folded", "block"):
                yield block.line, block.text
            if block.kind == "formula" and headed:
                formula = block.text.strip("$ \n")
                yield block.line, f"${formula}$"
            elif block.kind == "table" and headed:
                heads = block.rows[0][1]
                yield block.line, " | ".join(heads)
                for line, row in block.rows[1:]:
                    yield line, " | ".join(f"{head} {cell}" for head, cell in zip_longest(heads, row, fillvalue=""))
            elif block.kind == "diagram":
                yield block.line, block.detail
                for label in QUOTED.finditer(block.text):
                    line = block.line + 1 + block.text.count("\n", 0, label.start())
                    yield from (
                        (line, text) for text in re.split(r"\\[a-zA-Z]", label[1])
                    )  # \n ends a line, \N names the node.
            elif block.kind == "table":
                yield from ((line, cell) for line, row in block.rows for cell in row)
            if block.kind != "fence":
                yield from ((block.line, alternative) for alternative, _ in IMAGE.findall(block.text))


@dataclass(frozen=True)
class House:
    """The repository: its catalog and its pages."""

    catalog: Catalog
    pages: dict[str, Page]

    @property
    def root(self) -> Path:
        return self.catalog.root

    def code(self, path: str, section: str | None) -> str | None:
        """Return what an embed shows, or None if there is no such file or section."""
        file = self.root / path
        if not file.is_file():
            return None
        lines = file.read_text(encoding="utf-8").splitlines()
        if section is None:
            return "\n".join(line for line in lines if not MARKER.fullmatch(line)) + "\n"
        if path.endswith(".txt") and RANGES.fullmatch(section):
            return "\n".join(lines_in(section, lines)) + "\n"
        start, end = (f"# --8<-- [{edge}:{section}]" for edge in ("start", "end"))
        if start not in lines or end not in lines:
            return None
        return "\n".join(lines[lines.index(start) + 1 : lines.index(end)]) + "\n"


def read_house(catalog: Catalog) -> House:
    """Read every page in docs/."""
    files = [file for language in LANGUAGES for file in sorted((catalog.root / "docs" / language).rglob("*.md"))]
    return House(catalog, {(page := read_page(catalog.root, file, catalog)).name: page for file in files})


def read_page(root: Path, file: Path, catalog: Catalog | None = None) -> Page:
    return Page(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"), catalog)


def source_of(page: str) -> str:
    """Return where the text of a page lies, of which links say the path: a notebook's prose has a folder of its own."""
    return re.sub(r"^docs/(\w+)/walkthroughs/(\w+)\.ipynb$", r"docs/walkthroughs/\1/\2.md", page)


def section_names(code: str) -> list[str]:
    """Return the names of a script's sections in their order."""
    return [
        match["name"] for line in code.splitlines() if (match := MARKER.fullmatch(line)) and match["type"] == "start"
    ]


def _blocks(lines: list[str], numbers: list[int]) -> list[Block]:
    """Take lines apart; `numbers` says from which line of the page each comes."""
    found: list[Block] = []
    containers: list[Container] = []
    current: Block | None = None  # the paragraph, item or table that the next line may go on with
    chapter, step, number = "", 0, 0

    def add(kind: str, content: list[str], detail: str = "") -> Block:
        found.append(Block(kind, at, content, tuple(containers), chapter, step, detail))
        return found[-1]

    while number < len(lines):
        line, stripped = lines[number], lines[number].strip()
        at = numbers[number]
        number += 1
        indent = len(line) - len(line.lstrip())
        if not stripped:
            current = None
            continue
        if (
            current and current.kind == "paragraph" and re.fullmatch(r"=+|-+", stripped)
        ):  # a heading told by its underline
            current.kind, current.detail = "heading", "1" if stripped[0] == "=" else "2"
            chapter, step, current = (current.text if current.detail == "2" else ""), current.line, None
            continue
        if current and (stripped.startswith("|") if current.kind == "table" else not STARTS.match(stripped)):
            current.lines.append(stripped)
            continue
        while containers and indent < containers[-1].indent:
            containers.pop()
        base = containers[-1].indent if containers else 0
        if indent - base >= 4 and current is None:
            current = add("indented", [line[base:]])
        elif match := FENCE.fullmatch(stripped):
            content = []
            while number < len(lines) and not re.fullmatch(
                rf"{match['mark'][0]}{{{len(match['mark'])},}}", lines[number].strip()
            ):
                content.append(lines[number][min(indent, len(lines[number]) - len(lines[number].lstrip())) :])
                number += 1
            number += 1
            if re.match(r"`+\s*dot\b", stripped):
                alternative = re.search(r"""\balt=(["'])(.*?)\1""", match["info"])
                add("diagram", content, alternative[2] if alternative else "")
            else:
                add("fence", content, match["mark"][0] + match["info"].strip())
            current = None
        elif opening := next((mark for mark in FORMULA_ENDS if stripped.startswith(mark)), None):
            content, ending = [stripped], FORMULA_ENDS[opening]
            while ending not in content[-1][len(opening) if len(content) == 1 else 0 :] and number < len(lines):
                content.append(lines[number].strip())
                number += 1
            add("formula", content)
        elif match := re.match(r"(#{1,6}) +(.*?)(?: +#+)?(?: *\{[^}]*\})?$", stripped):
            chapter, step = (match[2] if len(match[1]) == 2 else "" if len(match[1]) == 1 else chapter), at
            add("heading", [match[2]], str(len(match[1])))
            current = None
        elif stripped[:3] in KINDS and (match := CONTAINER.fullmatch(stripped)):
            add(KINDS[match["mark"]], [match["label"] or ""], match["type"])
            containers.append(Container(KINDS[match["mark"]], match["label"] or "", indent + 4))
            current = None
        elif match := BLOCK.fullmatch(stripped):
            if match["name"]:
                add("evidence" if match["name"] == "evidence" else "block", [match["argument"] or ""], match["name"])
            current = None
        elif match := NOTE.match(stripped):
            current = add("footnote", [stripped[match.end() :]], match["name"])
            containers.append(Container("footnote", match["name"], indent + 4))
        elif match := ITEM.match(stripped):
            current = add("item", [stripped[match.end() :]], match[0].strip())
            containers.append(Container("item", "", indent + 4))
        elif stripped.startswith("|"):
            current = add("table", [stripped])
        else:
            current = add("paragraph", [stripped])
    return found
