"""Walkthroughs are pages like all others, and what is wrong with a notebook fails the build."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from evidence.site.figures import recolour
from tests.notebooks.test_walkthroughs import (
    Toy,
    recorded,  # noqa: F401  (a fixture)
)
from tests.site.conftest import ROOT, Site, build

pytestmark = pytest.mark.xdist_group("pages")  # one worker parses them all, and records the notebook to be broken

NOTEBOOKS = sorted((ROOT / "docs").glob("*/walkthroughs/*.ipynb"))


@pytest.fixture
def copy(working_copy: Path, recorded: Toy) -> Path:  # noqa: F811
    """The working copy of a site, with one walkthrough in it."""
    for name in ("docs", "records", "snippets"):
        shutil.copytree(recorded.root / name, working_copy / name, dirs_exist_ok=True)
    for config in (working_copy / "mkdocs.yml", working_copy / "mkdocs.en.yml"):
        edit(config, "nav:\n  - Home: index.md\n", "nav:\n  - Home: index.md\n  - Toy: walkthroughs/toy.ipynb\n")
    return working_copy


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (None, "", "", None),
        (
            "docs/en/walkthroughs/toy.ipynb",
            "score: 0.90",
            "score: 0.99",
            "docs/en/walkthroughs/toy.ipynb was edited by hand",
        ),
        (
            "snippets/walkthroughs/toy/toy_numpy.py",
            "score = 0.9",
            "score = 0.95",
            "docs/zh/walkthroughs/toy.ipynb is stale",
        ),
        (
            "docs/walkthroughs/en/toy.md",
            "$a < b$",
            "$a > b$",
            "docs/en/walkthroughs/toy.ipynb is stale: its prose was edited",
        ),
        (
            "docs/walkthroughs/en/toy.md",
            "$a < b$",
            "<b>a</b>",
            "docs/walkthroughs/en/toy.md:19: no rule converts '<b>'",
        ),
    ],
    ids=["whole", "output", "code", "prose", "unknown construct"],
)
def test_planted(copy: Path, file: str | None, old: str, new: str, message: str | None) -> None:
    """A warning for `mkdocs serve`, and the end of a strict build; nothing planted, and it ends well."""
    if file:
        edit(copy / file, old, new)
    result = build(copy, copy / "site", "--strict")
    assert (result.returncode != 0) == bool(message) and (message or "") in result.stdout, result.stdout


def test_raw_json(copy: Path) -> None:
    """Where mkdocs-jupyter does not take the notebook for a page, no build ends well, strict or not."""
    edit(copy / "mkdocs.base.yml", '["walkthroughs/*.ipynb"]', '["elsewhere/*.ipynb"]')
    result = build(copy, copy / "site")
    assert result.returncode != 0 and re.search(
        r"zh/walkthroughs/toy\.ipynb would be published as raw JSON", result.stdout
    ), result.stdout


def test_pages_show_the_recorded_outputs(site: Site) -> None:
    """Every line of code and of output of every notebook, each figure with its text, and no style sheet or script of its own."""
    assert NOTEBOOKS
    own = {
        link["href"].rpartition("/")[2]
        for link in site.pages["models/mlp/index.html"].html.select("link[rel=stylesheet], script[src]")
        if link.get("href")
    }
    for file in NOTEBOOKS:
        language, name = file.parts[-3], file.stem
        page = site.pages[f"{'en/' if language == 'en' else ''}walkthroughs/{name}/index.html"]
        blocks = [block.get_text().strip() for block in page.html.article.select("pre")]
        pictures = {
            image["src"].rpartition("/")[2].split(".")[-2]: image for image in page.html.article.find_all("img")
        }
        for cell in json.loads(file.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code" and not cell["id"].startswith("module-"):
                assert "".join(cell["source"]).strip() in blocks, f"{page}: {cell['id']}"
            for output in cell.get("outputs", []):
                if output["output_type"] == "stream":
                    assert "".join(output["text"]).strip() in blocks, f"{page}: {cell['id']} printed something else"
                else:
                    picture = pictures[output["metadata"]["figure"]]
                    assert picture["alt"] == output["metadata"]["image/svg+xml"]["alt"]
                    path, _ = site.target(page.path, picture["src"])
                    assert (site.folder / path).read_text("utf-8") == recolour(
                        "".join(output["data"]["image/svg+xml"])
                    ), f"{page}: {path}"
        sheets = {link["href"].rpartition("/")[2] for link in page.html.select("link[rel=stylesheet]")}
        assert sheets <= own | {"katex.min.css"} and not page.html.find_all("style"), f"{page}: {sheets}"
        assert "nbformat" not in page.html.get_text()


def test_contents_lead_to_headings(site: Site) -> None:
    """Chinese ones, too, which mkdocs-jupyter would leave without anchors."""
    for file in NOTEBOOKS:
        language, name = file.parts[-3], file.stem
        page = site.pages[f"{'en/' if language == 'en' else ''}walkthroughs/{name}/index.html"]
        links = list(
            dict.fromkeys(link["href"] for link in page.html.select(".md-nav--secondary .md-nav__link[href]"))
        )  # also in the menu
        headings = [f"#{heading['id']}" for heading in page.html.article.find_all(["h2", "h3"])]
        assert links == headings and len(links) > 5 and not any(re.fullmatch(r"#_\d*", link) for link in links), page


def test_what_readers_take_home_is_linked(site: Site) -> None:
    for file in NOTEBOOKS:
        language, name = file.parts[-3], file.stem
        page = site.pages[f"{'en/' if language == 'en' else ''}walkthroughs/{name}/index.html"]
        targets = [site.target(page.path, link["href"])[0] for link in page.html.select("ul.download a")]
        endings = [(site.folder / target).suffix for target in targets]
        assert endings[:2] == [".ipynb", ".py"] and targets[0].startswith(f"notebooks/{language}/"), targets
        book = json.loads((site.folder / targets[0]).read_text("utf-8"))
        assert not any(cell.get("outputs") for cell in book["cells"])
        text = page.html.article.get_text()
        assert all(
            word in text
            for word in ("Colab", "JupyterLab", "pip install", "ModelScope" if language == "en" else "魔搭")
        ), page
