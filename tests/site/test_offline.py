"""The site as a zip: unpacked anywhere, opened from disk, searched, without any server."""

from __future__ import annotations

import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from evidence.search.offline import make_offline, pack
from tests.site.conftest import ROOT, build

pytestmark = pytest.mark.xdist_group("offline")  # one worker builds it


class Links(HTMLParser):
    """Where the links of a page lead, and the anchors it has."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id":
                self.anchors.add(value)
            elif name in ("href", "src") and tag in ("a", "img", "link", "script"):
                self.links.add(value)


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make offline` makes it."""
    site = tmp_path_factory.mktemp("offline") / "verified-deep-learning"
    result = build(ROOT, site, "--strict", "--no-directory-urls")
    assert result.returncode == 0, result.stdout
    make_offline(site)
    return pack(site)


@pytest.fixture(scope="module")
def folder(zipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked where the path has a space and Chinese in it."""
    place = tmp_path_factory.mktemp("unpacked") / "深度 学习"
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(place)
    (folder,) = place.iterdir()
    return folder


def test_the_makefile_does_the_same() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(
        r"SITE_URL= .* mkdocs build --strict --no-directory-urls --site-dir (\S+)\n\t\S+ -m evidence.search.offline \1\n",
        makefile,
    )


def test_the_same_site_gives_the_same_zip(zipped: Path, folder: Path) -> None:
    content = zipped.read_bytes()
    for path in folder.rglob("*"):
        path.touch()
    assert pack(folder).read_bytes() == content


def test_every_link_leads_to_a_file(folder: Path) -> None:
    """A browser shows a folder as a list of files: no link leads to one, none begins at the root of a host."""
    pages = {path: Links(path) for path in folder.rglob("*.html")}
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            target = urlsplit(urljoin(path.as_uri(), link))
            if target.scheme == "file":
                file = Path(unquote(target.path))
                if not file.is_file() or folder not in file.parents:
                    wrong.append(f"{path.relative_to(folder)}: {link}")
                elif target.fragment and file in pages and unquote(target.fragment) not in pages[file].anchors:
                    wrong.append(f"{path.relative_to(folder)}: {link} has no such anchor")
    assert len(pages) >= 10 and not wrong, "\n".join(wrong)


def test_search_and_switch_language_from_disk(folder: Path, browser: Browser) -> None:
    context = browser.new_context()
    complaints: list[str] = []
    context.on(
        "request", lambda asked: asked.url.startswith(("file:", "blob:", "data:")) or complaints.append(asked.url)
    )
    context.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(error.error.message))
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    for query, address, heading, language, home in (
        ("混淆矩陣", "models/cnn.html", "混淆矩阵", "zh", "可验证的深度学习"),
        ("confusion matrix", "en/models/cnn.html", "The confusion matrix", "en", "make serve"),
    ):
        page.keyboard.press("/")
        page.fill("dialog.search input", home)
        page.wait_for_selector(".search-results a")
        assert page.locator(".search-results a").first.get_attribute("href").endswith("/index.html")
        page.fill("dialog.search input", query)
        page.locator(f'.search-results li li a[href*="{address}#"]', has_text=heading).first.click()
        assert unquote(page.url).startswith(f"{unquote((folder / address).as_uri())}#")
        assert page.locator(":target").text_content().startswith(heading)
        assert page.locator("html").get_attribute("lang") == language
        page.locator(f".md-header [hreflang={'en' if language == 'zh' else 'zh'}]").dispatch_event("click")
        expect(page.locator(f"html:not([lang={language}])")).to_be_attached()
        page.wait_for_load_state()
    assert not complaints, complaints
    context.close()


def test_a_whole_script_can_be_seen_from_disk(folder: Path, browser: Browser) -> None:
    """Of a page on a disk a browser fetches nothing: the button shows the file itself."""
    context = browser.new_context()
    page = context.new_page()
    page.goto((folder / "en/models/mlp.html").as_uri())
    link = page.locator("ul.download a[href$='.py']").first
    with context.expect_page() as opened:
        link.locator("xpath=following-sibling::button[1]").click()
    opened.value.wait_for_url(link.evaluate("link => link.href"))
    assert Path(unquote(urlsplit(opened.value.url).path)).read_text(encoding="utf-8") == opened.value.inner_text("pre")
    context.close()
