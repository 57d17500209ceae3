"""Diagrams in Markdown, written in Graphviz' DOT language, become SVG in the page at build time.

A fence of pymdownx.superfences, whose text alternative is in the page's language:

    ```dot alt="An image becomes ten logits."
    digraph { image -> model -> logits; image [shape=plain] }
    ```

What a page need not say is in `HOUSE_STYLE`. Ink is the page's own, so a diagram is right in both colour schemes; for
emphasis there is `class=highlight`, and no colour. Texts are in the page's font, on whatever system. `MAXIMUM_WIDTH`
keeps them legible on a phone.

Whatever is wrong with a diagram is shown in its place and logged as a warning, which a strict build turns into a failure.

`viz.js` is `dist/viz-global.js` of the npm package `@viz-js/viz`: Graphviz as WebAssembly.
"""

from __future__ import annotations

import atexit
import functools
import html
import itertools
import json
import logging
import re
import time
import xml.etree.ElementTree as etree
from collections import Counter
from pathlib import Path

from markdown import Markdown
from markdown.util import AtomicString
from py_mini_racer import MiniRacer

# MkDocs counts the warnings of loggers below its own name, and fails a strict build for them.
log = logging.getLogger("mkdocs.diagrams")

# Graphviz knows the widths of some fonts. A character that it does not know takes one space for each of its bytes in
# UTF-8, which in Verdana is 1.06 em for Chinese; and Latin letters are hardly wider anywhere. So in any font that a
# reader may have, a text fits its box.
FONT = "Verdana"
HOUSE_STYLE = {
    "graphAttributes": {"bgcolor": "transparent", "fontname": FONT, "nodesep": 0.3, "pad": 0.02, "ranksep": 0.3},
    "nodeAttributes": {
        "fontname": FONT,
        "fontsize": 14,
        "height": 0.4,
        "margin": "0.11,0.06",
        "shape": "box",
        "style": "rounded",
    },
    "edgeAttributes": {"arrowhead": "vee", "arrowsize": 0.6, "fontname": FONT, "fontsize": 12},
}
# CSS pixels. Text of 14 pixels is shown at 10 or more on a page that is 358 pixels wide, as on most phones.
MAXIMUM_WIDTH = 500

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
INK = {"black": "currentColor", "none": "none", "transparent": "none"}
# The engine has neither a browser's objects nor Node's; Graphviz asks for little, and gets no chance.
ENVIRONMENT = """
globalThis.location = {href: "file:///"};
globalThis.crypto = {getRandomValues: array => array.fill(0)};
globalThis.performance = {now: () => 0};
globalThis.TextDecoder = class {
  decode(bytes = []) {
    return decodeURIComponent(Array.from(bytes, byte => "%" + byte.toString(16).padStart(2, "0")).join(""));
  }
};
"""
RENDER = """
let viz = null, failure = "";
Viz.instance().then(instance => { viz = instance; }, error => { failure = String(error); });
const render = (dot, options) => JSON.stringify(viz.render(dot, options));
"""


class DiagramError(ValueError):
    """A diagram that cannot be drawn, or not for every reader. `line` counts from 1 within the DOT text, if known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@functools.cache
def graphviz() -> MiniRacer:
    """Return the one JavaScript engine of this process, Graphviz loaded."""
    engine = MiniRacer()
    atexit.register(engine.close)  # An engine left open keeps Python from exiting.
    engine.eval(ENVIRONMENT)
    engine.eval(Path(__file__).with_name("viz.js").read_text(encoding="utf-8"))
    engine.eval(RENDER)
    # No JSPromise.get(): it refuses to wait in a thread that has an event loop.
    while not engine.eval("viz !== null || failure !== ''"):
        time.sleep(0.01)
    if failure := engine.eval("failure"):
        raise RuntimeError(f"Graphviz does not start: {failure}")
    return engine


@functools.cache
def draw(dot: str) -> str:
    """Return the SVG that Graphviz makes of `dot`. Raises `DiagramError` for all that it objects to, warnings included."""
    result = json.loads(graphviz().call("render", dot, {"format": "svg", **HOUSE_STYLE}))
    for problem in result["errors"]:
        message = " ".join(problem["message"].split())
        if "no value for width of non-ASCII character" in message:  # See FONT.
            continue
        line = re.search(r" in line (\d+)", message)
        raise DiagramError(
            f"Graphviz says: {message.replace(line[0], '') if line else message}", int(line[1]) if line else None
        )
    if result["status"] != "success":
        raise DiagramError("there is no graph in it; write digraph { … }")
    return result["output"]


def render(dot: str, alternative: str) -> str:
    """Return the diagram `dot` as an SVG element for a page, with `alternative` for readers who do not see it.

    Raises `DiagramError`.
    """
    if not alternative.strip():
        raise DiagramError('it has no text alternative; write ```dot alt="…", and say what the diagram shows')
    root = etree.fromstring(draw(dot))
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        for child in element.findall(f"{SVG}title"):  # Names of nodes, as tooltips.
            element.remove(child)
        _adapt(element)
    width, height = (float(side) for side in root.get("viewBox").split()[2:])
    if width > MAXIMUM_WIDTH:
        raise DiagramError(
            f"it is {width:.0f} pixels wide, and its texts illegible on a phone; at {MAXIMUM_WIDTH} they are not: "
            "let it run from top to bottom, or shorten the labels"
        )
    root.attrib.update(
        {
            "width": f"{width:.0f}",
            "height": f"{height:.0f}",
            "fill": "currentColor",
            "role": "img",
            "aria-label": alternative.strip(),
        }
    )
    return etree.tostring(root, encoding="unicode")


def draw_links(dot: str, name: str) -> etree.Element:
    """Return the diagram `dot`, whose nodes have a `URL`, as an SVG element for a page, with its links; `name` says what it is.

    It may be of any width: whoever uses it says the same in another way to readers of narrow screens. Raises `DiagramError`.
    """
    root = etree.fromstring(draw(dot))
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        for child in element.findall(f"{SVG}title"):
            element.remove(child)
        if element.tag == "a":
            address = element.get(f"{XLINK}href")
            element.attrib.clear()
            element.set("href", address)
            element.text = element.tail = None
        elif element.tag == "text":
            _adapt(element)
            element.text = AtomicString(element.text or "")
        else:
            _adapt(element)
    width, height = (float(side) for side in root.get("viewBox").split()[2:])
    root.attrib.update({"width": f"{width:.0f}", "height": f"{height:.0f}", "fill": "currentColor"})
    root.attrib.update({"role": "group", "aria-label": name})
    return root


def _adapt(element: etree.Element) -> None:
    """Make an element of Graphviz' drawing one of a page: the page's ink and font, and no identifier that may come twice."""
    if element.tag in ("a", "image"):
        raise DiagramError("it holds a link or an image; a diagram is one image to a screen reader")
    for name in ("id", "font-family", "{http://www.w3.org/XML/1998/namespace}space"):
        element.attrib.pop(name, None)
    for name in ("fill", "stroke"):
        if (colour := element.get(name)) and colour not in INK:
            raise DiagramError(
                f"the colour {colour} is not the page's, in light and in dark; write class=highlight instead"
            )
        elif colour:
            element.set(name, INK[colour])
    if element.tag != "text":
        element.text = None
    element.tail = None


def accept_fence(language: str, inputs: dict, options: dict, attrs: dict, md: Markdown) -> bool:
    """Tell pymdownx.superfences that a fence is ours, whatever its options; `format_fence` complains of wrong ones."""
    options.update(inputs)
    return True


def format_fence(source: str, language: str, class_name: str, options: dict, md: Markdown, **kwargs) -> str:
    """Return what a page shows for one fence: the diagram, or what is wrong with it. (A format of pymdownx.superfences.)"""
    _met(md)[source] += 1
    try:
        if unknown := sorted(options.keys() - {"alt"}):
            raise DiagramError(f"it has no option {', '.join(unknown)}; there is alt")
        return f'<div class="{class_name}">{render(source, str(options.get("alt", "")))}</div>'
    except DiagramError as error:
        log.warning("%sthe diagram does not work: %s", _place(source, error.line, md), error)
        return f'<div class="admonition failure"><p>{html.escape(str(error))}</p></div>'


def _met(md: Markdown) -> Counter[str]:
    """Return how often each diagram was met, by its source: a page may hold the same one twice."""
    return vars(md).setdefault("diagrams_met", Counter())


def _place(source: str, line: int | None, md: Markdown) -> str:
    """Return `path/of/page.md:line: `, where the engine tells us which page this is."""
    links = md.treeprocessors["relpath"] if "relpath" in md.treeprocessors else None
    file = getattr(links, "file", None)
    if not file:
        return f"line {line}: " if line else ""
    page = [text.strip() for text in file.content_string.splitlines()]
    diagram = [text.strip() for text in source.splitlines()]
    starts = (start for start in range(len(page)) if page[start : start + len(diagram)] == diagram)
    # The line of ```dot, counted from 1, is the one before the first of the diagram.
    fence = next(itertools.islice(starts, _met(md)[source] - 1, None), 0)
    path = Path(file.abs_src_path)
    return f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}:{fence + (line or 0)}: "
