"""The picture that messengers and search engines show beside a link to a page (Open Graph): its title, and the site's name.

Drawn for a site that has an address, since a page has to name its picture by one.
"""

import logging
import re
from functools import cache
from html import unescape
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from evidence.site import startup
from evidence.site.figures import schemes

log = logging.getLogger("mkdocs.hooks.cards")  # below "mkdocs": what it warns of ends a strict build

# Latin letters and the 3,755 characters of the first level of GB 2312, out of Noto Serif CJK SC Bold.
FONT = Path(__file__).parent / "card" / "NotoSerifSC-Bold.otf"
SIZE, MARGIN = (1200, 630), 90
COLOURS, _ = schemes()
FRAMEWORKS = "Keras   TensorFlow   PyTorch   MXNet"
# A line ends after a word, or after a Chinese character that no punctuation follows.
PIECE = re.compile(r"[^\s\u2e80-\uffef]+\s*|[\u2e80-\uffef][，。、；：？！）》]*\s*")


@cache
def font(size):
    return ImageFont.truetype(FONT, size)


def missing(text):
    """Return the characters of `text` that the font lacks."""
    nothing = bytes(font(40).getmask("\uffff"))
    return sorted(
        {character for character in text if not character.isspace() and bytes(font(40).getmask(character)) == nothing}
    )


def lines(text, face):
    """Break `text` into lines that fit."""
    found = [""]
    for piece in PIECE.findall(text):
        if face.getlength((found[-1] + piece).rstrip()) > SIZE[0] - 2 * MARGIN:
            found.append("")
        found[-1] += piece
    return [line.strip() for line in found]


def draw(title, site_name):
    card = Image.new("RGB", SIZE, COLOURS["paper"])
    pen = ImageDraw.Draw(card)
    # The logo, as in evidence/site/theme/.icons/logo.svg, whose box is 24 × 24: here 84 × 84.
    pen.rounded_rectangle((MARGIN, 71, MARGIN + 84, 155), 14, fill=COLOURS["cinnabar"])
    neurons = [(MARGIN + 3.5 * x, 71 + 3.5 * y) for x, y in ((6, 12.6), (10.4, 17), (18.2, 7.2))]
    pen.line(neurons, fill=COLOURS["paper"], width=7)
    for x, y in neurons:
        pen.circle((x, y), 9, fill=COLOURS["paper"])
    pen.text((MARGIN + 112, 113), site_name, font=font(40), fill=COLOURS["ink"], anchor="lm")
    # The largest size at which the title fits, without one character alone on its last line.
    broken = {size: lines(title, font(size)) for size in (88, 80, 72, 64, 56)}
    size = next((size for size, parts in broken.items() if len(parts) < 3 and len(parts[-1]) > 1), min(broken))
    pen.multiline_text(
        (MARGIN, 335), "\n".join(broken[size]), font=font(size), fill=COLOURS["ink"], anchor="lm", spacing=8
    )
    pen.line((MARGIN, 500, SIZE[0] - MARGIN, 500), fill=COLOURS["line"], width=2)
    pen.text((MARGIN, 550), FRAMEWORKS, font=font(32), fill=COLOURS["faint"], anchor="lm")
    return card.quantize(16)


def on_post_page(html, page, config):
    if not page.canonical_url or startup.serving():
        return
    title = unescape(page.toc.items[0].title)
    if characters := missing(title + config.site_name):
        log.warning(f"{page.file.src_uri}: {FONT.name} has no {' '.join(characters)}, which the title needs")
    file = Path(page.file.abs_dest_path).with_name("card.png")
    file.parent.mkdir(parents=True, exist_ok=True)
    draw(title, config.site_name).save(file, optimize=True)
