"""Cuts KaTeX's two large fonts in two, so that a page fetches only the signs it needs: `python -m mathematics.fonts`.

Run once after KaTeX has been replaced; it needs `pip install fonttools brotli`. Most formulas have only the common signs, which
are less than half of each font; the style sheet tells the browser which file has which (unicode-range).
"""
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parents[1] / "theme" / "assets" / "katex"
GREEK = "αβγδϵεζηθκλμνξπρστϕφχψω"
COMMON = {
    "KaTeX_Main-Regular": "".join(map(chr, range(0x20, 0x7F))) + "\u00a0−×⋅·±≤≥≠≈∼∈∞→∂∇′∑√∣∥⌊⌋⌈⌉⟨⟩…⋯",
    "KaTeX_Math-Italic": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + GREEK,
}


def cut(source: Path, characters: set[int], target: Path) -> str:
    """Write a font with `characters` alone; return them as a unicode-range."""
    font = TTFont(source)
    options = subset.Options(flavor="woff2", layout_features=["*"], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    for record in font["name"].names:  # The licence reserves the name for the font as it was.
        record.string = record.toUnicode().replace("KaTeX", "Cut")
    subset.save_font(font, str(target), options)
    runs: list[list[int]] = []
    for code in sorted(characters):
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ",".join(f"U+{first:X}" + (f"-{last:X}" if last > first else "") for first, last in runs)


def main() -> None:
    sheet = FOLDER / "katex.min.css"
    text = sheet.read_text(encoding="utf-8")
    for name, common in COMMON.items():
        source = FOLDER / "fonts" / f"{name}.woff2"
        every, common = set(TTFont(source).getBestCmap()), set(map(ord, common))
        (rule,) = re.findall(rf"@font-face{{[^}}]*/{name}\.woff2[^}}]*}}", text)
        parts = []
        for part, characters in (("common", common & every), ("rest", every - common)):
            file = f"{name.removeprefix('KaTeX_')}-{part}.woff2"
            ranges = cut(source, characters, source.with_name(file))
            parts.append(rule.replace(source.name, file)[:-1] + f";unicode-range:{ranges}}}")
        text = text.replace(rule, "".join(parts))
        source.unlink()
    sheet.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
