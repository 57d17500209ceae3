"""What a Matplotlib figure shows, as data: its words, and the numbers of what is drawn.

Loaded by `driver.py` and `kernel.py` in the process of the script, so it needs only NumPy and the Matplotlib that drew.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import numpy
from matplotlib import collections, container, patches, ticker

POINTS = 200  # of a line; a longer one is thinned out evenly
PLACES = 50  # of a cloud of points, from its first one on
DIGITS = 6  # significant ones


def describe(figure: Any) -> dict[str, Any]:
    """Return what a figure shows; whatever it has not is left out.

    `title` and `legend` are the figure's own; `axes` has for each axes `title`, `x` and `y` (labels), `legend`, `x_ticks` and
    `y_ticks` (labels set by hand), `texts`, and lists of what is drawn, each with its `label` if it has one:
    `lines` (x, y), `rules` (lines across the axes), `bars` (heights), `areas` (number of corners), `points` (count, first x and y) and
    `images` (shape, minimum, maximum, mean, digest of its 8-bit grey values).
    """
    title = figure._suptitle.get_text() if figure._suptitle else ""
    legend = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return _present(title=title, legend=legend, axes=[_describe_axes(axes) for axes in figure.axes])


def _describe_axes(axes: Any) -> dict[str, Any]:
    legend = axes.get_legend()
    bars = [each for each in axes.containers if isinstance(each, container.BarContainer)]
    rectangles = {id(patch) for each in bars for patch in each.patches}
    areas = [patch for patch in axes.patches if id(patch) not in rectangles]
    filled = [each for each in axes.collections if isinstance(each, collections.PolyCollection)]
    clouds = [each for each in axes.collections if isinstance(each, collections.PathCollection)]
    return _present(
        title=next(filter(None, (axes.get_title(loc) for loc in ("center", "left", "right"))), ""),
        x=axes.get_xlabel(),
        y=axes.get_ylabel(),
        legend=[text.get_text() for text in legend.get_texts()] if legend else [],
        x_ticks=_ticks_set_by_hand(axes.xaxis),
        y_ticks=_ticks_set_by_hand(axes.yaxis),
        texts=[text.get_text() for text in axes.texts],
        lines=[_labelled(line, **_thinned(line)) for line in axes.lines if line.get_transform() is axes.transData],
        rules=[_labelled(line, **_thinned(line)) for line in axes.lines if line.get_transform() is not axes.transData],
        bars=[_labelled(each, heights=_rounded(patch.get_height() for patch in each.patches)) for each in bars],
        areas=[_labelled(each, corners=_corners(each)) for each in [*areas, *filled]],
        points=[_labelled(each, **_places(each.get_offsets())) for each in clouds],
        images=[_image(image) for image in axes.images],
    )


def _present(**entries: Any) -> dict[str, Any]:
    return {name: entry for name, entry in entries.items() if entry not in ("", [])}


def _labelled(artist: Any, **entries: Any) -> dict[str, Any]:
    label = str(artist.get_label() or "_")
    return entries if label.startswith("_") else {"label": label, **entries}  # Matplotlib's own begin with one


def _ticks_set_by_hand(axis: Any) -> list[str]:
    formatter = axis.get_major_formatter()
    by_hand = isinstance(formatter, (ticker.FixedFormatter, ticker.FuncFormatter))
    return [str(label) for label in formatter.format_ticks(axis.get_majorticklocs())] if by_hand else []


def _thinned(line: Any) -> dict[str, list]:
    x, y = (numpy.asarray(values, dtype=float) for values in line.get_data(orig=False))
    kept = _kept(len(y))
    return {"x": _rounded(x[kept]), "y": _rounded(y[kept])}


def _kept(length: int) -> list[int]:
    """Return which points of a line of this length stay, first and last among them."""
    if length <= POINTS:
        return list(range(length))
    return [round(number * (length - 1) / (POINTS - 1)) for number in range(POINTS)]


def _corners(shape: Any) -> int:
    paths = [shape.get_path()] if isinstance(shape, patches.Patch) else shape.get_paths()
    return sum(len(path.vertices) for path in paths)


def _places(offsets: Any) -> dict[str, Any]:
    x, y = numpy.ma.filled(numpy.ma.asarray(offsets, dtype=float), numpy.nan).T
    return {"count": len(x), "x": _rounded(x[:PLACES]), "y": _rounded(y[:PLACES])}


def _image(image: Any) -> dict[str, Any]:
    array = numpy.ma.filled(numpy.ma.asarray(image.get_array(), dtype=float), numpy.nan)
    # As it is seen: between the darkest and the brightest value that the image tells apart; colours are between 0 and 1.
    grey = numpy.ma.filled(image.norm(array), 0) if array.ndim == 2 else array
    shades = numpy.clip(numpy.nan_to_num(255 * grey), 0, 255).round().astype(numpy.uint8)
    minimum, maximum, mean = _rounded([numpy.nanmin(array), numpy.nanmax(array), numpy.nanmean(array)])
    return {
        "shape": list(array.shape),
        "minimum": minimum,
        "maximum": maximum,
        "mean": mean,
        "digest": hashlib.sha256(shades.tobytes()).hexdigest()[:12],
    }


def _rounded(values: Iterable[float]) -> list[float | int | None]:
    """Return numbers of six significant digits; None in place of one that is not finite, which JSON cannot hold."""
    return [_round(float(value)) for value in values]


def _round(value: float) -> float | int | None:
    """Return a number of six significant digits, whole ones without a point; None if it is not finite."""
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
