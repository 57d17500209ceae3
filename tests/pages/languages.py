"""What both languages of a page must say alike, whatever their sentences: formulas, numbers, values, code, links, names; and the
order of what stands in pairs.

The pages are compared unit by unit (a paragraph, an item, a cell, a label of a diagram) where a section has the same units
in both languages, and else section by section. Words are free; nothing here asks for a sentence to be like its counterpart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from math import prod
from posixpath import dirname, join, normpath

from pymdownx.slugs import slugify

from evidence.catalog import FRAMEWORKS, LANGUAGES
from tests.pages.source import EXPRESSION, FORMULA, INLINE_CODE, QUOTED, House, Page, read_page, source_of

HAN = re.compile("[㐀-鿿]")
PLACEHOLDER = re.compile(r"\{(?!\{)[^{}]+\}")  # a value in the sentence of a claim
ATTRIBUTES = re.compile(r"\{ *(?:[#.:]|\w+=)[^{}]*\}")  # ![…](…){ width="480" }
TARGET = re.compile(r"\]\(\s*<?([^)\s>]+)[^)]*\)|<(https?://[^>]+)>|(\[\^[^\]]+\])")
OF_A_LANGUAGE = re.compile(r"(?<=://)(?:zh|en)\.|(?<=/)(?:zh|en|zh-cn|zh_CN)/|\.(?:zh|en)(?=\.\w+$)")
NAMES = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(FRAMEWORKS.values())}|Adam|[A-Z]+[a-z]*[A-Z]\w*?)(?=s?(?![A-Za-z]))")

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
TOGETHER = re.compile(rf"{NUMBER}(?:\s*(?:×|by|to|乘|再?到|至)\s*{NUMBER})+")  # 784 × 128, 0 to 255
DIGITS = re.compile(
    r"(?:(?<![^\s（(、，])[-−])?(?<![A-Za-z0-9_.])\d[\d,]*(?:\.\d+)*(?!\d|\s*月)(?:\s*([千百万亿]+(?!分)|thousand|million|billion|trillion))?"
)
CHINESE_NUMERAL = re.compile("(?<!几)[零〇一二两三四五六七八九十百千万亿]+(?!几)")
ABOUT = re.compile(
    "(?<![零〇一二三四五六七八九])(?:一两|两三|[一二三四五六七八]{2})(?![零〇一二三四五六七八九])"
)  # 一两百, 七八个
MORE = re.compile("(?<=[十百千万])[多余](?=[百千万亿])")  # 六千多亿
CHINESE_DIGITS = {character: i for i, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ENGLISH = {word: i for i, word in enumerate(ONES.split())} | {word: 10 * i for i, word in enumerate(TENS.split(), 2)}
ENGLISH |= {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12, "quarter": 4}
ENGLISH |= {f"{word}th": value for word, value in ENGLISH.items() if value in (4, 6, 7, 10, 11, *range(13, 20))}
ENGLISH |= {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
ENGLISH |= {f"{word}th": value for word, value in ENGLISH.items() if value >= 100}
VAGUE = re.compile(r"\b(?:a few|some|tens of|hundreds of) (?:hundred|thousand|million)s?\b", re.I)
ENGLISH_NUMERAL = re.compile(rf"\b(?:{'|'.join(sorted(ENGLISH, key=len, reverse=True))})(?=s?\b)", re.I)

# What stands in pairs, and would say the opposite the other way round.
ORDERED = {
    "values": re.compile(rf"{EXPRESSION.pattern}|{PLACEHOLDER.pattern}", re.DOTALL),
    "frameworks": re.compile("|".join(FRAMEWORKS.values())),
    "sides": re.compile(r"[左右]|\b(?:left|right)(?=(?:most)?\b)", re.I),
    "colours": re.compile(r"[红蓝绿橙灰]|\b(?:red|blue|green|orange|gray|grey)\b", re.I),
}
MEANING = dict(zip("左右红蓝绿橙灰", ["left", "right", "red", "blue", "green", "orange", "grey"])) | {"gray": "grey"}
VALUE = ORDERED["values"].pattern
OF = re.compile(rf"({VALUE})( of (?:the |all )?)({VALUE})", re.DOTALL)  # 9 of 10: in Chinese 10 comes first

ORDINARY_WORD = re.compile(
    r"(?<![A-Za-z`.])(?!(?:logit|softmax|dropout|Keras|Transformer)s?\b)[A-Z]?[a-z]{4,}(?![A-Za-z`(.])"
)  # neither a term that stays Latin nor a name
SHORT = ("label", "cell")  # a sentence of either language may quote the other


@dataclass
class Facts:
    """What one unit says that has no language, each as often as it says it.

    `strict`: kind to facts that must be the same. `digits` may be words in the other language. `words` (numbers of three and
    more that are written as words) and `names` may be left out: idioms have numerals too, and a pronoun stands for a name.
    `together`: numbers whose order says something, as in 784 × 128 and 0 to 255.
    """

    strict: dict[str, Counter] = field(default_factory=dict)
    digits: Counter = field(default_factory=Counter)
    words: Counter = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    together: set[tuple[str, ...]] = field(default_factory=set)

    def __add__(self, other: Facts) -> Facts:
        strict = {kind: self.strict[kind] + other.strict[kind] for kind in self.strict}
        counts = self.digits + other.digits, self.words + other.words
        return Facts(strict, *counts, self.names | other.names, self.together | other.together)


def same_facts(page: Page, other: Page, house: House) -> list[str]:
    """Both languages have the same formulas, links, code, values and numbers, and neither names what the other does not."""
    found = []
    for ours, theirs in zip(_sections(page), _sections(other)):
        if [kind for kind, *_ in ours] == [kind for kind, *_ in theirs]:
            pairs = [([a], [b]) for a, b in zip(ours, theirs)]
        else:
            pairs = [(ours, theirs)]
        for pair in pairs:
            places = [f"{p.name}:{units[0][1] if units else 1}" for p, units in zip((page, other), pair)]
            facts = [
                sum((facts_of(text, p, house) for *_, text in units), start=facts_of(""))
                for p, units in zip((page, other), pair)
            ]
            found += [
                f"{places[0]}: {complaint}, as {places[1]} has; let both say the same"
                for complaint in differences(*facts)
            ]
            if len(pair[0]) == len(pair[1]) == 1:
                texts = [units[0][2] for units in pair]
                if pair[0][0][0] in SHORT:
                    found += [f"{places[0]}: {complaint}" for complaint in wrong_language(*texts)]
                found += [
                    f"{places[0]}: {complaint}, as {places[1]} has; tell both in one order"
                    for complaint in other_orders(*texts)
                ]
    return found


def same_texts(name: str, table: object) -> list[str]:
    """What a contract says in both languages (labels, text alternatives, claims, reasons) has the same facts."""
    if not isinstance(table, dict):
        return []
    found = [complaint for key, value in table.items() for complaint in same_texts(f"{name}: {key}", value)]
    if all(isinstance(table.get(language), str) for language in LANGUAGES):
        facts = [facts_of(table[language]) for language in LANGUAGES]
        found += [
            f"{name}: {complaint}, as the English has; let both say the same" for complaint in differences(*facts)
        ]
        texts = [table[language] for language in LANGUAGES]
        found += [
            f"{name}: {complaint}, as the English has; tell both in one order" for complaint in other_orders(*texts)
        ]
        found += [f"{name}: {complaint}" for complaint in wrong_language(*texts)]
    return found


def differences(ours: Facts, theirs: Facts) -> Iterator[str]:
    """Yield a complaint for each kind of fact in which two units differ: each has what the other has not.

    Either may leave out what the other says, or say it once more.
    """
    kinds = {
        kind: (ours.strict[kind] - theirs.strict[kind], theirs.strict[kind] - ours.strict[kind]) for kind in ours.strict
    }
    kinds["numbers"] = tuple(_numbers(a, b) for a, b in ((ours, theirs), (theirs, ours)))
    kinds["names"] = (ours.names - theirs.names, theirs.names - ours.names)
    for kind, (more, fewer) in kinds.items():
        if more and fewer:
            yield f"has other {kind}: {_list(more)} rather than {_list(fewer)}"
    for group in ours.together - theirs.together:
        if other := next((g for g in theirs.together - ours.together if sorted(g) == sorted(group)), None):
            yield f"has numbers in another order: {', '.join(group)} rather than {', '.join(other)}"


def other_orders(chinese: str, english: str) -> Iterator[str]:
    """Yield a complaint for each kind of `ORDERED` of which two units say the same, each as often, in another order."""
    for kind, pattern in ORDERED.items():
        one, other, turned = (_in_order(kind, pattern, text) for text in (chinese, english, OF.sub(r"\3\2\1", english)))
        if Counter(one) == Counter(other) and one not in (other, turned):
            yield f"has {kind} in another order: {', '.join(one)} rather than {', '.join(other)}"


def wrong_language(chinese: str, english: str) -> Iterator[str]:
    """Yield a complaint for a text that stands in the place of the other language."""
    chinese, english = (_plain(text) for text in (chinese, english))
    if HAN.search(english):
        yield f"{english.strip()!r} is to be English"
    if not HAN.search(chinese) and (word := ORDINARY_WORD.search(chinese)):
        yield f"{chinese.strip()!r} is to be Chinese, and has the English word {word[0]}"


def _plain(text: str) -> str:
    """Return a text without code, values and formulas."""
    for other in (INLINE_CODE, EXPRESSION, FORMULA, PLACEHOLDER):
        text = other.sub(" ", text)
    return text


def _in_order(kind: str, pattern: re.Pattern, text: str) -> list[str]:
    text = text if kind == "values" else _plain(text)
    return [MEANING.get(match[0].lower(), " ".join(match[0].split())) for match in pattern.finditer(text)]


def _numbers(ours: Facts, theirs: Facts) -> set:
    """Return the numbers that one says, as digits or in words, and the other says in neither way."""
    words = {value for value in ours.words if value > 2} - theirs.words.keys() - theirs.digits.keys()
    return words | (ours.digits - theirs.digits - theirs.words).keys()


def facts_of(text: str, page: Page | None = None, house: House | None = None) -> Facts:
    """Return the facts of one unit; links are resolved where its page is given."""
    strict = {}
    for kind, pattern in {
        "code": INLINE_CODE,
        "values": EXPRESSION,
        "formulas": FORMULA,
        "placeholders": None if page else PLACEHOLDER,
        "links": TARGET,
    }.items():
        matches = list(pattern.finditer(text)) if pattern else []
        if kind == "formulas":
            facts = [_tex(match[1] or match[2]) for match in matches]
        elif kind == "links":
            facts = [_target(match[1] or match[2] or match[3], page, house) for match in matches]
        else:
            facts = [OF_A_LANGUAGE.sub("", " ".join(match[0].strip("`").split())) for match in matches]
        strict[kind] = Counter(facts)
        text = pattern.sub(" ", text) if pattern else ATTRIBUTES.sub(" ", text)
    digits: Counter = Counter()
    for match in DIGITS.finditer(text):
        number = re.match(r"[-−]?[\d,.]*\d", match[0])[0].replace(",", "").replace("−", "-")
        scale = ENGLISH.get(match[1]) or prod(SCALES[mark] for mark in match[1] or "")
        digits[number if number.count(".") > 1 else float(number) * scale] += 1  # 1.9.1 is a name
    words = MORE.sub("", VAGUE.sub(" ", DIGITS.sub(" ", text)))
    values = (
        [_chinese(match[0]) for match in CHINESE_NUMERAL.finditer(words) if not ABOUT.search(match[0])]
        if HAN.search(words)
        else _english(words)
    )
    together = {tuple(re.findall(NUMBER, match[0])) for match in TOGETHER.finditer(text)}
    return Facts(strict, digits, Counter(map(float, values)), {*NAMES.findall(text)}, together)


def _sections(page: Page) -> list[list[tuple[str, int, str]]]:
    """Kind, line and text of each unit, section by section; all of a page before its first heading is one."""
    units = [(0, "front", 1, str(page.front[key])) for key in ("title", "description") if key in page.front]
    section = 0
    for block in page.blocks:
        section += block.kind == "heading"
        if block.kind == "formula":
            units.append((section, "formula", block.line, f"${block.text.strip('$ ').strip()}$"))
        elif block.kind == "table":
            units += [(section, "cell", line, cell) for line, row in block.rows for cell in row]
        elif block.kind == "diagram":
            labels = [block.detail, *(match[1] for match in QUOTED.finditer(block.text))]
            units += [(section, "label", block.line, re.sub(r"\\[a-zA-Z]", " ", label)) for label in labels]
        elif block.kind != "fence":
            units.append((section, block.kind, block.line, block.text))
    found: list = [[] for _ in range(section + 1)]
    for number, group in groupby(units, key=lambda unit: unit[0]):
        found[number] += [unit[1:] for unit in group]
    return found


def _tex(formula: str) -> str:
    """Return a formula without its words, its spaces, and the mark of punctuation that ends its sentence."""
    formula = re.sub(r"\\(?:text|mbox)\s*\{[^{}]*\}|\\[,;:! ]|\\q?quad\b|\s", "", formula)
    return formula.rstrip(".,;，。；")


def _target(target: str, page: Page | None, house: House | None) -> str:
    """Return where a link leads, the same in both languages: an anchor by the place of its heading."""
    target = OF_A_LANGUAGE.sub("", target)
    path, mark, anchor = target.partition("#")
    if not (mark and page and house) or "//" in path:
        return target
    name = normpath(join(dirname(page.name), path)) if path else page.name
    there = house.pages.get(name)
    if (source := source_of(name)) != name:
        there = read_page(house.root, house.root / source)
    headings = [slug(block.text) for block in there.blocks if block.kind == "heading"] if there else []
    return f"{path}#{headings.index(anchor)}" if anchor in headings else target


def slug(title: str) -> str:
    return slugify(case="lower")(re.sub(r"[`*$]|\]\([^)]*\)|\[", "", title), "-")


def _chinese(numeral: str) -> int:
    """Return the value of a Chinese numeral: 六万 is 60000, 一百二十 is 120, 一九八六 is 1986."""
    total = part = 0
    digit = None
    for character in numeral:
        if character in CHINESE_DIGITS:
            digit = 10 * (digit or 0) + CHINESE_DIGITS[character]
        elif SCALES[character] < 10**4:
            part, digit = part + (1 if digit is None else digit) * SCALES[character], None
        else:
            total, part, digit = ((total + part + (digit or 0)) or 1) * SCALES[character], 0, None
    return total + part + (digit or 0)


def _english(text: str) -> list[int]:
    """Return the values of the English numerals: sixty thousand, twenty-five, two hundred, the third."""
    found: list[int] = []
    end = None
    for match in ENGLISH_NUMERAL.finditer(text):
        value = ENGLISH[match[0].lower()]
        joined = end is not None and re.fullmatch(r"[\s-]+", text[end : match.start()])
        if joined and value >= 100 and (found[-1] >= 100 or not match[0].endswith("th")):
            found[-1] *= value
        elif joined and found[-1] % 10 == 0 and 0 < value < 10 <= found[-1]:
            found[-1] += value
        else:
            found.append(value)
        end = match.end()
    return found


def _list(facts: Mapping | set) -> str:
    return ", ".join(sorted(f"{fact:.15g}" if isinstance(fact, float) else fact for fact in facts)) or "nothing"
