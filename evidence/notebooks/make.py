"""The notebooks that readers download: one of every script that a page shows, in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.catalog import WITHOUT_NOTEBOOK, Catalog, Script
from evidence.code import local_modules, required_packages
from evidence.notebooks.dialect import MARKER, Cell, Converter, NotebookError, QuietReader, embedded_scripts

WALKTHROUGHS = Path("docs/walkthroughs")

WORDS = {
    "zh": {
        "setup": "**怎样运行。** 需要 Python 3.11 和下面这些软件包；Colab 一类的服务多半已经装好，只是版本可能不同。\n\n```bash\n{command}\n```",
        "helper": "下面这一格写出本站的 `{name}`，后面的代码要导入它。",
        "licence": "代码用 MIT 许可证，文字用 CC BY 4.0。出自《可验证的深度学习》{place}。",
    },
    "en": {
        "setup": "**To run this.** It needs Python 3.11 and the packages below; services such as Colab mostly have them, perhaps in other versions.\n\n```bash\n{command}\n```",
        "helper": "The next cell writes `{name}`, which the code after it imports.",
        "licence": "Code under the MIT licence, text under CC BY 4.0. From Verified Deep Learning{place}.",
    },
}


def notebook(cells: Iterable[Mapping[str, Any]], metadata: Mapping[str, Any] = {}) -> dict[str, Any]:
    """Return a notebook in nbformat 4.5."""
    return {
        "cells": list(cells),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            **metadata,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def written(content: Mapping[str, Any]) -> bytes:
    """Return a notebook as the bytes of its file; the same notebook gives the same bytes."""
    return (json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def as_json(cell: Cell) -> dict[str, Any]:
    """Return a cell as nbformat writes it."""
    common = {"cell_type": cell.kind, "id": cell.name, "metadata": {}, "source": cell.source.splitlines(keepends=True)}
    return common | {"execution_count": None, "outputs": []} if cell.kind == "code" else common


def whole(code: str) -> str:
    """Return a script or module without the marks of its sections."""
    return "\n".join(line for line in code.splitlines() if not MARKER.fullmatch(line)).strip("\n") + "\n"


def helper_cells(catalog: Catalog, script: Script, language: str) -> Iterator[Cell]:
    """Yield what every notebook has below its title: what to install, and a cell for each module of ours that the code imports.

    `%%writefile` rather than the module's own lines: then the code below is that of the script, its import included, and names
    that only the module uses stay out of the reader's way.
    """
    words, packages = WORDS[language], " ".join(required_packages(catalog, script))
    yield Cell("markdown", "setup", words["setup"].format(command=f"pip install {packages}"))
    for module in local_modules(catalog, script):
        name = module.stem.replace("_", "-")
        yield Cell("markdown", f"about-{name}", words["helper"].format(name=module.name))
        yield Cell(
            "code",
            f"module-{name}",
            f"%%writefile {module.name}\n{whole(module.read_text(encoding='utf-8'))}".rstrip("\n"),
        )


def cells_of(
    catalog: Catalog, reader: QuietReader, name: str, path: str, text: str, script: Script, site_url: str = ""
) -> list[Cell]:
    """Return all cells of the notebook of a page and a script; see `dialect.Converter` for the arguments."""
    first, *rest = Converter(reader, name, path, text, script, site_url).cells()
    place = f" <{site_url}{path.removesuffix('.md')}/>" if site_url else ""
    licence = Cell("markdown", "licence", WORDS[reader.language]["licence"].format(place=place))
    return [first, *helper_cells(catalog, script, reader.language), *rest, licence]


def walkthrough_sources(catalog: Catalog, language: str) -> dict[Path, Script]:
    """Return the prose of each walkthrough, and the script that it embeds."""
    found = {}
    for file in sorted((catalog.root / WALKTHROUGHS / language).glob("*.md")):
        paths = embedded_scripts(file.read_text(encoding="utf-8"))
        scripts = [
            script for script in catalog.scripts.values() if script.path.relative_to(catalog.root).as_posix() in paths
        ]
        if len(paths) != 1 or len(scripts) != 1:
            raise NotebookError(
                f"{file.relative_to(catalog.root)}:1: a walkthrough embeds one script, not {', '.join(paths) or 'none'}"
            )
        found[file] = scripts[0]
    return found


@dataclass(frozen=True)
class PageWithNotebooks:
    """A page, by its file and by its path in the documentation, and the scripts of which readers get a notebook there."""

    file: Path
    path: str
    scripts: tuple[Script, ...]


def pages_with_notebooks(catalog: Catalog, language: str) -> list[PageWithNotebooks]:
    """Return the pages of topics and the prose of walkthroughs in a language."""
    found = []
    for topic in catalog.topics.values():
        file = catalog.root / "docs" / language / f"{topic.path}.md"
        scripts = tuple(script for script in catalog.select(topic.path) if script.framework not in WITHOUT_NOTEBOOK)
        if scripts and file.is_file():
            found.append(PageWithNotebooks(file, f"{topic.path}.md", scripts))
    sources = walkthrough_sources(catalog, language)
    return found + [PageWithNotebooks(file, f"walkthroughs/{file.name}", (script,)) for file, script in sources.items()]


def downloads(catalog: Catalog, language: str, page: PageWithNotebooks, site_url: str = "") -> dict[str, bytes]:
    """Return the notebooks of a page by their names, without outputs, as they are published at `/notebooks/<language>/`.

    Raises `NotebookError` if the page cannot be converted.
    """
    reader, text = QuietReader(catalog, language), page.file.read_text(encoding="utf-8")
    name = page.file.relative_to(catalog.root).as_posix()
    return {
        f"{script.stem}.ipynb": written(
            notebook(map(as_json, cells_of(catalog, reader, name, page.path, text, script, site_url)))
        )
        for script in page.scripts
    }
