"""The part of a run that happens inside the snippet's own process: `python driver.py job.json`.

It executes the very file, keeps watch over what it writes, and then collects the declared results from the script's
module-level names and the figures from Matplotlib. It runs in every framework's environment, so it needs only the
standard library, NumPy and, where the snippet draws, Matplotlib.
"""

from __future__ import annotations

import ast
import ctypes
import importlib.metadata
import importlib.util
import io
import json
import math
import os
import platform
import re
import resource
import runpy
import sys
import time
import types
import warnings
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, DistributionFinder
from pathlib import Path


class WriteGuard:
    """Refuses to write outside the folders of a run.

    Python's own writes are seen by an audit hook, which also remembers them for the report. On Linux the kernel's
    Landlock refuses what native code would write behind Python's back (TensorFlow's and PyTorch's savers do).
    """

    EVENTS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree"}
    EVENTS |= {"os.chmod", "os.chown", "os.utime"}
    WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def __init__(self, allowed: list[str]) -> None:
        # Shared memory and terminals live under /dev; nothing of the reader's does.
        self.allowed = tuple(os.path.realpath(folder) for folder in [*allowed, "/dev", "/proc"])
        self.violations: list[str] = []

    def install(self) -> None:
        sys.addaudithook(self._audit)
        if sys.platform == "linux":
            self._restrict_native_code()

    def _audit(self, event: str, arguments: tuple) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(flags, int) or not flags & self.WRITING:
                return
            paths = [path]
        elif event in self.EVENTS:
            paths = [argument for argument in arguments[:2] if isinstance(argument, (str, bytes, os.PathLike))]
        else:
            return
        for path in paths:
            if not isinstance(path, (str, bytes, os.PathLike)):
                continue
            target = os.path.realpath(os.fsdecode(path))
            if not any(target == folder or target.startswith(folder + os.sep) for folder in self.allowed):
                self.violations.append(target)
                raise PermissionError(f"a snippet may write only in its own folder, not to {target}")

    def _restrict_native_code(self) -> None:
        """Ask Landlock (Linux 5.13 and later; man 7 landlock) for the same rule; a kernel without it is no error."""
        libc = ctypes.CDLL(None, use_errno=True)
        create_ruleset, add_rule, restrict_self = 444, 445, 446
        abi = libc.syscall(create_ruleset, None, 0, 1)
        if abi < 1:
            return
        # Write (bit 1), remove and make (4 to 12), move between folders (13, second ABI), truncate (14, third ABI).
        handled = sum(1 << bit for bit in [1, *range(4, 13 + min(abi - 1, 2))])
        ruleset = libc.syscall(create_ruleset, ctypes.byref(ctypes.c_uint64(handled)), 8, 0)
        for folder in self.allowed:
            descriptor = os.open(folder, os.O_PATH)
            rule = ctypes.create_string_buffer(handled.to_bytes(8, "little") + descriptor.to_bytes(4, "little"), 12)
            libc.syscall(add_rule, ruleset, 1, ctypes.byref(rule), 0)
            os.close(descriptor)
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, without which the next call is refused
        libc.syscall(restrict_self, ruleset, 0)
        os.close(ruleset)


class StatedPackages(PathFinder):
    """Hides what is installed here and would not be with the reader, who installs the stated packages and what they require."""

    def __init__(self, stated: list[str]) -> None:
        wanted, pending = {"pip", "setuptools"}, [*stated]  # every new environment has these two
        while pending:
            name = self._normalised(pending.pop())
            if name not in wanted:
                wanted.add(name)
                try:
                    required = importlib.metadata.requires(name) or []
                except importlib.metadata.PackageNotFoundError:
                    continue
                pending += [requirement for requirement in required if not re.search(r"\bextra\s*==", requirement)]
        self.wanted = wanted
        self.hidden = {
            module
            for module, distributions in importlib.metadata.packages_distributions().items()
            if wanted.isdisjoint(map(self._normalised, distributions))
        }

    @staticmethod
    def _normalised(requirement: str) -> str:
        name = re.match(r"[A-Za-z0-9._-]+", requirement).group()
        return re.sub(r"[-_.]+", "-", name).lower()

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return None if name in self.hidden else super().find_spec(name, path, target)

    def find_distributions(self, context: object = DistributionFinder.Context()) -> Iterator[Distribution]:
        """Hide their metadata too: PyTorch looks there before it imports."""
        return (found for found in super().find_distributions(context) if self._normalised(found.name) in self.wanted)


class SectionedOutput(io.TextIOWrapper):
    """Standard output that remembers which section of the script printed each line.

    `printed` has the name of a section for each line, complete or not: the one that holds the innermost line of the script
    which was at work when the line began, whoever wrote it on its behalf; empty if there was none.
    """

    MARKER = re.compile(r"\s*# --8<-- \[(start|end):(\w+)\]")

    def __init__(self, stream: io.TextIOWrapper, script: Path) -> None:
        super().__init__(
            stream.buffer, stream.encoding, stream.errors, None, stream.line_buffering, stream.write_through
        )
        self.mode = stream.mode
        self.printed: list[str] = []
        self._script = str(script)
        self._sections = self._sections_of(script.read_text(encoding="utf-8", errors="replace"))
        self._line_is_open = False

    @classmethod
    def _sections_of(cls, code: str) -> list[str]:
        """Return the name of the section of each line; empty outside of all."""
        name, sections = "", []
        for line in code.split("\n"):
            marker = cls.MARKER.match(line)
            name = name if marker is None else marker[2] if marker[1] == "start" else ""
            sections.append(name)
        return sections

    def write(self, text: str) -> int:
        written = super().write(text)
        for piece in text.splitlines(keepends=True):
            if not self._line_is_open:
                self.printed.append(self._section())
            self._line_is_open = not piece.endswith("\n")
        return written

    def _section(self) -> str:
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != self._script:
            frame = frame.f_back
        return self._sections[frame.f_lineno - 1] if frame is not None else ""


def compile_script(path: Path, constants: dict[str, object]) -> types.CodeType:
    """Compile the file as it is, but for other values of some module-level constants: `SEED`, or those of a rehearsal."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    for name, value in constants.items():
        assignments = [
            node
            for node in tree.body
            if isinstance(node, ast.Assign) and [getattr(target, "id", None) for target in node.targets] == [name]
        ]
        if len(assignments) != 1:
            raise ValueError(
                f"{path.name} must assign {name} exactly once at module level to be run with another value"
            )
        literal = ast.parse(repr(value), mode="eval").body
        for node in ast.walk(literal):
            ast.copy_location(node, assignments[0].value)
        assignments[0].value = literal
    return compile(tree, str(path), "exec")


def execute(path: Path, code: types.CodeType) -> dict:
    """Run the code as `__main__`, as `python <path>` does, and return its module-level names."""
    module = types.ModuleType("__main__")
    module.__file__ = str(path)
    sys.modules["__main__"] = module
    sys.argv = [str(path)]
    sys.path[0] = str(path.parent)
    try:
        exec(code, module.__dict__)
    except SystemExit as stop:
        if stop.code not in (None, 0):
            raise
    return module.__dict__


def as_result(value: object) -> float | int | list:
    """Turn a number, a NumPy or framework scalar, or a flat sequence of them into plain JSON numbers."""
    if isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) == 1:
        elements = [as_result(element) for element in value]
        if not elements or any(isinstance(element, list) for element in elements):
            raise ValueError("is a list of lists" if elements else "is an empty list")
        return elements
    # NumPy's truth values are numbers to Python.
    is_number = hasattr(value, "__float__") and getattr(value, "ndim", 0) == 0
    if not is_number or type(value).__name__.startswith("bool"):
        raise TypeError(f"is {type(value).__name__}, not a number or a list of numbers")
    number = value if isinstance(value, int) else float(value)
    if not math.isfinite(number):
        raise ValueError(f"is {number}")
    return number


def collect_results(names: list[str], namespace: dict) -> tuple[dict, list[str]]:
    """Return the declared results and one sentence for each that is missing or not a finite number."""
    results, problems = {}, []
    for name in names:
        if name not in namespace:
            problems.append(f"the declared result {name} was never assigned")
            continue
        try:
            results[name] = as_result(namespace[name])
        except (TypeError, ValueError, OverflowError) as error:
            problems.append(f"the declared result {name} {error}")
    return results, problems


def save_values(expressions: list[str], namespace: dict, path: Path) -> list[str]:
    """Save what expressions in the script's names are as arrays, by the expressions; return a sentence for each that fails."""
    import numpy

    values, problems = {}, []
    for expression in expressions:
        try:
            value = numpy.asarray(eval(expression, dict(namespace)))
            if value.dtype.kind not in "biuf":
                raise TypeError(f"it is {value.dtype}, not numbers")
            values[expression] = value
        except Exception as error:
            problems.append(f"the check's {expression!r} has no value: {type(error).__name__}: {error}")
    with path.open("wb") as file:
        numpy.savez(
            file, **{f"v{index}": value for index, value in enumerate(values.values())}, names=numpy.array(list(values))
        )
    return problems


def save_figures(folder: Path) -> tuple[list[str], dict[str, dict]]:
    """Save every open Matplotlib figure as SVG under its name; return the names, and what each figure shows."""
    if "matplotlib.pyplot" not in sys.modules:
        return [], {}
    pyplot = sys.modules["matplotlib.pyplot"]
    names = []
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        names.append(figure.get_label())
        figure.savefig(folder / f"{figure.get_label() or number}.svg", metadata={"Date": None, "Creator": None})
    return names, describe_figures(map(pyplot.figure, pyplot.get_fignums()))


def describe_figures(figures: Iterable[object]) -> dict[str, dict]:
    """Return name -> what the figure shows, as data (`drawn.py`)."""
    spec = importlib.util.spec_from_file_location("figures_drawn", Path(__file__).with_name("drawn.py"))
    drawn = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawn)
    return {figure.get_label(): drawn.describe(figure) for figure in figures}


def peak_memory_bytes() -> int:
    """Return the most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # ru_maxrss would count what the parent held when it forked.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def processor_seconds() -> float:
    """Return the processor time of this process and of those that it has waited for, in seconds."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in usage)


def accelerator_used() -> bool:
    """Tell whether this process has held memory on a GPU, as far as its frameworks say."""
    torch, tensorflow = sys.modules.get("torch"), sys.modules.get("tensorflow")
    if torch is not None and torch.cuda.is_available() and torch.cuda.max_memory_allocated() > 0:
        return True
    if tensorflow is not None and tensorflow.config.list_physical_devices("GPU"):
        return tensorflow.config.experimental.get_memory_info("GPU:0")["peak"] > 0
    return False


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    control, script = Path(job["control"]), Path(job["script"])
    # Matplotlib's file-only backend says so at every plt.show(); a reader's window does not.
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
    code = compile_script(script, job["constants"])
    guard = WriteGuard(job["writable"])
    guard.install()
    versions = {name: importlib.metadata.version(name) for name in job["packages"]}
    sys.meta_path[sys.meta_path.index(PathFinder)] = StatedPackages(job["stated"])
    report = runpy.run_path(job["watch"])["watch"](job["packages"]) if job["watch"] else dict
    sys.stdout = output = SectionedOutput(sys.stdout, script)
    started, used = time.perf_counter(), processor_seconds()
    namespace = execute(script, code)
    wall, cpu = time.perf_counter() - started, processor_seconds() - used
    memory = peak_memory_bytes()
    results, problems = collect_results(job["results"], namespace)
    output.flush()
    if job["values"]:
        problems += save_values(job["values"], namespace, control / "values.npz")
    names, drawn = save_figures(control)
    outcome = {
        "results": results,
        "problems": problems + [f"it wrote outside its folder: {path}" for path in guard.violations],
        "printed": output.printed,
        "figures": names,
        "drawn": drawn,
        "seconds_wall": round(wall, 3),
        "seconds_cpu": round(cpu, 3),
        "peak_memory_bytes": memory,
        "accelerator_used": accelerator_used(),
        "versions": versions | {"python": platform.python_version()},
        "training": report(),
    }
    if job["probe"]:
        import numpy

        sys.path.append(os.path.dirname(job["probe"]))  # as for a script that Python runs
        numpy.savez(control / "probe.npz", **runpy.run_path(job["probe"])["probe"](namespace))
    (control / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")
    if job["probe"]:
        # A test has what it came for; taking a framework apart, which a recorded run does, takes up to 1.5 seconds.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
