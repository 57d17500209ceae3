"""What a page says of results, once for the page and for the test: an expression over results, and a sentence with values in it.

An expression is Python: comparisons, arithmetic, `and`, `or`, `not`, indices, comprehensions, and the functions of `FUNCTIONS`.
In it

- `test_accuracy` is a result of the script that the claim is about, in one framework and for one seed;
- `recall.lstm_accuracy` is that of another script, in the same framework and for the same seed;
- `recall_keras.lstm_accuracy` names the framework as well;
- `over_seeds(x)`, `over_frameworks(x)`, `over_runs(x)` are lists: what `x` is for every recorded seed, in every framework, in
  both.

A claim holds if its expression is true for every framework and every recorded seed. A sentence has values in braces:
`{test_accuracy}` is the range over all of them, `{losses[-1] - losses[0]:nats}` names a unit where it is not that of one result.
"""

from __future__ import annotations

import ast
import functools
import math
import re
import statistics
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evidence.catalog import FRAMEWORKS, Catalog, CatalogError, Claim, Script, Topic

FUNCTIONS: dict[str, Callable] = {
    "abs": abs,
    "all": all,
    "any": any,
    "len": len,
    "log": math.log,
    "log10": math.log10,
    "max": max,
    "mean": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "range": range,
    "round": round,
    "sorted": sorted,
    "sqrt": math.sqrt,
    "sum": sum,
    "zip": zip,
}
OVER = ("over_seeds", "over_frameworks", "over_runs")
PLACEHOLDER = re.compile(r"\{([^{}]+?)(?::([a-z]+))?\}")
ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Div, ast.Pow, ast.FloorDiv, ast.Mod, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Call,
    ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.List, ast.Tuple, ast.IfExp,
    ast.GeneratorExp, ast.ListComp, ast.comprehension,
)  # fmt: skip
Results = Mapping[str, float | list[float]]


class ClaimError(Exception):
    """An expression cannot be read, or names what no script leaves; the message names the claim."""


@dataclass(frozen=True)
class Evidence:
    """Results of many runs: a script's stem to a seed to its results."""

    catalog: Catalog
    runs: Mapping[str, Mapping[int, Results]]

    def with_run(self, stem: str, seed: int, results: Results) -> Evidence:
        """Return this evidence with one run in the place of the recorded one of the same seed, or beside the others."""
        return replace(self, runs={**self.runs, stem: {**self.runs.get(stem, {}), seed: results}})


@dataclass(frozen=True)
class _Place:
    """Where an expression is evaluated: one script of the topic, in one framework, for one seed."""

    evidence: Evidence
    script: Script
    seed: int


def _parse(expression: str) -> ast.Expression:
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        raise ClaimError(f"{expression!r} is no expression: {error.msg}") from None
    for node in ast.walk(tree):
        if not isinstance(node, ALLOWED):
            raise ClaimError(f"{expression!r}: {type(node).__name__} has no place in a claim")
        if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
            raise ClaimError(f"{expression!r}: {node.value!r} is no number")
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None)
            if name not in FUNCTIONS and name not in OVER:
                raise ClaimError(f"{expression!r}: only {', '.join([*FUNCTIONS, *OVER])} can be called")
            if node.keywords or (name in OVER and len(node.args) != 1):
                raise ClaimError(
                    f"{expression!r}: {name} takes no keywords, and what goes over runs takes one argument"
                )
        if isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Name):
            raise ClaimError(f"{expression!r}: write script.result")
    return tree


@functools.cache
def _names(expression: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Return the results that an expression names by themselves, and those of a named script."""
    nodes = list(ast.walk(_parse(expression)))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    owners = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    names = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in called | owners]
    bound = _bound(nodes)
    return (
        frozenset(node.id for node in names if node.id not in bound),
        frozenset((node.value.id, node.attr) for node in nodes if isinstance(node, ast.Attribute)),
    )


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that comprehensions give to elements."""
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def scripts_of(catalog: Catalog, topic: Topic, claim: Claim) -> list[Script]:
    """Return the scripts that a claim is about: those it lists, or all of the topic that leave what it names.

    Raises `ClaimError` if there is none.
    """
    bare = set().union(*(_names(text)[0] for text in _expressions(claim)))
    found = [
        script
        for script in catalog.select(topic.path)
        if (script.name in claim.scripts if claim.scripts else bare <= set(script.results))
    ]
    for script in found:
        if missing := bare - set(script.results):
            raise ClaimError(
                f"{topic.path}: claims.{claim.name} names {', '.join(sorted(missing))}, which {script.stem} does not leave"
            )
    if not found:
        raise ClaimError(
            f"{topic.path}: no script leaves all that claims.{claim.name} names: {', '.join(sorted(bare))}"
        )
    return found


def _expressions(claim: Claim) -> Iterator[str]:
    yield claim.holds
    for text in claim.text.values():
        yield from (match[1] for match in PLACEHOLDER.finditer(text))


def _other(place: _Place, name: str) -> tuple[str, int]:
    """Return the stem and seed that `name.result` means at a place."""
    scripts = place.evidence.catalog.scripts
    stem = name if name in scripts else f"{name}_{place.script.framework}"
    if stem not in scripts:
        # One in NumPy serves every framework.
        stem = f"{name}_numpy"
    if stem not in scripts:
        raise ClaimError(f"there is no script {name}, in {FRAMEWORKS[place.script.framework]} or in NumPy")
    seeds = place.evidence.runs.get(stem, {})
    if not seeds:
        raise ClaimError(f"{stem} has no results")
    return stem, place.seed if place.seed in seeds else next(iter(seeds))


def _result(place: _Place, stem: str, seed: int, name: str) -> float | list[float]:
    try:
        return place.evidence.runs[stem][seed][name]
    except KeyError:
        raise ClaimError(f"{stem} leaves no {name} for seed {seed}") from None


def _own(place: _Place, name: str) -> float | list[float]:
    return _result(place, place.script.stem, place.seed, name)


def _of_other(place: _Place, owner: str, name: str) -> float | list[float]:
    return _result(place, *_other(place, owner), name)


def evaluate(expression: str, evidence: Evidence, script: Script, seed: int) -> Any:
    """Return what an expression is for one run; raise `ClaimError` if it cannot be evaluated."""
    try:
        return _compiled(expression)(_Place(evidence, script, seed))
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise ClaimError(f"{expression!r} cannot be evaluated for {script.stem}, seed {seed}: {error}") from None


@functools.cache
def _compiled(expression: str) -> Callable[[_Place], Any]:
    """Return an expression as a function of the place; it can only do what the allowed nodes can."""
    tree = _parse(expression)
    bound = _bound(ast.walk(tree))

    def call(function: str, *arguments: ast.expr) -> ast.Call:
        return ast.Call(ast.Name(function, ast.Load()), [ast.Name("_place", ast.Load()), *arguments], [])

    class Resolve(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.Call:
            arguments = [self.visit(argument) for argument in node.args]
            return (
                call(node.func.id, _of_place(*arguments))
                if node.func.id in OVER
                else ast.Call(node.func, arguments, [])
            )

        def visit_Attribute(self, node: ast.Attribute) -> ast.Call:
            return call("_of_other", ast.Constant(node.value.id), ast.Constant(node.attr))

        def visit_Name(self, node: ast.Name) -> ast.expr:
            return node if node.id in bound else call("_own", ast.Constant(node.id))

    function = ast.Expression(_of_place(Resolve().visit(tree.body)))
    code = compile(ast.fix_missing_locations(function), "<claim>", "eval")
    over = {name: functools.partial(_over, name) for name in OVER}
    return eval(code, {"__builtins__": {}, **FUNCTIONS, **over, "_own": _own, "_of_other": _of_other})


def _of_place(body: ast.expr) -> ast.Lambda:
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg("_place")], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(arguments, body)


def _over(over: str, place: _Place, value: Callable[[_Place], Any]) -> list:
    return [value(other) for other in _places(place, over)]


def _places(place: _Place, over: str) -> Iterator[_Place]:
    evidence = place.evidence
    for version in evidence.catalog.versions(place.script) if over != "over_seeds" else [place.script]:
        seeds = evidence.runs.get(version.stem, {})
        for seed in seeds if over != "over_frameworks" else [place.seed] if place.seed in seeds else []:
            yield _Place(evidence, version, seed)


def places(claim: Claim, topic: Topic, evidence: Evidence) -> list[tuple[Script, int]]:
    """Return every script and seed that a claim is about, as far as there are results."""
    return [
        (script, seed)
        for script in scripts_of(evidence.catalog, topic, claim)
        for seed in evidence.runs.get(script.stem, {})
    ]


def failures(
    claim: Claim, topic: Topic, evidence: Evidence, runs: Container[tuple[str, int]] | None = None
) -> list[str]:
    """Return a sentence for each run, or each of the `runs` (stem, seed), for which a claim does not hold.

    Raises `ClaimError` if it says nothing of any run, or cannot be evaluated.
    """
    where = places(claim, topic, evidence)
    if not where:
        raise ClaimError(f"{topic.path}: there are no results for claims.{claim.name}")
    return [
        f"{topic.path}: claims.{claim.name} does not hold for {script.stem}, seed {seed}: {claim.holds}"
        for script, seed in where
        if (runs is None or (script.stem, seed) in runs) and evaluate(claim.holds, evidence, script, seed) is not True
    ]


def idle_results(claim: Claim, topic: Topic, evidence: Evidence) -> list[str]:
    """Return the results that a claim names and does not depend on: whatever they were, it would hold.

    Each is replaced, in every run, by numbers that are wrong: another sign, another size, another order.
    """
    idle = []
    bare, of_others = _names(claim.holds)
    own = {(script.stem, name) for script, _ in places(claim, topic, evidence) for name in bare}
    other = {
        (_other(_Place(evidence, script, seed), owner)[0], name)
        for script, seed in places(claim, topic, evidence)
        for owner, name in of_others
    }
    for name in sorted(bare):
        if not any(
            _breaks(claim, topic, evidence, {stem for stem, result in own if result == name}, name, how)
            for how in WRONG
        ):
            idle.append(name)
    for stem, name in sorted(other):
        if not any(_breaks(claim, topic, evidence, {stem}, name, how) for how in WRONG):
            idle.append(f"{stem}.{name}")
    return idle


def _on_all(change: Callable[[float], float]) -> Callable[[float | list[float]], float | list[float]]:
    return lambda value: [change(each) for each in value] if isinstance(value, list) else change(value)


WRONG: tuple[Callable, ...] = (
    _on_all(lambda x: -x - 1),
    _on_all(lambda x: 0.0),
    _on_all(lambda x: x * 10 + 1),
    _on_all(lambda x: x / 10),
    _on_all(lambda x: x + 1e6),
    _on_all(lambda x: x - 1e6),
    lambda value: value[::-1] if isinstance(value, list) else -value,
)


def _breaks(claim: Claim, topic: Topic, evidence: Evidence, stems: set[str], name: str, how: Callable) -> bool:
    runs = {
        stem: {
            seed: {**results, name: how(results[name])} if stem in stems and name in results else results
            for seed, results in seeds.items()
        }
        for stem, seeds in evidence.runs.items()
    }
    try:
        return bool(failures(claim, topic, replace(evidence, runs=runs)))
    except ClaimError:
        return True


def values(
    claim: Claim,
    topic: Topic,
    evidence: Evidence,
    expression: str,
    unit: str | None,
    stems: Container[str] | None = None,
) -> tuple[list[float], str]:
    """Return what an expression of a claim's sentence is over all its runs, or over those of the scripts `stems`, and its unit.

    Raises `ClaimError` if it is no number, or its unit cannot be known.
    """
    where = [(script, seed) for script, seed in places(claim, topic, evidence) if stems is None or script.stem in stems]
    found = [evaluate(expression, evidence, script, seed) for script, seed in where]
    if not found or not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in found):
        raise ClaimError(f"{topic.path}: {{{expression}}} in claims.{claim.name} is no number")
    if unit is None:
        bare, others = _names(expression)
        declared = {script.results[name].unit for script, _ in where for name in bare}
        for owner, name in others:
            stem, _ = _other(_Place(evidence, *where[0]), owner)
            declared.add(evidence.catalog.scripts[stem].results[name].unit)
        if len(declared) != 1:
            raise ClaimError(f"{topic.path}: name the unit of {{{expression}}} in claims.{claim.name}, as {{…:number}}")
        unit = declared.pop()
    return found, unit


def find(catalog: Catalog, topic: str, name: str) -> tuple[Topic, Claim]:
    """Return a claim by the last name of its topic and its own; raise `ClaimError` if there is none."""
    try:
        found = catalog.topic(topic)
    except CatalogError as error:
        raise ClaimError(str(error)) from None
    if name not in found.claims:
        raise ClaimError(f"{found.path} claims no {name}; it claims {', '.join(found.claims) or 'nothing'}")
    return found, found.claims[name]
