"""What the sentence of a claim says of its values, held to the recorded runs: `holds` may be true, and the sentence its opposite.

Only what is said of two values, or of a value and a number, in one clause is read: from … to … with a verb of direction, and what
is below or above what. All else is for readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.catalog import LANGUAGES, Claim, Topic
from evidence.claims import Evidence, values

VALUE = r"\{([^{}]+?)(?::([a-z]+))?\}"
NUMBER = r"(?:\$[^$]*\\approx )?(\d+(?:,\d{3})*(?:\.\d+)?%?)"
NEAR = r"[^{},;，；。]{0,12}"
CLAUSE = re.compile(r"[;；。，]|, (?=and|while|but)")
FROM_TO = {language: re.compile(rf"{word}{NEAR}{VALUE}[^{{}}]{{0,30}}{to}{NEAR}{VALUE}") for language, word, to in (("zh", "从", "[到至]"), ("en", "from", r"\bto\b"))}  # fmt: skip
RISES = {"zh": "[升涨增]", "en": r"\b(?:rises?|grows?|climbs?|increases?|up to)\b"}
FALLS = {"zh": "[降减缩跌]", "en": r"\b(?:falls?|drops?|shrinks?|decreases?|down to)\b"}
ABOVE = {"zh": "高于|大于|多于|超过", "en": r"\b(?:above|over|(?:more|greater|larger|higher) than)"}
BELOW = {"zh": "低于|小于|少于|不到", "en": r"\b(?:below|under|(?:less|smaller|lower|fewer) than)"}


def contradictions(claim: Claim, topic: Topic, evidence: Evidence) -> list[str]:
    """Return what the sentences of a claim say that is not so in some recorded run."""
    return [
        f"{topic.path}: claims.{claim.name} says “{said}”, which is not so in every run"
        for language in LANGUAGES
        for said, lower, higher in orders(claim.text[language], language)
        if not all(a < b for a, b in zip(*_both(claim, topic, evidence, lower, higher)))
    ]


def orders(sentence: str, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield what is said, and the lower and the higher of two expressions by it; one of them may be a number."""
    for clause in CLAUSE.split(sentence):
        words = re.sub(VALUE, " ", clause)
        rises, falls = (bool(re.search(verbs[language], words)) for verbs in (RISES, FALLS))
        match = FROM_TO[language].search(clause)
        if match and rises != falls:
            yield clause.strip(), *((match[1], match[3]) if rises else (match[3], match[1]))
    for words, sign in ((ABOVE, 1), (BELOW, -1)):
        for match in re.finditer(
            rf"{VALUE}[,，]? ?(?:{words[language]}) ?(?:{VALUE}|{NUMBER}(?![\w.]*[{{\d]))", sentence
        ):
            yield match[0], *(match[1], match[3] or match[5])[::-sign]


def _both(claim: Claim, topic: Topic, evidence: Evidence, *expressions: str) -> Iterator[list[float]]:
    for expression in expressions:
        if re.fullmatch(NUMBER, expression):
            number = float(expression.rstrip("%").replace(",", "")) / (100 if expression.endswith("%") else 1)
            expression = repr(number)
        yield values(claim, topic, evidence, expression, "number")[0]
