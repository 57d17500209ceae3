"""The recorded notebooks of the walkthroughs, `docs/<language>/walkthroughs/<name>.ipynb`, and whether they are still true.

A notebook is made of its prose, its script and the record of that script (`records/walkthroughs/`), and holds what the cells
showed when it was executed. Both languages share one execution. The run must have left the very results and figures of the
record, so that the values in the prose and the outputs are of one piece. A seal shows what was changed by hand; what is made
anew from the sources shows what has become stale. Neither needs a framework, so a strict build of the site notices too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.catalog import LANGUAGES, Catalog, Script
from evidence.code import digest, figure_names
from evidence.notebooks.dialect import Cell, NotebookError, QuietReader
from evidence.notebooks.make import (
    WALKTHROUGHS,
    as_json,
    cells_of,
    notebook,
    walkthrough_sources,
    written,
)
from evidence.record import Record, read_record, record_path

if TYPE_CHECKING:
    from evidence.running.notebook import Executed

FORMAT = 1
KEY = "verified"  # in the metadata of a notebook
RECORD = "python -m evidence.notebooks record"


class NotebookRefused(Exception):
    """A notebook may not be recorded; nothing was changed."""


@dataclass(frozen=True)
class Walkthrough:
    """One walkthrough in one language: its prose, its script, and the notebook that is made of both."""

    catalog: Catalog
    language: str
    prose: Path
    script: Script

    @property
    def name(self) -> str:
        return self.prose.stem

    @property
    def path(self) -> Path:
        return self.catalog.root / "docs" / self.language / "walkthroughs" / f"{self.name}.ipynb"

    @property
    def relative(self) -> str:
        """The path of the notebook in the repository."""
        return self.path.relative_to(self.catalog.root).as_posix()

    def cells(self) -> list[Cell]:
        """Return what the notebook holds now, without outputs."""
        name = self.prose.relative_to(self.catalog.root).as_posix()
        reader = QuietReader(self.catalog, self.language)
        return cells_of(
            self.catalog, reader, name, f"walkthroughs/{self.prose.name}", self.prose.read_text("utf-8"), self.script
        )

    def clean(self) -> dict[str, Any]:
        """Return the notebook as a reader downloads it, without outputs."""
        return notebook(map(as_json, self.cells()))


def walkthrough_of(catalog: Catalog, script: Script, language: str = "en") -> Walkthrough:
    """Return the walkthrough that embeds a script; raise `NotebookError` if there is none."""
    for walkthrough in walkthroughs(catalog, language):
        if walkthrough.script == script:
            return walkthrough
    raise NotebookError(f"no prose in {WALKTHROUGHS / language} embeds {script.path.name}")


def walkthroughs(catalog: Catalog, language: str | None = None) -> list[Walkthrough]:
    """Return every walkthrough, by name; in both languages if none is given."""
    languages = LANGUAGES if language is None else (language,)
    return [
        Walkthrough(catalog, each, *pair) for each in languages for pair in walkthrough_sources(catalog, each).items()
    ]


def read_notebook(path: Path) -> dict[str, Any] | None:
    """Return a notebook, or None if it is not there or carries no seal of its content."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        verified = content["metadata"][KEY]
    except (FileNotFoundError, UnicodeDecodeError, ValueError, KeyError, TypeError):
        return None
    return content if verified.get("seal") == _seal(content) else None


def problems(walkthrough: Walkthrough) -> list[str]:
    """Return a sentence for each reason why the committed notebook must not be shown; none if it is true."""
    where = walkthrough.relative
    if not walkthrough.path.exists():
        return [f"{where} is missing; run `{RECORD}`"]
    content = read_notebook(walkthrough.path)
    if content is None:
        return [f"{where} was edited by hand: its seal does not match what it holds; run `{RECORD}`"]
    verified = content["metadata"][KEY]
    if verified["format"] != FORMAT:
        return [f"{where} has format {verified['format']}, and this version reads {FORMAT}; run `{RECORD}`"]
    found = []
    for cell in content["cells"]:
        found += [f"{where}: the cell {cell['id']} shows {kind}" for kind in _unfit(cell.get("outputs", []))]
    record = read_record(walkthrough.catalog, walkthrough.script)
    if record.status != "fresh":
        found.append(f"{where} is stale: the record of its script is {record.status}; run `make records`")
    elif record.content["seal"] != verified["record"]:
        found.append(f"{where} is stale: its script was recorded anew; run `{RECORD}`")
    recorded, current = content["cells"], [_cell(cell) for cell in walkthrough.cells()]
    for ours, theirs in zip(recorded, current):
        if _comparable(ours) != _comparable(theirs):
            what = "its code" if theirs["cell_type"] == "code" else "its prose"
            found.append(
                f"{where} is stale: {what} was edited after it was recorded, in the cell {theirs['id']}; run `{RECORD}`"
            )
            break
    else:
        if len(recorded) != len(current):
            found.append(
                f"{where} is stale: it has {len(recorded)} cells, and its sources make {len(current)}; run `{RECORD}`"
            )
    return found


def outputs_to_keep(group: Sequence[Walkthrough]) -> dict[str, list] | None:
    """Return the recorded outputs by cell if they still hold, so that an edited sentence needs no execution; otherwise None."""
    record = read_record(group[0].catalog, group[0].script)
    kept: list[dict[str, list]] = []
    for walkthrough in group:
        content = read_notebook(walkthrough.path)
        if content is None or record.status != "fresh" or content["metadata"][KEY]["record"] != record.content["seal"]:
            return None
        old = {cell["id"]: "".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"}
        if old != {cell.name: cell.source for cell in walkthrough.cells() if cell.kind == "code"}:
            return None
        kept.append(
            {
                cell["id"]: [_plain(output) for output in cell["outputs"]]
                for cell in content["cells"]
                if cell["cell_type"] == "code"
            }
        )
    return kept[0] if all(each == kept[0] for each in kept) else None


def check_run(catalog: Catalog, executed: Executed, record: Record) -> None:
    """Raise `NotebookRefused` unless the run of the notebook is the recorded run of its script, result by result."""
    script, run = record.script, executed.run
    advice = f"record the script on this machine: python -m evidence run {script.topic.path} --framework {script.framework} --record"
    if record.status != "fresh":
        raise NotebookRefused(f"the record of {script.stem} is {record.status}: {'; '.join(record.reasons)}; {advice}")
    if run.data is not None and not run.data.real:
        raise NotebookRefused(f"{script.stem} ran on stand-in data, of which no record is made")
    if run.code != record.content["code"]:
        raise NotebookRefused(f"{script.path.name} or a module of ours that it imports was edited while it ran")
    recorded = record.content["results"][str(run.seed)]
    if different := [name for name, value in run.results.items() if value != recorded[name]]:
        raise NotebookRefused(f"{script.stem}: {', '.join(different)} is not as recorded; {advice}")
    for name, svg in run.figures.items():
        if svg != record_path(catalog, script, "cpu", f"{name}.svg").read_text(encoding="utf-8"):
            raise NotebookRefused(f"{script.stem}: the figure {name} is not as recorded; {advice}")


def write(group: Sequence[Walkthrough], outputs: Mapping[str, list]) -> list[Path]:
    """Write the notebook in each language with the outputs of one execution; return the paths."""
    paths = []
    for walkthrough in group:
        record = read_record(walkthrough.catalog, walkthrough.script)
        cells, number = [], 0
        for cell in walkthrough.cells():
            entry = _cell(cell)
            if cell.kind == "code":
                number += 1
                shown = [
                    _described(output, name, walkthrough) for output, name in _named(cell, outputs.get(cell.name, []))
                ]
                entry |= {"outputs": shown, "execution_count": number}
            cells.append(entry)
        verified = {
            "format": FORMAT,
            "script": walkthrough.script.path.relative_to(walkthrough.catalog.root).as_posix(),
            "record": record.content["seal"],
            "date": record.content["date"],
            "versions": record.content["versions"],
        }
        content = notebook(cells, {KEY: verified})
        for cell in content["cells"]:
            if wrong := list(_unfit(cell.get("outputs", []))):
                raise NotebookRefused(f"{walkthrough.relative}: the cell {cell['id']} shows {', '.join(wrong)}")
        verified["seal"] = _seal(content)
        walkthrough.path.parent.mkdir(parents=True, exist_ok=True)
        walkthrough.path.write_bytes(written(content))
        paths.append(walkthrough.path)
    return paths


def strays(catalog: Catalog) -> list[str]:
    """Return a sentence for each notebook in the documentation that no prose makes, and each walkthrough lacking a language."""
    made = {walkthrough.path for walkthrough in walkthroughs(catalog)}
    found = [
        f"{path.relative_to(catalog.root)} is made of nothing in {WALKTHROUGHS}; remove it"
        for language in LANGUAGES
        for path in sorted((catalog.root / "docs" / language).rglob("*.ipynb"))
        if path not in made
    ]
    names = {
        language: {each.name: each.script.stem for each in walkthroughs(catalog, language)} for language in LANGUAGES
    }
    for language, other in zip(LANGUAGES, reversed(LANGUAGES)):
        for name in sorted(names[other]):
            if names[language].get(name) != names[other][name]:
                found.append(
                    f"{WALKTHROUGHS}/{other}/{name}.md has no counterpart of the same script in {WALKTHROUGHS}/{language}"
                )
    return found


def _cell(cell: Cell) -> dict[str, Any]:
    """A cell with the page's own Markdown where that says more than the notebook can."""
    entry = as_json(cell)
    return entry | {"metadata": {"page": cell.page}} if cell.page else entry


def _comparable(cell: Mapping[str, Any]) -> tuple:
    return cell["cell_type"], cell["id"], "".join(cell["source"]), cell["metadata"]


def _named(cell: Cell, outputs: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    names = iter(figure_names(cell.source))
    return [(output, next(names, "") if "image/svg+xml" in output.get("data", {}) else "") for output in outputs]


def _described(output: Mapping[str, Any], name: str, walkthrough: Walkthrough) -> dict[str, Any]:
    """A picture with its name, and its text alternative in this language where Jupyter looks for it."""
    if "image/svg+xml" not in output.get("data", {}):
        return dict(output)
    figure = walkthrough.script.figures.get(name)
    if figure is None:
        raise NotebookRefused(
            f"{walkthrough.script.path.name} shows a figure that topic.toml does not declare: {name or 'without a name'}"
        )
    alternative = figure.alternative[walkthrough.language]
    return {**output, "metadata": {"figure": name, "image/svg+xml": {"alt": alternative}}}


def _plain(output: Mapping[str, Any]) -> dict[str, Any]:
    """An output as both languages share it, without the text alternative in one of them."""
    return {**output, "metadata": {}} if "data" in output else dict(output)


def _unfit(outputs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What no reader should see."""
    kinds = [output["output_type"] if output.get("name") != "stderr" else "stderr" for output in outputs]
    return ["an error" if kind == "error" else kind for kind in kinds if kind not in ("stream", "display_data")]


def _seal(content: Mapping[str, Any]) -> str:
    """Return a digest of all that a notebook holds, except for the seal itself."""
    verified = {key: value for key, value in content["metadata"][KEY].items() if key != "seal"}
    return digest(written({**content, "metadata": {**content["metadata"], KEY: verified}}))
