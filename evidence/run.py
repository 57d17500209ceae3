"""Runs a snippet as its reader does: a fresh folder, its own interpreter, nobody's settings."""

from __future__ import annotations

import ast
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evidence.catalog import Catalog, Script
from evidence.download import required_packages
from evidence.record import PACKAGES, code_digests, imported_modules, local_modules, reads_mnist

DRIVER = Path(__file__).with_name("driver.py")
MATPLOTLIBRC = Path(__file__).with_name("matplotlibrc")
FIGURE_LIMIT_BYTES = 200_000
INK, PAPER = "#1f2328", "#fefefe"
DARK_INK, DARK_PAPER = "#e2e4e9", "#1e2029"
# Small networks lose more to the coordination of threads than they gain, and runs go side by side.
THREADS = 1


class RunFailed(Exception):
    """A snippet did not do what a good run does; the message says which rule it broke and shows the end of its output."""


class DataUnavailable(Exception):
    """MNIST can neither be found nor downloaded; the message is the one that a reader would see."""


@dataclass(frozen=True)
class Mnist:
    """The four MNIST files on disk, or a stand-in for them in the same format.

    `checksums`: file name to SHA-256. `real`: False for a stand-in, of which no record is ever made.
    """

    folder: Path
    checksums: Mapping[str, str]
    real: bool = True


@dataclass(frozen=True)
class Run:
    """What one good run left behind.

    `code` maps the files that ran to the digests of their tokens; `output` is what it printed; `figures` maps names to SVG text; `probe` holds the arrays that a test's probe took
    from the live process; seconds and bytes are of the whole process, imports included.
    """

    script: Script
    seed: int
    device: str
    device_name: str
    threads: int
    data: Mnist | None
    code: Mapping[str, str]
    results: Mapping[str, float | list[float]]
    output: str
    figures: Mapping[str, str]
    probe: Mapping[str, object]
    versions: Mapping[str, str]
    seconds_wall: float
    seconds_cpu: float
    peak_memory_bytes: int


def find_mnist(catalog: Catalog) -> Mnist:
    """Return real MNIST, downloading it if need be, by running the readers' own `mnist_data.py`.

    Raises `DataUnavailable` with that script's own message.
    """
    helper = catalog.snippets / "mnist_data.py"
    found = subprocess.run(
        [sys.executable, "-B", str(helper)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    if found.returncode != 0:
        raise DataUnavailable((found.stderr.strip() or "mnist_data.py failed without a word").splitlines()[-1])
    return Mnist(folder=Path(found.stdout.strip().splitlines()[-1]), checksums=known_checksums(helper))


def known_checksums(helper: Path) -> dict[str, str]:
    """Return the constant `CHECKSUMS` of `mnist_data.py` without importing it."""
    for node in ast.parse(helper.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "CHECKSUMS":
            return ast.literal_eval(node.value)
    raise ValueError(f"{helper} assigns no CHECKSUMS")


def interpreter(catalog: Catalog, framework: str) -> Path:
    """Return the Python that has this framework; raise `RunFailed` where there is none."""
    if framework != "mxnet":
        return Path(sys.executable)
    own = os.environ.get("MXNET_PYTHON")
    python = Path(own) if own else catalog.root / ".environments" / "mxnet" / "bin" / "python"
    if not python.exists():
        raise RunFailed(
            f"MXNet needs an environment of its own and there is no {python}:"
            " run `make environments`, or name its interpreter in the variable MXNET_PYTHON"
        )
    return python


def device_name(device: str) -> str:
    """Return the model name of the processor or of the first NVIDIA GPU; raise `RunFailed` if there is no GPU."""
    if device == "cpu":
        information = Path("/proc/cpuinfo")
        names = re.findall(r"model name\s*:\s*(.+)", information.read_text()) if information.exists() else []
        return names[0].strip() if names else platform.processor() or platform.machine()
    try:
        command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        raise RunFailed("there is no NVIDIA GPU here: nvidia-smi does not answer") from None


def run_script(
    catalog: Catalog,
    script: Script,
    data: Mnist | None = None,
    *,
    device: str = "cpu",
    seed: int | None = None,
    probe: Path | None = None,
    time_limit_seconds: float | None = None,
    on_output: Callable[[str], None] = lambda line: None,
) -> Run:
    """Run one script and return what it left.

    `seed` replaces the script's own `SEED`; `probe` is a file whose function `probe(names)` is called after the run,
    in the same process, and returns arrays; `on_output` receives each line as it is printed.

    Raises `RunFailed` if the script raises, exceeds its time limit, prints or leaves a number that is not finite,
    imports what its download does not tell a reader to install, leaves a declared result or figure out, draws an undeclared or oversized one, or writes outside its folder.
    """
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
            _copy(path, folders["snippet"], data)
        job = {
            "script": str(folders["snippet"] / script.path.name),
            "control": str(folders["control"]),
            "writable": [str(folder) for folder in folders.values()],
            "seed": seed,
            "results": list(script.results),
            "packages": packages,
            "stated": required_packages(catalog, script),
            "probe": str(probe.resolve()) if probe else None,
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
            time_limit_seconds or script.topic.time_limit_seconds,
            on_output,
        )
        if not problem and not (folders["control"] / "outcome.json").exists():
            problem = "it ended before its last line"
        if problem:
            raise _failure(script, [problem], transcript)
        outcome = json.loads((folders["control"] / "outcome.json").read_text(encoding="utf-8"))
        problems = outcome["problems"]
        figures = {name: (folders["control"] / f"{name}.svg") for name in outcome["figures"] if name}
        problems += _figure_problems(script, outcome["figures"], figures)
        problems += printed_problems(output)
        if device == "gpu" and not outcome["accelerator_used"]:
            problems.append("it did not use the GPU")
        if problems:
            raise _failure(script, problems, transcript)
        return Run(
            script=script,
            seed=own_seed(script) if seed is None else seed,
            device=device,
            device_name=device_name(device),
            threads=THREADS,
            data=data if needs_data else None,
            code=code,
            results=outcome["results"],
            output=output,
            figures={name: themed(path.read_text(encoding="utf-8")) for name, path in figures.items()},
            probe=read_probe(folders["control"] / "probe.npz"),
            versions=outcome["versions"],
            seconds_wall=outcome["seconds_wall"],
            seconds_cpu=outcome["seconds_cpu"],
            peak_memory_bytes=outcome["peak_memory_bytes"],
        )


def own_seed(script: Script) -> int:
    """Return the script's own `SEED`, or 0 if it has none or is no Python, which running it will tell."""
    try:
        body = ast.parse(script.path.read_bytes()).body
    except (SyntaxError, ValueError):
        return 0
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "SEED":
            return ast.literal_eval(node.value)
    return 0


def _copy(source: Path, folder: Path, data: Mnist | None) -> None:
    """Copy a file beside the script; `mnist_data.py` accepts a stand-in only because its checksums are exchanged."""
    if source.name != "mnist_data.py" or data is None or data.real:
        shutil.copy(source, folder)
        return
    text = source.read_text(encoding="utf-8")
    for name, checksum in known_checksums(source).items():
        if checksum not in text:
            raise ValueError(f"{source} does not spell out the checksum of {name} as one literal")
        text = text.replace(checksum, data.checksums[name])
    (folder / source.name).write_text(text, encoding="utf-8")


def thread_variables() -> dict[str, str]:
    """Return the environment variables that hold every framework to the threads of a recorded run."""
    threads = str(THREADS)
    return {"OMP_NUM_THREADS": threads, "TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}


def run_environment(folders: Mapping[str, Path], device: str, keras_backend: str) -> dict[str, str]:
    """Return the environment variables of a run, none of which is the caller's own business; `folders` has `home` and `tmp`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    home = str(folders["home"])
    variables = kept | thread_variables() | {
        "HOME": home,
        "USERPROFILE": home,
        "XDG_CACHE_HOME": home,
        "XDG_CONFIG_HOME": home,
        "TMPDIR": str(folders["tmp"]),
        "TEMP": str(folders["tmp"]),
        "MPLCONFIGDIR": home,
        "MATPLOTLIBRC": str(MATPLOTLIBRC),
        "KERAS_BACKEND": keras_backend,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "COLUMNS": "80",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    if device == "cpu":
        variables["CUDA_VISIBLE_DEVICES"] = ""
    return variables


@cache
def font_lists(python: Path) -> dict[str, bytes]:
    """Return the files, by name, in which Matplotlib keeps the list of this machine's fonts; none if it is not installed.

    Without them each run that draws would look through all fonts first, as a reader's does only once.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-c", "import matplotlib.font_manager"], env=os.environ | {"MPLCONFIGDIR": folder}, capture_output=True)
        return {path.name: path.read_bytes() for path in Path(folder).glob("fontlist-*.json")}


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
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
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


def versioned_packages(script: Script, modules: Sequence[Path]) -> tuple[list[str], str]:
    """Return the packages whose versions the record of a run has, and the backend that Keras is to use in it."""
    packages = {*PACKAGES[script.framework]}
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if any("keras" in imported_modules(path) for path in [script.path, *modules]):
        packages |= {"keras", backend}  # also beside another framework, whose script compares itself with Keras
    return sorted(packages), backend


def printed_problems(text: str) -> list[str]:
    """Return what is wrong with printed text: a number that is not finite, or what no page can show."""
    problems = []
    if unfinished := re.search(r"(?<!\w)(?<!\w\.)[-+]?(nan|inf(inity)?)(?!\w)", text, re.IGNORECASE | re.ASCII):
        problems.append(f"it printed {unfinished.group()}")
    if control := re.search(r"[\r\b\x1b]", text):
        problems.append(f"it printed the terminal control character {control.group()!r}, which no page can show")
    return problems


def _figure_problems(script: Script, drawn: list[str], paths: Mapping[str, Path]) -> list[str]:
    problems = []
    if "" in drawn:
        problems.append('it drew a figure without a name: plt.subplots(num="a_name")')
    if missing := set(script.figures) - set(drawn):
        problems.append(f"it did not draw {', '.join(sorted(missing))}")
    if surplus := set(drawn) - set(script.figures) - {""}:
        problems.append(f"it drew {', '.join(sorted(surplus))}, which topic.toml does not declare")
    for name, path in paths.items():
        if path.stat().st_size > FIGURE_LIMIT_BYTES:
            problems.append(f"the figure {name} has {path.stat().st_size:,} bytes; the limit is {FIGURE_LIMIT_BYTES:,}")
    return problems


def themed(svg: str) -> str:
    """Let ink and paper trade places in a dark scheme, and keep the pixels of images sharp."""
    style = (
        "<style>image{image-rendering:pixelated}@media (prefers-color-scheme:dark){"
        f'[style*="fill: {PAPER}"]{{fill:{DARK_PAPER}!important}}[style*="fill: {INK}"]{{fill:{DARK_INK}!important}}'
        f'[style*="stroke: {PAPER}"]{{stroke:{DARK_PAPER}!important}}[style*="stroke: {INK}"]{{stroke:{DARK_INK}!important}}'
        "}</style>"
    )
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return re.sub(r"(<svg\b[^>]*>)", lambda match: match.group(1) + style, svg, count=1)


def read_probe(path: Path) -> dict[str, object]:
    """Return the arrays that a probe left; none if there was no probe."""
    if not path.exists():
        return {}
    import numpy  # Only tests use a probe; the command line need not pay for NumPy.

    with numpy.load(path) as arrays:
        return dict(arrays)


def _failure(script: Script, problems: list[str], transcript: str) -> RunFailed:
    tail = "\n".join("    " + line for line in transcript.rstrip().splitlines())
    return RunFailed(f"{script.path.name}: {'; '.join(problems)}" + (f"\n{tail}" if tail else ""))
