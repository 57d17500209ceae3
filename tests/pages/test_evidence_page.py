"""The page of all evidence: a row for each topic, whose numbers are those of the records."""

import json
import re
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

from evidence.catalog import FRAMEWORKS, LANGUAGES, SECTIONS, load_catalog
from evidence.claims import FUNCTIONS, PLACEHOLDER
from evidence.pages.markdown import format_range
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def house():
    """Every topic, and the results of every record as the file has them: stem to seed to results."""
    catalog = load_catalog(ROOT)
    files = {
        stem: ROOT / "records" / script.topic.path / f"{stem}.cpu.json" for stem, script in catalog.scripts.items()
    }
    return catalog, {stem: json.loads(path.read_text("utf-8"))["results"] for stem, path in files.items()}


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request, house):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        name = "evidence.pages.markdown"
        markdown = Markdown(
            extensions=["pymdownx.blocks.html", name], extension_configs={name: {"language": request.param}}
        )
        html = markdown.convert("/// evidence-matrix\n///")
    return request.param, BeautifulSoup(html, "html.parser")


def names_in(expression):
    return set(re.findall(r"(?<![.\w])[a-z]\w*", expression)) - FUNCTIONS.keys() - {"for", "in"}


def evaluate(expression, records, stem, framework, seed):
    """Evaluate a value of a headline in one run; `script.result` is of the same framework, or in NumPy."""
    other = {
        name: records.get(f"{name}_{framework}") or records.get(f"{name}_numpy")
        for name in re.findall(r"([a-z]\w*)\.[a-z]", expression)
    }
    beside = {name: SimpleNamespace(**seeds.get(seed, next(iter(seeds.values())))) for name, seeds in other.items()}
    return eval(expression, {"__builtins__": {}}, {**FUNCTIONS, **records[stem][seed], **beside})


def unit_of(topic, expression, unit):
    named = [topic.results[name].unit for name in re.findall(r"[a-z]\w*", expression) if name in topic.results]
    return unit or named[0]


def in_order(catalog):
    """Return the topics as the page has them, section by section."""
    return sorted(catalog.topics.values(), key=lambda topic: SECTIONS.index(topic.section))


def spoken_of(catalog, topic):
    """Return the scripts that a topic's headline is about, which may be another topic's."""
    maker, claim = catalog.headline(topic)
    bare = names_in(PLACEHOLDER.search(claim.text["zh"])[1])
    return [
        script
        for script in catalog.select(maker.path)
        if (script.name in claim.scripts if claim.scripts else bare <= set(script.results))
    ]


def test_every_topic_has_one_row(page, house):
    language, html = page
    rows = html.select("table.evidence-matrix tbody tr:not(.group)")
    titles = [row.select_one("th").text for row in rows]
    assert titles == [topic.title[language] for topic in in_order(house[0])]
    assert not html.select(".evidence-problem")


def test_headlines_are_those_of_the_records(page, house):
    """Each value of each sentence is the range over every framework and recorded seed, and nothing else is in it."""
    (language, html), (catalog, records) = page, house
    rows = html.select("table.evidence-matrix tbody tr:not(.group)")
    for row, topic in zip(rows, in_order(catalog), strict=True):

        def value(match, topic=topic):
            found = [
                evaluate(match[1], records, script.stem, script.framework, seed)
                for script in spoken_of(catalog, topic)
                for seed in records[script.stem]
            ]
            return format_range(found, unit_of(catalog.headline(topic)[0], match[1], match[2]), language)

        sentence = PLACEHOLDER.sub(value, catalog.headline(topic)[1].text[language]).replace("`", "")  # code there
        assert row.select_one("td > p").text == sentence[0].upper() + sentence[1:], topic.path


def test_values_of_a_framework_are_those_of_its_records(page, house):
    """In a framework's column stands the first value of the sentence, and over how many seeds; else how many other runs there are."""
    (language, html), (catalog, records) = page, house
    rows = html.select("table.evidence-matrix tbody tr:not(.group)")
    for row, topic in zip(rows, in_order(catalog), strict=True):
        maker, claim = catalog.headline(topic)
        first = PLACEHOLDER.search(claim.text[language])
        about = spoken_of(catalog, topic)
        for framework, label in FRAMEWORKS.items():
            cell = row.find("td", {"data-label": label})
            own = [script for script in about if script.framework == framework]
            runs = sum(len(records[script.stem]) for script in catalog.select(topic.path, framework))
            found = [
                evaluate(first[1], records, script.stem, framework, seed)
                for script in own
                for seed in records[script.stem]
            ]
            several = len({script.framework for script in about}) > 1
            shown = [format_range(found, unit_of(maker, first[1], first[2]), language)] if own and several else []
            assert [span.text for span in cell.select("span")] == shown, (topic.path, framework)
            seeds = max((len(records[script.stem]) for script in own), default=0)
            number = [str(seeds)] if seeds > 1 else [] if seeds else [str(runs)] if runs else []
            small = cell.small.text if cell.small else ""
            assert re.findall(r"\d+", small) == number, (topic.path, framework)
            kind = {"zh": ("种子", "随机性", "运行"), "en": ("seeds", "randomness", "other")}[language][
                0 if seeds > 1 else 1 if seeds else 2
            ]
            assert kind in small if seeds or runs else not small


def test_headlines_begin_with_the_same_value_in_both_languages(house):
    """It is what stands below each framework; one over all runs would say the same below each."""
    for topic in house[0].topics.values():
        first = {PLACEHOLDER.search(text)[0] for text in house[0].headline(topic)[1].text.values()}
        assert len(first) == 1 and "over_" not in first.pop(), topic.path


def test_what_ran_opens_on_a_click(page, house):
    """Every script stands below the headline of its topic, in `<details>`, which needs no script of the page's own."""
    catalog = house[0]
    rows = page[1].select("table.evidence-matrix tbody tr:not(.group)")
    for row, topic in zip(rows, in_order(catalog), strict=True):
        listed = {item.a.text for item in row.select("details > ul > li")}
        behind = {script.path.name for script in [*catalog.select(topic.path), *spoken_of(catalog, topic)]}
        assert listed == behind and row.select("details > summary")
    assert not page[1].select("script, button")
