"""What scripts and notebooks share when they run: folders, interpreters, variables, and what no run may leave."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from evidence.catalog import Catalog, Script
from evidence.code import known_checksums
from evidence.outcome import DataUnavailable, Mnist, RunFailed

DRIVER = Path(__file__).with_name("driver.py")
MATPLOTLIBRC = Path(__file__).with_name("matplotlibrc")
FIGURE_LIMIT_BYTES = 200_000
INK, PAPER = "#1f2328", "#fefefe"
DARK_INK, DARK_PAPER = "#e2e4e9", "#1e2029"
# What makes the libraries compute as on an older processor, which has fewer instructions: other sums, other rounding.
PROCESSORS = {
    "own": {},
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "DNNL_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "sse4": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "DNNL_MAX_CPU_ISA": "SSE41",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
}
# Without PROCESSOR, a run has none of these variables.
PROCESSOR = os.environ.get("PROCESSOR", "own")
KEPT = ("PATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH")
# Small networks lose more to the coordination of threads than they gain, and runs go side by side.
THREADS = 1


def find_mnist(catalog: Catalog) -> Mnist:
    """Return real MNIST, downloading it if need be, by running the readers' own `mnist_data.py`.

    Raises `DataUnavailable` with that script's own message.
    """
    helper = catalog.snippets / "mnist_data.py"
    found = subprocess.run([sys.executable, "-B", str(helper)], capture_output=True, text=True, encoding="utf-8")
    if found.returncode != 0:
        raise DataUnavailable((found.stderr.strip() or "mnist_data.py failed without a word").splitlines()[-1])
    return Mnist(folder=Path(found.stdout.strip().splitlines()[-1]), checksums=known_checksums(helper))


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


def copy(source: Path, folder: Path, data: Mnist | None) -> None:
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
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    if PROCESSOR not in PROCESSORS:
        raise RunFailed(f"PROCESSOR is {PROCESSOR!r}; it is one of {', '.join(PROCESSORS)}")
    home = str(folders["home"])
    variables = (
        kept
        | PROCESSORS[PROCESSOR]
        | thread_variables()
        | {
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
    )
    if device == "cpu":
        variables["CUDA_VISIBLE_DEVICES"] = ""
    return variables


@cache
def font_lists(python: Path) -> dict[str, bytes]:
    """Return the files, by name, in which Matplotlib keeps the list of this machine's fonts; none if it is not installed.

    Without them each run that draws would look through all fonts first, as a reader's does only once.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [python, "-c", "import matplotlib.font_manager"],
            env=os.environ | {"MPLCONFIGDIR": folder},
            capture_output=True,
        )
        return {path.name: path.read_bytes() for path in Path(folder).glob("fontlist-*.json")}


def printed_problems(text: str) -> list[str]:
    """Return what is wrong with printed text: a number that is not finite, or what no page can show."""
    problems = []
    if unfinished := re.search(r"(?<!\w)(?<!\w\.)[-+]?(nan|inf(inity)?)(?!\w)", text, re.IGNORECASE | re.ASCII):
        problems.append(f"it printed {unfinished.group()}")
    if control := re.search(r"[\r\b\x1b]", text):
        problems.append(f"it printed the terminal control character {control.group()!r}, which no page can show")
    return problems


def figure_problems(script: Script, drawn: list[str], paths: Mapping[str, Path]) -> list[str]:
    problems = []
    if "" in drawn:
        problems.append('it drew a figure without a name: plt.subplots(num="a_name", clear=True)')
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


def read_values(path: Path) -> dict[str, object]:
    """Return expression -> array for what a script's checks asked for; empty where it has none."""
    arrays = read_probe(path)
    names = [str(name) for name in arrays.pop("names", ())]
    return {name: arrays[f"v{index}"] for index, name in enumerate(names)}
