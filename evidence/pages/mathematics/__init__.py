"""Formulas in Markdown become KaTeX at build time: nothing runs in the reader's browser, and nothing shifts.

A Python-Markdown extension: ``$…$`` and ``\\(…\\)`` in a line, ``$$…$$``, ``\\[…\\]`` and ``\\begin{…}…\\end{…}`` on lines of
their own (pymdownx.arithmatex finds them). The result is HTML for the eye and MathML for the ear. A formula that KaTeX cannot
read raises `FormulaError`, and so ends the build.

`katex.min.js` here, and the style sheet and fonts in `evidence/site/theme/assets/katex`, are from one release of the npm package `katex`:
replace them together.
"""

import atexit
import functools
import html
import re
import xml.etree.ElementTree as etree
from pathlib import Path

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from py_mini_racer import MiniRacer

# strict: what LaTeX itself would refuse (such as Chinese outside \text) is an error here as well, not a warning nobody sees.
RENDER = """
function render(formula, display) {
  try {
    return {html: katex.renderToString(formula, {displayMode: display, throwOnError: true, strict: "error"})};
  } catch (error) {
    return {error: String(error.message)};
  }
}
"""

# Two slips of KaTeX that browsers forgive and checkers do not: an operator without argument as an index leaves a third child in
# an element of two, and the index of something tall may be given a negative height.
MENDS = (
    (re.compile("<mo>\u2061</mo>(?=</msu[bp]>)"), ""),
    (re.compile(r"(?<=[\";])height:-[\d.]+em"), "height:0em"),
)


# What may not begin a line. Between a formula and a sign browsers break all the same, so the two are held together, and the
# places within the formula where it may break are said.
SHORT = 11  # signs: with more after its last such place, a formula needs the line of a phone for itself
TAG = re.compile(r"<[^>]*>|\u200b")
BREAK = re.compile(r'(?<=</span>)(?=<span class="katex-base">)')
SIGNS = re.compile(r"[，。；：、！？）》」』”’…,.;:!?)\]]+")


class FormulaError(ValueError):
    """A formula that KaTeX cannot read, or that stands where none can."""


@functools.cache
def katex() -> MiniRacer:
    """Return the one JavaScript engine of this process, KaTeX loaded. Loading takes as long as some 300 formulas."""
    engine = MiniRacer()
    atexit.register(engine.close)  # An engine left open keeps Python from exiting.
    engine.eval(Path(__file__).with_name("katex.min.js").read_text(encoding="utf-8"))
    engine.eval(RENDER)
    return engine


@functools.cache
def render(formula: str, display: bool = False) -> str:
    """Return `formula` (LaTeX, without its delimiters) as HTML with MathML inside.

    `display` sets it on a line of its own. Raises `FormulaError`, which names the formula and the place in it.
    """
    result = katex().call("render", formula, display)
    if "error" in result:
        reason = result["error"].replace("\u0332", "")  # KaTeX underlines the place with combining marks.
        raise FormulaError(f"the formula {formula!r} does not parse: {reason}")
    rendered = result["html"]
    for wrong, right in MENDS:
        rendered = wrong.sub(right, rendered)
    return rendered


class FormulaProcessor(Treeprocessor):
    """Replaces what pymdownx.arithmatex found by what KaTeX makes of it."""

    def run(self, root):
        for heading in root.iter():
            if heading.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
                for formula in heading.iterfind(".//*[@class='arithmatex']"):
                    raise FormulaError(
                        f"the formula {formula.text!r} is in a heading, whose anchor and table of contents can hold only text"
                    )
        for parent, element in [(outer, inner) for outer in root.iter() for inner in outer]:
            if element.get("class") != "arithmatex":
                continue
            display = element.tag == "div"
            # arithmatex escapes a block for HTML, but not a formula within a line.
            source = html.unescape(element.text) if display else element.text
            rendered = render(source[2:-2].strip(), display)
            element.set("data-search-exclude", "true")  # Glyph by glyph, a formula is noise in the search index.
            last = TAG.sub("", rendered.rpartition('<span class="katex-base"')[2].partition(">")[2])
            if not display and len(last) < SHORT and (signs := SIGNS.match(element.tail or "")):
                together = etree.Element("span", {"class": "with-comma"})
                together.tail, element.tail = element.tail[signs.end() :], AtomicString(signs[0])
                parent[list(parent).index(element)] = together
                together.append(element)
                rendered = BREAK.sub("<wbr>", rendered)
            element.text = AtomicString(self.md.htmlStash.store(rendered))


class MathematicsExtension(Extension):
    """Finds formulas and renders them."""

    def extendMarkdown(self, md: Markdown) -> None:
        # inline_tag: Material's indexer ends an exclusion at the first closing tag of the same name, and KaTeX is all <span>.
        md.registerExtensions(
            ["pymdownx.arithmatex"], {"pymdownx.arithmatex": {"generic": True, "inline_tag": "inline-formula"}}
        )
        # After "inline" (20), which creates the elements; before "toc" (5), which reads the headings.
        md.treeprocessors.register(FormulaProcessor(md), "mathematics", 10)


def makeExtension(**options) -> MathematicsExtension:
    """Return the extension (the name Python-Markdown looks for)."""
    return MathematicsExtension(**options)
