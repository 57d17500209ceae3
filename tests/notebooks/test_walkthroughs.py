"""A recorded notebook holds what a run of it showed, and nothing that is not true any more gets into a page."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

import evidence.notebooks.__main__ as command_line
from evidence.catalog import LANGUAGES, load_catalog
from evidence.code import figure_names
from evidence.notebooks.dialect import NotebookError
from evidence.notebooks.page import as_markdown
from evidence.notebooks.record import (
    KEY,
    NotebookRefused,
    check_run,
    problems,
    strays,
    walkthrough_of,
    walkthroughs,
    write,
)
from evidence.notebooks.record import _seal as seal
from evidence.outcome import RunFailed
from evidence.record import read_record, write_record
from evidence.running.notebook import KERNEL, run_notebook
from evidence.running.script import run_script
from tests.conftest import ROOT
from tests.evidence.conftest import ABSENT, CONTRACT, CURVE, Repository

WALKTHROUGHS = walkthroughs(load_catalog(ROOT))
NAMES = sorted({each.name for each in WALKTHROUGHS})
each_walkthrough = pytest.mark.parametrize("walkthrough", WALKTHROUGHS, ids=lambda each: f"{each.language}/{each.name}")
SIZE_LIMIT = 500_000  # bytes of a notebook, figures and all

CODE = """\
# --8<-- [start:imports]
import matplotlib.pyplot as plt
import helper
# --8<-- [end:imports]

# --8<-- [start:look]
score = 0.9
print(f"score: {score:.2f}, {helper.WORD}")
_, axes = plt.subplots(num="curve")
axes.plot([1, 2, 3])
plt.show()
# --8<-- [end:look]
"""
PROSE = """\
---
title: Toy
description: A toy.
keywords: toy
---

# Toy: {word}

!!! tip "{word}"

    {{{{ toy_numpy.score }}}}

## One

```python
--8<-- "snippets/walkthroughs/toy/toy_numpy.py:imports"
```

- $a < b$, and [another](toy.md)

## Two

```python
--8<-- "snippets/walkthroughs/toy/toy_numpy.py:look"
```

## Sources
"""


class Toy(Repository):
    """A repository with one walkthrough in both languages, recorded by one run."""

    def lay_out(self) -> Toy:
        self.contract(CONTRACT.replace("seeds = 2", "seeds = 1"), CURVE, ABSENT, topic="walkthroughs/toy")
        self.write("snippets/helper.py", 'WORD = "found"\n')
        self.code(CODE)
        self.prose()
        catalog = self.catalog
        write_record(catalog, [run_script(catalog, catalog.script("toy_numpy"))])
        return self

    def code(self, text: str) -> Path:
        return self.write("snippets/walkthroughs/toy/toy_numpy.py", text)

    def prose(self, *change: str) -> None:
        for language, word in zip(LANGUAGES, ("玩具", "a toy")):
            self.write(f"docs/walkthroughs/{language}/toy.md", PROSE.format(word=word).replace(*change or ("", "")))

    @property
    def both(self) -> list:
        return walkthroughs(self.catalog)

    @property
    def problems(self) -> str:
        return "\n".join([problem for each in self.both for problem in problems(each)] + strays(self.catalog))

    def execute(self, **options):
        """And leave no kernel running, whatever came of it."""
        first = self.both[0]
        try:
            return run_notebook(first.catalog, first.script, first.clean(), **options)
        finally:
            assert not [child for child in psutil.Process().children() if str(KERNEL) in child.cmdline()], (
                "a kernel is left running"
            )

    def tamper(self, change, path: str = "docs/en/walkthroughs/toy.ipynb", sealed: bool = True) -> None:
        content = json.loads((self.root / path).read_text("utf-8"))
        change(content)
        if sealed:
            content["metadata"][KEY]["seal"] = seal(content)
        self.write(path, json.dumps(content))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Toy:
    toy = Toy(tmp_path_factory.mktemp("walkthrough").resolve()).lay_out()
    executed = toy.execute()
    check_run(toy.catalog, executed, read_record(toy.catalog, toy.script))
    write(toy.both, executed.outputs)
    return toy


@pytest.fixture
def toy(recorded, tmp_path) -> Toy:
    """A copy of it, to be broken."""
    shutil.copytree(recorded.root, tmp_path / "toy")
    return Toy(tmp_path / "toy")


# Ours ----------------------------------------------------------------------------------------------------------------


@each_walkthrough
def test_recorded_notebook_is_fresh(walkthrough):
    """Prose, code, record and outputs are of one piece; otherwise `make records`."""
    assert not (wrong := problems(walkthrough)), "\n".join(wrong)


def test_no_notebook_without_its_prose_and_its_other_language():
    assert not (wrong := strays(load_catalog(ROOT))), "\n".join(wrong)


@each_walkthrough
def test_recorded_notebook_is_clean(walkthrough):
    """Valid, small, every cell executed in order, nothing of this machine, every figure with its text alternative."""
    content = walkthrough.path.read_bytes()
    assert len(content) < SIZE_LIMIT
    book = nbformat.reads(content.decode(), as_version=nbformat.NO_CONVERT)
    nbformat.validate(book)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not (
        found := re.search(
            re.escape(str(ROOT)) + "|/home/|/root/|/tmp/|site-packages", content.decode().replace("/path/to/", "")
        )
    ), found[0]
    shown = {}
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type in ("stream", "display_data") and output.get("name") != "stderr", cell.id
            if output.output_type == "display_data":
                shown[output.metadata["figure"]] = output.metadata["image/svg+xml"]["alt"]
                assert figure_names(cell.source) == [output.metadata["figure"]], (
                    f"{cell.id}: a figure is told by its name in the code"
                )
    assert shown == {
        name: figure.alternative[walkthrough.language] for name, figure in walkthrough.script.figures.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_hold_the_same_code_and_outputs(name):
    chinese, english = (
        [
            (cell["id"], cell["source"], [{**output, "metadata": {}} for output in cell["outputs"]])
            for cell in json.loads(each.path.read_text("utf-8"))["cells"]
            if cell["cell_type"] == "code"
        ]
        for each in WALKTHROUGHS
        if each.name == name
    )
    assert chinese == english


def test_every_walkthrough_has_one_script_and_every_script_one_walkthrough(catalog):
    scripts = {script.stem for script in catalog.select("walkthroughs")}
    for language in LANGUAGES:
        embedded = [each.script.stem for each in walkthroughs(catalog, language)]
        assert sorted(embedded) == sorted(scripts)


# What a page is not given --------------------------------------------------------------------------------------------


def test_what_was_recorded_holds(recorded):
    assert recorded.problems == ""


def test_page_shows_code_outputs_figure_and_how_to_run(recorded):
    english = next(each for each in recorded.both if each.language == "en")
    page = as_markdown(english, json.loads(english.path.read_text("utf-8")))
    order = [
        "# Toy: a toy", '!!! tip "a toy"', "{{ toy_numpy.score }}", "/// download | toy_numpy", "pip install jupyterlab matplotlib", "Colab",
        "ModelScope", "```python\nimport matplotlib", "[another](toy.ipynb)", "```text\nscore: 0.90, found\n```",
        "![](../records/walkthroughs/toy/toy_numpy.cpu.curve.svg)", "/// evidence | toy_numpy", "## Sources",
    ]  # fmt: skip
    places = [page.index(part) for part in order]
    assert places == sorted(places), page
    assert "%%writefile" not in page and '"cells"' not in page


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (
            lambda cells: cells[-3]["outputs"].append(
                {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
            ),
            "the cell look shows an error",
        ),
        (
            lambda cells: cells[-3]["outputs"].append({"output_type": "stream", "name": "stderr", "text": "!"}),
            "the cell look shows stderr",
        ),
        (
            lambda cells: cells[-3].update(source=["score = 1.0\n"]),
            "its code was edited after it was recorded, in the cell look",
        ),
        (
            lambda cells: cells[0].update(source=["# Another"]),
            "its prose was edited after it was recorded, in the cell text-01",
        ),
        (lambda cells: cells.pop(), "it has"),
    ],
)
def test_planted_in_a_notebook(toy, change, cause):
    """Even with a seal that fits."""
    toy.tamper(lambda content: change(content["cells"]))
    assert "docs/en/walkthroughs/toy.ipynb" in toy.problems and cause in toy.problems


def test_edited_by_hand(toy):
    toy.tamper(lambda content: content["cells"][-3]["outputs"][0].update(text="score: 0.99\n"), sealed=False)
    assert "docs/en/walkthroughs/toy.ipynb was edited by hand" in toy.problems


@pytest.mark.parametrize(
    ("act", "cause"),
    [
        (lambda toy: toy.code(CODE.replace("score = 0.9", "score = 0.91")), "the record of its script is stale"),
        (
            lambda toy: toy.code(CODE.replace("score = 0.9", "score = 0.9  # why")),
            "its code was edited after it was recorded, in the cell look",
        ),
        (lambda toy: toy.write("snippets/helper.py", 'WORD = "lost"\n'), "the record of its script is stale"),
        (lambda toy: toy.prose("## One", "## First"), "its prose was edited after it was recorded, in the cell text-0"),
        (
            lambda toy: (toy.root / "docs/zh/walkthroughs/toy.ipynb").unlink(),
            "docs/zh/walkthroughs/toy.ipynb is missing",
        ),
        (lambda toy: toy.write("docs/en/stray.ipynb", "{}"), "docs/en/stray.ipynb is made of nothing"),
        (lambda toy: (toy.root / "docs/walkthroughs/zh/toy.md").unlink(), "has no counterpart"),
    ],
)
def test_sources_that_changed(toy, act, cause):
    act(toy)
    assert cause in toy.problems


def test_script_that_was_recorded_anew(toy):
    catalog = toy.catalog
    write_record(catalog, [replace(run_script(catalog, catalog.script("toy_numpy")), seconds_cpu=99.0)])
    assert "its script was recorded anew" in toy.problems


# Recording -----------------------------------------------------------------------------------------------------------


def test_edited_prose_needs_no_execution(toy, monkeypatch, capsys):
    monkeypatch.chdir(toy.root)
    monkeypatch.setattr(command_line, "_execute", lambda group: pytest.fail("was executed"))
    toy.prose("## One", "## First")
    assert command_line.main(["status"]) == 1
    assert command_line.main(["record"]) == 0
    assert command_line.main(["status"]) == 0
    assert toy.problems == ""


def test_edited_code_needs_one(toy, monkeypatch):
    monkeypatch.chdir(toy.root)
    asked = []
    monkeypatch.setattr(command_line, "_execute", lambda group: asked.append(group[0].name) or {})
    toy.code(CODE.replace("score = 0.9", "score = 0.9  # why"))
    command_line.main(["record"])
    assert asked == ["toy"]


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("score = 0.9", "raise ValueError('no')", r"(?s)look.*ValueError|ValueError.*no"),
        ("score = 0.9", "__import__('sklearn')\nscore = 0.9", "No module named 'sklearn'"),
        ("score = 0.9", "open('../out', 'w')", "PermissionError"),
        ("score = 0.9", "score = 0.9\nprint(float('nan'))", "cell look: it printed nan"),
        ("score = 0.9", "score = 0.9\nprint('1\\r2')", "control character"),
        ("plt.show()", "plt.show()\nscore", "its last line shows a value"),
        ("plt.show()", "plt.close()", "it shows 0 figures, and topic.toml declares 1"),
        ("score = 0.9", "points = 0.9\nscore = points\ndel score, points\nscore_ = 0", "score"),
    ],
)
def test_run_that_is_not_good(toy, old, new, cause):
    toy.code(CODE.replace(old, new))
    with pytest.raises(RunFailed, match=cause):
        toy.execute()


def test_figures_of_a_notebook_are_described_as_those_of_its_script(toy):
    """Though a notebook closes each figure once it has shown it."""
    script = run_script(toy.catalog, toy.script).drawn
    assert script and toy.execute().run.drawn == script


def test_run_that_takes_too_long(toy):
    toy.contract(
        CONTRACT.replace("time_limit_seconds = 20", "time_limit_seconds = 1"), CURVE, ABSENT, topic="walkthroughs/toy"
    )
    toy.code(CODE.replace("score = 0.9", "import time\ntime.sleep(60)\nscore = 0.9"))
    with pytest.raises(RunFailed, match="timed out"):
        toy.execute()


def test_probe_finds_figures_by_their_names(recorded, tmp_path):
    """Though `plt.show()` closes them in a notebook; so one probe serves scripts and notebooks."""
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import matplotlib.pyplot as plt\nimport numpy as np\n\n\ndef probe(names):\n"
        "    return {'line': np.array(plt.figure('curve').axes[0].lines[0].get_ydata()), 'score': np.array(names['score'])}\n"
    )
    found = recorded.execute(probe=probe).run.probe
    assert found["line"].tolist() == [1, 2, 3] and found["score"] == 0.9


def test_run_that_is_not_the_recorded_one_is_refused(toy, recorded):
    executed = recorded.execute()
    record = read_record(toy.catalog, toy.script)
    check_run(toy.catalog, executed, record)
    for change, cause in (
        ({"results": {"score": 0.91}}, "score is not as recorded"),
        ({"figures": {"curve": "<svg/>"}}, "the figure curve is not as recorded"),
    ):
        with pytest.raises(NotebookRefused, match=cause):
            check_run(toy.catalog, replace(executed, run=replace(executed.run, **change)), record)


def test_a_walkthrough_embeds_one_script(toy):
    toy.prose("## Two", '## Two\n\n```python\n--8<-- "snippets/walkthroughs/toy/other.py:a"\n```')
    with pytest.raises(NotebookError, match="docs/walkthroughs/.*toy.md:1: a walkthrough embeds one script"):
        toy.both
    with pytest.raises(NotebookError):
        walkthrough_of(toy.catalog, toy.script)
