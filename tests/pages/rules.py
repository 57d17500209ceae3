"""The rules of the pages. Each takes what it judges and returns its complaints: file, line, cause, and what to do."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

import yaml
from bs4 import BeautifulSoup, SoupStrainer
from markdown import Markdown

from evidence.catalog import FRAMEWORKS, LANGUAGES, Catalog, Script
from evidence.pages.embeds import RANGES
from evidence.record import record_path, unclaimed_files
from tests.pages.languages import PLACEHOLDER
from tests.pages.prose import chinese_faults, typed_results
from tests.pages.source import EXPRESSION, FOOTNOTE, IMAGE, MARKER, QUOTED, Block, House, Page, section_names

# The only commands that a page may show without running them. A test keeps the list as short as the pages need.
SHELL_COMMANDS = ("export", "make", "mkdocs", "pip", "python", "python3.11", "source")
BLOCKS = (
    "checks",
    "evidence",
    "evidence-matrix",
    "explore",
    "download",
    "benchmark",
    "notes",
    "map",
    "parity",
    "glossary",
    "repository",
)
SHELL_LANGUAGES = ("bash", "console")
CHAPTERS = {  # what every topic's page has, the last one at its end
    "zh": ("练习", "来源"),
    "en": ("Exercises", "Sources"),
}
LANGUAGE = re.compile(r"\.(?:en|zh)\.")  # in the name of a picture that shows text
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|TBD|XXX)\b")


# Both languages ------------------------------------------------------------------------------------------------------


def same_pages(house: House) -> list[str]:
    """Every page is there in both languages."""
    paths = {
        language: {p.path for p in house.pages.values() if p.name.startswith(f"docs/{language}/")}
        for language in LANGUAGES
    }
    return [
        f"docs/{language}/{path}: the page is missing in this language; write it, or remove docs/{other}/{path}"
        for language, other in zip(LANGUAGES, reversed(LANGUAGES))
        for path in sorted(paths[other] - paths[language])
    ]


def same_structure(page: Page, other: Page) -> list[str]:
    """Both languages show the same headings, tabs, code, output, images, diagrams, tables, evidence, answers, sources and values."""
    ours, theirs = list(_structure(page)), list(_structure(other))
    found = []
    matcher = difflib.SequenceMatcher(None, [part for _, part in ours], [part for _, part in theirs], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            places = (parts[min(i, len(parts) - 1)][0] if parts else 1 for parts, i in ((ours, a), (theirs, c)))
            texts = (", ".join(part for _, part in parts) or "nothing" for parts in (ours[a:b], theirs[c:d]))
            here, there = (f"{p.name}:{line}" for p, line in zip((page, other), places))
            has, instead = texts
            found.append(
                f"{here}: has {has}, where {there} has {instead}; give both pages the same parts in the same order"
            )
    for one, another in ((page, other), (other, page)):
        expressions = {e: line for line, e in _expressions(one)}
        for e in sorted(expressions.keys() - {e for _, e in _expressions(another)}):
            found.append(
                f"{one.name}:{expressions[e]}: shows {{{{ {e} }}}}, which {another.name} does not; show it in both or in neither"
            )
    return found


def same_navigation(chinese: str, english: str) -> list[str]:
    """mkdocs.yml and mkdocs.en.yml list the same pages in the same order."""
    ours, theirs = (list(_nav_paths(yaml.load(text, _TolerantLoader).get("nav", []))) for text in (chinese, english))
    if ours == theirs:
        return []
    wrong = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    a, b = (paths[wrong] if wrong < len(paths) else "nothing" for paths in (ours, theirs))
    return [
        f"mkdocs.yml: entry {wrong + 1} of nav is {a}, and {b} in mkdocs.en.yml; list the same pages in the same order"
    ]


# Code ----------------------------------------------------------------------------------------------------------------


def code_is_embedded(page: Page, house: House) -> list[str]:
    """Every code block is a snippet (a section, or the whole file) or a whole recorded output, in the tab of its framework."""
    found = [f"{page.name}:{line}: {message}" for line, message in page.complaints]

    def complain(block: Block, cause: str) -> None:
        found.append(f"{page.name}:{block.line}: {cause}")

    for block in page.blocks:
        if block.kind == "indented":
            complain(block, "an indented block shows as code; embed a snippet in a fence, or indent less")
        elif block.kind == "block" and block.detail not in BLOCKS:
            complain(block, f"/// {block.detail} is no block of ours; there are: {', '.join(BLOCKS)}")
        elif block.kind != "fence" and "8<--" in re.sub(r"`[^`]*`", "", block.text):
            complain(block, "--8<-- outside a fence; put it between ```python and ```")
        elif block.kind != "fence" and (
            match := re.search(
                r"<(?:pre|code|samp|kbd|tt|xmp|textarea|script|style|iframe|object|embed)\b",
                re.sub(r"`[^`]*`", "", block.text),
                re.I,
            )
        ):
            complain(block, f"raw {match[0]}> in a page; embed a snippet or a record in a fence")
        elif block.kind == "fence":
            language, _, options = block.detail[1:].partition(" ")
            if block.detail[0] == "~":
                complain(block, "a fence of ~~~; write ```, the one form that we check")
            elif language in SHELL_LANGUAGES:
                found += shell_lines(page.name, block)
            elif block.embed is None:
                complain(
                    block,
                    'code or output typed by hand; a fence holds exactly one line, --8<-- "snippets/…:section" or --8<-- "records/….txt"',
                )
            else:
                for cause in _embed_faults(block, language, options, house):
                    complain(block, cause)
    return found


def rendered_code(page: Page, house: House, markdown: Markdown) -> list[str]:
    """What the site shows as code blocks is what the fences hold, no less and no more: no code comes by another way."""
    expected = []
    for block in page.blocks:
        if block.kind == "fence":
            expected.append((house.code(*block.embed) or "" if block.embed else block.text).strip())
        elif block.kind == "block" and block.detail == "checks":
            expected += _codes_of_checks(block.text, house)
    markdown.reset()
    try:
        rendered = markdown.convert(re.sub(r"\A---\n.*?\n---\n", "", page.text, flags=re.DOTALL))
    except Exception as error:  # whatever an extension of the site raises
        return [f"{page.name}:1: the page cannot be shown: {error}"]
    only = SoupStrainer("pre")  # of a tree of the whole page, the rest would take most of the time
    shown = [pre.get_text().strip() for pre in BeautifulSoup(rendered, "html.parser", parse_only=only).find_all("pre")]
    found = []
    for tag, a, _b, c, d in difflib.SequenceMatcher(None, expected, shown, autojunk=False).get_opcodes():
        for text in shown[c:d] if tag != "equal" else ():
            first = text.partition("\n")[0]
            line = next((i for i, source in enumerate(page.text.splitlines(), 1) if first and first in source), 1)
            found.append(
                f"{page.name}:{line}: the site shows a code block {first!r} that is no embed; put it into a fence as one"
            )
        if tag == "delete":
            found.append(
                f"{page.name}:1: the site does not show {expected[a]!r} as a code block; check the fence's indentation"
            )
    return found


def _codes_of_checks(topic: str, house: House) -> list[str]:
    """Return what the table of a topic's checks shows as code blocks: the code of several lines, row by row."""
    checks = next((found.checks for found in house.catalog.topics.values() if found.name == topic), {})
    codes = [check.code.get(framework, "").strip() for check in checks.values() for framework in FRAMEWORKS]
    return [code for code in codes if "\n" in code]


def shell_lines(name: str, block: Block) -> list[str]:
    """Every line of a shell block is a command of `SHELL_COMMANDS`, and runs no code that is typed there."""
    found = []
    for number, line in enumerate(block.lines, block.line + 1):
        for command in shell_commands(line):
            if command[0] not in SHELL_COMMANDS:
                found.append(
                    f"{name}:{number}: {command[0]!r} is no command of SHELL_COMMANDS ({', '.join(SHELL_COMMANDS)}); show output from a record"
                )
            elif "-c" in command or "<<" in line:
                found.append(f"{name}:{number}: code typed into a command; make it a snippet and embed it")
        if "#" in line:
            found.append(f"{name}:{number}: a comment beside a command; say it in the text")
        found += [f"{name}:{number}: {_typed(excerpt, kind)}" for excerpt, kind in dict(typed_results(line)).items()]
    return found


def shell_commands(line: str) -> list[list[str]]:
    """Return the commands of one line as lists of words, without prompt, variables set before them, and paths of programs."""
    commands = []
    for part in re.split(r"&&|\|\||[|;]", re.sub(r"^\s*\$ ", "", line)):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            words = part.split()
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words:
            commands.append([words[0].rpartition("/")[2], *words[1:]])
    return commands


def markers(name: str, code: str) -> list[str]:
    """In a snippet, sections are well named, unique, closed, not nested, not empty, and together the whole file."""
    found, seen, current, start, filled = [], set(), None, 0, False
    for number, line in enumerate(code.splitlines(), 1):
        match = MARKER.fullmatch(line)
        if not match:
            if "8<" in line:
                found.append(f"{name}:{number}: not a marker; write # --8<-- [start:name] alone on its line")
            elif line.strip() and current is None:
                found.append(
                    f"{name}:{number}: {line.strip()!r} lies in no section; move it into one, so that the page shows it"
                )
            filled |= bool(line.strip())
        elif match["type"] == "start":
            if current is not None:
                found.append(
                    f"{name}:{number}: section {match['name']} starts within {current} (line {start}); end that one first"
                )
            if match["name"] in seen:
                found.append(
                    f"{name}:{number}: a second section {match['name']}; only the first would be shown: rename it"
                )
            seen.add(match["name"])
            current, start, filled = match["name"], number, False
        else:
            if current != match["name"]:
                found.append(
                    f"{name}:{number}: ends {match['name']}, but {current or 'no section'} is open; pair start and end"
                )
            elif not filled:
                found.append(f"{name}:{number}: section {current} is empty; remove it")
            current = None
    if current is not None:
        found.append(f"{name}:{start}: section {current} has no end; write # --8<-- [end:{current}] after it")
    return found if seen or found else [f"{name}:1: no section; mark some with # --8<-- [start:name]"]


def sections_in_order(page: Page, house: House) -> list[str]:
    """A page shows the sections of a script in the order of the file, each once at most, and offers the whole file."""
    shown: dict[str, list[tuple[int, str | None]]] = {}
    for block, path, section in page.embeds:
        if path.endswith(".py") and path != "snippets/mnist_data.py":
            shown.setdefault(path, []).append((block.line, section))
    found = []
    for path, places in shown.items():
        expected = section_names((house.root / path).read_text("utf-8")) if (house.root / path).is_file() else []
        actual = [section for _, section in places if section in expected]
        line = places[0][0]
        if twice := {section for section in actual if actual.count(section) > 1}:
            found.append(
                f"{page.name}:{line}: {path} is shown with {', '.join(sorted(twice))} twice; show each section once"
            )
        elif actual != [section for section in expected if section in actual]:
            found.append(
                f"{page.name}:{line}: the sections of {path} come as {', '.join(actual)}; the file has {', '.join(expected)}"
            )
    downloads = {block.text for block in page.blocks if block.kind == "block" and block.detail == "download"}
    for topic in dict.fromkeys(script.topic.path for script in _scripts_of(page, house)):
        if topic not in downloads:
            found.append(f"{page.name}:1: offers no file to copy; add /// download | {topic}")
    return found


def quotes(page: Page, house: House) -> list[str]:
    """What a list quotes of code is in that code: what it opens with where it stands, another statement in the whole script.

    A list in a tab speaks of that tab's code.
    """
    found = []
    for step in dict.fromkeys(block.step for block in page.blocks):
        blocks = [block for block in page.blocks if block.step == step]
        code: dict[str | None, list[tuple[Block, str]]] = {}
        for block in blocks:
            if block.embed and block.embed[1] and block.embed[0].endswith(".py"):
                code.setdefault(block.tab, []).append((block, house.code(*block.embed) or ""))
        for block in blocks:
            tabs = [block.tab] if block.tab in code else list(code) if block.tab is None else []
            opening = _opening_codes(block)
            for fragment in block.codes if block.kind == "item" else ():
                shown = {tab: "\n".join(section for _, section in code[tab]) for tab in tabs}
                whole = {
                    tab: "\n".join(house.code(path, None) or "" for path in {b.embed[0] for b, _ in code[tab]})
                    for tab in tabs
                }
                where = f"in the tab {block.tab}" if block.tab else "here"
                if fragment in opening and STATEMENT.search(fragment):
                    if tabs and not any(_holds(text, fragment) for text in shown.values()):
                        found.append(
                            f"{page.name}:{block.line}: explains `{fragment}`, which the code {where} does not hold; quote it word for word"
                        )
                elif STATEMENT.search(fragment) and tabs and not any(_holds(text, fragment) for text in whole.values()):
                    found.append(
                        f"{page.name}:{block.line}: quotes `{fragment}`, which is nowhere in the script {where}; quote it word for word"
                    )
    return found


# What a page says ----------------------------------------------------------------------------------------------------


def numbers_come_from_records(page: Page, house: House) -> list[str]:
    """No result of a run is typed into running text, unless its sentence carries its source."""
    code = "\n".join(house.code(path, section) or "" for _, path, section in page.embeds if path.endswith(".py"))
    notes = {block.detail for block in page.blocks if block.kind == "footnote"}
    found = [
        f"{page.name}:{block.line}: the footnote [^{note}] is not defined; write [^{note}]: with its source"
        for block in page.blocks
        if block.kind != "fence"
        for note in FOOTNOTE.findall(block.text)
        if note not in notes
    ]
    for line, text in page.passages(headed=True):
        found += [
            f"{page.name}:{line}: {_typed(excerpt, kind)}"
            for excerpt, kind in dict(typed_results(text, code, notes)).items()
        ]
    return found


def contract_texts(name: str, table: object) -> list[str]:
    """The labels, text alternatives and reasons of a topic.toml hold no typed result, and its Chinese is well set."""
    found = []
    for language, text in _texts(table):
        # What stands as code is an input; what stands in braces comes from the record.
        spoken = PLACEHOLDER.sub("{{ x }}", re.sub(r"`[^`]*`", "`x`", text))
        found += [f"{name}: {text!r}: {_typed(excerpt, kind)}" for excerpt, kind in typed_results(spoken)]
        if language == "zh":
            found += [f"{name}: {_badly_set(excerpt, cause)}" for excerpt, cause in chinese_faults(text)]
        if UNFINISHED.search(text):
            found.append(f"{name}: {text!r} is unfinished")
    return found


def chinese_is_well_set(page: Page) -> list[str]:
    """Spaces between Chinese and Latin, full-width punctuation in Chinese, no spaces beside it."""
    if page.language != "zh":
        return []
    return [
        f"{page.name}:{line}: {_badly_set(excerpt, cause)}"
        for line, text in page.passages()
        for excerpt, cause in chinese_faults(text)
    ]


def page_is_complete(page: Page, house: House) -> list[str]:
    """One title, a description, keywords; on a topic's page also exercises with folded answers, sources, and evidence."""
    found = []
    titles = [block for block in page.blocks if block.kind == "heading" and block.detail == "1"]
    if len(titles) != 1:
        found.append(f"{page.name}:{titles[1].line if titles else 1}: has {len(titles)} titles (# …); have exactly one")
    if not str(page.front.get("description") or "").strip():
        found.append(
            f"{page.name}:1: has no description in its front matter; say in a sentence what a reader finds here"
        )
    if not str(page.front.get("keywords") or "").strip():
        found.append(
            f"{page.name}:1: has no keywords in its front matter; say, with a comma and a space between them, what readers"
            " may type who look for this page"
        )
    found += [
        f"{page.name}:{number}: {match[0]}: finish it"
        for number, line in enumerate(page.text.splitlines(), 1)
        if (match := UNFINISHED.search(line))
    ]
    if not page.topic:
        return found
    chapters = {block.text: block for block in page.blocks if block.kind == "heading" and block.detail == "2"}
    for title in CHAPTERS[page.language]:
        if title not in chapters:
            found.append(f"{page.name}:1: has no section ## {title}; write it")
    *_, exercises, sources = CHAPTERS[page.language]
    if sources in chapters and list(chapters)[-1] != sources:
        found.append(f"{page.name}:{chapters[sources].line}: ## {sources} is not the last section; move it to the end")
    if sources in chapters and not any(
        re.search(r"\[\^|\]\(https?://|<https?://", b.text) for b in page.blocks if b.chapter == sources
    ):
        found.append(f"{page.name}:{chapters[sources].line}: ## {sources} names no source; give footnotes or links")
    questions = [
        b
        for b in page.blocks
        if b.chapter == exercises and b.kind == "item" and b.detail[0].isdigit() and not b.containers
    ]
    answers = [b for b in page.blocks if b.chapter == exercises and b.kind == "folded"]
    if exercises in chapters and len(answers) < max(1, len(questions)):
        found.append(
            f"{page.name}:{chapters[exercises].line}: {len(questions)} exercises and {len(answers)} folded answers; answer each in a ??? block"
        )
    strips = {block.text for block in page.blocks if block.kind == "evidence"}
    first = {PurePosixPath(path).stem: block.line for block, path, _ in reversed(page.embeds) if path.endswith(".py")}
    for stem in first.keys() & house.catalog.scripts.keys():
        if not strips & {stem, house.catalog.scripts[stem].name}:
            found.append(
                f"{page.name}:{first[stem]}: shows the code of {stem} without its evidence; add /// evidence | {stem}"
            )
    return found


def images(page: Page, house: House) -> list[str]:
    """Every image is ours, is there and has a text alternative; that of a record is in topic.toml."""
    found = []
    for block in page.blocks:
        if block.kind == "diagram" and not block.detail.strip():
            found.append(
                f'{page.name}:{block.line}: the diagram has no text alternative; say in ```dot alt="…" what it shows'
            )
        if block.kind == "fence":
            continue
        text = re.sub(r"`[^`]*`", "", block.text)
        if re.search(r"<(?:img|picture|video|svg)\b|!\[[^\]]*\]\[|!\[[^\]]*\](?!\()", text, re.IGNORECASE):
            found.append(f"{page.name}:{block.line}: an image in another form; write ![text alternative](path)")
        for alternative, target in IMAGE.findall(text):
            here = f"{page.name}:{block.line}: the image {target}"
            levels = page.name.count("/") - 2
            record = re.fullmatch(r"records/\S+/(\w+)\.(?:cpu|gpu)\.\w+\.svg", target.removeprefix("../" * levels))
            if re.match(r"\w+:|//", target):
                found.append(f"{here} is on another host; keep it beside the page")
            elif record:
                if alternative.strip():
                    found.append(f"{here} has its text alternative in topic.toml; leave the brackets empty")
                if wrong := _wrong_tab(block, record[1], house.catalog):
                    found.append(f"{here} {wrong}")
            elif not ((house.root / page.name).parent / target).is_file():
                found.append(f"{here} is not there; check the path")
            elif not alternative.strip():
                found.append(f"{here} has no text alternative; say in the brackets what it shows")
    return found


# The house -----------------------------------------------------------------------------------------------------------


def topics_are_whole(house: House) -> list[str]:
    """Every topic has its two pages, its claims or its own tests, and its records; no page or record is without a topic."""
    found = []
    for topic in house.catalog.topics.values():
        # The page of a walkthrough is a notebook: tests/notebooks.
        pages = (
            [] if topic.section == "walkthroughs" else [f"docs/{language}/{topic.path}.md" for language in LANGUAGES]
        )
        wanted = pages if topic.claims else [*pages, f"tests/{topic.section}/test_{topic.name}.py"]
        wanted += [
            record_path(house.catalog, s, "cpu").relative_to(house.root).as_posix()
            for s in house.catalog.select(topic.path)
        ]
        found += [
            f"{path}: missing, though there is a topic {topic.path}"
            for path in wanted
            if not (house.root / path).is_file()
        ]
    for page in house.pages.values():
        if page.topic and page.topic not in house.catalog.topics and not page.topic.endswith("/index"):
            found.append(
                f"{page.name}:1: there is no topic {page.topic}; add snippets/{page.topic}/topic.toml, or move the page"
            )
    for path in unclaimed_files(house.catalog):
        found.append(f"{path.relative_to(house.root)}: no record claims this file; remove it")
    return found


# Helpers -------------------------------------------------------------------------------------------------------------


class _TolerantLoader(yaml.SafeLoader):
    """Reads `!ENV` and Python tags as nothing."""


_TolerantLoader.add_multi_constructor("", lambda loader, suffix, node: None)


def _nav_paths(entries: object) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    elif isinstance(entries, (list, dict)):
        for entry in entries.values() if isinstance(entries, dict) else entries:
            yield from _nav_paths(entry)


def _structure(page: Page) -> Iterator[tuple[int, str]]:
    sources = CHAPTERS[page.language][-1]
    for block in page.blocks:
        if block.kind == "heading":
            yield block.line, f"a heading of level {block.detail}"
        elif block.kind == "fence":
            # A drawing in characters has words in the page's language; nothing else that differs may stand in a fence.
            same = block.embed or block.detail[1:] in SHELL_LANGUAGES
            yield block.line, f"```{block.detail[1:]} {' '.join(block.text.split()) if same else ''}"
        elif block.kind == "diagram":
            yield block.line, " ".join(["a diagram", *QUOTED.sub('""', block.text).split()])
        elif block.kind == "tab":
            yield block.line, f"the tab {block.text}"
        elif block.kind in ("folded", "admonition"):
            yield block.line, f"{'???' if block.kind == 'folded' else '!!!'} {block.detail}"
        elif block.kind in ("evidence", "block"):
            yield block.line, f"/// {block.detail} | {block.text}"
        elif block.kind == "table":
            yield block.line, f"a table of {len(block.rows[0][1])} columns and {len(block.rows)} rows"
        elif block.kind == "footnote" or block.kind == "item" and block.chapter == sources:
            yield block.line, "a source"
        elif block.kind == "formula":
            yield block.line, "a formula"
        yield from (
            (block.line, f"the image {LANGUAGE.sub('.', target)}")
            for _, target in IMAGE.findall(block.text)
            if block.kind != "fence"
        )


def _expressions(page: Page) -> Iterator[tuple[int, str]]:
    for block in page.blocks:
        if block.kind == "diagram":  # {{a b} -> c} is a graph.
            continue
        yield from ((block.line, " ".join(match[0].strip("{}").split())) for match in EXPRESSION.finditer(block.text))


def _scripts_of(page: Page, house: House) -> list[Script]:
    return list(house.catalog.select(page.topic)) if page.topic in house.catalog.topics else []


def _embed_faults(block: Block, language: str, options: str, house: House) -> Iterator[str]:
    path, section = block.embed
    name = PurePosixPath(path).name
    if path.startswith("snippets/") and path.endswith(".py"):
        wanted = "python"
    elif path.startswith("records/") and path.endswith(".txt"):
        wanted = "text"
        if section and not RANGES.fullmatch(section):
            yield f"part of the output {name}; write /// output | script.section"
    else:
        yield f"embeds {path}; only snippets/….py and records/….txt are shown"
        return
    if language != wanted:
        yield f"{name} in a fence of {language or 'no language'}; write ```{wanted}"
    if (title := re.search(r'title="([^"]*)"', options)) and title[1] != name:
        yield f"the title {title[1]!r} over {name}; give the file's name"
    if re.sub(r'\b(?:title|hl_lines|linenums)="[^"]*"', "", options).strip():
        yield f"the fence has options that hide it from the check: {options}"
    if house.code(path, section) is None and wanted == "python":
        yield (
            f"there is no section {section} in {path}; name one of its sections"
            if (house.root / path).is_file()
            else f"there is no {path}"
        )
    if wrong := _wrong_tab(block, PurePosixPath(path).name.partition(".")[0], house.catalog):
        yield f"{name} {wrong}"


def _wrong_tab(block: Block, stem: str, catalog: Catalog) -> str | None:
    script = catalog.scripts.get(stem)
    if script and block.tab not in (None, FRAMEWORKS[script.framework]):
        return f"in the tab {block.tab}; it belongs to {FRAMEWORKS[script.framework]}"
    return None


def _opening_codes(block: Block) -> list[str]:
    """The fragments of inline code that an item opens with: `a`, `b` and `c`: …"""
    opening = re.match(
        r"(?:(`+)(?!`).+?(?<!`)\1(?!`)(?:\s*(?:[、,，/]|和|与|及|and)?\s*(?=`))?)+", block.text, re.DOTALL
    )
    return (
        [match[2].strip() for match in re.finditer(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", opening[0], re.DOTALL)]
        if opening
        else []
    )


STATEMENT = re.compile(
    r"[(=\[@]|^(?:return|import|from|for|if|with|def|class|while)\b"
)  # inline code that quotes a script
TOKEN = re.compile(r'"""[\s\S]*?"""|[rfbRFB]*"(?:\\.|[^"\\\n])*"|[rfbRFB]*\'(?:\\.|[^\'\\\n])*\'|#[^\n]*|\w+|[^\w\s]')


@cache
def _tokens(code: str) -> list[tuple[str, int]]:
    """Tokens with their lines; no comments, and no comma before a closing bracket."""
    found = [(match[0], code.count("\n", 0, match.start())) for match in TOKEN.finditer(code) if match[0][0] != "#"]
    following = [token for token, _ in found[1:]] + [""]
    return [pair for pair, after in zip(found, following) if not (pair[0] == "," and after in (")", "]", "}"))]


def _holds(code: str, fragment: str) -> bool:
    """Whether code has a fragment token by token, or word for word in a comment."""
    words, tokens = ([token for token, _ in _tokens(text)] for text in (fragment, code))
    length = len(words)
    return any(tokens[i : i + length] == words for i in range(len(tokens) - length + 1)) or " ".join(
        fragment.split()
    ) in " ".join(code.split())


def _texts(table: object, language: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield from _texts(value, key)
    elif isinstance(table, str) and language in LANGUAGES:
        yield language, table


def _typed(excerpt: str, kind: str) -> str:
    return f"“{excerpt}” ({kind}) is typed by hand; take it from a record ({{{{ script.result }}}}), or give its source in the same sentence (footnote or link)"


def _badly_set(excerpt: str, cause: str) -> str:
    return f"{cause}: “{excerpt}”"
