"""Figures with sliders: what `[explorations.…]` of a contract describes, as HTML.

One script draws them, `explore.js` in the theme: here, for the values that the page's run used, so that a reader without
script or on paper has a picture; and in the browser, for every other value.
"""

from __future__ import annotations

import atexit
import functools
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from py_mini_racer import JSEvalException, MiniRacer

from evidence.catalog import Catalog, Exploration, Script
from evidence.record import read_record, record_path

SCRIPT = Path(__file__).parents[1] / "site" / "theme" / "assets" / "javascripts" / "explore.js"
REFERENCE = re.compile(r"(?P<result>\w+)(?:\[(?P<index>-?\d+)\])?")
PLACE = re.compile(r"\{\w+\}")
WIDEST = "−0.00 × 10⁰"  # what a number may need in a sentence

Values = Mapping[str, float]


class ExploreError(Exception):
    """An exploration asks for what no record has, or cannot be drawn."""


@functools.cache
def engine() -> MiniRacer:
    """Return the one JavaScript engine of this process, the script loaded."""
    racer = MiniRacer()
    atexit.register(racer.close)  # An engine left open keeps Python from exiting.
    racer.eval(SCRIPT.read_text(encoding="utf-8"))
    return racer


def about(catalog: Catalog, script: Script, exploration: Exploration, language: str) -> dict[str, Any]:
    """Return all that `explore.js` needs to know of an exploration; numbers are those of the script's own seed.

    Raises `ExploreError` where the record lacks something.
    """
    record = read_record(catalog, script)
    try:
        given: dict[str, Any] = {name: record.value(name) for name in exploration.results}
    except KeyError as error:
        raise ExploreError(f"the record of {script.stem} has no {error.args[0]}; run `make records`") from None
    if exploration.figure:
        path = record_path(catalog, script, "cpu", f"{exploration.figure}.json")
        if not path.exists():
            raise ExploreError(f"there is no {path.name}; run `make records`")
        panels = json.loads(path.read_text(encoding="utf-8"))["axes"]
        given["figure"] = [{"title": panel["title"]} | shorter(panel["lines"][0]) for panel in panels]
    return {
        "name": f"{script.topic.name}.{exploration.name}",
        "given": given,
        "names": {axis: texts[language] for axis, texts in exploration.axes.items()},
        "sliders": {
            name: {"step": slider.step, "value": slider.value[language]} for name, slider in exploration.sliders.items()
        },
        "says": {outcome: texts[language] for outcome, texts in exploration.says.items()},
    }


def start(catalog: Catalog, script: Script, exploration: Exploration) -> dict[str, float]:
    """Return the value of each slider that the page's run used; raise `ExploreError` if a slider cannot stand there."""
    record = read_record(catalog, script)
    found = {}
    for name, slider in exploration.sliders.items():
        value = slider.start
        try:
            if isinstance(value, str):
                match = REFERENCE.fullmatch(value)
                recorded = record.value(match["result"])
                value = recorded[int(match["index"])] if match["index"] else recorded
            found[name] = slider.stop_at(value)
        except (KeyError, IndexError, TypeError):
            raise ExploreError(f"the slider {name} starts at {slider.start}, which is no recorded number") from None
        except ValueError as error:
            raise ExploreError(f"the slider {name} {error}") from None
    return found


def draw(described: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Return pictures, texts and numbers for some values of the sliders, as the browser makes them."""
    try:
        return engine().call("explore", described, values)
    except JSEvalException as error:
        raise ExploreError(f"{described['name']}: {str(error).strip().splitlines()[0]}") from None


def shorter(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line of a recorded figure with five digits for each coordinate: a thousandth of a pixel."""
    return line | {axis: [float(f"{number:.5g}") for number in line[axis]] for axis in "xy"}


def figure(
    catalog: Catalog, script: Script, exploration: Exploration, language: str, without: str
) -> tuple[dict[str, Any], str]:
    """Return what the browser's script is told, and the figure as HTML. `without`: what a reader without script is told."""
    described, values = about(catalog, script, exploration, language), start(catalog, script, exploration)
    shown = draw(described, values)
    identity = f"explore-{script.topic.name}-{exploration.name}"
    text = functools.partial(html.escape, quote=True)
    # It keeps its place below the sliders, whatever they say.
    longest = max((PLACE.sub(WIDEST, words) for words in described["says"].values()), key=len)
    sliders = "".join(
        f'<div><label for="{identity}-{name}">{text(slider.label[language])}</label>'
        f'<span aria-hidden="true">{text(shown["values"][name])}</span>'
        # A browser that remembers what was chosen would show it beside the picture of something else.
        f'<input type="range" id="{identity}-{name}" name="{name}" autocomplete="off" min="{slider.minimum}"'
        f' max="{slider.maximum}" step="{slider.step}" value="{values[name]}" aria-valuetext="{text(shown["values"][name])}"></div>'
        for name, slider in exploration.sliders.items()
    )
    return described, (
        f'<div class="explore-pictures" role="img" aria-label="{text(exploration.alternative[language])}">{shown["pictures"]}</div>'
        f'<div class="explore-sliders">{sliders}</div>'
        f'<div class="explore-says"><output>{text(shown["says"])}</output><span aria-hidden="true">{text(longest)}</span></div>'
        f'<p class="explore-without">{text(without)}</p>'
    )
