"""Records in pages: what a writer may write, what a reader sees of it, and what becomes of mistakes."""

import logging
import re
import shutil

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

from evidence.catalog import CatalogError
from evidence.pages.markdown import WORDS, format_range, format_value
from evidence.record import write_record
from tests.conftest import ROOT
from tests.evidence.conftest import ABSENT, CONTRACT, CURVE, LOSSES, Repository

# The extensions of the site that have a say in the same text.
EXTENSIONS = [
    "admonition",
    "attr_list",
    "footnotes",
    "md_in_html",
    "tables",
    "toc",
    "pymdownx.highlight",
    "pymdownx.inlinehilite",
    "pymdownx.superfences",
    "pymdownx.tabbed",
    "evidence.pages.mathematics",
]
OTHER_RESULTS = """
[results.extra]
unit = "count"
maximum = 2000
scripts = ["toy"]
label = { zh = "个数", en = "Count" }
selection = { zh = "有几个", en = "how many" }
"""
HEADLINE = """
[claims.headline]
scripts = ["toy"]
holds = "score > 0.5"
zh = "`toy` 得 {score}"
en = "gets {score} with `toy`"
"""
FIGURE = "records/models/toy/toy_numpy.cpu.curve.svg"


@pytest.fixture(scope="module")
def built_site(tmp_path_factory):
    """A repository with two scripts in NumPy and one in PyTorch, each with a fresh record of three seeds."""
    site = Repository(tmp_path_factory.mktemp("site").resolve() / "repository")
    two = CONTRACT.replace('["toy"]', '["toy", "other"]').replace("seeds = 2", "seeds = 3")
    absent = ABSENT.replace("pytorch =", "other_pytorch =")
    site.contract(two, OTHER_RESULTS, LOSSES, CURVE, HEADLINE, absent)
    stems = {"toy_numpy": 0, "toy_pytorch": 0.02, "other_numpy": 0.05}
    for stem in stems:
        site.write(f"snippets/models/toy/{stem}.py", "SEED = 0\n")
    for stem, offset in stems.items():
        script = site.catalog.script(stem)
        package = "torch" if stem == "toy_pytorch" else "numpy"
        extra = {"extra": 1500} if script.name == "toy" else {}
        runs = [
            site.made_up_run(
                seed,
                script=script,
                results={"score": 0.9 + offset + seed / 100, "losses": [2.0, 1.25, 0.5 + seed / 100], **extra},
                versions={package: "2.4.6" if package == "numpy" else "2.13.0", "python": "3.11.7"},
                seconds_cpu=3.25 + 10 * offset,
            )
            for seed in range(3)
        ]
        write_record(site.catalog, runs)
    return site


@pytest.fixture
def site(built_site, tmp_path, monkeypatch) -> Repository:
    """A copy of it, as the current folder, for that is where MkDocs runs."""
    root = tmp_path.resolve() / "site"
    shutil.copytree(built_site.root, root)
    monkeypatch.chdir(root)
    return Repository(root)


@pytest.fixture
def show(site, caplog):
    """Render a page, and return its HTML, its visible text and the warnings that MkDocs would count."""

    def render(source: str, language: str = "en"):
        caplog.clear()
        markdown = Markdown(
            extensions=[*EXTENSIONS, "evidence.pages.markdown"],
            extension_configs={
                "evidence.pages.markdown": {"language": language},
                "pymdownx.tabbed": {"alternate_style": True},
                "toc": {"permalink": True},
            },
        )
        html = BeautifulSoup(markdown.convert(source), "html.parser")
        html.toc = markdown.toc_tokens
        assert all(record.name == "mkdocs.evidence" and record.levelno == logging.WARNING for record in caplog.records)
        return html, html.get_text(), list(caplog.messages)

    return render


# Formats


@pytest.mark.parametrize(
    "value, unit, zh, en",
    [
        (0.9771, "percent", "97.71%", None),
        (1, "percent", "100.00%", None),
        (0, "percent", "0.00%", None),
        (0.97715, "percent", "97.72%", None),
        (0.0604, "points", "6.04 个百分点", "6.04 percentage points"),
        (2.3, "nats", "2.30", None),
        (0.0321, "nats", "0.0321", None),
        (108.64, "nats", "108.6", None),
        (99.96, "nats", "100.0", None),
        (-105.26, "nats", "−105.3", None),
        (9.999, "number", "9.999", None),
        (0, "number", "0", None),
        (0.0001234, "number", "0.0001234", None),
        (0.0000321, "number", "3.2\u00a0×\u00a010⁻⁵", None),
        (12345.6, "number", "12345.6", None),
        (7.2058e15, "number", "7.2\u00a0×\u00a010¹⁵", None),
        (172000, "count", "172,000", None),
        (3, "count", "3", None),
        (123_456_789, "bytes", "123 MB", None),
        (12_345_678_901, "bytes", "12,346 MB", None),
        (912_000, "bytes", "0.91 MB", None),
        (0.5, "seconds", "0.5 秒", "0.5 s"),
        (9.04, "seconds", "9 秒", "9 s"),
        (12.4, "seconds", "12 秒", "12 s"),
        (3600, "seconds", "3,600 秒", "3,600 s"),
    ],
)
def test_formats(value, unit, zh, en):
    assert (format_value(value, unit, "zh"), format_value(value, unit, "en")) == (zh, en or zh)


def test_ranges():
    assert format_range([0.2, 0.1, 0.15], "percent", "en") == "10.00%–20.00%"
    assert format_range([0.0584, 0.0604], "points", "zh") == "5.84–6.04 个百分点"
    assert format_range([-110.0, -109.6], "nats", "en") == "−110.0 to −109.6"
    assert format_range([0.10001, 0.10002], "percent", "en") == "10.00%", "what reads the same is no range"


# Expressions


@pytest.mark.parametrize(
    "expression, text",
    [
        ("toy_numpy.score", "90.00%"),
        ("toy_pytorch.score", "92.00%"),
        ("toy_*.score", "90.00%–92.00%"),
        ("*_numpy.score", "90.00%–95.00%"),
        ("toy_numpy.score.seeds", "90.00%–92.00%"),
        ("toy_*.score.seeds", "90.00%–94.00%"),
        ("toy_numpy.losses[0]", "2.00"),
        ("toy_numpy.losses[-1]", "0.500"),
        ("toy_numpy.losses[-1].seeds", "0.500–0.520"),
        ("toy_numpy.score.minimum", "50%"),
        ("toy_numpy.extra", "1,500"),
        ("toy_numpy.extra.maximum", "2,000"),
        ("toy_numpy.version", "2.4.6"),
        ("toy_*.version", "2.13.0, 2.4.6"),
        ("toy_numpy.device", "Toy 3000"),
        ("toy_numpy.threads", "1"),
        ("toy_numpy.seconds_cpu", "3.2 s"),
        ("toy_*.seconds_cpu", "3.2–3.5 s"),
        ("toy_numpy.seconds_wall", "12 s"),
        ("toy_numpy.memory", "123 MB"),
    ],
)
def test_expressions(show, expression, text):
    for source in (f"{{{{ {expression} }}}}", f"{{{{{expression}}}}}", f"{{{{\n{expression} }}}}"):
        html, shown, warnings = show(f"before {source}, after")
        assert (shown, warnings) == (f"before {text}, after", [])
        assert html.select_one("p > span.evidence-value").text == text


def test_dates(show, site):
    assert show("{{ toy_*.date }}")[1] == site.record.content["date"]


@pytest.mark.parametrize(("language", "words"), [("zh", "脚本运行于："), ("en", "were run: ")])
def test_a_page_says_below_its_title_when_its_runs_were_made(show, site, language, words):
    html, _, warnings = show("# Title\n\nA score of {{ toy_numpy.score }}.", language)
    assert html.h1.find_next_sibling().text.endswith(words + site.record.content["date"]) and warnings == []
    assert not show("# Title\n\nNo run.", language)[0].select(".evidence-date")


def test_bounds_need_no_record(show, site):
    """A page can say what is claimed before anything was recorded."""
    shutil.rmtree(site.root / "records")
    assert show("{{ toy_numpy.score.minimum }}")[1:] == ("50%", [])


@pytest.mark.parametrize(
    "source, selector",
    [
        ("A {{ toy_numpy.score }} b", "p"),
        ("| a | b |\n|---|---|\n| {{ toy_*.score }} | x |", "td"),
        ("- {{ toy_numpy.score }}", "li"),
        ("**{{ toy_numpy.score }}** and *{{ toy_numpy.score }}*", "strong"),
        ("[{{ toy_numpy.score }} {{ toy_numpy.losses[-1] }}](https://example.org)", "a"),
        ("From {{ toy_*.score }} to {{ toy_*.score.seeds }}", "p"),
        ("> {{ toy_numpy.score }}", "blockquote"),
        ("!!! note\n    {{ toy_numpy.score }}", ".admonition"),
        ('=== "PyTorch"\n    {{ toy_numpy.score }}', ".tabbed-block"),
        ("A note[^1]\n\n[^1]: {{ toy_numpy.score }}", ".footnote"),
        ("$x_1$ is {{ toy_numpy.score }}{ .big }, `{{ x }}`, $y_{{1}}$", "p"),
    ],
)
def test_where_expressions_work(show, source, selector):
    html, text, warnings = show(source)
    assert "90.00%" in html.select_one(selector).get_text() and warnings == []
    assert "toy_" not in text


@pytest.mark.parametrize(
    "source, expected",
    [
        ("用 {{ toy_numpy.seconds_cpu }} 的时间", "用 3.2 秒的时间"),
        ("用 {{ toy_numpy.seconds_cpu }}。", "用 3.2 秒。"),
        ("到 {{ toy_numpy.score }} 为止", "到 90.00% 为止"),
        ("{{ toy_numpy.seconds_cpu }} {{ toy_numpy.score }}", "3.2 秒 90.00%"),
        ("{{ toy_numpy.seconds_cpu }}", "3.2 秒"),
    ],
)
def test_chinese_after_chinese_has_no_space(show, source, expected):
    assert show(source, "zh")[1].strip() == expected


def test_in_a_heading(show):
    html, text, warnings = show("## {{ toy_numpy.score }} of all {: #all }")
    assert html.h2.get_text().startswith("90.00% of all") and html.h2["id"] == "all"
    assert [token["name"] for token in html.toc] == ["90.00% of all"]
    assert warnings == []


@pytest.mark.parametrize(
    "source",
    [
        "`{{ toy_numpy.score }}`",
        "`#!python {{ toy_numpy.score }}`",
        "```python\nx = {{ toy_numpy.score }}\n```",
        "    {{ toy_numpy.score }}",
        '=== "A"\n    ```text\n    {{ toy_numpy.score }}\n    ```',
    ],
)
def test_where_they_are_left_alone(show, source):
    html, text, warnings = show(source)
    assert "{{ toy_numpy.score }}" in text and not html.select(".evidence-value") and warnings == []


@pytest.mark.parametrize(
    "expression, complaint",
    [
        ("tyo_numpy.score", "no script is called tyo_numpy"),
        ("tyo_*.score", "no script is called tyo_*"),
        ("to*.score", "no script is called to*"),  # A star is a framework, and "to" no script.
        ("toy_numpy.scroe", "models/toy declares no result scroe"),
        ("toy_numpy.score.minimun", "write script.result"),
        ("toy_numpy.score.maximum", "models/toy declares no maximum for score"),
        ("toy_numpy.scroe.minimum", "declares no result scroe"),
        ("toy_numpy.losses", "losses is a list: write losses[0] or losses[-1]"),
        ("toy_numpy.losses.seeds", "losses is a list"),
        ("toy_numpy.losses[3]", "losses has only 3 elements"),
        ("toy_numpy.losses[-4]", "losses has only 3 elements"),
        ("toy_numpy.losses[x]", "write script.result"),
        ("toy_numpy.score[0]", "score is one number, not a list"),
        ("toy_numpy.version[0]", "declares no result version"),
        ("toy_numpy.date.seeds", "declares no result date"),
        ("other_numpy.extra", "declares no result extra"),
        ("*_numpy.extra", "not every script that matches *_numpy declares extra"),
        ("toy_numpy", "write script.result"),
        ("Toy_numpy.score", "write script.result"),
        ("toy-numpy.score", "write script.result"),
        ("", "write script.result"),
        ("models/toy/toy_numpy.score", "write script.result"),
    ],
)
def test_mistakes(show, expression, complaint):
    """Each one stands in the page, where the writer looks, and is a warning, which ends a strict build."""
    html, text, warnings = show(f"before {{{{ {expression} }}}} after")
    assert complaint in html.select_one(".evidence-problem").text
    assert text.startswith("before {{ " + expression) and text.endswith(" after")
    assert len(warnings) == 1 and complaint in warnings[0] and expression in warnings[0]


def test_the_page_is_named_where_the_engine_tells_it(show, site, caplog):
    class Links:
        file = type("File", (), {"src_uri": "models/toy.md"})

        def run(self, root):
            pass

    markdown = Markdown(
        extensions=["evidence.pages.markdown"], extension_configs={"evidence.pages.markdown": {"language": "zh"}}
    )
    markdown.treeprocessors.register(Links(), "relpath", 0)
    markdown.convert("{{ tyo_numpy.score }}, again {{ tyo_numpy.score }}")
    assert caplog.messages == ["zh/models/toy.md: {{ tyo_numpy.score }}: no script is called tyo_numpy"], "and once"


def test_a_broken_catalog(show, site):
    (site.folder / "stray.py").write_text("")
    html, text, warnings = show(
        f"{{{{ toy_numpy.score }}}}\n\n/// evidence | toy_numpy\n///\n\n/// evidence-matrix\n///\n\n![]({FIGURE})"
    )
    assert len(html.select(".evidence-problem")) == 4 and len(warnings) == 4
    assert all("stray.py" in warning for warning in warnings)


# Evidence strips


def facts(html) -> dict[str, str]:
    return {pair.dt.text: pair.dd.text for pair in html.select("dl.evidence > div")}


@pytest.mark.parametrize(
    "language, expected",
    [
        (
            "en",
            {
                "Framework": "NumPy 2.4.6, Python 3.11.7",
                "Score": "90.00% (seeds 0–2: 90.00%–92.00%)",
                "Count": "1,500 (the same for seeds 0–2)",
                "Losses": "2.00; 1.25; 0.500 (seeds 0–2: 2.00; 1.25; 0.500–0.520)",
                "Time": "CPU 3.2 s, elapsed 12 s, most of it without using the processor",
                "Peak memory": "123 MB",
                "Device": "CPU Toy 3000, 1 thread",
            },
        ),
        (
            "zh",
            {
                "框架": "NumPy 2.4.6、Python 3.11.7",
                "得分": "90.00%（种子 0–2：90.00%–92.00%）",
                "个数": "1,500（种子 0–2 都相同）",
                "损失": "2.00；1.25；0.500（种子 0–2：2.00；1.25；0.500–0.520）",
                "用时": "CPU 3.2 秒，历时 12 秒，大部分时间没有用上处理器",
                "内存峰值": "123 MB",
                "设备": "CPU Toy 3000，1 线程",
            },
        ),
    ],
)
def test_strip(show, site, language, expected):
    html, _, warnings = show(
        '=== "PyTorch"\n\n    Text.\n\n    /// evidence | toy_numpy\n    ///\n\n    More.', language
    )
    assert html.select_one(".tabbed-block .evidence-strips dl.evidence") and warnings == []
    shown = facts(html)
    assert shown.pop("Run on" if language == "en" else "运行日期") == site.record.content["date"]
    assert shown == expected
    assert [p.text for p in html.select(".tabbed-block p")] == ["Text.", "More."]


def test_strip_leaves_out_a_list_that_is_long(show, monkeypatch):
    monkeypatch.setattr("evidence.pages.markdown.AT_A_GLANCE", 2)
    html, _, warnings = show("/// evidence | toy_numpy\n///")
    assert "Score" in facts(html) and "Losses" not in facts(html) and warnings == []


def test_strip_has_the_results_of_its_script(show):
    html, _, warnings = show("/// evidence | other_numpy\n///")
    assert facts(html)["Score"].startswith("95.00%") and "Count" not in facts(html) and warnings == []


def test_strip_says_what_a_run_waited_for_only_where_it_did(show, site):
    """A run that had the processor for half of the time, or longer, has nothing to explain."""
    results = {"score": 0.9, "losses": [1.0], "extra": 1}
    for wall, waited in ((6.5, False), (6.6, True)):
        write_record(site.catalog, [site.made_up_run(seed, seconds_wall=wall, results=results) for seed in range(3)])
        assert ("without using the processor" in facts(show("/// evidence | toy_numpy\n///")[0])["Time"]) == waited


def test_strip_names_the_backend_of_keras(show, site):
    (site.folder / "toy_keras.py").write_text("")
    topic = site.folder / "topic.toml"
    topic.write_text(topic.read_text().replace("keras =", "other_keras =").replace("seeds = 3", "seeds = 1"))
    script = site.catalog.script("toy_keras")
    versions = {"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.11.7"}
    results = {"score": 0.9, "losses": [1.0], "extra": 1}
    run = site.made_up_run(script=script, versions=versions, results=results)
    write_record(site.catalog, [run])
    html = show("/// evidence | toy_keras\n///")[0]
    assert facts(html)["Framework"] == "Keras 3.15.1 (tensorflow 2.21.0 backend), Python 3.11.7"
    assert facts(html)["Score"] == "90.00%", "one seed is no range"


def test_strip_names_keras_beside_another_framework(show, site):
    """A script of one framework that compares itself with Keras is bound to Keras' version too."""
    versions = {"torch": "2.13.0", "keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.11.7"}
    results = {"score": 0.9, "losses": [1.0], "extra": 1}
    runs = [
        site.made_up_run(seed, script=site.catalog.script("toy_pytorch"), versions=versions, results=results)
        for seed in range(3)
    ]
    write_record(site.catalog, runs)
    html = show("/// evidence | toy_pytorch\n///")[0]
    assert facts(html)["Framework"] == "PyTorch 2.13.0, Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7"


def test_one_strip_for_each_device(show, site):
    results = {"score": 0.9, "losses": [1.0], "extra": 1}
    write_record(site.catalog, [site.made_up_run(seed, device="gpu", results=results) for seed in range(3)])
    html, _, warnings = show("/// evidence | toy_numpy\n///")
    assert len(html.select("dl.evidence")) == 2 and warnings == []


@pytest.mark.parametrize("argument", ["tyo_numpy", "toy_*", "models/toy"])
def test_strip_of_nothing(show, argument):
    html, text, warnings = show(f"/// evidence | {argument}\n///")
    assert f"no script is called {argument}" in html.select_one(".evidence-problem").text and len(warnings) == 1


# The matrix


WORDING = {
    "zh": ("模型", "玩具", "toy 得 90.00%–94.00%", "个种子", "尚未", "种子 0–2"),
    "en": ("Models", "Toy", "Gets 90.00%–94.00% with toy", "seeds", "not yet", "seeds 0–2"),
}


def cells(row):
    return {cell.get("data-label"): cell.get_text(" ", strip=True) for cell in row.select("td[data-label]")}


@pytest.mark.parametrize("language", WORDING)
def test_matrix(show, language):
    """A topic has one row: the headline over all frameworks and seeds, its value and the seeds in each, and what ran on a click."""
    group, title, headline, seeds_in, yet, seeds = WORDING[language]
    html, text, warnings = show("/// evidence-matrix\n///", language)
    first, row = html.select("table.evidence-matrix tbody tr")
    assert warnings == [] and first.text.strip() == group and row.select_one("th").text == title
    assert row.select_one("a")["href"] == "models/toy.md"
    assert row.select_one("td > p").text == headline and row.select_one("td > p code").text == "toy"
    assert row.select_one("td > p strong").text == "90.00%–94.00%"
    assert cells(row) == {"PyTorch": f"92.00%–94.00% 3 {seeds_in}", "NumPy": f"90.00%–92.00% 3 {seeds_in}"}
    assert len(row.select("td, th")) == len(html.select("thead th")) == 4 and yet in text
    items = [item.text for item in row.select("details li")]
    assert [item.partition(".py")[0] for item in items] == ["toy_pytorch", "toy_numpy", "other_numpy"]
    assert all(seeds in item for item in items)
    assert "PyTorch 2.13.0" in items[0] and "Toy 3000" in row.select_one("details > p").text


@pytest.mark.parametrize("language", WORDING)
def test_matrix_with_a_gpu(show, site, language):
    """What ran on a GPU has a column of its own, and numbers of its own."""
    seeds_in, yet = WORDING[language][3:5]
    results = {"score": 0.99, "losses": [1.0], "extra": 1}
    versions = {"torch": "2.13.0", "python": "3.11.7"}
    script = site.catalog.script("toy_pytorch")
    made = {"script": script, "device": "gpu", "device_name": "Fast 9", "results": results, "versions": versions}
    write_record(site.catalog, [site.made_up_run(seed, **made) for seed in range(3)])
    html, text, warnings = show("/// evidence-matrix\n///", language)
    row = html.select("tbody tr")[1]
    assert warnings == [] and yet not in text
    assert cells(row) == {
        "PyTorch CPU": f"92.00%–94.00% 3 {seeds_in}",
        "PyTorch GPU": f"99.00% 3 {seeds_in}",
        "NumPy": f"90.00%–92.00% 3 {seeds_in}",
    }
    assert ["Fast 9" in machine.text for machine in row.select("details > p")] == [False, True]


def test_matrix_with_one_framework(show, site):
    """The sentence has said the number; the column says over how many seeds."""
    for path in ("snippets/models/toy/toy_pytorch.py", "records/models/toy/toy_pytorch.cpu.json"):
        (site.root / path).unlink()
    contract = site.root / "snippets/models/toy/topic.toml"
    contract.write_text(contract.read_text("utf-8").replace("other_pytorch =", "pytorch ="), "utf-8")
    html, _, warnings = show("/// evidence-matrix\n///")
    assert cells(html.select("tbody tr")[1]) == {"NumPy": "3 seeds"} and warnings == []


def test_download_offers_every_file_that_a_script_needs(show, site):
    """Modules that scripts import are linked once, whether they are of the topic or lie above it; other topics' are not."""
    site.write("snippets/shared_data.py", "rows = 3\n")
    site.write("snippets/unused.py", "rows = 4\n")
    site.write("snippets/models/toy/toy_numpy.py", "from shared_data import rows\n\nSEED = 0\n")
    site.write("snippets/models/toy/other_numpy.py", "import toy_numpy\n\nSEED = 0\n")
    html, _, _ = show("/// download | models/toy\n///")
    files = [link["href"] for link in html.select("ul.download a") if link["href"].endswith(".py")]
    assert sorted(files) == [
        "../snippets/models/toy/other_numpy.py",
        "../snippets/models/toy/toy_numpy.py",
        "../snippets/models/toy/toy_pytorch.py",
        "../snippets/shared_data.py",
    ]


def test_matrix_with_an_unusable_record(show, site):
    """One bad record takes neither the topic nor the word of it from the page."""
    (site.root / "records/models/toy/toy_numpy.cpu.json").unlink()
    html, _, warnings = show("/// evidence-matrix\n///")
    row = html.select("tbody tr")[1]
    assert row.select_one("th a") and "toy_numpy" in row.select_one(".evidence-problem").text
    assert any("the record of toy_numpy is missing" in warning for warning in warnings)


def test_matrix_with_a_topic_without_headline(show, site):
    contract = site.root / "snippets/models/toy/topic.toml"
    contract.write_text(contract.read_text("utf-8").replace("claims.headline", "claims.other"), "utf-8")
    _, text, warnings = show("/// evidence-matrix\n///")
    assert "models/toy has no headline" in text and len(warnings) == 1
    text = contract.read_text("utf-8")
    contract.write_text(f'headline = "other"\n{text}', "utf-8")
    assert show("/// evidence-matrix\n///")[2] == []


def test_matrix_with_a_headline_of_another_topic(show, site):
    """Its number, its seeds and its scripts are the other topic's; the rest of the row is the topic's own."""
    guest = CONTRACT.replace('"toy"', '"guest"').replace("Toy", "Guest")
    site.write("snippets/models/guest/topic.toml", f'headline = "toy.headline"\n{guest}{ABSENT}')
    site.write("snippets/models/guest/guest_numpy.py", "print()\n")
    script = site.catalog.script("guest_numpy")
    write_record(site.catalog, [site.made_up_run(0, script=script, results={"score": 0.5})])
    html, _, warnings = show("/// evidence-matrix\n///")
    row = next(row for row in html.select("tbody tr") if row.select_one("th").text == "Guest")
    assert warnings == [] and row.select_one("td > p").text == "Gets 90.00%–94.00% with toy"
    assert cells(row) == {"PyTorch": "92.00%–94.00% 3 seeds", "NumPy": "90.00%–92.00% 3 seeds"}
    files = {item.a.text for item in row.select("details li")}
    assert files == {"guest_numpy.py", "toy_numpy.py", "toy_pytorch.py"}


def test_a_headline_that_nobody_claims(site):
    contract = site.root / "snippets/models/toy/topic.toml"
    text = contract.read_text("utf-8")
    for name in ("toy.nothing", "nobody.headline"):
        contract.write_text(f'headline = "{name}"\n{text}', "utf-8")
        with pytest.raises(CatalogError, match=name.replace("nobody.headline", "nobody")):
            site.catalog


# Figures


@pytest.mark.parametrize("language, alternative", [("zh", "一条上升的直线。"), ("en", "A straight line that rises.")])
@pytest.mark.parametrize("prefix", ["../", "../../", ""])
def test_figure(show, language, alternative, prefix):
    html, _, warnings = show(f"Text ![]({prefix}{FIGURE}){{ .wide }}", language)
    image = html.img
    assert (image["alt"], image["width"], image["height"]) == (alternative, "480", "288")
    assert image["src"] == prefix + FIGURE and set(image["class"]) == {"wide", "evidence-figure"} and warnings == []


def test_only_the_first_picture_loads_before_it_is_seen(show):
    html, _, _ = show(f"![]({FIGURE})\n\n![A cat](../assets/cat.svg)\n\n![]({FIGURE})")
    assert [image.get("loading") for image in html.select("img")] == [None, None, "lazy"]


def test_other_images_are_left_alone(show):
    html, _, warnings = show("![A cat](../assets/cat.svg)")
    assert html.img.attrs == {"alt": "A cat", "src": "../assets/cat.svg"} and warnings == []


@pytest.mark.parametrize(
    "source, complaint",
    [
        (f"![A line]({FIGURE})", "its text alternative is in topic.toml; leave the brackets empty"),
        (f"![]({FIGURE.replace('curve', 'curvature')})", "models/toy declares no figure curvature for toy_numpy"),
        (f"![]({FIGURE.replace('toy_numpy', 'tyo_numpy')})", "no script is called 'tyo_numpy'"),
        (f"![]({FIGURE.replace('models', 'concepts')})", "models/toy declares no figure curve for toy_numpy"),
        (f"![]({FIGURE.replace('cpu', 'gpu')})", "no usable record"),
    ],
)
def test_figure_mistakes(show, source, complaint):
    html, _, warnings = show(source)
    assert complaint in warnings[-1] and "records/" in warnings[-1]
    assert html.img["class"] == ["evidence-problem"] and complaint in html.img["alt"], "seen where the picture would be"


@pytest.mark.parametrize("damage", ["delete", "empty"])
def test_figure_that_is_gone_or_empty(show, site, damage):
    path = site.root / FIGURE
    path.unlink() if damage == "delete" else path.write_text("")
    html, _, warnings = show(f"![]({FIGURE})")
    assert html.img["class"] == ["evidence-problem"] and len(warnings) == 2


# Records that do not hold


EVERYTHING = f"{{{{ toy_numpy.score }}}}\n\n/// evidence | toy_numpy\n///\n\n![]({FIGURE})"


def test_stale_record(show, site):
    """Warned of once for each reason, and said in the strip; the last known numbers can still be read."""
    site.code("SEED = 1\n")
    html, text, warnings = show(EVERYTHING)
    assert len(warnings) == 1
    assert re.search(
        "record of toy_numpy is stale: snippets/models/toy/toy_numpy.py was edited .*; run `make records`", warnings[0]
    )
    assert "90.00%" in html.p.text
    assert "This record no longer holds" in html.select_one(".evidence-problem").text
    assert facts(html)["Score"].startswith("90.00%")
    assert "这份记录已失效" in show(EVERYTHING, "zh")[0].select_one(".evidence-problem").text


@pytest.mark.parametrize("source", EVERYTHING.split("\n\n"))
def test_each_of_the_three_warns(show, site, source):
    assert show(source)[2] == []
    site.code("SEED = 1\n")
    assert len(show(source)[2]) == 1


@pytest.mark.parametrize(
    "break_it, status",
    [
        (lambda path, topic: path.unlink(), "missing"),
        (lambda path, topic: path.write_text(path.read_text().replace("0.9", "0.99", 1)), "damaged"),
        (lambda path, topic: path.write_text(""), "damaged"),
        (lambda path, topic: topic.write_text(topic.read_text().replace("results.losses", "results.gains")), "damaged"),
    ],
    ids=["missing", "edited", "empty", "lacks a result"],
)
def test_unusable_record(show, site, break_it, status):
    break_it(site.root / "records/models/toy/toy_numpy.cpu.json", site.folder / "topic.toml")
    html, text, warnings = show(EVERYTHING)
    assert f"the record of toy_numpy is {status}: " in warnings[0]
    assert len(html.select(".evidence-problem")) == 3
    assert "90.00%" not in text


@pytest.mark.parametrize("language", WORDS)
def test_why_mxnet_has_no_notebook(language):
    """The NumPy that the page names is the one that MXNet's environment has."""
    needed = re.search(r"^numpy==(.+)$", (ROOT / "requirements/mxnet.txt").read_text("utf-8"), re.MULTILINE)
    assert f" {needed[1]}" in WORDS[language]["without_notebook"]
