"""The picture that messengers and search engines show beside a link to a page (Open Graph): its title, and the site's name.

Drawn for a site that has an address, since a page has to name its picture by one.
"""

import logging
import re
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from evidence.site import startup

log = logging.getLogger("mkdocs.hooks.cards")  # below "mkdocs": what it warns of ends a strict build

# Latin letters and the 3,755 characters of the first level of GB 2312, out of Noto Sans CJK SC Bold.
FONT = Path(__file__).parent / "card" / "NotoSansSC-Bold.otf"
SIZE, MARGIN, BACKGROUND, FOREGROUND = (1200, 630), 90, "#3f51b5", "#ffffff"
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
    card = Image.new("RGB", SIZE, BACKGROUND)
    pen = ImageDraw.Draw(card)
    # The logo, as in evidence/site/theme/.icons/logo.svg, whose box is 24 × 24.
    neurons = [(MARGIN + 4 * x, 60 + 4 * y) for x, y in ((4.5, 12.5), (10, 18), (19.5, 6.5))]
    pen.line(neurons, fill=FOREGROUND, width=7)
    for x, y in neurons:
        pen.circle((x, y), 11, fill=FOREGROUND)
    pen.text((MARGIN + 120, 113), site_name, font=font(40), fill=FOREGROUND, anchor="lm")
    # The largest size at which the title fits, without one character alone on its last line.
    broken = {size: lines(title, font(size)) for size in (88, 80, 72, 64, 56)}
    size = next((size for size, parts in broken.items() if len(parts) < 3 and len(parts[-1]) > 1), min(broken))
    pen.multiline_text((MARGIN, 335), "\n".join(broken[size]), font=font(size), fill=FOREGROUND, anchor="lm", spacing=8)
    pen.text((MARGIN, 550), FRAMEWORKS, font=font(32), fill="#c5cae9", anchor="lm")
    return card.quantize(16)


def on_post_page(html, page, config):
    if not page.canonical_url or startup.serving():
        return
    title = page.toc.items[0].title
    if characters := missing(title + config.site_name):
        log.warning(f"{page.file.src_uri}: {FONT.name} has no {' '.join(characters)}, which the title needs")
    file = Path(page.file.abs_dest_path).with_name("card.png")
    file.parent.mkdir(parents=True, exist_ok=True)
    draw(title, config.site_name).save(file, optimize=True)
