"""Reads the pictures of `explore.js` as a reader does: by the numbers along their axes, not by the code that drew them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from bs4 import BeautifulSoup, Tag

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
POINT = re.compile(r"[ML](-?[\d.]+) (-?[\d.]+)")
HALF_A_PIXEL = 0.5  # the marks and the points are rounded to tenths of one


@dataclass(frozen=True)
class Panel:
    """One picture: its title, the names of its axes, and the shapes in its frame, in the numbers of its axes."""

    title: str
    x: str
    y: str
    frame: Tag
    scale: np.ndarray  # of each axis (2, 2): what to multiply a place in the frame by, and what to add

    @property
    def tolerance(self) -> np.ndarray:
        """How far rounding to tenths of a pixel may take a point, on each axis."""
        return HALF_A_PIXEL * np.abs(self.scale[:, 0])

    def numbers(self, places) -> np.ndarray:
        """Return places in the frame, (n, 2), as the axes count them."""
        return np.asarray(places, dtype=float).reshape(-1, 2) * self.scale[:, 0] + self.scale[:, 1]

    def path(self, kind: str) -> np.ndarray:
        """Return the points of the line that has this class, (n, 2)."""
        return self.numbers([[float(x), float(y)] for x, y in POINT.findall(self._one("path", kind)["d"])])

    def centres(self, kind: str) -> np.ndarray:
        """Return the middles of the circles and squares that have this class, (n, 2)."""
        found = []
        for shape in self.frame.find_all(["circle", "rect"], class_=kind):
            names = ("cx", "cy") if shape.name == "circle" else ("x", "y")
            half = 0 if shape.name == "circle" else float(shape["width"]) / 2
            found.append([float(shape[name]) + half for name in names])
        return self.numbers(found)

    def rings(self, points: int = 16) -> list[np.ndarray]:
        """Return the rings, each as points on it, (points, 2)."""
        group = self._one("g", "rings")
        turn = np.array([float(number) for number in NUMBER.findall(group["transform"])]).reshape(3, 2)
        angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return [self.numbers(float(ring["r"]) * circle @ turn[:2] + turn[2]) for ring in group.find_all("circle")]

    @property
    def least(self) -> np.ndarray:
        """Return where the star stands, (2,)."""
        return self.numbers([float(number) for number in NUMBER.findall(self._one("path", "least")["transform"])])[0]

    def _one(self, tag: str, kind: str) -> Tag:
        (found,) = (each for each in self.frame.find_all(tag) if each["class"] == kind.split())
        return found


def panels(pictures: str) -> list[Panel]:
    soup = BeautifulSoup(pictures, "html.parser", multi_valued_attributes={"*": ["class"]})
    return [_panel(picture) for picture in soup.find_all("svg", recursive=False)]


def _panel(picture: Tag) -> Panel:
    frame = picture.find("svg", recursive=False)
    words = {"title": "", "x": "", "y": ""}
    marks: tuple[list, list] = ([], [])  # place in the frame, and number
    for text in picture.find_all("text", recursive=False):
        said = text.string.replace("−", "-")
        if "title" in text.get("class", []):
            words["title"] = said
        elif text.get("transform"):
            words["y"] = said
        elif not re.fullmatch(NUMBER, said):
            words["x"] = said
        elif text["text-anchor"] == "middle":
            marks[0].append((float(text["x"]) - float(frame["x"]), float(said)))
        else:
            marks[1].append((float(text["y"]) - 3.5 - float(frame["y"]), float(said)))  # its foot is below its middle
    scale = np.array([np.polyfit(*zip(*axis), 1) for axis in marks])
    for (factor, shift), axis in zip(scale, marks):
        for place, number in axis:
            assert abs((number - shift) / factor - place) < HALF_A_PIXEL, (words, number)
    return Panel(**words, frame=frame, scale=scale)
