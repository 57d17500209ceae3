"""The arithmetic in a page's formulas: what is written with numbers alone is computed, and both sides of its signs compared.

A side with a letter that is no constant or function below is a formula of something, and is left alone.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator

from tests.pages.source import FORMULA, Page

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\{,\}\d{3})*(?:\.\d+)?|\S")
LITERAL = re.compile(r"-?(\d+(?:\{,\}\d{3})*)(?:\.(\d+))?(?:\s*\\(?:cdot|times)\s*10\^\{?(-?\d+)\}?)?")
SPACE = re.compile(r"\\[,;:! ]|\\(?:left|right|[Bb]igg?[lr]?)(?![A-Za-z])|(?<!&)&(?!&)|\\(?:begin|end)\{\w+\}")
STATEMENT = re.compile(r"\\\\|&&|\\q?quad|\\(?:text|text\w+|mbox)\{[^{}]*\}")
RELATION = re.compile(r"(=|\\approx)(?![A-Za-z])")
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "\\ln": math.log,
    "\\log": math.log,
    "\\exp": math.exp,
    "\\sin": math.sin,
    "\\cos": math.cos,
    "\\tanh": math.tanh,
    "\\sigma": lambda z: 1 / (1 + math.exp(-z)),
}
OPERATIONS = {"\\cdot": operator.mul, "\\times": operator.mul, "/": operator.truediv}
BRACKETS = {"(": ")", "{": "}", "[": "]", "|": "|", "\\lfloor": "\\rfloor", "\\lceil": "\\rceil"}
STARTS = {*BRACKETS, *FUNCTIONS, "\\pi", "e", "\\sqrt", "\\frac", "\\tfrac"} - {
    "|"
}  # of a factor without a sign before it
PRODUCT = re.compile(
    r"\((\w+) \\times (\w+)\)\s*\((\w+) \\times (\w+)\)(?: \+ \((\w+)\))? \\to (\w+) \\times (\w+)"
)  # (N × 2)(2 × 3) + (3) → N × 3


def equations_are_right(page: Page) -> list[str]:
    """What a formula computes with numbers is what stands after its sign; what it rounds is right to its last digit."""
    return [
        f"{page.name}:{line}: {equation} is wrong; compute it again (≈ where it is rounded)"
        for line, text in page.passages(headed=True)
        for equation in wrong_equations(text)
    ]


def wrong_equations(text: str) -> Iterator[str]:
    """Yield each equation or approximation between numbers that is none, and each product of matrices whose sizes do not fit."""
    yield from (f"{left} {sign} {right}" for left, sign, right in equations(text) if not _agree(left, sign, right))
    for formula in FORMULA.findall(text):
        for match in PRODUCT.finditer(SPACE.sub(" ", "".join(formula))):
            rows, inner, also, columns, bias, *result = match.groups()
            if inner != also or result != [rows, columns] or bias not in (None, columns):
                yield match[0]


def equations(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield both sides of each sign = or ≈ that stands between numbers, and the sign."""
    for formula in FORMULA.findall(text):
        for statement in STATEMENT.split("".join(formula)):
            left, *rest = RELATION.split(SPACE.sub(" ", statement))
            for sign, right in zip(rest[::2], rest[1::2]):
                # What a comma or a full stop parts from a side says something else.
                sides = (
                    re.split(r"[,;，。；]\s+(?![^(]*\))", left)[-1],
                    re.split(r"[,;，。；.](?:\s|$)(?![^(]*\))", right)[0],
                )
                if all(value(side) is not None for side in sides):
                    yield sides[0].strip(), sign, sides[1].strip()
                left = right


def value(side: str) -> float | tuple[float, ...] | None:
    """Return what a side comes to, or None if it does not consist of numbers alone."""
    try:
        return _Reader(side).all()
    except (ValueError, IndexError, ArithmeticError, TypeError):
        return None


def _agree(left: str, sign: str, right: str) -> bool:
    ours, theirs = value(left), value(right)
    if isinstance(ours, tuple) or isinstance(theirs, tuple):
        return ours == theirs
    if sign == "=":
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    if literal := LITERAL.fullmatch(right):
        return abs(ours - theirs) <= 0.51 * 10.0 ** (int(literal[3] or 0) - len(literal[2] or ""))
    return math.isclose(ours, theirs, rel_tol=0.05)


class _Reader:
    """Reads sums of products of powers, as TeX writes them; raises `ValueError` at all else."""

    def __init__(self, text: str) -> None:
        self.tokens = [token for token in TOKEN.findall(text)] + [""]

    def all(self) -> float | tuple[float, ...]:
        found = self.sum()
        if self.tokens != [""]:
            raise ValueError(self.tokens)
        return found

    def take(self, *expected: str) -> str:
        if expected and self.tokens[0] not in expected:
            raise ValueError(self.tokens)
        return self.tokens.pop(0)

    def sum(self) -> float:
        total = self.products()
        while self.tokens[0] in ("+", "-"):
            total = total + self.products() if self.take() == "+" else total - self.products()
        return total

    def products(self) -> float:
        total = self.product()
        while self.tokens[0] in OPERATIONS:
            total = OPERATIONS[self.take()](total, self.product())
        return total

    def product(self) -> float:
        """Read what stands side by side: it binds more tightly than a sign of division, 1 / 2π."""
        total = self.power()
        while self.tokens[0] in STARTS:
            total *= self.power()
        return total

    def power(self) -> float:
        if self.tokens[0] == "-":
            self.take()
            return -self.power()
        base = self.base()
        if self.tokens[0] != "^":
            return base
        self.take()
        exponent = self.group()
        if base < 0 and exponent != int(exponent):
            raise ValueError(exponent)
        return base**exponent

    def base(self) -> float | tuple[float, ...]:
        token = self.take()
        if token[:1].isdigit():
            return float(token.replace("{,}", ""))
        if token == "\\pi":
            return math.pi
        if token == "e" and self.tokens[0] == "^":  # alone, it may be an error
            return math.e
        if token in FUNCTIONS:
            return FUNCTIONS[token](self.power())
        if token == "\\sqrt":
            return math.sqrt(self.group())
        if token in ("\\frac", "\\tfrac", "\\dfrac"):
            return self.group() / self.group()
        if token in BRACKETS:
            found = [self.sum()]
            while token == "(" and self.tokens[0] == ",":
                self.take()
                found.append(self.sum())
            self.take(BRACKETS[token])
            if len(found) > 1:
                return tuple(found)
            turned = {"|": abs, "\\lfloor": math.floor, "\\lceil": math.ceil}.get(token, float)
            return float(turned(found[0]))
        raise ValueError(token)

    def group(self) -> float:
        """Read the argument of a command: in braces, or one digit, as in \\frac12."""
        if self.tokens[0] == "{" or not self.tokens[0][:1].isdigit():
            return self.base()
        digit, rest = self.tokens[0][0], self.tokens[0][1:]
        self.tokens[:1] = [rest] if rest else []
        return float(digit)
