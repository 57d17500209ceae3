"""The notebooks that readers download hold the very code, in plain Markdown, and run from an empty folder."""

from __future__ import annotations

import json
import os
import re
from functools import cache

import nbformat
import pytest

from evidence.catalog import LANGUAGES, WITHOUT_NOTEBOOK, load_catalog
from evidence.code import local_modules
from evidence.comparison import compare
from evidence.notebooks.make import downloads, pages_with_notebooks, whole
from evidence.record import read_record
from evidence.running.notebook import run_notebook
from evidence.running.script import run_script
from tests.conftest import ROOT

# All run every night in both languages, with EVERY_NOTEBOOK set: each takes as long as its script, which runs every day.
EVERYDAY = {("attention_pytorch", "en"), ("scaling_numpy", "en")}
# What Jupyter does not understand. In code it may stand.
LEFTOVERS = re.compile(r"\{\{|\}\}|--8<--|^ *(?:///|!!!|\?\?\?|===)|\]\((?!https?://)|\[\^|records/", re.MULTILINE)
MACHINE = re.compile(re.escape(str(ROOT)) + r"|/home/|/root/|/tmp/")


@cache
def notebooks(language: str) -> dict[str, nbformat.NotebookNode]:
    found = {}
    catalog = load_catalog(ROOT)
    for page in pages_with_notebooks(catalog, language):
        for name, content in downloads(catalog, language, page).items():
            assert name not in found, f"two notebooks are called {name}"
            found[name] = nbformat.reads(content.decode(), as_version=nbformat.NO_CONVERT)
    return found


@pytest.fixture(params=LANGUAGES)
def language(request) -> str:
    return request.param


def code_cells(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def test_every_script_has_one(language):
    """But MXNet's."""
    scripts = load_catalog(ROOT).scripts.values()
    assert set(notebooks(language)) == {
        f"{script.stem}.ipynb" for script in scripts if script.framework not in WITHOUT_NOTEBOOK
    }


def test_the_same_sources_give_the_same_bytes(language):
    catalog = load_catalog(ROOT)
    for page in pages_with_notebooks(catalog, language):
        assert downloads(catalog, language, page) == downloads(catalog, language, page)


def test_notebook_is_the_script(language, catalog):
    """Its code cells, put together, are the file; those before them write the modules that it imports."""
    for name, book in notebooks(language).items():
        nbformat.validate(book)
        assert (book.nbformat, book.nbformat_minor) == (4, 5)
        script = catalog.script(name.removesuffix(".ipynb"))
        written = {}
        code = []
        for cell in code_cells(book):
            assert cell.execution_count is None and not cell.outputs, f"{name}: {cell.id} has outputs"
            if cell.source.startswith("%%"):
                magic, _, text = cell.source.partition("\n")
                written[magic.removeprefix("%%writefile ")] = text + "\n"
                assert not code, f"{name}: a module is written after it is imported"
            else:
                code.append(cell.source)
        expected = whole(script.path.read_text("utf-8"))
        assert "\n".join(code).split() == expected.split(), f"{name}: the code is not that of {script.path.name}"
        assert [line for text in code for line in text.splitlines() if line] == [
            line for line in expected.splitlines() if line
        ]
        modules = {module.name: whole(module.read_text("utf-8")) for module in local_modules(catalog, script)}
        assert written == modules, f"{name}: writes {list(written)}, imports {list(modules)}"


def test_prose_is_plain_markdown(language):
    for name, book in notebooks(language).items():
        assert book.cells[0].source.startswith("# "), f"{name} does not begin with its title"
        assert sum(cell.source.startswith("# ") for cell in book.cells if cell.cell_type == "markdown") == 1
        for cell in book.cells:
            if cell.cell_type == "markdown":
                text = re.sub(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$", "", cell.source, flags=re.DOTALL)
                assert not (found := LEFTOVERS.search(text)), f"{name}, {cell.id}: {found[0]!r} is left in {text[:300]}"
        assert not (found := MACHINE.search(json.dumps(book, ensure_ascii=False).replace('"/path/to/', ""))), (
            f"{name}: {found[0]}"
        )


def test_it_says_what_to_install(language, catalog):
    for name, book in notebooks(language).items():
        (command,) = re.findall(
            r"^pip install (.*)$", next(cell.source for cell in book.cells if cell.id == "setup"), re.MULTILINE
        )
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+", package) for package in command.split()), f"{name}: {command}"


def test_both_languages_have_the_same_code():
    chinese, english = (notebooks(language) for language in LANGUAGES)
    for name in chinese:
        ours, theirs = ([(cell.id, cell.source) for cell in code_cells(books[name])] for books in (chinese, english))
        assert ours == theirs, name


def test_notebook_runs_from_an_empty_folder(catalog, script, language, mnist):
    """With the packages that it names and no others; what it leaves agrees with the record of its script."""
    if script.framework in WITHOUT_NOTEBOOK:
        pytest.skip("MXNet has no notebook")
    if (script.stem, language) not in EVERYDAY and not os.environ.get("EVERY_NOTEBOOK"):
        pytest.skip("runs every night, or with EVERY_NOTEBOOK set")
    executed = run_notebook(catalog, script, notebooks(language)[f"{script.stem}.ipynb"], mnist)
    figures = sum(
        output["output_type"] == "display_data" for outputs in executed.outputs.values() for output in outputs
    )
    assert figures == len(script.figures)
    if mnist.real or executed.run.data is None:
        found = compare(
            catalog,
            read_record(catalog, script),
            executed.run.seed,
            executed.run.results,
            lambda seed: run_script(catalog, script, mnist, seed=seed).results,
        )
        assert not found.problems, found.problems
