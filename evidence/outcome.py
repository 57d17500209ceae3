"""What a run is given and what it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.catalog import Script


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

    `code` maps the files that ran to the digests of their tokens; `output` is what it printed, and `printed` the section of the
    script that printed each line, empty if that is not known; `figures` maps names to SVG text, `drawn` to what each shows
    (`evidence/running/drawn.py`); `probe` holds the arrays that a test's probe took from the live process,
    `values` those that the topic's checks name, by their expressions; `training` is what was seen of how it trained, if it was watched; `rehearsed` says that it was shorter than the script;
    seconds and bytes are of the whole process, imports included. A notebook has no `printed`: its cells are the sections.
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
    values: Mapping[str, object]
    versions: Mapping[str, str]
    seconds_wall: float
    seconds_cpu: float
    peak_memory_bytes: int
    printed: Sequence[str] = ()
    drawn: Mapping[str, Any] = field(default_factory=dict)
    rehearsed: bool = False
    training: Mapping[str, object] = field(default_factory=dict)
