"""Whether figures show what they say: their series are results of the same run, and their words are those of the record.

A figure is read as `evidence/running/drawn.py` describes it. A series is a line or a row of bars, and its contract calls it by
its label, or by the y label of its axes if it has none; where two panels use the same words, the panel's title or y label
comes first: `accuracy: test`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.catalog import Figure, Script

Results = Mapping[str, float | list[float]]
Drawn = Mapping[str, Any]
# Of lines, all points are kept up to this number (`POINTS` in evidence/running/drawn.py).
KEPT = 200
KINDS = ("lines", "rules", "bars", "areas", "points", "images")


@dataclass(frozen=True)
class Series:
    """The values of a line or of bars, and what it may be called, the plainest first."""

    names: tuple[str, ...]
    values: list[float | None]

    def shows(self, result: float | list[float]) -> bool:
        """Whether these are the values of a result, as far as six digits tell."""
        return (
            isinstance(result, list)
            and len(result) == len(self.values) <= KEPT
            and all(a is not None and math.isclose(a, b, rel_tol=1e-5) for a, b in zip(self.values, result))
        )


def series_of(drawn: Drawn) -> Iterator[Series]:
    """Yield every line and every row of bars of a figure."""
    for axes in drawn.get("axes", []):
        for entry in [*axes.get("lines", []), *axes.get("bars", [])]:
            name = entry.get("label") or axes.get("y", "")
            panels = [axes[word] for word in ("title", "y") if axes.get(word, name) != name]
            values = entry["y"] if "y" in entry else entry["heights"]
            yield Series((name, *(f"{panel}: {name}" for panel in panels)), values)


def series_problems(script: Script, drawn: Mapping[str, Drawn], results: Results) -> list[str]:
    """Return one sentence for each figure of a run that does not show what its contract says.

    A declared series is the result that it is said to be. A series of more than one value that is a result, whatever it is
    called, is declared: else a label that moved to another curve would go unnoticed.
    """
    return [
        f"the figure {name} {problem}"
        for name, figure in script.figures.items()
        if name in drawn
        for problem in [*_words(figure, drawn[name]), *_series(figure, drawn[name], results)]
    ]


def _series(figure: Figure, drawn: Drawn, results: Results) -> Iterator[str]:
    series = list(series_of(drawn))
    declared: dict[int, str] = {}
    for name, result in figure.series.items():
        found = [index for index, each in enumerate(series) if name in each.names]
        if len(found) != 1:
            called = ", ".join(repr(each.names[-1]) for each in series) or "none"
            yield f"has {len(found)} series called {name!r}; its series are: {called}"
        elif result not in results:
            yield f"is to show {result} as {name!r}, and that is no result of this script"
        else:
            declared[found[0]] = result
            if not series[found[0]].shows(results[result]):
                yield f"shows something else than {result} as {name!r}: {series[found[0]].values} against {results[result]}"
    for index, each in enumerate(series):
        shown = [result for result, values in results.items() if len(each.values) > 1 and each.shows(values)]
        if shown and index not in declared:
            yield f"shows {' or '.join(shown)} as {each.names[0]!r}, which its contract does not declare as a series"


def _words(figure: Figure, drawn: Drawn) -> Iterator[str]:
    axes = drawn.get("axes", [])
    for key, word in (("titles", "title"), ("x", "x"), ("y", "y")):
        declared, shown = getattr(figure, key), tuple(each[word] for each in axes if word in each)
        if declared is not None and declared != shown:
            yield f"has the {key} {', '.join(shown) or 'none'}, and its contract says {', '.join(declared)}"
    labels = {entry.get("label") for each in axes for kind in KINDS for entry in each.get(kind, [])}
    for text in [*drawn.get("legend", []), *(text for each in axes for text in each.get("legend", []))]:
        if text not in labels:
            yield f"has {text!r} in a legend, and nothing in it is called so"


def differences(recorded: Drawn, fresh: Drawn) -> list[str]:
    """Return one sentence for each way in which a fresh figure is another than the recorded one.

    Words and what is drawn have to be the same, numbers need not: a title says `#` where it has one, a prediction for instance.
    """
    before, after = (_outline(drawn) for drawn in (recorded, fresh))
    if len(before["axes"]) != len(after["axes"]):
        return [f"it has {len(after['axes'])} axes, and {len(before['axes'])} in the record"]
    pairs = [
        ("", before, after),
        *((f"axes {i}: ", *pair) for i, pair in enumerate(zip(before["axes"], after["axes"]))),
    ]
    return [
        f"{place}{key} is {new.get(key)!r}, and {old.get(key)!r} in the record"
        for place, old, new in pairs
        for key in sorted(old.keys() | new.keys())
        if key != "axes" and old.get(key) != new.get(key)
    ]


def _outline(drawn: Drawn) -> dict[str, Any]:
    """Return the words of a figure, and how many of which kind it draws under which labels."""

    def outline(part: Drawn) -> dict[str, Any]:
        words = {key: part[key] for key in ("x", "y", "legend", "x_ticks", "y_ticks") if key in part}
        title = {"title": re.sub(r"\d+(\.\d+)?", "#", part["title"])} if "title" in part else {}
        return words | title | {kind: [each.get("label", "") for each in part[kind]] for kind in KINDS if kind in part}

    return {**outline(drawn), "axes": [outline(axes) for axes in drawn.get("axes", [])]}
