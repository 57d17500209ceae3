"""Two texts that have changed places: each is more like what the other belongs to than like its own.

A label belongs to a result, a text alternative to a figure with its words, a label of a diagram to a node with a name. Two that
share no words are left alone; what is reported fits crosswise so much better that chance does not explain it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from evidence.catalog import Catalog, Topic
from evidence.record import read_record, recorded_figure
from tests.pages.source import Page

FILLING = frozenset("a an and as at by each for from in is it its of on or than that the to with".split())  # noqa: SIM905
NODE = re.compile(r'(\w+)\s*\[[^\]]*?label="([^"]*)"')
SHOWN = ("title", "x", "y", "label", "legend", "x_ticks", "y_ticks")
# By how many words the crosswise fit of two pairs has to be better. A figure has many words, some of which are everywhere.
MARGIN = {"figures": 5, "results": 2, "nodes": 2}


def swapped_results(topic: Topic) -> list[str]:
    """Of two results, neither has a label that names the other."""
    pairs = [(name, name, result.label["en"]) for name, result in topic.results.items()]
    return [
        f"{topic.path}: the labels of {a} and {b} have changed places" for a, b in swapped(pairs, MARGIN["results"])
    ]


def swapped_figures(topic: Topic, catalog: Catalog) -> list[str]:
    """Of two figures, neither has a text alternative that describes the other, by the words in them."""
    drawn = {
        name: f"{name} {' '.join(_words_in(recorded_figure(catalog, read_record(catalog, script), name)))}"
        for script in reversed(list(catalog.select(topic.path)))
        for name in script.figures
    }
    pairs = [(name, drawn[name], figure.alternative["en"]) for name, figure in topic.contract.figures.items()]
    return [
        f"{topic.path}: the texts of the figures {a} and {b} have changed places"
        for a, b in swapped(pairs, MARGIN["figures"])
    ]


def swapped_nodes(page: Page) -> list[str]:
    """In a diagram, no two nodes have each other's label: nodes have English names."""
    return [
        f"{page.name}:{block.line}: the labels of the nodes {a} and {b} have changed places"
        for block in page.blocks
        if block.kind == "diagram" and page.language == "en"
        for a, b in swapped([(name, name, label) for name, label in NODE.findall(block.text)], MARGIN["nodes"])
    ]


def swapped(pairs: Iterable[tuple[str, str, str]], margin: int) -> Iterator[tuple[str, str]]:
    """Yield the names of each two of `pairs` (a name, and two texts that belong together) that fit better crosswise."""
    known = [(name, _stems(one), _stems(other)) for name, one, other in pairs]
    for (name, one, other), (second, *its) in combinations(known, 2):
        own = len(one & other) + len(its[0] & its[1])
        if len(one & its[1]) + len(its[0] & other) >= own + margin:
            yield name, second


def _stems(text: str) -> set[str]:
    """Return the words of a text and its numbers, without their endings: gradients and gradient are one."""
    text = text.lower()
    words = {*re.findall(r"[a-z]{2,}|\d+", text.replace("_", " ")), *re.findall(r"[a-z]+[_-][a-z]+", text)}
    return {word[:5] for word in words - FILLING}


def _words_in(drawn: Any) -> Iterator[str]:
    if isinstance(drawn, Mapping):
        yield from (str(value) for key, value in drawn.items() if key in SHOWN)
        drawn = list(drawn.values())
    for part in drawn if isinstance(drawn, list) else ():
        yield from _words_in(part)
