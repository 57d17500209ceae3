"""Executes a notebook as its reader does: an empty folder, a kernel of its own, nobody's settings, only the stated packages."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from evidence.catalog import Catalog, Script
from evidence.code import (
    code_digests,
    figure_names,
    known_checksums,
    local_modules,
    reads_mnist,
    required_packages,
    versioned_packages,
)
from evidence.outcome import Mnist, Run, RunFailed
from evidence.running.sandbox import (
    DRIVER,
    FIGURE_LIMIT_BYTES,
    THREADS,
    device_name,
    find_mnist,
    printed_problems,
    read_probe,
    run_environment,
    themed,
)

KERNEL = Path(__file__).with_name("kernel.py")
FINISH = "__import__('sys').modules['notebook_kernel'].finish(globals())"


@dataclass(frozen=True)
class Executed:
    """What a notebook left: `outputs` by the identifier of the cell, without what went to stderr; `run` as of its script."""

    outputs: Mapping[str, list[dict[str, Any]]]
    run: Run


def run_notebook(
    catalog: Catalog,
    script: Script,
    content: Mapping[str, Any],
    data: Mnist | None = None,
    *,
    probe: Path | None = None,
    watch: Path | None = None,
) -> Executed:
    """Execute a notebook of `script` from top to bottom, and return what it left.

    Raises `RunFailed` if a cell raises or takes longer than the script's time limit, if it imports what the reader is not told
    to install, lacks a declared result or figure, or shows what no page can: control characters, a number that is not finite, a value
    that nothing printed, a picture that is not SVG or too large.
    """
    modules = local_modules(catalog, script)
    needs_data = reads_mnist(catalog, script)
    if needs_data and data is None:
        data = find_mnist(catalog)
    packages, backend = versioned_packages(script, modules)
    book = nbformat.reads(json.dumps(content), as_version=4)
    nbformat.validate(book)
    if data is not None and not data.real:
        _exchange_checksums(catalog, book, data)
    book.cells.append(nbformat.v4.new_code_cell(FINISH))
    with tempfile.TemporaryDirectory(prefix=f"{script.stem}-") as temporary:
        sandbox = Path(temporary).resolve()
        folders = {name: sandbox / name for name in ("notebook", "home", "tmp", "control")}
        for folder in folders.values():
            folder.mkdir()
        job = {
            "driver": str(DRIVER),
            "control": str(folders["control"]),
            "writable": [str(folder) for folder in folders.values()],
            "results": list(script.results),
            "packages": packages,
            "stated": required_packages(catalog, script),
            "probe": str(probe.resolve()) if probe else None,
            "watch": str(watch.resolve()) if watch else None,
        }
        (folders["control"] / "job.json").write_text(json.dumps(job), encoding="utf-8")
        environment = run_environment(folders, "cpu", backend)
        if needs_data:
            environment["MNIST_FOLDER"] = str(data.folder)
        code = code_digests(catalog, script)
        _execute(script, book, folders, environment)
        outcome = json.loads((folders["control"] / "outcome.json").read_text(encoding="utf-8"))
        # A cell that writes a module of ours says no more than that it did.
        cells = [cell for cell in book.cells[:-1] if cell.cell_type == "code" and not cell.id.startswith("module-")]
        outputs = {cell.id: _clean(cell.outputs) for cell in cells}
        problems = outcome["problems"] + [
            f"cell {name}: {problem}" for name, shown in outputs.items() for problem in _problems(shown)
        ]
        drawn = sum("image/svg+xml" in output.get("data", {}) for shown in outputs.values() for output in shown)
        if drawn != len(script.figures):
            problems.append(f"it shows {drawn} figures, and topic.toml declares {len(script.figures)}")
        if problems:
            raise RunFailed(f"{script.stem}.ipynb: {'; '.join(problems)}")
        return Executed(
            outputs,
            Run(
                script=script,
                seed=script.own_seed or 0,
                device="cpu",
                device_name=device_name("cpu"),
                threads=THREADS,
                data=data if needs_data else None,
                code=code,
                results=outcome["results"],
                output="".join(
                    text_of(output)
                    for shown in outputs.values()
                    for output in shown
                    if output["output_type"] == "stream"
                ),
                figures=_figures(cells),
                drawn=outcome["drawn"],
                probe=read_probe(folders["control"] / "probe.npz"),
                values={},
                training=outcome["training"],
                versions=outcome["versions"],
                seconds_wall=outcome["seconds_wall"],
                seconds_cpu=outcome["seconds_cpu"],
                peak_memory_bytes=outcome["peak_memory_bytes"],
            ),
        )


def text_of(output: Mapping[str, Any]) -> str:
    """Return what an output of the type `stream` says; nbformat keeps it as one string or as its lines."""
    return "".join(output["text"])


def _execute(
    script: Script, book: nbformat.NotebookNode, folders: Mapping[str, Path], environment: dict[str, str]
) -> None:
    # Sockets in its own folder: a free port could be taken by another kernel before this one opens it.
    manager = AsyncKernelManager(
        connection_file=str(folders["control"] / "connection.json"),
        transport="ipc",
        ip=str(folders["control"] / "socket"),
    )
    command = [sys.executable, str(KERNEL), str(folders["control"] / "job.json"), "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=command, display_name="Python 3", language="python")  # installed nowhere
    options = {
        "timeout": script.topic.contract.time_limit_seconds,
        "record_timing": False,
        "store_widget_state": False,
        "shutdown_kernel": "immediate",
    }
    client = NotebookClient(book, km=manager, **options)
    complaints = folders["control"] / "stderr"
    with complaints.open("wb") as stderr:
        try:
            # It leaves a kernel running whose manager it did not make, unless it is told to clean up.
            client.execute(cwd=str(folders["notebook"]), env=environment, stderr=stderr, cleanup_kc=True)
        except CellExecutionError as error:
            raise RunFailed(f"{script.stem}.ipynb: {error}") from None
        except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
            said = complaints.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RunFailed(f"{script.stem}.ipynb: {str(error).strip().splitlines()[0]}\n{said}") from None


def _clean(outputs: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what does not differ from run to run: nothing of stderr, no numbers of cells, printed text in one piece."""
    cleaned: list[dict[str, Any]] = []
    for output in outputs:
        kept = {key: value for key, value in output.items() if key != "execution_count"}
        if "image/svg+xml" in kept.get("data", {}):
            kept["data"] = {"image/svg+xml": themed(kept["data"]["image/svg+xml"])}
        if kept.get("name") == "stdout" and cleaned and cleaned[-1].get("name") == "stdout":
            cleaned[-1]["text"] += kept["text"]
        elif (
            kept.get("name") != "stderr" and kept.get("data", {}).get("text/plain") != ""
        ):  # rich, which Keras uses, shows nothing
            cleaned.append(kept)
    return cleaned


def _figures(cells: list[nbformat.NotebookNode]) -> dict[str, str]:
    """Return the pictures that cells show under the names that their code gives them."""
    found = {}
    for cell in cells:
        pictures = [output for output in _clean(cell.outputs) if "image/svg+xml" in output.get("data", {})]
        found |= {name: picture["data"]["image/svg+xml"] for name, picture in zip(figure_names(cell.source), pictures)}
    return found


def _problems(outputs: list[dict[str, Any]]) -> list[str]:
    problems = []
    for output in outputs:
        data = output.get("data", {})
        if output["output_type"] == "stream":
            problems += printed_problems(text_of(output))
        elif output["output_type"] == "display_data" and set(data) == {"image/svg+xml"}:
            if (size := len(output["data"]["image/svg+xml"].encode())) > FIGURE_LIMIT_BYTES:
                problems.append(f"its figure has {size:,} bytes; the limit is {FIGURE_LIMIT_BYTES:,}")
        else:
            kinds = ", ".join(data or [output["output_type"]])
            problems.append(
                f"its last line shows a value ({kinds}), which nobody asked for; print it, or give it a name"
            )
    return problems


def _exchange_checksums(catalog: Catalog, book: nbformat.NotebookNode, data: Mnist) -> None:
    """Let the notebook's own `mnist_data.py` accept a stand-in."""
    known = known_checksums(catalog.snippets / "mnist_data.py")
    for cell in book.cells:
        for name, checksum in known.items() if cell.cell_type == "code" else ():
            cell.source = cell.source.replace(checksum, data.checksums[name])
