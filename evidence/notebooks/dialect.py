"""From the Markdown of a page and one script to the cells of a notebook.

Jupyter, Colab and GitHub read plain Markdown. The rules that lead there from what our pages use, all of them:

| on a page | in the notebook |
| --- | --- |
| front matter | nothing |
| paragraphs, lists, tables, headings, bold, code, formulas, links to other hosts | the same |
| `/// code`, `/// output`, `/// figure` | what they stand for |
| an embedded section of the script | a code cell; what the page does not show stands before the next that it shows |
| a chapter or step that shows code of other scripts only, or below the first code their output or figures only | nothing |
| tabs by framework | what the tab of the script's framework holds |
| an embedded whole script, or a section of another one | nothing: this notebook is the whole script |
| what a script printed, all or some lines | a block of text if it is this script, otherwise nothing |
| a figure that a script drew | its text alternative if it is this script: running the notebook draws it |
| another image, a diagram | its text alternative |
| `!!!` admonition | a quotation with its title in bold |
| `???` folded block | `<details>`, or nothing if nothing is left in it |
| `{{ … }}` | the recorded value |
| `/// evidence` | a list if it is of this script, otherwise nothing |
| `/// notes` | its list |
| `/// parity` | its sentence |
| `/// explore` of a figure that the script drew | the figure's text alternative |
| `/// explore` otherwise, and what it says below | nothing |
| `/// download`, `/// checks` | nothing |
| shell commands | nothing if they only run scripts, otherwise the same |
| a link to another page | an absolute link where the site has an address, otherwise its text |
| footnotes | numbers in brackets, and a numbered list |
| a sentence that ends in a colon before what was left out | nothing |

Anything else raises `NotebookError`, which names page and line.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from itertools import dropwhile
from posixpath import dirname, join, normpath

import yaml
from markdown import Markdown

from evidence.catalog import FRAMEWORKS, Catalog, CatalogError, Script
from evidence.pages.embeds import expand, lines_in
from evidence.pages.markdown import EvidenceError, Reader

MARKER = re.compile(r"# --8<-- \[(start|end):(\w+)\]")
EMBED = re.compile(r'--8<-- "(?P<path>[^":]+)(?::(?P<section>[^"]+))?"')
FENCE = re.compile(r"(?P<mark>`{3,})\s*(?P<language>[\w-]*)(?P<options>[^`]*)")
CONTAINER = re.compile(r'(?P<mark>===|!!!|\?\?\?)[+!]?(?: (?P<type>[\w-]+))?(?: "(?P<title>.*)")?')
BLOCK = re.compile(r"/// (?P<name>[\w-]+)(?: \| (?P<argument>\S+))?")
HEADING = re.compile(r"(#{1,6}) .*")
ITEM = re.compile(r"(?:[-*]|\d+\.) ")
NOTE = re.compile(r"\[\^([\w-]+)\]: +(.*)")
# What no rule may touch: code and formulas.
PROTECTED = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)|(?<![\\$])\$(?![\s$])[^$]+?(?<![\s\\])\$")
PLACE = re.compile("\0(\\d+)\0")
EXPRESSION = re.compile(r"\{\{(.*?)\}\}")
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)(?:\{[^}]*\})?")
LINK = re.compile(r"\[([^\[\]]*)\]\(([^)\s]+)\)")
REFERENCE = re.compile(r"\[\^([\w-]+)\]")
FIGURE = re.compile(r"records/.+/(\w+)\.(?:cpu|gpu)\.(\w+)\.svg")
UNKNOWN = re.compile(r"<(?!https?://)[a-zA-Z/!][^>]*>|\{[:%{.#][^}]*\}?|\{ [^}]*\}|--8<--|\[\[|^:::|^: |\\[(\[]|\]\[")
TAG = re.compile(r"<[^>]*>")
SHELLS = ("bash", "console")

WORDS = {
    "zh": {"figure": "图：{}", "diagram": "示意图：{}", "strip": "{}：{}", "colon": "："},
    "en": {"figure": "Figure: {}", "diagram": "Diagram: {}", "strip": "{}: {}", "colon": ":"},
}


class NotebookError(Exception):
    """A page holds what no rule converts, or its code is not the script; the message names page and line."""


@dataclass(frozen=True)
class Cell:
    """`name` is its identifier. `page`: how the page itself says it, where that is not the same."""

    kind: str  # markdown or code
    name: str
    source: str
    page: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the page; in what comes out, `section` makes it a code cell."""

    number: int
    text: str
    section: str = ""

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip())

    def moved(self, by: int) -> Line:
        text = " " * by + self.text if by > 0 else self.text[min(-by, self.indent) :]
        return Line(self.number, text if text.strip() else "", self.section)


class QuietReader(Reader):
    """Reads records for notebooks. The page itself complains of stale records; here only what cannot be shown is an error."""

    def __init__(self, catalog: Catalog, language: str) -> None:
        super().__init__(Markdown(), language)
        self._catalog = catalog

    def complain(self, message: str) -> None:
        pass


def sections(code: str) -> dict[str, str]:
    """Return the sections of a script by their names, in their order."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in code.splitlines():
        if match := MARKER.fullmatch(line):
            current = found.setdefault(match[2], []) if match[1] == "start" else None
        elif current is not None:
            current.append(line)
    return {name: "\n".join(lines).strip("\n") for name, lines in found.items()}


def front_matter(text: str) -> tuple[dict, int]:
    """Return the front matter of a page, and how many lines it takes."""
    match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    return (yaml.safe_load(match[1]) or {}, match[0].count("\n")) if match else ({}, 0)


def embedded_scripts(text: str) -> list[str]:
    """Return the paths of the scripts of which a page shows sections."""
    return list(dict.fromkeys(match["path"] for match in EMBED.finditer(text) if match["section"]))


class Converter:
    """Converts one page for one script.

    `name` is the page's path for messages, `path` its path in the documentation, from which its links lead; `site_url` is the
    address of this language's site, or empty.
    """

    def __init__(self, reader: Reader, name: str, path: str, text: str, script: Script, site_url: str = "") -> None:
        self.reader, self.catalog, self.words = reader, reader.catalog, WORDS[reader.language]
        self.name, self.path, self.text, self.script, self.site_url = name, path, text, script, site_url
        self.file = script.path.relative_to(self.catalog.root).as_posix()
        self.code = sections(script.path.read_text(encoding="utf-8"))
        self.notes: dict[str, int] = {}

    def fail(self, line: Line | int, cause: str) -> NotebookError:
        return NotebookError(f"{self.name}:{line.number if isinstance(line, Line) else line}: {cause}")

    def cells(self) -> list[Cell]:
        """Return the cells; raise `NotebookError` if a construct is unknown or the code is not the whole script in order."""
        lines = self.text.split("\n")
        _, skipped = front_matter(self.text)

        def complain(number: int, message: str) -> None:
            raise self.fail(number, message)

        written = expand(lines, lambda: self.catalog, self.path, complain)
        source = [Line(number, text.rstrip()) for number, text in written if number > skipped]
        groups: list[list[Line]] = [[]]
        for line in self._convert(self._without_other_scripts(source)):
            if line.section:
                groups += [[line], []]
            elif HEADING.match(line.text) and any(other.text for other in groups[-1]):
                groups.append([line])
            else:
                groups[-1].append(line)
        groups = [group for group in groups if any(line.text for line in group)]
        shown = [group[0].section for group in groups if group[0].section]
        if not shown:  # a page about other scripts of its topic: the title, and this one whole
            groups = groups[:1]
        if shown != [section for section in self.code if section in shown]:
            raise self.fail(
                1, f"shows the sections {', '.join(shown) or 'none'} of {self.file}, which has {', '.join(self.code)}"
            )
        groups = self._with_hidden_sections(groups)
        found: list[Cell] = []
        for group, following in zip(groups, [*groups[1:], None]):
            start, end = group[0].number, following[0].number if following else len(lines) + 1
            if section := group[0].section:
                found.append(Cell("code", section.replace("_", "-"), self.code[section]))
            else:
                text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.text for line in group)).strip("\n")
                page = re.sub(r"\n{3,}", "\n\n", "\n".join(lines[start - 1 : end - 1])).strip("\n")
                found.append(Cell("markdown", f"text-{len(found) + 1:02}", text, page if page != text else ""))
        return found

    def _with_hidden_sections(self, groups: list[list[Line]]) -> list[list[Line]]:
        """Put each section that the page does not show before the next one that it shows, the last ones after the last."""
        found: list[list[Line]] = []
        waiting = list(self.code)
        # The last group of code that is shown; without any, the last group.
        last = max((place for place, group in enumerate(groups) if group[0].section), default=len(groups) - 1)
        for place, group in enumerate(groups):
            number = group[0].number
            while group[0].section and waiting[0] != group[0].section:
                found.append([Line(number, "\0", waiting.pop(0))])
            found.append(group)
            if group[0].section:
                waiting.pop(0)
            if place == last:
                found += [[Line(number, "\0", section)] for section in waiting]
        return found

    # Which parts --------------------------------------------------------------------------------------------------

    def _without_other_scripts(self, lines: list[Line]) -> list[Line]:
        """Leave out each chapter and step that shows code, output or figures of scripts, and nothing of this one."""
        headings: list[tuple[int, int, set[str]]] = []  # index, level, names of scripts up to the next heading
        fenced = started = False  # within a fence; below the first code, above which a figure explains an idea
        for index, line in enumerate(lines):
            if line.text.lstrip().startswith("```"):
                fenced = not fenced
            if not fenced and (match := HEADING.match(line.text)):
                headings.append((index, len(match[1]), set()))
            else:
                embed, figure = (
                    EMBED.search(line.text) if fenced else None,
                    None if fenced else FIGURE.search(line.text),
                )
                started = started or bool(embed and embed["section"] and embed["path"].endswith(".py"))
                if not headings:
                    continue
                code = embed and embed["path"].endswith(".py")
                if embed and (code and embed["section"] or started and not code):
                    headings[-1][2].add(embed["path"].rpartition("/")[2].partition(".")[0])
                elif figure and started:
                    headings[-1][2].add(figure[1])
        dropped: set[int] = set()
        for place, (index, level, _) in enumerate(headings):
            below = [place]
            while below[-1] + 1 < len(headings) and headings[below[-1] + 1][1] > level:
                below.append(below[-1] + 1)
            shown = set().union(*(headings[each][2] for each in below))
            # The title stays, though all that stands below it may be about others.
            if level > 1 and shown and self.script.stem not in shown:
                end = headings[below[-1] + 1][0] if below[-1] + 1 < len(headings) else len(lines)
                dropped |= set(range(index, end))
        return [line for index, line in enumerate(lines) if index not in dropped]

    # Blocks -------------------------------------------------------------------------------------------------------

    def _convert(self, lines: list[Line]) -> list[Line]:
        out: list[Line] = []
        items: list[int] = []  # indents of the list items that are open
        index = 0
        while index < len(lines):
            line = lines[index]
            text, indent = line.text.strip(), line.indent
            if not text:
                out.append(Line(line.number, ""))
                index += 1
                continue
            if text.startswith(("```", "~~~")):
                index, found = self._fence(lines, index)
            elif text[:3] in ("===", "!!!", "???"):
                index, found = self._containers(lines, index)
            elif text.startswith("///"):
                index, found = self._block(lines, index)
            elif text.startswith("$$"):
                index, found = self._formula(lines, index)
            else:
                items = [item for item in items if item < indent]
                if ITEM.match(text):
                    items.append(indent)
                elif indent >= 4 and not items:
                    raise self.fail(line, f"{text!r} is indented, which makes it code, or belongs to nothing")
                index += 1
                converted = self._inline(line, self._footnote(line, text))
                found = [Line(line.number, " " * indent + converted)] if converted else []
            if found:
                out += found
            elif not text.startswith("///"):
                self._drop_announcement(out)
        return out

    def _drop_announcement(self, out: list[Line]) -> None:
        """Take back a paragraph that ends in a colon, since what it announces is left out."""
        while out and not out[-1].text and not out[-1].section:
            out.pop()
        if (
            out
            and out[-1].text.endswith(self.words["colon"])
            and not re.match(r"\s*([#>|]|[-*] |\d+\. )", out[-1].text)
        ):
            while out and out[-1].text and not out[-1].section:
                out.pop()
        out.append(Line(out[-1].number if out else 0, ""))

    def _fence(self, lines: list[Line], index: int) -> tuple[int, list[Line]]:
        start = lines[index]
        match = FENCE.fullmatch(start.text.strip())
        if not match:
            raise self.fail(start, f"{start.text.strip()!r} opens no fence of ours; write ```")
        end = index + 1
        while end < len(lines) and lines[end].text.strip() != match["mark"]:
            end += 1
        if end == len(lines):
            raise self.fail(start, "the fence is not closed")
        content, whole = lines[index + 1 : end], lines[index : end + 1]
        filled = [line.text.strip() for line in content if line.text.strip()]
        embed = EMBED.fullmatch(filled[0]) if len(filled) == 1 else None
        language, found = match["language"], whole
        if language == "python" and embed and embed["path"].startswith("snippets/"):
            path, section = embed["path"], embed["section"]
            found = [Line(start.number, "\0", section)] if section and path == self.file else []
            if found and section not in self.code:
                raise self.fail(start, f"{path} has no section {section}")
            if found and start.indent:
                raise self.fail(start, "code in a list or an admonition can be no cell")
        elif language == "text" and embed and embed["path"].startswith("records/"):
            stem = embed["path"].rpartition("/")[2].partition(".")[0]
            found = []
            if stem == self.script.stem:
                printed = (self.catalog.root / embed["path"]).read_text(encoding="utf-8").rstrip().splitlines()
                if section := embed["section"]:  # ranges of lines
                    printed = lines_in(section, printed)
                texts = ["```text", *printed, "```"]
                found = [Line(start.number, " " * start.indent + text if text else "") for text in texts]
        elif embed or "--8<--" in "".join(filled):
            raise self.fail(start, f"no rule converts {filled[0]} in a fence of {language or 'no language'}")
        elif language == "dot":
            alternative = re.search(r"""\balt=(["'])(.*?)\1""", match["options"])
            if not alternative:
                raise self.fail(start, "the diagram has no text alternative")
            found = [Line(start.number, " " * start.indent + f"*{self.words['diagram'].format(alternative[2])}*")]
        elif language in SHELLS:
            found = [] if all(re.fullmatch(r"python \w+\.py", text) for text in filled) else whole
        elif language != "text":
            raise self.fail(start, f"no rule converts a fence of {language or 'no language'}")
        return end + 1, found

    def _containers(self, lines: list[Line], index: int) -> tuple[int, list[Line]]:
        """Convert an admonition or a folded block, or all tabs that stand together."""
        indent, found = lines[index].indent, []
        tabs = lines[index].text.strip().startswith("===")
        while True:
            start = lines[index]
            match = CONTAINER.fullmatch(start.text.strip())
            if not match or not match["title"] or (match["mark"] == "===") == bool(match["type"]):
                raise self.fail(start, f"no rule converts {start.text.strip()!r}")
            end = index + 1
            while end < len(lines) and (not lines[end].text.strip() or lines[end].indent > indent):
                end += 1
            body = [line.moved(-indent - 4) for line in lines[index + 1 : end]]
            body = list(dropwhile(lambda line: not line.text, body))
            if tabs:
                if match["title"] not in FRAMEWORKS.values():
                    raise self.fail(start, f"no rule converts a tab {match['title']!r} that is no framework's")
                if match["title"] == FRAMEWORKS[self.script.framework]:
                    found += [Line(start.number, ""), *self._convert(body), Line(start.number, "")]
            else:
                found = self._admonition(start, match, body)
            index = end
            if not (
                tabs
                and index < len(lines)
                and lines[index].text.strip().startswith("===")
                and lines[index].indent == indent
            ):
                break
        if not any(line.text for line in found):
            return index, []
        if code := next((line for line in found if line.section and indent), None):
            raise self.fail(code, "code in a list can be no cell")
        return index, [line.moved(indent) for line in found] + [Line(lines[index - 1].number, "")]

    def _admonition(self, start: Line, match: re.Match, body: list[Line]) -> list[Line]:
        content = self._convert(body)
        while content and not content[-1].text:
            content.pop()
        if not any(line.text for line in content):
            return []
        if code := next((line for line in content if line.section), None):
            raise self.fail(code, f"code in {match['mark']} can be no cell")
        title = self._inline(start, match["title"])
        if match["mark"] == "!!!":
            quoted = [f"> {line.text}".rstrip() for line in content]
            return [Line(start.number, text) for text in (f"> **{title}**", ">", *quoted)]
        head = [Line(start.number, text) for text in ("<details>", f"<summary>{title}</summary>", "")]
        return [*head, *content, Line(start.number, ""), Line(start.number, "</details>")]

    def _block(self, lines: list[Line], index: int) -> tuple[int, list[Line]]:
        start = lines[index]
        match = BLOCK.fullmatch(start.text.strip())
        end = index + 1
        holds_text = bool(match) and match["name"] in ("explore", "notes")
        while end < len(lines) and (not lines[end].text.strip() or holds_text and lines[end].text.strip() != "///"):
            end += 1
        if not match or end == len(lines) or lines[end].text.strip() != "///":
            raise self.fail(start, f"no rule converts {start.text.strip()!r}")
        if match["name"] == "notes":
            return end + 1, self._convert(lines[index + 1 : end])
        texts: list[str] = []
        if match["name"] == "evidence":
            if match["argument"] in (self.script.stem, self.script.name):
                try:
                    strip = self.reader.strip(self.reader.record(self.script))
                except (EvidenceError, CatalogError) as error:
                    raise self.fail(start, str(error)) from None
                texts = ["- " + self.words["strip"].format(*pair) for pair in strip]
        elif match["name"] == "explore":
            topic, _, name = (match["argument"] or "").partition(".")
            exploration = self.script.topic.explorations.get(name) if topic == self.script.topic.name else None
            if exploration and exploration.figure and exploration.script == self.script.name:
                figure = self.script.figures[exploration.figure]
                texts = [f"*{self.words['figure'].format(figure.alternative[self.reader.language])}*"]
        elif match["name"] == "parity":
            options = {"evidence.pages.markdown": {"language": self.reader.language}}
            shown = Markdown(extensions=["evidence.pages.markdown"], extension_configs=options).convert(
                "\n".join(("", start.text.strip(), "///"))
            )
            texts = [
                html.unescape(TAG.sub("", re.sub(r"<a .*?</a>", "", text))).strip()
                for text in re.findall(r"<p>(.*?)</p>", shown, re.DOTALL)
            ]
            texts = [text for part in texts for text in (part, "")]
        elif match["name"] not in ("download", "checks"):
            raise self.fail(start, f"no rule converts /// {match['name']}")
        return end + 1, [Line(start.number, " " * start.indent + text) for text in texts]

    def _formula(self, lines: list[Line], index: int) -> tuple[int, list[Line]]:
        start, end = lines[index], index
        while not (lines[end].text.rstrip().endswith("$$") and (end > index or len(lines[end].text.strip()) > 4)):
            end += 1
            if end == len(lines):
                raise self.fail(start, "the formula is not closed")
        return end + 1, lines[index : end + 1]

    # Text ---------------------------------------------------------------------------------------------------------

    def _footnote(self, line: Line, text: str) -> str:
        """Turn the definition of a footnote into an item of a list; one that is not referred to disappears."""
        match = NOTE.match(text)
        if not match:
            return text
        if match[1] not in self.notes:
            return ""
        return f"- [{self.notes[match[1]]}] {match[2]}"

    def _inline(self, line: Line, text: str) -> str:
        kept: list[str] = []

        def keep(found: str) -> str:
            kept.append(found)
            return f"\0{len(kept) - 1}\0"

        def value(match: re.Match) -> str:
            try:
                return keep(self.reader.expression(match[1]))
            except (EvidenceError, CatalogError) as error:
                raise self.fail(line, f"{match[0]}: {error}") from None

        def image(match: re.Match) -> str:
            alternative = match[1]
            if figure := FIGURE.search(match[2]):
                if figure[1] != self.script.stem:
                    return ""
                if figure[2] not in self.script.figures:
                    raise self.fail(line, f"{self.script.topic.path} declares no figure {figure[2]} for {figure[1]}")
                alternative = self.script.figures[figure[2]].alternative[self.reader.language]
            return keep(f"*{self.words['figure'].format(alternative)}*")

        def link(match: re.Match) -> str:
            label, target = match.groups()
            if re.match(r"https?://", target):
                return f"[{label}]({keep(target)})"
            page, _, anchor = target.partition("#")
            if page and not page.endswith((".md", ".ipynb")):
                raise self.fail(line, f"no rule converts the link to {target}")
            if not page or not self.site_url:
                return label
            place = normpath(join(dirname(self.path), page)).rpartition(".")[0] + "/"
            place = re.sub(r"(^|/)index/$", r"\1", place)
            return f"[{label}]({keep(self.site_url + place + ('#' + anchor if anchor else ''))})"

        text = PROTECTED.sub(lambda match: keep(match[0]), text)
        text = EXPRESSION.sub(value, text)
        text = IMAGE.sub(image, text)
        text = REFERENCE.sub(
            lambda match: keep(f"<sup>[{self.notes.setdefault(match[1], len(self.notes) + 1)}]</sup>"), text
        )
        text = LINK.sub(link, text)
        if unknown := UNKNOWN.search(text):
            raise self.fail(line, f"no rule converts {unknown[0]!r}")
        while PLACE.search(text):
            text = PLACE.sub(lambda match: kept[int(match[1])], text)
        return text
