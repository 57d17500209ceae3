"""The test's end of the worker that measures Gluon's networks in MXNet's own environment."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from evidence.catalog import Catalog
from evidence.running.sandbox import interpreter

WORKER = Path(__file__).with_name("gluon_worker.py")


class WorkerDied(Exception):
    """The worker ended, or answered with an error; the message says how, and shows what it complained of."""


class GluonWorker:
    """One process, started by the first message, that lives as long as the tests do; each message carries many cases."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.folder = tempfile.TemporaryDirectory(prefix="gluon-")
        self.complaints = Path(self.folder.name, "complaints.txt")
        self.process: subprocess.Popen | None = None

    def _start(self) -> None:
        with self.complaints.open("w") as complaints:
            self.process = subprocess.Popen(
                [str(interpreter(self.catalog, "mxnet")), str(WORKER), str(self.catalog.root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                text=True,
            )

    def measure(self, cases: list[tuple[dict, np.ndarray, np.ndarray, list[np.ndarray]]]) -> list[dict]:
        """Return the quantities of each case (what to build, x, target, weights), as `measure.measure` does.

        Raises `WorkerDied` if the worker has ended, ends on the way, or raises an exception.
        """
        if self.process is None:
            self._start()
        arrays, messages = {}, []
        for number, (case, x, target, weights) in enumerate(cases):
            arrays |= {f"{number}/x": x, f"{number}/target": target}
            arrays |= {f"{number}/weights/{i}": weight for i, weight in enumerate(weights)}
            messages.append(case | {"weights": len(weights)})
        paths = {name: str(Path(self.folder.name, f"{name}.npz")) for name in ("arrays", "results")}
        np.savez(paths["arrays"], **arrays)
        try:
            self.process.stdin.write(json.dumps({**paths, "cases": messages}) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise WorkerDied(f"the worker in MXNet's environment {self._end()}:\n{self._complaints()}")
        if "error" in (content := json.loads(answer)):
            raise WorkerDied(f"the worker in MXNet's environment could not measure:\n{content['error']}")
        results: list[dict] = [{} for _ in cases]
        with np.load(paths["results"]) as file:
            for key, value in file.items():
                number, quantity, _ = key.split("/")
                results[int(number)].setdefault(quantity, []).append(value)
        return results

    def _end(self) -> str:
        code = self.process.wait()
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"

    def _complaints(self) -> str:
        return "".join(self.complaints.read_text(errors="replace").splitlines(keepends=True)[-20:]) or "without a word"

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            with contextlib.suppress(BrokenPipeError):
                self.process.communicate()
        self.folder.cleanup()
