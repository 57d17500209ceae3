"""The command line: `python -m evidence.notebooks status` and `record`."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from evidence.catalog import CatalogError, load_catalog
from evidence.notebooks.dialect import NotebookError
from evidence.notebooks.record import (
    NotebookRefused,
    Walkthrough,
    check_run,
    outputs_to_keep,
    problems,
    strays,
    walkthroughs,
    write,
)
from evidence.outcome import DataUnavailable, RunFailed
from evidence.record import read_record

console = Console()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, or 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m evidence.notebooks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    status = commands.add_parser("status", help="show which recorded notebooks are fresh, and why the rest is not")
    status.set_defaults(act=show_status)
    record = commands.add_parser("record", help="execute walkthroughs and keep what they showed, in both languages")
    record.add_argument("name", nargs="*", help="names such as digits_keras; by default all that are not fresh")
    record.set_defaults(act=record_notebooks)
    options = parser.parse_args(arguments)
    try:
        return options.act(Path.cwd(), options)
    except (CatalogError, NotebookError, NotebookRefused, RunFailed, DataUnavailable) as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return 1


def show_status(root: Path, options: argparse.Namespace) -> int:
    """Print what is wrong with each notebook; return 1 if anything is."""
    catalog = load_catalog(root)
    found = strays(catalog)
    for walkthrough in walkthroughs(catalog):
        wrong = problems(walkthrough)
        console.print(f"{'[red]not fresh[/]' if wrong else '[green]fresh[/]'} {walkthrough.relative}")
        found += wrong
    for sentence in found:
        console.print(f"- {escape(sentence)}", soft_wrap=True)
    return 1 if found else 0


def record_notebooks(root: Path, options: argparse.Namespace) -> int:
    """Record what is asked for: once for both languages, and without executing anything where only prose has changed."""
    catalog = load_catalog(root)
    everything = sorted(walkthroughs(catalog), key=lambda each: each.name)
    groups = {name: list(group) for name, group in groupby(everything, key=lambda each: each.name)}
    if unknown := set(options.name) - set(groups):
        raise NotebookRefused(
            f"no walkthrough is called {', '.join(sorted(unknown))}; there are: {', '.join(groups) or 'none'}"
        )
    chosen = options.name or [name for name, group in groups.items() if any(problems(each) for each in group)]
    for name in chosen:
        outputs = None if options.name else outputs_to_keep(groups[name])
        if outputs is None:
            outputs = _execute(groups[name])
        for path in write(groups[name], outputs):
            console.print(f"recorded {path.relative_to(root)}", highlight=False)
    if not chosen:
        console.print("Every notebook is fresh; there is nothing to record.")
    return 0


def _execute(group: list[Walkthrough]) -> dict[str, list]:
    from evidence.running.notebook import run_notebook  # needs Jupyter's kernel, which reading the site does not

    first = group[0]
    console.print(f"executing {first.name}", highlight=False)
    executed = run_notebook(first.catalog, first.script, first.clean())
    check_run(first.catalog, executed, read_record(first.catalog, first.script))
    return dict(executed.outputs)


if __name__ == "__main__":
    sys.exit(main())
