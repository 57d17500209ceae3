"""Publishes recorded figures in the colours of the site, in both schemes.

A record keeps the colours in which its script drew. Only the style sheet within the SVG is exchanged here, for one that has a
rule for each of these colours: what is drawn stays as it was recorded, byte for byte, and pixels of images keep their colours,
but on dark paper they are dimmed, so that white is no brighter than text.
The site's colours are read from its own style sheet.
"""

import re
from pathlib import Path

SHEET = Path(__file__).parent / "theme" / "assets" / "stylesheets" / "extra.css"
SCHEME = re.compile(r'\[data-md-color-scheme="(\w+)"\] \{\n(\s+--paper:[^}]*)\}')
COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
# What scripts draw in, and what the site calls it: the colours of evidence/running/matplotlibrc, Matplotlib's own names of
# blacks and greys, and the red in which some write what is wrong. Other colours stay as they are.
PIGMENTS = {
    "#fefefe": "paper",
    "#1f2328": "ink",
    "#000000": "ink",
    "#808080": "faint",
    "#888888": "faint",
    "#b0b0b0": "line",
    "#0077bb": "azurite",
    "#cc5500": "ochre",
    "#009980": "malachite",
    "#aa66cc": "wisteria",
    "#998000": "gamboge",
    "#d62728": "rouge",
}


def schemes():
    """Return the site's colours by name, of the light scheme and of the dark one."""
    found = {name: dict(COLOUR.findall(rules)) for name, rules in SCHEME.findall(SHEET.read_text(encoding="utf-8"))}
    return found["default"], found["slate"]


def recolour(svg):
    """Return a recorded figure with the style sheet that shows it in the colours of the site.

    Raises `ValueError` if the figure has no style sheet of its own, as every recorded one has.
    """
    light, dark = (
        "".join(
            f'[style*="{paint}: {colour}"]{{{paint}:{scheme[pigment]}!important}}'
            for colour, pigment in PIGMENTS.items()
            for paint in ("fill", "stroke")
            if f"{paint}: {colour}" in svg
        )
        for scheme in schemes()
    )
    style = f"<style>image{{image-rendering:pixelated}}{light}@media (prefers-color-scheme:dark){{image{{opacity:.85}}{dark}}}</style>"
    coloured, found = STYLE.subn(style, svg, count=1)
    if not found:
        raise ValueError("the figure has no style sheet")
    return coloured
