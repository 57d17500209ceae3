"""The way through the site: what to read before a page and after it, the map, and the foot of every page."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown
from PIL import Image

from evidence.catalog import SECTIONS, load_catalog
from evidence.pages.guide import Guide, duration, reading_minutes, stops_of
from evidence.pages.markdown import Reader
from evidence.site import cards
from tests.site.conftest import HOST, REPOSITORY, ROOT, Site, build

CATALOG = load_catalog(ROOT)


def test_one_page_to_begin_with() -> None:
    """Every other topic says what to read before it; none would otherwise stand in its place on the map."""
    first = [path for path, topic in CATALOG.topics.items() if not topic.before]
    assert first == ["concepts/deep_learning"], f"say under before in topic.toml what to read first: {first}"


def test_lists_of_topics_are_in_the_order_of_the_navigation() -> None:
    """A reader meets the topics of a section in one order, in the menu, on the map and on the page of all evidence."""
    navigation = re.findall(r"(?m)^      - .*: ([a-z]+/\w+\.\w+)$", (ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = [stop.address for topic in CATALOG.topics.values() for stop in stops_of(CATALOG, topic, "zh")]
    for section in SECTIONS:
        inside = [page for page in navigation if page.startswith(f"{section}/")]
        assert [page for page in listed if page.startswith(f"{section}/")] == inside


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("字" * 600, 2),
        ("word " * 600, 3),
        ("字" * 300 + " word" * 200, 2),
        ("```python\n" + "x = 1\n" * 900 + "```\n", 1),
    ],
)
def test_reading_time(text: str, minutes: int) -> None:
    assert reading_minutes(text) == minutes


def test_durations() -> None:
    assert [duration(seconds, "en") for seconds in (0.2, 45, 300, 9000)] == [
        "less than 1 s",
        "45 s",
        "5 min",
        "2.5 hours",
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_map_shows_and_lists_every_page(site: Site, language: str) -> None:
    folder = "" if language == "zh" else "en/"
    page = site.pages[f"{folder}map/index.html"]
    stops = [stop for topic in CATALOG.topics.values() for stop in stops_of(CATALOG, topic, language)]
    expected = {f"{folder}{stop.address.rpartition('.')[0]}/index.html" for stop in stops}
    for links in (page.html.select(".map svg a"), page.html.select(".map li > a")):
        targets = [site.target(page.path, link["href"])[0] for link in links]
        assert sorted(targets) == sorted(expected)


def test_time_counts_every_script_that_a_page_shows() -> None:
    """The page on translators has two scripts of its own, and shows the runs of three that belong to the page on parity."""
    names = ("dense_pytorch", "dense_mxnet", "rearrange_numpy", "weights_pytorch", "weights_mxnet", "port_pytorch")
    guide = Guide(Reader(Markdown(), "en"))
    (stop,) = stops_of(CATALOG, CATALOG.topics["frameworks/translators"], "en")
    records = (
        json.loads((ROOT / f"records/{CATALOG.script(name).topic.path}/{name}.cpu.json").read_text()) for name in names
    )
    assert guide.cpu_seconds(stop) == pytest.approx(sum(record["seconds"]["cpu"] for record in records))


def test_pages_lead_to_what_is_before_and_after(site: Site) -> None:
    page = site.pages["en/models/rnn/index.html"]
    before, following = (
        {site.target(page.path, link["href"])[0] for link in page.html.select(place)}
        for place in ("p.guide a", "nav.guide a")
    )
    assert before == {"en/models/mlp/index.html"}
    assert {"en/models/gradients/index.html", "en/models/transformer/index.html"} <= following


@pytest.mark.parametrize("page", ["index.html", "en/index.html"])
def test_home_says_where_the_code_is(site: Site, project_site: Site, page: str) -> None:
    """What can be cloned is named where its address is known; nothing is promised where it is not."""
    known, unknown = project_site.pages[page].html, site.pages[page].html
    assert f"git clone {REPOSITORY}\ncd project" in known.get_text() and known.select(f'a[href="{REPOSITORY}"]')
    assert "git clone" not in unknown.get_text() and "///" not in unknown.get_text() + known.get_text()


def test_every_page_can_be_cited_and_corrected(site: Site, project_site: Site) -> None:
    for page in project_site.pages.values():
        if page.path.endswith("404.html"):
            continue
        report = page.html.select_one(".page-foot .report")["href"]
        assert report.startswith(f"{REPOSITORY}/issues/new?")
        name = page.path.removeprefix("en/").removesuffix("index.html").rstrip("/") or "index"
        assert parse_qs(urlsplit(report).query) == {"template": ["mistake.yml"], "page": [f"{page.language}/{name}"]}
        entry = page.html.select_one(".page-foot .cite code").text
        assert entry.startswith("@misc{") and f"url = {{{project_site.address(page.path)}}}" in entry
        assert entry.count("{") == entry.count("}") and "The authors of Verified Deep Learning" in entry
        runs = re.findall(r"\d{4}-\d\d-\d\d", "".join(note.text for note in page.html.select(".evidence-date")))
        assert re.findall(r"date = {(.*)},", entry) == ([max(runs)] if runs else [])
    for page in site.pages.values():
        assert not page.html.select(".report"), f"{page}: where would a fault be reported?"


def test_a_title_with_signs_is_itself_wherever_it_is_told(working_copy: Path) -> None:
    """In what messengers show and in their picture; and escaped where it is cited, or that bibliography does not compile."""
    title, description = 'Bits & "bytes", 5 % of a_b < $ #1', 'What "bits" & bytes < are'
    shutil.copy(ROOT / "CITATION.cff", working_copy)
    (working_copy / "docs/en/index.md").write_text(
        f"---\ndescription: '{description}'\nkeywords: '\"bits\", bytes'\n---\n\n# {title.replace('a_b', '`a_b`')}\n",
        encoding="utf-8",
    )
    result = build(working_copy, working_copy / "site", SITE_URL=HOST)
    assert result.returncode == 0, result.stdout
    text = (working_copy / "site/en/index.html").read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html.parser")
    told = {meta.get("property", meta.get("name")): meta["content"] for meta in page.select("meta[content]")}
    assert told["og:title"] == told["og:image:alt"] == title
    assert told["description"] == told["og:description"] == description and told["keywords"] == '"bits", bytes'
    with Image.open(working_copy / "site/en/card.png") as picture:
        assert picture.tobytes() == cards.draw(title, told["og:site_name"]).tobytes()
    entry = page.select_one(".cite code").text
    assert r'title = {{Bits \& "bytes", 5 \% of a\_b < \$ \#1}},' in entry
    assert r"5 \% of a\_b &lt; \$" in text
