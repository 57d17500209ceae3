"""`mkdocs serve` renders again only what an edit touches, and still shows what a fresh start would."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.site.conftest import ROOT

PATIENCE = 120  # seconds
# A hook of the test's own: it says which pages MkDocs really renders.
WITNESS = """
from mkdocs.structure.pages import Page

render = Page.render


def told(page, config, files):
    print("RENDERED", page.file.abs_src_path, flush=True)
    render(page, config, files)


Page.render = told
"""
TEXT = "# MLP\n\n## Results\n\nIt reaches {{ mlp_keras.test_accuracy }}; see [the start](../index.md).\n"
SHOWN = (
    "",
    "models/mlp/",
    "en/",
    "en/models/mlp/",
    "notebooks/zh/mlp_keras.ipynb",
    "downloads/models/mlp.zip",
    "404.html",
)
MLP = {"zh/models/mlp.md", "en/models/mlp.md"}
ALL = MLP | {"zh/index.md", "en/index.md"}


class Writer:
    """Edits files, and reads what the server shows and says after each edit."""

    def __init__(self, folder: Path, process: subprocess.Popen, log: Path, address: str) -> None:
        self.folder, self.process, self.log, self.address = folder, process, log, address
        self.heard = 0

    def news(self) -> str:
        """Return what was said since the last edit."""
        return self.log.read_text(encoding="utf-8")[self.heard :]

    def wait(self, sign: str) -> None:
        end = time.monotonic() + PATIENCE
        while sign not in self.news():
            assert self.process.poll() is None and time.monotonic() < end, f"not said: {sign}\n{self.news()}"
            time.sleep(0.05)

    def edit(self, path: str, change: Callable[[str], str], sign: str = "Reloading browsers") -> set[str]:
        """Change a file, and wait for `sign`; return the pages that are rendered for it, by their paths in docs/."""
        self.heard = len(self.log.read_text(encoding="utf-8"))
        file = self.folder / path
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        after = change(before)
        assert after != before
        file.write_text(after, encoding="utf-8")
        self.wait(sign)
        return {
            Path(path).relative_to(self.folder / "docs").as_posix() for path in re.findall("RENDERED (.+)", self.news())
        }

    def get(self, path: str) -> str:
        with urlopen(self.address + path, timeout=PATIENCE) as answer:
            return answer.read().decode(errors="replace")

    def everything(self) -> dict[str, str]:
        """Return what is shown, but for the server's address and the numbers with which it makes pages reload."""
        return {
            path: re.sub(r"livereload\(\d+, \d+\)", "", self.get(path)).replace(self.address, "/") for path in SHOWN
        }


@contextmanager
def served(folder: Path, log: Path) -> Iterator[Writer]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-u", "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"]
    environment = {name: value for name, value in os.environ.items() if name != "SITE_URL"} | {
        "NO_MKDOCS_2_WARNING": "1"
    }
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        writer = Writer(folder, process, log, f"http://127.0.0.1:{port}/")
        writer.wait("Serving on")
        yield writer
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def writer(working_copy: Path, tmp_path: Path) -> Iterator[Writer]:
    for name in ("snippets/models/mlp", "records/models/mlp"):
        shutil.copytree(ROOT / name, working_copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    contract = working_copy / "snippets/models/mlp/topic.toml"  # nothing to read before it is here
    contract.write_text(re.sub(r"(?m)^before = .*\n", "", contract.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(ROOT / "snippets/mnist_data.py", working_copy / "snippets")
    for name in ("requirements/constraints.txt", "requirements.txt", "requirements/site.txt", "requirements/mxnet.txt"):
        shutil.copy(ROOT / name, working_copy)
    text = TEXT
    for script in sorted((working_copy / "snippets/models/mlp").glob("*.py")):
        sections = re.findall(r"\[start:(\w+)\]", script.read_text(encoding="utf-8"))
        text += "".join(
            f'\n```python\n--8<-- "snippets/models/mlp/{script.name}:{section}"\n```\n' for section in sections
        )
    for language in ("zh", "en"):
        (working_copy / f"docs/{language}/models").mkdir()
        (working_copy / f"docs/{language}/models/mlp.md").write_text(text, encoding="utf-8")
        (working_copy / f"docs/{language}/index.md").write_text(
            "# Home\n\n[MLP](models/mlp.md#results)\n", encoding="utf-8"
        )
    (working_copy / "evidence/site/witness.py").write_text(WITNESS, encoding="utf-8")
    for file in working_copy.glob("mkdocs*.yml"):
        configuration = file.read_text(encoding="utf-8").replace(
            "\nhooks:\n", "\nhooks:\n  - evidence/site/witness.py\n"
        )
        file.write_text(configuration.replace("nav:\n  - Home: index.md\n", ""), encoding="utf-8")
    with served(working_copy, tmp_path / "serve.log") as writer:
        yield writer


def test_an_edit_shows_and_nothing_else_is_rendered(writer: Writer, tmp_path: Path) -> None:
    assert "WARNING" not in writer.news(), writer.news()
    stale, script = "the record of mlp_keras is stale", "snippets/models/mlp/mlp_keras.py"
    imports = "# --8<-- [start:imports]\n"

    assert writer.edit("docs/zh/models/mlp.md", lambda text: text + "\nZH1\n") == {"zh/models/mlp.md"}
    assert "ZH1" in writer.get("models/mlp/") and "ZH1" not in writer.get("en/models/mlp/")
    assert writer.edit("docs/en/models/mlp.md", lambda text: text + "\nEN1\n") == {"en/models/mlp.md"}
    assert "EN1" in writer.get("en/models/mlp/")

    # A comment changes both pages, and no record.
    assert writer.edit(script, lambda code: code.replace(imports, f"{imports}# SNIPPET\n")) == MLP
    assert (
        all("SNIPPET" in writer.get(path) for path in ("models/mlp/", "en/models/mlp/")) and stale not in writer.news()
    )
    # Other code makes the record stale; a page that is not rendered again complains again.
    assert writer.edit(script, lambda code: code.replace("# SNIPPET\n", "changed = True\n")) == MLP
    assert writer.news().count(stale) == 2
    assert writer.edit("docs/en/index.md", lambda text: text + "\nEN2\n") == {"en/index.md"}
    assert writer.news().count(stale) == 2, writer.news()
    assert writer.edit(script, lambda code: code.replace("changed = True\n", "# SNIPPET\n")) == MLP
    assert stale not in writer.news()

    (record,) = writer.folder.glob("records/models/mlp/mlp_keras.cpu.json")
    record = record.relative_to(writer.folder).as_posix()
    assert writer.edit(record, lambda text: text.replace('"seed', '"sEed').replace('"seal": "', '"seal": "0')) == MLP
    assert writer.news().count("was edited by hand") == 2, writer.news()
    writer.edit(record, lambda text: (ROOT / record).read_text(encoding="utf-8"))

    # The other page, though not rendered again, now leads to an anchor that has gone.
    assert writer.edit("docs/zh/models/mlp.md", lambda text: text.replace("## Results", "## Outcome")) == {
        "zh/models/mlp.md"
    }
    assert "'models/mlp.md#results', but the doc 'models/mlp.md' does not contain an anchor '#results'" in writer.news()

    # What a page looked for in vain may come.
    writer.edit("docs/zh/index.md", lambda text: text + "\n[new](new.md)\n")
    assert "'new.md', but the target is not found" in writer.news()
    assert writer.edit("docs/zh/new.md", lambda text: "# New\n") == ALL | {"zh/new.md"}
    assert "target is not found" not in writer.news() and 'href="new/"' in writer.get("")

    terms = writer.edit(
        "evidence/pages/glossary/terms.toml",
        lambda text: text.replace('zh = "', 'zh = "DEFINED ', 1).replace('en = "', 'en = "DEFINED ', 1),
    )
    assert terms == ALL | {"zh/new.md"}

    writer.edit("snippets/models/mlp/topic.toml", lambda text: text.replace('unit = "percent"', 'unit = "number"'))
    with served(writer.folder, tmp_path / "again.log") as fresh:
        assert writer.everything() == fresh.everything()


def test_search_finds_what_an_edit_has_brought(writer: Writer) -> None:
    """Its index is made when a reader searches, and only for the site as it is by then."""

    def indexed() -> dict[str, int]:
        return {
            name: int(count)
            for name, count in re.findall(
                r'"([a-z-]+)":\{[^}]*"page_count":(\d+)', writer.get("pagefind/pagefind-entry.json")
            )
        }

    assert sorted(indexed().values()) == [2, 2]
    writer.edit("docs/zh/more.md", lambda text: "# More\n\nText.\n")
    assert sorted(indexed().values()) == [2, 3]
    assert list((writer.folder / "docs/zh").glob("more.md")) and indexed() == indexed()
    with pytest.raises(HTTPError):
        writer.get("pagefind/no-such-file")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_that_cannot_be_rendered_is_said_and_mended(writer: Writer, language: str) -> None:
    page = f"docs/{language}/index.md"
    writer.edit(page, lambda text: text + "\n$\\frac{1$\n", "An error happened during the rebuild")
    assert "the formula" in writer.news() and "does not parse" in writer.news()
    assert writer.edit(page, lambda text: text.replace("\\frac{1", "x") + "\nMENDED\n") >= {f"{language}/index.md"}
    assert "MENDED" in writer.get("en/" if language == "en" else "") and "page_count" in writer.get(
        "pagefind/pagefind-entry.json"
    )
