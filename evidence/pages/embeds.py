"""Short blocks of a page, written out: what a script says, prints and draws, in a tab for each framework.

- `/// code | mlp.model` is the section `model` of the script `mlp`, in every framework that has it;
- `/// output | mlp` is what it printed, `/// output | mlp.train` what the lines of that section printed;
- `/// figure | mlp.learning_curve` is a figure that it drew.

`mlp_keras` in the place of `mlp` means one framework alone. Each ends with a line `///`. They become fences, images and
tabs in Markdown before anything else reads the page, so that whoever reads pages knows one form only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from evidence.catalog import FRAMEWORKS, Catalog, Script
from evidence.record import NotRecorded, lines_printed_by, read_record, record_path

BLOCK = re.compile(r"(?P<indent> *)/// *(?P<kind>code|output|figure) *\|(?P<argument>.*)")
ARGUMENT = re.compile(r"(?P<script>[a-z0-9_]+)(?:\.(?P<part>[a-z0-9_]+))?")
END = re.compile(r" *///")
MARKER = "# --8<-- [start:{}]"
RANGES = re.compile(r"\d+:\d+(?:,\d+:\d+)*")  # of lines, in the place of a section


def lines_in(ranges: str, lines: Sequence[str]) -> list[str]:
    """Return the lines that ranges such as `1:2,5:7` name, counted from 1, both ends included."""
    bounds = [map(int, part.split(":")) for part in ranges.split(",")]
    return [line for first, last in bounds for line in lines[first - 1 : last]]


class EmbedError(Exception):
    """A block names a script, section or figure that is not there, or no run has left what it asks for."""


def expand(
    lines: Sequence[str], catalog: Callable[[], Catalog], place: str, complain: Callable[[int, str], None]
) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page with these blocks written out, each with the number of the line that it comes from.

    `place`: the page's path in the documentation, such as `models/mlp.md`. `complain` is told the line and what is wrong
    with a block; in its place stands that sentence.
    """
    index, fence = 0, ""
    while index < len(lines):
        line, number = lines[index], index + 1
        index += 1
        # What stands in a fence is an example.
        if mark := re.match(r"\s*(`{3,}|~{3,})", line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        match = None if fence else BLOCK.fullmatch(line.rstrip())
        if not match:
            yield number, line
            continue
        while index < len(lines) and not lines[index].strip():
            index += 1
        try:
            if index == len(lines) or not END.fullmatch(lines[index].rstrip()):
                raise EmbedError("end the block with a line ///")
            index += 1
            written = list(_written(match["kind"], match["argument"].strip(), catalog(), place))
        except EmbedError as error:
            message = f"/// {match['kind']} | {match['argument'].strip()}: {error}"
            complain(number, message)
            written = [f'<p class="evidence-problem">{message}</p>']
        # A block of Markdown begins after an empty line and ends before one.
        for text in ("", *written, ""):
            yield number, match["indent"] + text if text else ""


def _written(kind: str, argument: str, catalog: Catalog, place: str) -> Iterator[str]:
    match = ARGUMENT.fullmatch(argument)
    if not match or (kind != "output" and not match["part"]):
        raise EmbedError(f"write /// {kind} | script.{'figure' if kind == 'figure' else 'section'}")
    name, part = match["script"], match["part"]
    scripts = [script for script in catalog.scripts.values() if name in (script.stem, script.name)]
    if not scripts:
        raise EmbedError(f"no script is called {name}")
    write = {"code": _code, "output": _output, "figure": _figure}[kind]
    found = [(script, lines) for script in scripts if (lines := write(catalog, script, part, place))]
    if not found:
        raise EmbedError(f"{scripts[0].path.name} has no {'figure' if kind == 'figure' else 'section'} {part}")
    if len(scripts) == 1:
        yield from found[0][1]
        return
    for number, (script, lines) in enumerate(found):
        # The mark of the first begins a set of its own: two blocks that follow one another are two sets of tabs.
        yield from (f'==={"" if number else "!"} "{FRAMEWORKS[script.framework]}"', "")
        yield from (f"    {line}" if line else "" for line in lines)
        yield ""


def _code(catalog: Catalog, script: Script, section: str, place: str) -> list[str]:
    if MARKER.format(section) not in script.path.read_text(encoding="utf-8").splitlines():
        return []
    path = script.path.relative_to(catalog.root).as_posix()
    return [f'```python title="{script.path.name}"', f'--8<-- "{path}:{section}"', "```"]


def _output(catalog: Catalog, script: Script, section: str | None, place: str) -> list[str]:
    path = record_path(catalog, script, "cpu", "txt").relative_to(catalog.root).as_posix()
    if section is None:
        return ["```text", f'--8<-- "{path}"', "```"]
    if not _code(catalog, script, section, place):
        return []
    try:
        numbers = lines_printed_by(catalog, read_record(catalog, script), section)
    except NotRecorded as error:
        raise EmbedError(f"{error}; run `make records`") from None
    if not numbers:
        raise EmbedError(f"the section {section} of {script.path.name} printed nothing")
    ranges = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    lines = ",".join(f"{start}:{end}" for start, end in ranges)
    return ["```text", f'--8<-- "{path}:{lines}"', "```"]


def _figure(catalog: Catalog, script: Script, figure: str, place: str) -> list[str]:
    if figure not in script.figures:
        return []
    path = record_path(catalog, script, "cpu", f"{figure}.svg").relative_to(catalog.root).as_posix()
    return [f"![]({'../' * place.count('/')}{path})"]
