"""The site's colours can be read and told apart by everyone, and recorded figures have them in both schemes."""

from __future__ import annotations

import io
import re
import zlib
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from evidence.site.figures import PIGMENTS, SHEET, recolour, schemes
from tests.site.reader import Reader

ROOT = Path(__file__).parents[2]
SCHEMES = dict(zip(("light", "dark"), schemes()))
# What text is set in, on the page and on what is tinted; and what lines and points are drawn in.
TEXT = ("ink", "faint", "azurite", "cinnabar", "rouge", "umber", "md-code-hl-function-color", "md-code-hl-string-color")
SERIES = ("azurite", "ochre", "malachite", "wisteria", "gamboge")
# How colours are seen without the cones for long, middle or short waves, in linear RGB: Machado, Oliveira and Fernandes, A
# Physiologically-based Model for Simulation of Color Vision Deficiency, 2009, severity 1.
SIGHT = {
    "all": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def linear(colour: str) -> np.ndarray:
    """Return the light of red, green and blue, between 0 and 1."""
    values = np.array(channels(colour)) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the ratio that WCAG 2 defines, from 1 to 21."""
    low, high = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, sight: np.ndarray) -> np.ndarray:
    """Return a colour in CIELAB, as somebody with this sight has it."""
    xyz = TO_XYZ @ np.clip(sight @ linear(colour), 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_measures() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab("#ff0000", SIGHT["all"]) == pytest.approx([53.2, 80.1, 67.2], abs=0.2)
    red_and_green = [lab(colour, SIGHT["deuteranopia"]) for colour in ("#b05a00", "#7a7400")]
    assert np.linalg.norm(np.subtract(*red_and_green)) < 12


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["paper", "tint"])
def test_text_can_be_read(scheme: str, ground: str) -> None:
    """4.5:1, as WCAG 2 asks of text (AA)."""
    colours = SCHEMES[scheme]
    ratios = {name: contrast(colours[name], colours[ground]) for name in TEXT}
    assert min(ratios.values()) >= 4.5, ratios


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_drawn_can_be_seen(scheme: str) -> None:
    """3:1, as WCAG 2 asks of graphics (AA)."""
    colours = SCHEMES[scheme]
    ratios = {name: contrast(colours[name], colours["paper"]) for name in SERIES}
    assert min(ratios.values()) >= 3, ratios


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_series_are_told_apart(scheme: str, sight: str) -> None:
    """Ten units of CIELAB are seen at a glance; besides, each series has a line of its own."""
    seen = {name: lab(SCHEMES[scheme][name], SIGHT[sight]) for name in SERIES}
    distances = {(one, other): float(np.linalg.norm(seen[one] - seen[other])) for one, other in combinations(seen, 2)}
    assert min(distances.values()) >= 10, distances


def test_cinnabar_does_nothing_but_seal() -> None:
    """It is the colour of what was run, and of the place in the site where the reader is."""
    sheet = re.sub(r"--sealed(?:-ground)?: [^;]*;", "", SHEET.read_text(encoding="utf-8"))
    rules = re.findall(r"([^{}]+)\{[^{}]*var\(--(?:cinnabar|sealed(?:-ground)?)\)", sheet)
    sealed = re.compile(r"\.(evidence|facts|language-text|md-tabs)")
    assert rules
    assert not [rule for rule in rules if not sealed.search(rule)]


def test_no_two_colours_of_a_figure_become_one() -> None:
    """Black and ink do, and the two greys; nothing else, and each is there in both schemes."""
    figures = sorted((ROOT / "records").rglob("*.svg"))
    assert figures
    for figure in figures:
        svg = figure.read_text(encoding="utf-8")
        shown = recolour(svg)
        found = {colour for colour in PIGMENTS if re.search(f"(?:fill|stroke): {colour}", svg)}
        others = found - {"#000000"} - ({"#888888"} if "#808080" in found else set())
        assert len({PIGMENTS[colour] for colour in others}) == len(others), figure.name
        for colour in found:
            rules = set(re.findall(rf': {colour}"\]{{\w+:(#\w+)!important}}', shown))
            assert rules == {scheme[PIGMENTS[colour]] for scheme in SCHEMES.values()}, (figure.name, colour)


def test_a_figure_without_a_style_sheet() -> None:
    with pytest.raises(ValueError, match="no style sheet"):
        recolour('<svg xmlns="http://www.w3.org/2000/svg"/>')


@pytest.mark.parametrize("scheme", SCHEMES)
def test_figures_follow_the_scheme(reader: Callable[..., Reader], scheme: str) -> None:
    """Whatever the system prefers: a figure has the page's paper and the site's azurite and ochre, on screen; light on paper."""
    someone = reader(width=1280, scheme="dark" if scheme == "light" else "light", language="zh")
    page = someone.open("concepts/recurrent/index.html")
    choice = {"light": "default", "dark": "slate"}[scheme]
    while page.locator("body").get_attribute("data-md-color-scheme") != choice:
        page.locator("button[data-scheme]:visible").click()
    figure = page.locator("img.evidence-figure").first
    figure.scroll_into_view_if_needed()
    figure.evaluate("image => image.decode()")
    for medium, colours in (("screen", SCHEMES[scheme]), ("print", SCHEMES["light"])):
        page.emulate_media(media=medium)
        pixels = np.asarray(Image.open(io.BytesIO(figure.screenshot())).convert("RGB")).reshape(-1, 3)
        for name in ("paper", "azurite", "ochre"):
            assert (pixels == channels(colours[name])).all(axis=1).any(), (medium, name)
    assert not someone.complaints


# The line under an element: its kind, its breadth in ems, and red, green, blue (0 to 1) and opacity.
LINE = """element => {
  const style = getComputedStyle(element)
  const colour = style.textDecorationColor.match(/[\\d.]+/g).map(Number)
  return [style.textDecorationLine, parseFloat(style.textDecorationThickness) / parseFloat(style.fontSize), colour]
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_a_record_says_looks_like_no_link(reader: Callable[..., Reader], scheme: str) -> None:
    """It stands on a broad pale red, on which it can be read; where the reader's own colours rule, no line strikes it through."""
    page = reader(width=1280, scheme=scheme, language="en").open("en/concepts/epochs/index.html")
    claim, link = page.locator(".md-content .evidence-claim").first, page.locator(".md-content p > a[href]").first
    line, breadth, (*red, opacity) = claim.evaluate(LINE)
    colours = SCHEMES[scheme]
    paper, cinnabar = (np.array(channels(colours[name])) for name in ("paper", "cinnabar"))
    assert line == "underline" and breadth >= 0.4 and breadth > 4 * link.evaluate(LINE)[1]
    assert np.abs(np.array(red) * 255 - cinnabar).max() <= 1 and opacity >= 0.15
    ground = np.round(opacity * cinnabar + (1 - opacity) * paper).astype(int)
    assert contrast(colours["ink"], "#" + bytes(ground.tolist()).hex()) >= 4.5
    page.emulate_media(forced_colors="active")
    assert claim.evaluate(LINE)[0] == "none"


ALL_IMAGES = """() => Promise.all([...document.images].map(image => {
  image.loading = "eager"
  return image.decode()
}))"""
# How a PDF says in what colour it fills.
FILLED = re.compile(rb"([\d.]+) ([\d.]+) ([\d.]+) rg\b")


def printed(page: Page) -> Counter[tuple[int, ...]]:
    """Return the colours of a printed page, and how often each is used."""
    page.evaluate(ALL_IMAGES)
    colours: Counter[tuple[int, ...]] = Counter()
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", page.pdf(), re.DOTALL):
        try:
            drawn = FILLED.findall(zlib.decompress(stream))
        except zlib.error:
            continue  # a picture or a font
        colours.update(tuple(round(255 * float(value)) for value in colour) for colour in drawn)
    return colours


@pytest.mark.parametrize("path", ["concepts/neuron/", "evidence/", "walkthroughs/digits_keras/"])
def test_paper_is_light_in_either_scheme(reader: Callable[..., Reader], path: str) -> None:
    """Who reads in the dark prints ink on paper too, and not letters that are nearly as light as it."""
    light, dark = (printed(reader(scheme=scheme).open(f"en/{path}")) for scheme in SCHEMES)
    assert light[channels(SCHEMES["light"]["ink"])] > 100, light
    assert light == dark
