"""Measures what building the site costs, and how that grows with the number of pages: `python -m tests.build_cost`.

Beside it stands plain Material for MkDocs with its own search, on the same Markdown. No pictures for messengers are made, which
plain Material does not make either.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
LANGUAGES = ("zh", "en")
LINKED = ("evidence", "records", "snippets")
FORMULA = re.compile(r"(?<![\\$`\w])(\$\$?)(?=[^$])([^`$]+?)(\s*\1)(?![\w`])")
DIAGRAM = re.compile(r"(?m)^(\s*```)dot alt=.*$")
# The same Markdown needs these, all of them from package indexes; formulas and diagrams stay text.
PLAIN = """
site_name: plain
theme: {{name: material, font: false, language: {language}}}
plugins: {{search: {{lang: {language}}}}}
docs_dir: plain/{language}
markdown_extensions:
  admonition: {{}}
  attr_list: {{}}
  def_list: {{}}
  footnotes: {{}}
  md_in_html: {{}}
  tables: {{}}
  toc: {{permalink: true}}
  pymdownx.arithmatex: {{generic: true}}
  pymdownx.details: {{}}
  pymdownx.highlight: {{}}
  pymdownx.inlinehilite: {{}}
  pymdownx.snippets: {{base_path: [.], check_paths: true}}
  pymdownx.superfences: {{}}
  pymdownx.tabbed: {{alternate_style: true}}
"""
console = Console()


@dataclass(frozen=True)
class Cost:
    """What a command took: CPU time in seconds and peak memory in bytes, its children's included."""

    seconds: float
    memory: int


def copies(folder: Path, pages: int) -> None:
    """Fill docs/ of `folder` with `pages` pages in all: those there are, and copies of those about models, in turn.

    No formula and no diagram of a copy is like another's: what is drawn once is not drawn again.
    """
    shutil.copytree(ROOT / "docs", folder / "docs")
    models = sorted(path.relative_to(ROOT / "docs/zh") for path in (ROOT / "docs/zh/models").glob("*.md"))
    for number in count():
        if sum(len(list((folder / "docs" / language).rglob("*.md"))) for language in LANGUAGES) >= pages:
            return
        model = models[number % len(models)]
        for language in LANGUAGES:
            text = (ROOT / "docs" / language / model).read_text(encoding="utf-8")
            text = FORMULA.sub(lambda found, number=number: f"{found[1]}{found[2]}\\,{number}{found[3]}", text)
            text = text.replace("digraph {", f"digraph {{\n  // {number}")
            (folder / "docs" / language / model.with_stem(f"{model.stem}-{number}")).write_text(text, encoding="utf-8")


def lay_out(folder: Path, pages: int) -> None:
    """Make `folder` a project like this one, with as many pages as wanted."""
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    copies(folder, pages)
    for file in ROOT.glob("mkdocs*.yml"):
        text = re.sub(r"(?m)^nav:\n(?:[ #].*\n)+", "", file.read_text(encoding="utf-8"))
        (folder / file.name).write_text(text.replace("  - evidence/site/cards.py\n", ""), encoding="utf-8")
    for language in LANGUAGES:
        (folder / f"plain.{language}.yml").write_text(PLAIN.format(language=language), encoding="utf-8")
    shutil.copytree(folder / "docs", folder / "plain")
    for page in (folder / "plain").rglob("*.md"):
        page.write_text(DIAGRAM.sub(r"\1text", page.read_text(encoding="utf-8")), encoding="utf-8")


def build(folder: Path, *configurations: str) -> Cost:
    """Build a site from each configuration; raise RuntimeError with what MkDocs said if one cannot be built."""
    seconds, memory = 0.0, 0
    for configuration in configurations:
        command = [sys.executable, "-m", "mkdocs", "build", "-q", "-f", configuration, "-d", f"built/{configuration}"]
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                output.seek(0)
                raise RuntimeError(f"{configuration} cannot be built:\n{output.read()[-2000:]}")
        seconds += usage.ru_utime + usage.ru_stime
        memory = max(memory, usage.ru_maxrss * 1024)
    return Cost(seconds, memory)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.build_cost", description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[60, 240, 960], help="numbers of pages (60 240 960)")
    options = parser.parse_args(arguments)
    table = Table(
        "Pages", "CPU s", "CPU s a page", "Memory, MiB", "Bytes a page", "Plain, CPU s", "Plain, MiB", "Ratio"
    )
    for pages in options.pages:
        with tempfile.TemporaryDirectory(prefix="build-") as name:
            folder = Path(name)
            lay_out(folder, pages)
            console.print(f"{pages} pages …")
            ours, plain = (
                build(folder, "mkdocs.yml"),
                build(folder, *(f"plain.{language}.yml" for language in LANGUAGES)),
            )
            html = [path.stat().st_size for path in (folder / "built/mkdocs.yml").rglob("*.html")]
            table.add_row(
                f"{len(html)}", f"{ours.seconds:.1f}", f"{ours.seconds / len(html):.3f}", f"{ours.memory / 2**20:.0f}",
                f"{sum(html) / len(html):.0f}", f"{plain.seconds:.1f}", f"{plain.memory / 2**20:.0f}", f"{ours.seconds / plain.seconds:.2f}",
            )  # fmt: skip
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
