"""Every page, snippet and contract that we have keeps every rule."""

import tomllib
from functools import cache
from pathlib import Path

import pytest
from markdown import Markdown
from mkdocs.config import load_config

from evidence.catalog import load_catalog
from evidence.notebooks.record import walkthroughs
from tests.pages import arithmetic, links, numbers, rules, swaps
from tests.pages.source import Page, read_house, read_page

ROOT = Path(__file__).parents[2]
HOUSE = read_house(load_catalog(ROOT))
READMES = {name: read_page(ROOT, ROOT / name) for name in ("README.md", "README.zh.md") if (ROOT / name).is_file()}
WRITTEN = HOUSE.pages | READMES
WALKTHROUGHS = walkthroughs(HOUSE.catalog)

each_page = pytest.mark.parametrize("name", HOUSE.pages)
each_topic = pytest.mark.parametrize("name", HOUSE.catalog.topics)


def report(complaints):
    assert not complaints, "\n".join(["", *complaints])


def test_same_pages():
    report(rules.same_pages(HOUSE))


@pytest.mark.parametrize("name", [name for name in HOUSE.pages if name.startswith("docs/zh/")])
def test_same_structure(name):
    other = HOUSE.pages.get(name.replace("docs/zh/", "docs/en/", 1))
    report(rules.same_structure(HOUSE.pages[name], other) if other else [])  # test_same_pages names a missing page


def test_same_structure_of_the_readmes():
    report(rules.same_structure(READMES["README.zh.md"], READMES["README.md"]))


def test_same_navigation():
    report(rules.same_navigation(*((ROOT / name).read_text("utf-8") for name in ("mkdocs.yml", "mkdocs.en.yml"))))


@each_page
@pytest.mark.parametrize(
    "rule",
    [
        rules.code_is_embedded,
        rules.sections_in_order,
        rules.quotes,
        rules.numbers_come_from_records,
        rules.page_is_complete,
        rules.images,
    ],
    ids=lambda rule: rule.__name__,
)
def test_page(rule, name):
    report(rule(HOUSE.pages[name], HOUSE))


@cache
def markdown_of(configuration: str) -> Markdown:
    config = load_config(str(ROOT / configuration))
    return Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)


@each_page
def test_rendered_code(name, monkeypatch):
    monkeypatch.chdir(ROOT)  # embeds are relative to it
    markdown = markdown_of("mkdocs.yml" if name.startswith("docs/zh/") else "mkdocs.en.yml")
    report(rules.rendered_code(HOUSE.pages[name], HOUSE, markdown))


@pytest.mark.parametrize("name", WRITTEN)
def test_writing(name):
    report(rules.chinese_is_well_set(WRITTEN[name]))


def prose_of(walkthrough) -> Page:
    """The prose of a notebook, as the rules of all pages read it."""
    return Page(
        f"docs/{walkthrough.language}/walkthroughs/{walkthrough.prose.name}", walkthrough.prose.read_text("utf-8")
    )


@pytest.mark.parametrize("walkthrough", WALKTHROUGHS, ids=lambda each: f"{each.language}/{each.name}")
def test_prose_of_walkthrough(walkthrough):
    page = prose_of(walkthrough)
    other = next(
        each for each in WALKTHROUGHS if each.name == walkthrough.name and each.language != walkthrough.language
    )
    assert page.front.keys() == {"title", "description", "keywords"}
    report(rules.numbers_come_from_records(page, HOUSE) + rules.quotes(page, HOUSE) + rules.images(page, HOUSE))
    report(rules.chinese_is_well_set(page) + numbers.sums_are_right(page) + arithmetic.equations_are_right(page))
    report(links.links_lead_where_they_say(page, HOUSE) + swaps.swapped_nodes(page))
    report(rules.same_structure(page, prose_of(other)))


@pytest.mark.parametrize("name", READMES)
def test_readme(name):
    page = READMES[name]
    blocks = [block for block in page.blocks if block.detail[1:] in rules.SHELL_LANGUAGES and block.kind == "fence"]
    report([complaint for block in blocks for complaint in rules.shell_lines(name, block)])
    report(rules.numbers_come_from_records(page, HOUSE))


def test_markers(script):
    report(rules.markers(script.path.relative_to(ROOT).as_posix(), script.path.read_text("utf-8")))


@each_topic
def test_contract_texts(name):
    path = HOUSE.catalog.topics[name].folder / "topic.toml"
    report(rules.contract_texts(path.relative_to(ROOT).as_posix(), tomllib.loads(path.read_text("utf-8"))))


def test_topics_are_whole():
    report(rules.topics_are_whole(HOUSE))


def commands_shown():
    for page in WRITTEN.values():
        for block in page.blocks:
            if block.kind == "fence" and block.detail[1:] in rules.SHELL_LANGUAGES:
                for line in block.lines:
                    yield from ((page.name, command) for command in rules.shell_commands(line))


def test_every_shell_command_is_needed():
    """The list of commands that may be shown without being run holds none that no page shows."""
    assert set(rules.SHELL_COMMANDS) <= {command[0] for _, command in commands_shown()}


def test_shown_commands_name_what_exists():
    """A target of make is in the Makefile, a file of requirements and a Python script is in the repository."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    scripts = {path.name for path in HOUSE.catalog.snippets.rglob("*.py")}
    missing = []
    for page, (program, *words) in commands_shown():
        if program == "make":
            missing += [
                f"{page}: make {word}"
                for word in words
                if "=" not in word and word[0] != "-" and f"\n{word}:" not in makefile
            ]
        if program == "pip":
            files = [after for word, after in zip(words, words[1:]) if word == "-r"]
            missing += [f"{page}: pip -r {file}" for file in files if not (ROOT / file).is_file()]
        if program.startswith("python"):
            files = [word for word in words if word.endswith(".py")]
            missing += [
                f"{page}: python {file}" for file in files if file not in scripts and not (ROOT / file).is_file()
            ]
    assert not missing
