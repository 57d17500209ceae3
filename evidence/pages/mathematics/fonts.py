"""Cuts KaTeX's fonts in two, so that a page fetches only the signs it needs: `python -m evidence.pages.mathematics.fonts katex site`.

`katex` is the unpacked npm package of the release in use, `site` a built site; it needs `pip install fonttools brotli`. The signs
that the site's formulas use make the first file of each font; the style sheet tells the browser which file has which
(unicode-range), so that any other sign is still shown, for the bytes of the second. To be run when KaTeX has been replaced, or
when new formulas use a sign that the first files lack: those alone are asked for before the first paint.
"""

import re
import sys
from pathlib import Path

from bs4 import BeautifulSoup
from fontTools import subset
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parents[2] / "site" / "theme" / "assets" / "katex"
# The fonts that formulas use often, and the elements that show signs in each.
FONTS = {
    "Main-Regular": ".katex-html",
    "Math-Italic": ".mathnormal",
    "AMS-Regular": ".mathbb, .amsrm",
    "Caligraphic-Regular": ".mathcal",
    "Size1-Regular": ".katex-html",
    "Size2-Regular": ".katex-html",
    "Size4-Regular": ".katex-html",
}


def cut(source: Path, characters: set[int], target: Path) -> str:
    """Write a font with `characters` alone; return them as a unicode-range."""
    font = TTFont(source)
    # Its name is left out, with all but copyright and licence: the licence reserves it for the font as it was.
    options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False, name_IDs=[0, 13, 14])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    subset.save_font(font, str(target), options)
    runs: list[list[int]] = []
    for code in sorted(characters):
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ",".join(f"U+{first:X}" + (f"-{last:X}" if last > first else "") for first, last in runs)


def main(package: Path, site: Path) -> None:
    pages = [BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser") for file in site.rglob("*.html")]
    sheet = FOLDER / "katex.min.css"
    text = sheet.read_text(encoding="utf-8")
    for name, elements in FONTS.items():
        # A browser takes the height of a line from the font that has the space.
        used = {ord(" ")} | {
            ord(sign) for page in pages for element in page.select(elements) for sign in element.get_text()
        }
        source = package / "dist" / "fonts" / f"KaTeX_{name}.woff2"
        every = set(TTFont(source).getBestCmap())
        rules = re.findall(rf"@font-face{{[^}}]*/(?:KaTeX_)?{name}(?:-common|-rest)?\.woff2[^}}]*}}", text)
        parts = []
        for part, characters in (("common", every & used), ("rest", every - used)):
            ranges = cut(source, characters, FOLDER / "fonts" / f"{name}-{part}.woff2")
            face = re.sub(r"/[\w-]+\.woff2", f"/{name}-{part}.woff2", rules[0])
            parts.append(re.sub(r"(;unicode-range:[^;}]*)?}$", f";unicode-range:{ranges}}}", face))
        text = text.replace("".join(rules), "".join(parts))
        (FOLDER / "fonts" / source.name).unlink(missing_ok=True)
    sheet.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
