"""Numbers that a page types and that need no run to be judged: sums, and sizes of what the code holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.pages.source import FORMULA, QUOTED, House, Page

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
OPERATION = rf"[)\s]*[-+−×*/·][(\s]*{NUMBER}"
LEFT, RIGHT = (rf"[(\s]*{NUMBER}(?:{OPERATION}){times}[)]*" for times in "+*")
# Not where a side goes on: with a letter, a bracket, an operator.
BEFORE = r"(?<![\w.,^_}\])×*/+−-])(?<![}\])×*/+−-] )(?!(?<=\w )\()"
AFTER = r"(?![A-Za-z0-9^_%{]|[.,]\d|\s*[×*/+−(-])"
SUM = re.compile(rf"{BEFORE}({LEFT})(?=\s*=\s*({RIGHT}){AFTER})")
YEAR = re.compile(r"1[89]\d\d|20\d\d")
SHAPE = re.compile(rf"{NUMBER}(?:\s*×\s*{NUMBER})+")


def sums_are_right(page: Page) -> list[str]:
    """What stands on both sides of an equals sign between numbers is the same."""
    return [
        f"{page.name}:{line}: {left} is {_value(left):,.10g} and not {right}"
        for line, text in page.passages(headed=True)
        for left, right in _sums(text)
        if abs(_value(left) - _value(right)) > 1e-9 * abs(_value(left))
    ]


def sizes_are_known(page: Page, house: House) -> list[str]:
    """On a topic's page each number of two digits and more in a diagram, and in a shape such as 784 × 128, is one that the
    topic's scripts, contract, tests, outputs, or the page's formulas and code hold."""
    if page.topic not in house.catalog.topics:
        return []
    topic = house.catalog.topics[page.topic]
    files = [*topic.folder.iterdir(), house.root / "tests" / topic.section / f"test_{topic.name}.py"]
    files += (house.catalog.records / topic.path).glob("*.txt")
    files += [house.root / path for _, path, _ in page.embeds]
    sources = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    sources += [block.text for block in page.blocks if block.kind == "formula"]
    for block in page.blocks:
        sources += [*block.codes, *(match[1] or match[2] for match in FORMULA.finditer(block.text))]
    sources += [right for _, text in page.passages(headed=True) for _, right in _sums(text)]
    plain = re.sub(r"(?<=\d)[_,](?=\d{3})", "", "\n".join(sources))
    known = {float(number) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", plain)}
    return [
        f"{page.name}:{line}: {number} in {text.strip()!r} is nowhere in the topic's code, tests, outputs, formulas or sums"
        for line, text in _sizes(page)
        for number in re.findall(NUMBER, text)
        if len(number) > 1 and not YEAR.fullmatch(number) and float(number.replace(",", "")) not in known
    ]


def _sums(text: str) -> Iterator[tuple[str, str]]:
    """Yield both sides of each equation between numbers."""
    for source, plain in ((r"\\times", "×"), (r"\{,\}", ","), (r"\\[,;:! ]|[$`]", " ")):
        text = re.sub(source, plain, text)
    for match in SUM.finditer(text):
        if all(_value(side) is not None for side in match.groups()):
            yield match[1].strip(), match[2].strip()


def _sizes(page: Page) -> Iterator[tuple[int, str]]:
    for block in page.blocks:
        if block.kind == "diagram":
            yield from ((block.line, text) for text in (block.detail, *QUOTED.findall(block.text)))
    for line, text in page.passages():
        yield from ((line, match[0]) for match in SHAPE.finditer(SUM.sub("", text)))


def _value(side: str) -> float | None:
    """Return what a side comes to, or None if a bracket of it is open: it is a part of a larger expression."""
    side = side.translate({ord("×"): "*", ord("·"): "*", ord("−"): "-", ord(","): None})
    try:
        return float(eval(side.strip(), {"__builtins__": {}}))
    except SyntaxError:
        return None
