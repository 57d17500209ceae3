"""How traditional Chinese writes what the pages say in simplified Chinese; search.js turns queries by it.

OpenCC knows the characters, and the words that are others in Taiwan. The glossary adds those of deep learning.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache

from opencc import OpenCC

from evidence.pages.glossary import load_glossary

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
LENGTHS = 2, 3  # of the words that are others in Taiwan, in characters: what is longer is made of these


@cache
def _converters() -> tuple[OpenCC, OpenCC, OpenCC]:
    """To simplified characters; to the characters of Taiwan; to its characters and words."""
    return OpenCC("t2s"), OpenCC("s2tw"), OpenCC("s2twp")


@cache
def _simplified_characters() -> dict[str, str]:
    """Return, for every traditional character, the simplified one."""
    simplify = _converters()[0].convert
    return {
        character: simple
        for character in map(chr, range(0x3400, 0xA000))
        if (simple := simplify(character)) != character
    }


def spellings(text: str) -> dict[str, str]:
    """Return how Chinese `text` is written elsewhere: by each traditional character or Taiwanese word, that of `text`.

    Only what `text` holds is in it, so that a query becomes what can be found; and nothing that `text` itself writes so.
    """
    simplify, to_taiwan, to_words_of_taiwan = (converter.convert for converter in _converters())
    runs = re.findall(f"[{HAN}]+", text)
    held = set("".join(runs))
    found = {
        character: simple
        for character, simple in _simplified_characters().items()
        if simple in held and character not in held
    }
    words = Counter(run[i : i + length] for run in runs for length in LENGTHS for i in range(len(run) - length + 1))
    # The more frequent comes first: 檔案 is 文件, and 档案 only where the pages have no 文件.
    here = [word for word, _ in words.most_common()]
    characters, there = (convert("\n".join(here)).split("\n") for convert in (to_taiwan, to_words_of_taiwan))
    others = {word: other for word, same, other in zip(here, characters, there) if other != same}
    for word, other in others.items():
        # A longer word that holds a shorter one is turned by that.
        held_by_it = any(
            word[i:j] in others for i in range(len(word)) for j in range(i + 2, len(word) + 1) if j - i < len(word)
        )
        if not held_by_it and other not in text and simplify(other) != word:
            found.setdefault(other, word)
    for term in load_glossary().terms.values():
        found |= {other: term.name["zh"] for other in term.taiwan if other not in text}
    return found


def as_script(found: dict[str, str]) -> str:
    """Return what search.js loads: the same, from the longest to the shortest, so that words come before their characters."""
    ordered = sorted(found.items(), key=lambda pair: (-len(pair[0]), pair))
    return f"self.traditional = {json.dumps(dict(ordered), ensure_ascii=False, separators=(',', ':'))}\n"
