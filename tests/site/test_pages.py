"""What holds for every page of the built site, seen without a browser."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from PIL import Image

from tests.site.conftest import HOST, ROOT, Site

pytestmark = pytest.mark.xdist_group("pages")  # one worker parses them all

LANGUAGES = {"zh": "中文", "en": "English"}
# url(…) and @import in style sheets; a browser fetches what they name.
CSS_LINK = re.compile(r"""url\(\s*(?:'([^']+)'|"([^"]+)"|([^'")]+))|@import\s+['"]([^'"]+)""")
# What Markdown, its extensions or the templates leave in the text when they do not understand it.
LEFTOVERS = ("--8<--", "{{", "}}", "{%", "\\(", "\\)", "\\[", "$$", "///", "!!! ", "??? ", '=== "', "](")


def prose(element: Tag) -> Iterator[str]:
    """Yield the text of an element, without code and formulas."""
    for child in element.children:
        if not isinstance(child, Tag):
            yield str(child)
        elif child.name not in ("pre", "code", "script", "style") and "katex" not in child.get("class", []):
            yield from prose(child)


def fetched(html: BeautifulSoup) -> list[str]:
    """Return every link that a browser follows by itself when it shows the page."""
    links = [element["src"] for element in html.find_all(src=True)]
    links += [element["data"] for element in html.find_all("object", data=True)]
    links += [element["poster"] for element in html.find_all(poster=True)]
    links += [link.split()[0] for element in html.find_all(srcset=True) for link in element["srcset"].split(",")]
    links += [
        element["href"]
        for element in html.find_all(["link", "use", "image"], href=True)
        if not {"canonical", "alternate", "prev", "next"} & set(element.get("rel", []))
    ]
    css = [element["style"] for element in html.find_all(style=True)] + [
        str(element) for element in html.find_all("style")
    ]
    links += ["".join(found) for text in css for found in CSS_LINK.findall(text)]
    return [link for link in links if not link.startswith(("data:", "#"))]


def broken(site: Site) -> list[str]:
    """Return every link within the site, fetched or to be clicked, that leads nowhere."""
    problems = []
    for page in site.pages.values():
        links = {element["href"] for element in page.html.find_all(["a", "link"], href=True)} | set(fetched(page.html))
        for link in sorted(links):
            target = site.target(page.path, link)
            if target is None:
                continue
            path, anchor = target
            if not (site.folder / path).is_file():
                problems.append(f"{page}: {link} leads to {path}, which does not exist")
            elif anchor and path.endswith(".html") and anchor not in site.pages[path].anchors:
                problems.append(f"{page}: {link}: {path} has no anchor {anchor}")
    return problems


def test_every_page_is_there_in_both_languages(site: Site) -> None:
    files = [file for pattern in ("*.md", "*.ipynb") for file in (ROOT / "docs/zh").rglob(pattern)]
    sources = {file.relative_to(ROOT / "docs/zh").with_suffix("") for file in files}
    expected = {(path if path.name == "index" else path / "index").as_posix() + ".html" for path in sources} | {
        "404.html"
    }
    for language, _folder in (("zh", ""), ("en", "en/")):
        assert {page.path.removeprefix("en/") for page in site.pages.values() if page.language == language} == expected


def test_links_lead_somewhere(site: Site) -> None:
    assert not broken(site), "\n".join(broken(site))


def test_links_lead_somewhere_below_a_sub_path(project_site: Site) -> None:
    assert not broken(project_site), "\n".join(broken(project_site))


def test_nothing_is_fetched_from_another_host(site: Site) -> None:
    for page in site.pages.values():
        others = [link for link in fetched(page.html) if site.target(page.path, link) is None]
        assert not others, f"{page} fetches {others}"
        for script in page.html.find_all("script", src=False):
            assert "//" not in script.text, f"{page}: an inline script names a host: {script.text[:200]}"
        # Material's script loads Mermaid from a content delivery network as soon as a page has such a block.
        assert not page.html.select(".mermaid"), f"{page} holds a Mermaid block"
    for file in [*site.folder.rglob("*.css"), *site.folder.rglob("*.svg")]:
        text = file.read_text(encoding="utf-8")
        links = ["".join(found) for found in CSS_LINK.findall(text)]
        links += re.findall(r"""(?:href|src)\s*=\s*["']([^"']+)""", text)
        path = file.relative_to(site.folder).as_posix()
        for link in links:
            if link.startswith(("data:", "#")):
                continue
            target = site.target(path, link)
            assert target, f"{path} fetches {link}"
            assert (site.folder / target[0]).is_file(), f"{path}: {link} leads to {target[0]}, which does not exist"


def test_language_switch_leads_to_the_same_page(site: Site, project_site: Site) -> None:
    """A link, which says the other language's name in that language; there is nothing to open first."""
    for built in (site, project_site):
        for page in built.pages.values():
            if page.path.endswith("404.html"):
                continue
            (link,) = page.html.select(".md-header a[hreflang]")
            other = {"zh": "en", "en": "zh"}[page.language]
            assert (link["hreflang"], link["lang"], link.text.strip()) == (other, other, LANGUAGES[other]), page
            assert built.target(page.path, link["href"]) == (page.counterpart, ""), page


def test_page_of_all_results_has_one_name(site: Site) -> None:
    for path, name in {"evidence/index.html": "证据", "en/evidence/index.html": "Evidence"}.items():
        title = site.pages[path].html.h1
        assert title.find(string=True).strip() == name
        named = {link.text.strip() for link in site.pages[path].html.select("nav a[href='./']")}
        assert named == {name}


def test_search_engines_are_told_of_both_languages(project_site: Site) -> None:
    for page in project_site.pages.values():
        if page.path.endswith("404.html"):
            continue
        links = page.html.find_all("link", hreflang=True)
        chinese, english = sorted((page.path, page.counterpart), key=lambda path: path.startswith("en/"))
        assert {link["hreflang"]: link["href"] for link in links} == {
            "zh": project_site.address(chinese),
            "en": project_site.address(english),
            "x-default": project_site.address(english),
        }, page
        assert page.html.find("link", rel="canonical")["href"] == project_site.address(page.path)


def test_messengers_are_given_title_and_picture(project_site: Site) -> None:
    titles = {"zh": [], "en": []}
    for page in project_site.pages.values():
        if page.path.endswith("404.html"):
            continue
        given = {meta["property"]: meta["content"] for meta in page.html.find_all("meta", property=True)}
        assert given["og:url"] == project_site.address(page.path)
        assert given["og:description"] == page.html.find("meta", attrs={"name": "description"})["content"]
        assert given["og:title"] == page.html.h1.find(string=True).strip().replace("\xa0", " ")
        assert given["og:locale"] == {"zh": "zh_CN", "en": "en_GB"}[page.language]
        titles[page.language].append(given["og:title"])
        path, _ = project_site.target(page.path, given["og:image"])
        with Image.open(project_site.folder / path) as picture:
            assert picture.format == "PNG" and picture.size == (1200, 630), page
            assert [given["og:image:width"], given["og:image:height"]] == ["1200", "630"]
            # The title is drawn: its part of the picture is not of one colour.
            assert len(picture.convert("RGB").crop((90, 200, 1110, 480)).getcolors()) > 1, page
            # Nothing of it runs into the margins, which messengers cut into.
            for margin in ((0, 0, 85, 630), (1115, 0, 1200, 630)):
                assert len(picture.convert("RGB").crop(margin).getcolors()) == 1, page
        assert (project_site.folder / path).stat().st_size < 50_000
    for language, given in titles.items():
        assert len(set(given)) == len(given), f"{language}: two pages of one title: {given}"


def test_robots_find_every_page(project_site: Site) -> None:
    for folder, language in (("", "zh"), ("en/", "en")):
        listed = re.findall(
            "<loc>(.*)</loc>", (project_site.folder / f"{folder}sitemap.xml").read_text(encoding="utf-8")
        )
        pages = [
            page
            for page in project_site.pages.values()
            if page.language == language and not page.path.endswith("404.html")
        ]
        assert sorted(listed) == sorted(project_site.address(page.path) for page in pages)


def test_files_of_the_theme_are_published_once(site: Site) -> None:
    """The English pages link to those of the Chinese ones; what no page loads is not there."""
    assert not (site.folder / "en/assets").exists()
    assert not (site.folder / "assets/javascripts/workers").exists() and not list(site.folder.rglob("*.map"))


def test_without_an_address_no_page_claims_one(site: Site) -> None:
    for page in site.pages.values():
        assert not page.html.find("link", rel="canonical"), page
        assert not page.html.find("link", hreflang=True), page
        assert not page.html.find("meta", property=True), page
    assert HOST not in (site.folder / "sitemap.xml").read_text(encoding="utf-8")


def test_every_page_says_what_it_is(site: Site) -> None:
    for page in site.pages.values():
        assert page.html.html["lang"] == page.language, page
        assert len(page.html.find_all("h1")) == 1, page
        assert page.html.title.text.strip(), page
        assert page.html.find("meta", attrs={"name": "description"})["content"].strip(), page
        repeated = [
            anchor for anchor, count in Counter(e["id"] for e in page.html.find_all(id=True)).items() if count > 1
        ]
        assert not repeated, f"{page}: more than one element is called {repeated}"


def test_every_image_has_a_text_and_a_size(site: Site) -> None:
    for page in site.pages.values():
        for image in page.html.find_all("img"):
            assert image.get("alt", "").strip(), f"{page}: {image} has no text alternative"
            assert image.get("width") and image.get("height"), (
                f"{page}: {image} has no size, so the page jumps as it loads"
            )


def test_every_column_has_a_name(site: Site) -> None:
    for page in site.pages.values():
        nameless = [
            str(heading.parent)[:200] for heading in page.html.find_all("th") if not heading.get_text(strip=True)
        ]
        assert not nameless, f"{page}: {nameless}"


def test_nothing_is_left_unrendered(site: Site) -> None:
    for page in site.pages.values():
        for block in page.html.article.find_all("pre"):
            assert "--8<--" not in block.text, f"{page}: an unresolved snippet: {block.text[:200]}"
        content = "".join(prose(page.html.article))
        for leftover in LEFTOVERS:
            before, found, after = content.partition(leftover)
            assert not found, f"{page}: {leftover} in …{before[-60:]}{found}{after[:60]}…"
        formula = re.search(r"\$[^$]{1,80}\$|\\[A-Za-z]+", content)
        assert not formula, f"{page}: a formula as it was typed, {formula.group()}"


def test_figures_are_published_once(site: Site) -> None:
    recorded = {file.relative_to(ROOT).as_posix() for file in (ROOT / "records").rglob("*.svg")}
    published = {file.relative_to(site.folder).as_posix() for file in site.folder.rglob("*.svg")}
    assert {path for path in published if "records" in path.split("/")} == recorded
    for path in recorded:
        assert without_style(site.folder / path) == without_style(ROOT / path), path


def without_style(figure: Path) -> str:
    """Return all that a figure draws: its style sheet is the site's."""
    return re.sub(r"<style>.*?</style>", "", figure.read_text(encoding="utf-8"), count=1)


def test_formulas_are_rendered(site: Site) -> None:
    for page in site.pages.values():
        formulas = page.html.select(".arithmatex")
        for formula in formulas:
            assert formula.select("math annotation"), f"{page}: {formula.text[:80]} is not rendered"
        sheets = [link for link in page.html.find_all("link", rel="stylesheet") if "katex" in link["href"]]
        assert len(sheets) == bool(formulas), f"{page}: {len(formulas)} formulas, {len(sheets)} style sheets for them"


@pytest.mark.parametrize(("name", "elements"), [("Main-Regular", ".katex-html"), ("Math-Italic", ".mathnormal")])
def test_signs_of_formulas_are_asked_for_beforehand(site: Site, name: str, elements: str) -> None:
    """A sign of another width that comes after the first paint breaks the lines anew, and moves all that is below."""
    sheet = next((site.folder / "assets/katex").glob("katex.min*.css")).read_text(encoding="utf-8")
    (later,) = re.findall(rf"{name}-rest[^}}]*unicode-range:([^}}]*)}}", sheet)
    runs = [[int(end, 16) for end in run.removeprefix("U+").split("-")] for run in later.split(",")]
    missing = {chr(code) for run in runs for code in range(run[0], run[-1] + 1)}
    for page in site.pages.values():
        shown = {sign for element in page.html.select(elements) for sign in element.text}
        assert not shown & missing, f"{page}: run evidence.pages.mathematics.fonts for {sorted(shown & missing)}"
        asked = page.html.select(f'link[rel=preload][href$="{name}-common.woff2"]')
        assert len(asked) == bool(shown), f"{page}: the font {name} is asked for {len(asked)} times"
