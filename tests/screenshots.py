"""Takes the pictures of the READMEs from the site as it is now: `python -m tests.screenshots`."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import find_browser
from tests.site.reader import Reader, Server

FOLDER = Path(__file__).parents[1] / ".github" / "screenshots"
PICTURES = {  # file to page, and what the reader has: width, colours, language, and the heading that is at the top
    "tabs.en.png": ("en/models/cnn/", 1280, "light", "en", "#the-network-in-code"),
    "tabs.zh.png": ("models/cnn/", 1280, "light", "zh", "#写成代码"),
}
COLOURS = 256  # fewer, and small marks would lose theirs


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    program = find_browser()
    with tempfile.TemporaryDirectory() as site, sync_playwright() as playwright:
        subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", site], check=True)
        browser, server = playwright.chromium.launch(executable_path=program), Server(Path(site))
        for name, (path, width, scheme, language, anchor) in PICTURES.items():
            reader = Reader.sit_down(browser, server, width=width, scheme=scheme, language=language)
            page = reader.open(path + anchor)
            page.wait_for_timeout(500)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            picture.quantize(COLOURS).save(FOLDER / name, optimize=True)
            print(FOLDER / name)
        browser.close()
        server.close()


if __name__ == "__main__":
    main()
