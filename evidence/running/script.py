"""Runs a snippet as its reader does: a fresh folder, its own interpreter, nobody's settings."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from evidence.catalog import Catalog, Script
from evidence.checks import expressions
from evidence.code import (
    code_digests,
    local_modules,
    reads_mnist,
    required_packages,
    versioned_packages,
)
from evidence.figures import series_problems
from evidence.outcome import Mnist, Run, RunFailed
from evidence.running.sandbox import (
    DRIVER,
    THREADS,
    copy,
    device_name,
    figure_problems,
    find_mnist,
    font_lists,
    interpreter,
    printed_problems,
    read_probe,
    read_values,
    run_environment,
    themed,
)


def run_script(
    catalog: Catalog,
    script: Script,
    data: Mnist | None = None,
    *,
    device: str = "cpu",
    seed: int | None = None,
    rehearsed: bool = False,
    probe: Path | None = None,
    watch: Path | None = None,
    time_limit_seconds: float | None = None,
    on_output: Callable[[str], None] = lambda line: None,
) -> Run:
    """Run one script and return what it left.

    `seed` replaces the script's own `SEED`, `rehearsed` what its rehearsal replaces; `probe` is a file whose function `probe(names)` is called after the run,
    in the same process, and returns arrays; `watch` is a file whose function `watch(packages)` is called before the run, and
    returns a function that says after it, in JSON's terms, how it trained; `on_output` receives each line as it is printed.

    Raises `RunFailed` if the script raises, exceeds its time limit, prints or leaves a number that is not finite,
    imports what its download does not tell a reader to install, leaves a declared result or figure out, draws an undeclared or
    oversized one or a series that is not the result that its contract says, or writes outside its folder.
    """
    constants = {} if seed is None else {"SEED": seed}
    if rehearsed:
        constants |= script.rehearsal.replace
    modules = local_modules(catalog, script)
    needs_data = reads_mnist(catalog, script)
    if needs_data and data is None:
        data = find_mnist(catalog)
    packages, backend = versioned_packages(script, modules)
    with tempfile.TemporaryDirectory(prefix=f"{script.stem}-") as temporary:
        sandbox = Path(temporary).resolve()
        folders = {name: sandbox / name for name in ("snippet", "home", "tmp", "control")}
        for folder in folders.values():
            folder.mkdir()
        code = code_digests(catalog, script)
        for path in [script.path, *modules]:
            copy(path, folders["snippet"], data)
        job = {
            "script": str(folders["snippet"] / script.path.name),
            "control": str(folders["control"]),
            "writable": [str(folder) for folder in folders.values()],
            "constants": constants,
            "results": list(script.results),
            "packages": packages,
            "stated": required_packages(catalog, script),
            "values": expressions(script.checks.values()),
            "probe": str(probe.resolve()) if probe else None,
            "watch": str(watch.resolve()) if watch else None,
        }
        job_path = folders["control"] / "job.json"
        job_path.write_text(json.dumps(job), encoding="utf-8")
        environment = run_environment(folders, device, backend)
        if needs_data:
            environment["MNIST_FOLDER"] = str(data.folder)
        python = interpreter(catalog, script.framework)
        for name, content in font_lists(python).items() if script.figures else ():
            (folders["home"] / name).write_bytes(content)
        output, transcript, problem = _execute(
            [str(python), str(DRIVER), str(job_path)],
            folders["snippet"],
            environment,
            time_limit_seconds or script.topic.contract.time_limit_seconds,
            on_output,
        )
        if not problem and not (folders["control"] / "outcome.json").exists():
            problem = "it ended before its last line"
        if problem:
            raise _failure(script, [problem], transcript)
        outcome = json.loads((folders["control"] / "outcome.json").read_text(encoding="utf-8"))
        problems = outcome["problems"]
        figures = {name: (folders["control"] / f"{name}.svg") for name in outcome["figures"] if name}
        problems += figure_problems(script, outcome["figures"], figures)
        problems += printed_problems(output)
        problems += series_problems(script, outcome["drawn"], outcome["results"])
        if device == "gpu" and not outcome["accelerator_used"]:
            problems.append("it did not use the GPU")
        if problems:
            raise _failure(script, problems, transcript)
        return Run(
            script=script,
            seed=(script.own_seed or 0) if seed is None else seed,
            rehearsed=rehearsed,
            device=device,
            device_name=device_name(device),
            threads=THREADS,
            data=data if needs_data else None,
            code=code,
            results=outcome["results"],
            output=output,
            figures={name: themed(path.read_text(encoding="utf-8")) for name, path in figures.items()},
            probe=read_probe(folders["control"] / "probe.npz"),
            values=read_values(folders["control"] / "values.npz"),
            training=outcome["training"],
            versions=outcome["versions"],
            seconds_wall=outcome["seconds_wall"],
            seconds_cpu=outcome["seconds_cpu"],
            peak_memory_bytes=outcome["peak_memory_bytes"],
            printed=_printed(outcome["printed"], output),
            drawn=outcome["drawn"],
        )


def _execute(
    command: list[str], folder: Path, environment: dict, limit_seconds: float, on_output: Callable[[str], None]
) -> tuple[str, str, str | None]:
    """Return what was printed, what was printed and complained of, and a sentence if the process failed."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    output: list[str] = []
    complaints: list[str] = []

    def read_output() -> None:
        # Bytes, because text mode would turn a carriage return into a line end.
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace")
            output.append(line)
            on_output(line.rstrip())

    def read_complaints() -> None:
        complaints.extend(raw.decode("utf-8", "replace") for raw in process.stderr)

    readers = [threading.Thread(target=read, daemon=True) for read in (read_output, read_complaints)]
    for reader in readers:
        reader.start()
    problem = None
    try:
        code = process.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        problem = f"it had not finished after {limit_seconds:g} s, its time limit"
    finally:
        # Also ends what the snippet may have started and left behind.
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
    for reader in readers:
        reader.join(timeout=5)
    if problem is None and code < 0:
        known = -code in set(signal.Signals)
        problem = f"it was killed by {signal.Signals(-code).name if known else f'signal {-code}'}"
    elif problem is None and code > 0:
        raised = any(line.startswith("Traceback") for line in complaints)
        problem = "it raised" if raised else f"it ended with exit status {code}"
    # The end of each: which of two pipes was written to first is not to be known, and the last word is the traceback's.
    return "".join(output), "".join([*output[-10:], *complaints[-20:]]), problem


def _printed(sections: list[str], output: str) -> list[str]:
    """Return a section for each line of the output; empty ones if some lines came past Python's own output."""
    lines = output.count("\n") + (not output.endswith("\n") and output != "")
    return sections if len(sections) == lines else [""] * lines


def _failure(script: Script, problems: list[str], transcript: str) -> RunFailed:
    tail = "\n".join("    " + line for line in transcript.rstrip().splitlines())
    return RunFailed(f"{script.path.name}: {'; '.join(problems)}" + (f"\n{tail}" if tail else ""))
