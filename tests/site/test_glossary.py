"""The glossary: whole in both languages, and found from the pages where a term is first used, and only there."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown
from mkdocs.config import load_config

from evidence.pages import glossary
from tests.pages.prose import chinese_faults, typed_results
from tests.site.conftest import ROOT, Site

TERMS = glossary.load_glossary().terms
LANGUAGES = glossary.LANGUAGES


@pytest.fixture(scope="module")
def markdown() -> dict[str, Markdown]:
    """Markdown as the site sets it, by language."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        configs = {"zh": load_config(str(ROOT / "mkdocs.yml")), "en": load_config(str(ROOT / "mkdocs.en.yml"))}
    return {
        language: Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)
        for language, config in configs.items()
    }


def links(markdown: dict[str, Markdown], language: str, text: str) -> list[tuple[str, str]]:
    """Return the text of each link to the glossary, and the term it leads to."""
    html = BeautifulSoup(markdown[language].reset().convert(text), "html.parser")
    own = "".join(part for part in html.find_all(string=True) if not part.find_parent("dl", "glossary"))
    assert own.count("词") == text.count("词"), "text is lost"
    return [(link.text, link["href"].removeprefix("glossary.md#")) for link in html.select("a.term")]


@pytest.mark.parametrize("key", TERMS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_term_is_whole(key: str, language: str) -> None:
    term = TERMS[key]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", key)
    assert term.name[language].strip() and list(term.forms(language))
    definition = term.definition[language]
    assert definition.endswith("。" if language == "zh" else ".")
    assert definition.count("。" if language == "zh" else ". ") <= 2, "a sentence or two"
    assert not list(typed_results(definition))
    assert language != "zh" or not list(chinese_faults(definition))
    assert (ROOT / "docs" / language / term.page).is_file()


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms_belong_to_one_term(language: str) -> None:
    forms = Counter(form for term in TERMS.values() for form in term.forms(language))
    assert max(forms.values()) == 1, forms.most_common(1)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("zh", "卷积神经网络用卷积核做卷积。", [("卷积神经网络", "convolutional-neural-network"), ("卷积核", "kernel"), ("卷积", "convolution")]),
        ("zh", "超参数不是参数，超参数在训练之前选定。", [("超参数", "hyperparameter"), ("参数", "parameter")]),
        ("zh", "先算 logit，再用 softmax；logit 可正可负。", [("logit", "logit"), ("softmax", "softmax")]),
        ("zh", "轮流、批评、反MLPX 与 reLU 都不是。", []),
        ("zh", "看完**一轮**，再看*一轮*词。", [("一轮", "epoch")]),
        ("en", "Epochs and batches. An epoch has batches.", [("Epochs", "epoch"), ("batches", "batch")]),
        ("en", "A convolutional neural network (CNN) has kernels.", [("convolutional neural network", "convolutional-neural-network"), ("kernels", "kernel")]),
        ("en", "ADAM, relu, weightless, batch-wise and Sigmoid are no uses.", []),
        ("en", "| Loss |\n| --- |\n| the loss |", [("loss", "loss")]),
        ("en", "- the *loss*\n\n> and the seed", [("loss", "loss"), ("seed", "seed")]),
    ],
)  # fmt: skip
def test_first_use_is_linked_longest_form_first(markdown, language: str, text: str, expected: list) -> None:
    assert links(markdown, language, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# 损失",
        "### 损失词",
        "`损失`",
        "```text\n损失\n```",
        "[损失](https://example.org)",
        "[*损失*](https://example.org)",
        "$\\text{损失}$",
        "$$\n\\text{损失}\n$$",
        '=== "损失"\n\n    x',
        '!!! note "损失"\n\n    x',
        '??? note "损失"\n\n    x',
        '```dot alt="损失"\ndigraph { a [label="损失"] }\n```',
        "![损失](figure.svg)",
        "x[^1]\n\n[^1]: 损失",
        "<!-- 损失 -->",
        "/// evidence | mlp_keras\n///",
        "/// evidence-matrix\n///",
        "/// glossary\n///\n\n损失",
    ],
)
def test_what_is_no_running_text_is_left_alone(markdown, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(ROOT)  # where the records are
    assert links(markdown, "zh", text) == []
    if "glossary" not in text:  # … and does not count as the first use.
        assert links(markdown, "zh", f"{text}\n\n用损失。") == [("损失", "loss")]


@pytest.mark.xdist_group("pages")
def test_glossary_shows_every_term_in_both_languages(site: Site) -> None:
    for page in site.pages.values():
        if not page.path.endswith("glossary/index.html"):
            continue
        other = LANGUAGES[1 - LANGUAGES.index(page.language)]
        entries = page.html.select("dl.glossary dt")
        assert {entry["id"] for entry in entries} == set(TERMS) and len(entries) == len(TERMS)
        for entry in entries:
            term = TERMS[entry["id"]]
            assert entry.a.text == term.name[page.language]
            assert site.target(page.path, entry.a["href"])[0].endswith(term.page.replace(".md", "/index.html"))
            assert entry.span is None if len(set(term.name.values())) == 1 else entry.span.text == term.name[other]
            assert entry.span is None or entry.span["lang"] == other
            assert entry.find_next_sibling().text == term.definition[page.language]
        names = [
            [TERMS[e["id"]].name["en"].lower() for e in group.select("dt")] for group in page.html.select("dl.glossary")
        ]
        assert names == [sorted(group) for group in names]


@pytest.mark.xdist_group("pages")
def test_pages_lead_to_the_glossary(site: Site, project_site: Site) -> None:
    """That the anchors are there is checked with all other links."""
    linked = Counter()
    for built in (site, project_site):
        for page in built.pages.values():
            found = [(built.target(page.path, link["href"]), link) for link in page.html.select("a.term")]
            assert len({target for target, _ in found}) == len(found), f"{page}: a term is linked twice"
            for (path, anchor), link in found:
                assert path == ("en/" if page.language == "en" else "") + "glossary/index.html", page
                assert link["title"] == TERMS[anchor].definition[page.language], page
                assert not link.find_parent(["code", "pre", "a", "h1", "h2", "h3", "label", "summary"]), page
                linked[page.language, anchor] += 1
    assert {key for _, key in linked} == set(TERMS), f"no page uses {set(TERMS) - {key for _, key in linked}}"
