"""The part of a notebook's execution that happens inside the kernel: `python kernel.py job.json -f connection.json`.

Before any cell runs, it hides what the reader was not told to install, guards what is written, and asks for figures as SVG that
is the same each time. `finish`, called after the last cell, collects what the script declares. The same rules as for a script
(evidence/running/driver.py), and the same code.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import resource
import runpy
import sys
import time
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

driver: ModuleType
guard: object
job: dict
versions: dict
started: float
report: object
shown: list = []  # figures


def seconds_cpu() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in usage)


def keep_figures() -> None:
    """Remember what `plt.show()` closes in a notebook: what it shows is kept, and a test's probe looks at figures by their names."""
    if importlib.util.find_spec("matplotlib") is None:
        return
    # Matplotlib reads it when it is imported; the kernel would set it to the same, but later.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    from matplotlib._pylab_helpers import Gcf

    destroy_all = Gcf.destroy_all

    def remember() -> None:
        shown.extend(Gcf.figs.values())
        destroy_all()

    Gcf.destroy_all = staticmethod(remember)


def restore_figures() -> None:
    if shown:
        from matplotlib._pylab_helpers import Gcf

        for number, manager in enumerate(shown, 1):
            manager.num = number
            Gcf.figs[number] = manager


def finish(namespace: dict) -> None:
    """Write what the run left to `outcome.json`."""
    results, problems = driver.collect_results(job["results"], namespace)
    figures = [manager.canvas.figure for manager in shown]
    outcome = {
        "results": results,
        "problems": problems + [f"it wrote outside its folder: {path}" for path in guard.violations],
        "drawn": driver.describe_figures(figures) if figures else {},
        "seconds_wall": round(time.perf_counter() - started, 3),
        "seconds_cpu": round(seconds_cpu(), 3),
        "peak_memory_bytes": driver.peak_memory_bytes(),
        "versions": versions | {"python": platform.python_version()},
        "training": report(),
    }
    if job["probe"]:
        import numpy

        restore_figures()
        sys.path.append(os.path.dirname(job["probe"]))
        numpy.savez(Path(job["control"]) / "probe.npz", **runpy.run_path(job["probe"])["probe"](namespace))
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")  # or the end of this cell would draw them once more
    (Path(job["control"]) / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


def main() -> None:
    # A module of its own, since the kernel gives the name __main__ to the notebook; `finish` is found by this name.
    spec = importlib.util.spec_from_file_location("notebook_kernel", __file__)
    kernel = importlib.util.module_from_spec(spec)
    sys.modules["notebook_kernel"] = kernel
    spec.loader.exec_module(kernel)

    kernel.job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    spec = importlib.util.spec_from_file_location("notebook_driver", kernel.job["driver"])
    kernel.driver = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kernel.driver)
    sys.path[0] = os.getcwd()  # as in a kernel that Jupyter starts; the folder of this file is nobody's business

    kernel.guard = kernel.driver.WriteGuard(kernel.job["writable"])
    kernel.guard.install()
    kernel.versions = {name: importlib.metadata.version(name) for name in kernel.job["packages"]}
    stated = [*kernel.job["stated"], "ipykernel"]
    sys.meta_path[sys.meta_path.index(PathFinder)] = kernel.driver.StatedPackages(stated)
    kernel.keep_figures()
    watch = kernel.job["watch"]
    kernel.report = runpy.run_path(watch)["watch"](kernel.job["packages"]) if watch else dict
    kernel.started = time.perf_counter()

    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    settings = Config()
    settings.InlineBackend.figure_formats = {"svg"}
    settings.InlineBackend.print_figure_kwargs = {"metadata": {"Date": None, "Creator": None}}
    settings.HistoryManager.enabled = False
    application = IPKernelApp.instance(config=settings)
    application.initialize(sys.argv[2:])
    application.start()


if __name__ == "__main__":
    main()
