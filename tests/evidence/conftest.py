"""A repository of one toy topic, small enough that a run takes a fraction of a second."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from evidence.catalog import Catalog, Script, load_catalog
from evidence.code import code_digests
from evidence.outcome import Mnist, Run
from evidence.record import Record, read_record, write_record
from evidence.running.script import run_script

CONTRACT = """
title = { zh = "玩具", en = "Toy" }
scripts = ["toy"]
seeds = 2
time_limit_seconds = 20

[results.score]
unit = "percent"
minimum = 0.5
label = { zh = "得分", en = "Score" }
selection = { zh = "只有一次", en = "there is one" }
"""
LOSSES = """
[results.losses]
unit = "nats"
label = { zh = "损失", en = "Losses" }
selection = { zh = "每一步", en = "at each step" }
"""
CURVE = """
[figures.curve]
zh = "一条上升的直线。"
en = "A straight line that rises."
"""
ABSENT = """
[absent]
keras = { zh = "不需要", en = "not needed" }
tensorflow = { zh = "不需要", en = "not needed" }
pytorch = { zh = "不需要", en = "not needed" }
mxnet = { zh = "不需要", en = "not needed" }
"""
REHEARSAL = """
[rehearsal.toy]
replace = { STEPS = 2 }
minimum = { score = 0.2 }
"""
STEPS = """\
STEPS = 9
score = STEPS / 10
print(f"{STEPS} steps")
"""
SCORE = "score = 0.9\n"
GOOD = """\
# --8<-- [start:all]
import helper  # one of ours

SEED = 0
losses = [2.0, 1.25, 0.5]
score = 0.9 + SEED / 100
print(f"score: {score:.2f}, {helper.WORD}")
# --8<-- [end:all]
"""
DRAWING = """\
import matplotlib.pyplot as plt

SEED = 0
losses = [2.0, 1.25, 0.5]
score = 0.9 + SEED / 100
figure, axes = plt.subplots(num="curve")
axes.plot([1, 2, 3])
axes.set(xlabel="epoch")
axes.imshow([[0, 1], [1, 0]])
plt.show()
print("drawn")
"""


class Repository:
    """The toy repository under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "snippets" / "models" / "toy"

    def write(self, path: str, text: str) -> Path:
        """Write a file, whose path is relative to the root, and return where it lies."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def contract(self, *parts: str, topic: str = "models/toy") -> Path:
        """Write a `topic.toml`, by default that of a topic with one result."""
        return self.write(f"snippets/{topic}/topic.toml", "".join(parts or (CONTRACT, ABSENT)))

    def code(self, text: str) -> Path:
        """Write `toy_numpy.py`."""
        return self.write("snippets/models/toy/toy_numpy.py", textwrap.dedent(text))

    @property
    def catalog(self) -> Catalog:
        return load_catalog(self.root)

    @property
    def script(self) -> Script:
        return self.catalog.script("toy_numpy")

    @property
    def record(self) -> Record:
        catalog = self.catalog
        return read_record(catalog, catalog.script("toy_numpy"))

    def run(self, data: Mnist | None = None, **options) -> Run:
        catalog = self.catalog
        return run_script(catalog, catalog.script("toy_numpy"), data, **options)

    def made_up_run(self, seed: int = 0, **changes) -> Run:
        """Return what a run of `toy_numpy` would leave, without running it; `changes` are fields of `Run`."""
        script = changes.get("script", self.script)
        fields = dict(
            script=script,
            seed=seed,
            device="cpu",
            device_name="Toy 3000",
            threads=1,
            data=None,
            code=code_digests(self.catalog, script),
            results={"score": 0.9 + seed / 100, "losses": [2.0, 1.25, 0.5 + seed / 100]},
            output="score: 0.90\n",
            figures={"curve": '<svg width="360pt" height="216pt" viewBox="0 0 360 216"></svg>'},
            probe={},
            values={},
            versions={"numpy": "2.4.6", "python": "3.11.7"},
            seconds_wall=12.4,
            seconds_cpu=3.25,
            peak_memory_bytes=123_456_789,
            printed=["all"],
            drawn={"curve": {"axes": [{"x": "epoch", "lines": [{"label": "up", "x": [0, 1], "y": [1, 2]}]}]}},
        )
        return Run(**fields | changes)

    def keep(self, seeds: int = 2, **changes) -> Path:
        """Record made-up runs of the first seeds, and return the JSON file."""
        return write_record(self.catalog, [self.made_up_run(seed, **changes) for seed in range(seeds)])

    def files(self) -> dict[str, bytes]:
        """Return everything under `records/`."""
        folder = self.root / "records"
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def toy(tmp_path: Path) -> Repository:
    """A repository with one topic of one script, one result and no figure."""
    repository = Repository(tmp_path.resolve() / "repository")
    repository.contract()
    repository.code(SCORE)
    return repository


@pytest.fixture
def recorded(toy: Repository) -> Repository:
    """A repository whose script has two results, a figure and two modules of ours, and a fresh record of two seeds."""
    toy.contract(CONTRACT, LOSSES, CURVE, ABSENT)
    toy.code(GOOD)
    toy.write("snippets/helper.py", "from deeper import WORD\n")
    toy.write("snippets/deeper.py", 'WORD = "well"\n')
    toy.write("requirements.txt", "numpy==2.4.6\nunused==1.0\n")
    toy.write("requirements/mxnet.txt", "numpy==1.23.5\n")
    toy.keep()
    return toy
