"""What a run left, kept in `records/`, and whether it is still true.

A record is bound to what ran: the tokens of the script and of its local modules, the data, and the versions of the
framework. Change one of them, and the record is stale; change the record by hand, and it is damaged. Both can be seen
without running anything, so a strict build of the site notices too.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.catalog import Catalog, Script, Topic
from evidence.claims import Evidence
from evidence.code import changed_versions, code_digests, digest, library_packages, public_version

if TYPE_CHECKING:
    from evidence.outcome import Run

FORMAT = 1
DEVICES = ("cpu", "gpu")


# How long something took, as Keras prints it: `4s`, `2ms/step`.
DURATION = re.compile(r"\b\d+(\.\d+)?\s?(h|min|s|ms|us|µs)(/\w+)?\b")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?")


class NotRecorded(Exception):
    """A record says nothing of what it is asked for."""


class RecordRefused(Exception):
    """A run may not be recorded: it broke a declared bound, was rehearsed, ran on stand-in data, or its code was edited meanwhile."""


@dataclass(frozen=True)
class Record:
    """A committed record and what is wrong with it.

    `content` is the parsed JSON, or empty. `status` is `fresh`, `short` (of seeds, and true otherwise), `stale`
    (something changed since), `damaged` (changed by hand, or below what the topic declares) or `missing`; `reasons` says
    why, one sentence each.
    """

    script: Script
    device: str
    content: Mapping[str, Any]
    status: str
    reasons: tuple[str, ...]

    @property
    def seeds(self) -> list[int]:
        """The seeds it was run with; the first one is the script's own, whose output and figures are kept."""
        return [int(seed) for seed in self.content.get("results", {})]

    def mean(self, result: str) -> float | list[float]:
        """Return a result's mean over the recorded seeds, element by element of a list."""
        values = [self.value(result, seed) for seed in self.seeds]
        if isinstance(values[0], list):
            return [statistics.fmean(column) for column in zip(*values, strict=True)]
        return statistics.fmean(values)

    def value(self, result: str, seed: int | None = None) -> float | list[float]:
        """Return a result for one seed, by default the script's own; raise `KeyError` if it is not recorded."""
        return self.content["results"][str(self.seeds[0] if seed is None else seed)][result]


def record_path(catalog: Catalog, script: Script, device: str, ending: str = "json") -> Path:
    """Return where a file of this record lies, such as `records/models/mlp/mlp_keras.cpu.json`."""
    return catalog.records / script.topic.path / f"{script.stem}.{device}.{ending}"


def parity_path(catalog: Catalog, topic: Topic) -> Path:
    """Return where the record of a topic's parity lies: how alike the versions of its models are (`evidence.parity`)."""
    return catalog.records / topic.path / "parity.json"


def read_record(catalog: Catalog, script: Script, device: str = "cpu") -> Record:
    """Read a record and judge it; a record that is not there has the status `missing`."""
    path = record_path(catalog, script, device)

    def judged(status: str, reasons: Sequence[str], content: Mapping[str, Any] = {}) -> Record:
        return Record(script, device, content, status, tuple(reasons))

    if not path.exists():
        return judged("missing", [f"{script.path.name} has no record for this device ({device})"])
    content = read_sealed(path)
    if content is None:
        return judged("damaged", [f"{path.name} was edited by hand: its seal does not match what it says"])
    if content["format"] != FORMAT:
        reason = f"{path.name} has format {content['format']}; this version of evidence reads {FORMAT}"
        return judged("damaged", [reason])
    if damage := _damage(script, device, path, content):
        return judged("damaged", damage, content)
    if changes := _changes(catalog, script, content):
        return judged("stale", changes, content)
    if missing := [seed for seed in catalog.seeds(script) if str(seed) not in content["results"]]:
        return judged("short", [f"it lacks the seeds {', '.join(map(str, missing))}"], content)
    return judged("fresh", [], content)


def lines_printed_by(catalog: Catalog, record: Record, section: str) -> list[int]:
    """Return which lines of the recorded output, from 1, a section of the script printed, in their order.

    Raises `NotRecorded` if the record does not say which section printed what.
    """
    sections = record.content.get("printed")
    if not sections or not record_path(catalog, record.script, record.device, "txt").exists():
        raise NotRecorded(f"the record of {record.script.stem} does not say which section printed which line")
    return [number for number, name in enumerate(sections, 1) if name == section != ""]


def printed_by(catalog: Catalog, record: Record, section: str) -> str:
    """Return the lines of the recorded output that a section of the script printed, in their order.

    Raises `NotRecorded` if it printed none, or the record does not say which section printed what.
    """
    path = record_path(catalog, record.script, record.device, "txt")
    numbers = lines_printed_by(catalog, record, section)
    if not numbers:
        printing = ", ".join(dict.fromkeys(filter(None, record.content["printed"]))) or "none"
        raise NotRecorded(f"no line of {path.name} was printed by the section {section!r}; these print: {printing}")
    lines = path.read_text(encoding="utf-8").split("\n")
    return "".join(f"{lines[number - 1]}\n" for number in numbers)


def recorded_figure(catalog: Catalog, record: Record, name: str) -> dict[str, Any]:
    """Return what a recorded figure shows (`evidence/running/drawn.py`); raise `NotRecorded` if that was not kept."""
    path = record_path(catalog, record.script, record.device, f"{name}.json")
    if f"{name}.json" not in record.content.get("files", {}) or not path.exists():
        raise NotRecorded(f"the record of {record.script.stem} does not say what the figure {name} shows")
    return json.loads(path.read_text(encoding="utf-8"))


def seeds_to_run(catalog: Catalog, script: Script, device: str = "cpu") -> list[int]:
    """Return the seeds that have to be run to make a record fresh: those that it is short of, or all of them."""
    record = read_record(catalog, script, device)
    recorded = record.seeds if record.status in ("fresh", "short") else []
    return [seed for seed in catalog.seeds(script) if seed not in recorded] or catalog.seeds(script)


def recorded_results(catalog: Catalog, scripts: Iterable[Script] | None = None, device: str = "cpu") -> Evidence:
    """Return the results of every recorded run on a device, of some scripts or of all."""
    runs = {}
    for script in catalog.scripts.values() if scripts is None else scripts:
        content = read_sealed(record_path(catalog, script, device))
        if content:
            runs[script.stem] = {int(seed): results for seed, results in content["results"].items()}
    return Evidence(catalog, runs)


def add_seeds(catalog: Catalog, record: Record, runs: Sequence[Run]) -> Path:
    """Add the results of more seeds to a record that is true; raise `RecordRefused` as `write_record` does, or if it is not."""
    if record.status not in ("fresh", "short"):
        raise RecordRefused(f"the record of {record.script.stem} is {record.status}, and cannot be added to")
    _check(catalog, runs)
    if runs[0].data and data_digest(runs[0].data.checksums) != record.content["data"]:
        raise RecordRefused(f"{record.script.path.name} was recorded with other data")
    for run in runs:
        # Python's own release binds no record.
        changed = {
            name: version for name, version in _versions(run).items() if record.content["versions"].get(name) != version
        }
        if changed.keys() - {"python"}:
            raise RecordRefused(f"{record.script.path.name}, seed {run.seed}, ran with other versions: {changed}")
    results = {**record.content["results"], **{str(run.seed): dict(run.results) for run in runs}}
    path = record_path(catalog, record.script, record.device)
    write_sealed(path, {**record.content, "results": results})
    return path


def changed_by_code(catalog: Catalog, record: Record, run: Run) -> list[str]:
    """Return what a run with the script's own seed has otherwise than its stale record, such as `results`.

    Where the list is empty, the code that was edited since makes no difference: results, figures and the numbers in the
    output are the same to the last bit. How long something took is no such number, and words may have been mended.
    """
    recorded = record.content
    output = record_path(catalog, record.script, record.device, "txt").read_text(encoding="utf-8")
    files = {name: sum_ for name, sum_ in recorded["files"].items() if name.endswith(".svg")}
    same = {
        "seed": record.seeds[0] == run.seed,
        "versions": recorded["versions"] == _versions(run),
        "data": recorded["data"] == _data(run),
        "machine": (recorded["device"], recorded["threads"]) == (_device(run), run.threads),
        "results": recorded["results"][str(record.seeds[0])] == dict(run.results),
        "output": _numbers(output) == _numbers(run.output),
        "figures": files == {f"{name}.svg": digest(svg.encode()) for name, svg in run.figures.items()},
    }
    return [name for name, is_same in same.items() if not is_same]


def write_record(catalog: Catalog, runs: Sequence[Run], earlier: Record | None = None) -> Path:
    """Keep what good runs of one script on one device left: the first one's output and figures, the results of all.

    The results of seeds that were not run are taken over from an `earlier` record, of which `changed_by_code` found nothing to
    be otherwise; the new one says so, with the day of their run.

    Raises `RecordRefused` if a run was rehearsed, used stand-in data, broke a bound that the topic declares, or is of other code than
    what lies there now; nothing is changed then. The JSON file is replaced last, so an interrupted write leaves a record that is seen to be damaged.
    """
    first = runs[0]
    script = first.script
    _check(catalog, runs)
    files = {"txt": first.output.encode()}
    for name, svg in sorted(first.figures.items()):
        files[f"{name}.svg"] = svg.encode()
        files[f"{name}.json"] = _compact(first.drawn.get(name, {}))
    results = {str(run.seed): dict(run.results) for run in runs}
    kept = {} if earlier is None else _kept(catalog, earlier, results)
    content = {
        "format": FORMAT,
        "script": script.path.relative_to(catalog.root).as_posix(),
        "code": dict(first.code),
        "versions": _versions(first),
        "data": _data(first),
        "device": _device(first),
        "threads": first.threads,
        "date": datetime.date.today().isoformat(),
        "seconds": {"wall": first.seconds_wall, "cpu": first.seconds_cpu},
        "peak_memory_bytes": first.peak_memory_bytes,
        "results": results | {seed: earlier.content["results"][seed] for seed in kept},
        **({"kept": kept} if kept else {}),
        "printed": list(first.printed),
        "files": {ending: digest(bytes_) for ending, bytes_ in files.items()},
    }
    path = record_path(catalog, script, first.device)
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{script.stem}.{first.device}.*.*"):
        if old.name.removeprefix(f"{script.stem}.{first.device}.") not in files:
            old.unlink()
    for ending, bytes_ in files.items():
        _replace(record_path(catalog, script, first.device, ending), bytes_)
    write_sealed(path, content)
    return path


def _kept(catalog: Catalog, earlier: Record, results: Mapping[str, Any]) -> dict[str, str]:
    """Return seed -> day of its run, for each that a record needs and only an earlier one has."""
    wanted = [str(seed) for seed in catalog.seeds(earlier.script) if str(seed) not in results]
    days = earlier.content.get("kept", {})
    return {seed: days.get(seed, earlier.content["date"]) for seed in wanted if seed in earlier.content["results"]}


def _data(run: Run) -> str | None:
    return data_digest(run.data.checksums) if run.data else None


def _device(run: Run) -> dict[str, str]:
    return {"kind": run.device, "name": run.device_name}


def _numbers(output: str) -> list[str]:
    return NUMBER.findall(DURATION.sub("", output))


def _compact(drawn: Mapping[str, Any]) -> bytes:
    return (json.dumps(drawn, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _versions(run: Run) -> dict[str, str]:
    return {name: public_version(version) for name, version in sorted(run.versions.items())}


def _check(catalog: Catalog, runs: Sequence[Run]) -> None:
    script = runs[0].script
    for run in runs:
        if run.rehearsed:
            raise RecordRefused(f"{script.path.name} was rehearsed, and a record is of the whole script")
        if run.data is not None and not run.data.real:
            raise RecordRefused(f"{script.path.name} ran on stand-in data, of which no record is made")
        if run.code != code_digests(catalog, script):
            raise RecordRefused(f"{script.path.name} or a module of ours that it imports was edited while it ran")
        if violations := script.violations(run.results):
            raise RecordRefused(f"{script.path.name}, seed {run.seed}: {violations[0]}")


def unclaimed_files(catalog: Catalog) -> list[Path]:
    """Return files under `records/` that belong to no record; `evidence.benchmark.record`, `evidence.checks`,
    `evidence.parity` and `evidence.receipts` read theirs.
    """
    claimed = {*(catalog.records / "benchmarks").glob("*.json")}
    claimed |= {parity_path(catalog, topic) for topic in catalog.topics.values() if topic.plans}
    claimed |= {catalog.records / topic.path / "checks.json" for topic in catalog.topics.values() if topic.checks}
    claimed |= {catalog.records / "receipts" / f"{stem}.json" for stem in catalog.scripts}
    for script in catalog.scripts.values():
        for device in DEVICES:
            content = read_record(catalog, script, device).content
            claimed |= {record_path(catalog, script, device, ending) for ending in ["json", *content.get("files", {})]}
    return sorted(path for path in catalog.records.rglob("*") if path.is_file() and path not in claimed)


def read_sealed(path: Path) -> dict[str, Any] | None:
    """Return what a JSON file says, or None if it is not there or does not carry the seal of its content."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    return content if isinstance(content, dict) and content.get("seal") == _seal(content) else None


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file with a seal of its content, whole or not at all."""
    sealed = {**content, "seal": _seal(content)}
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, (json.dumps(sealed, indent=1, ensure_ascii=False) + "\n").encode())


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".partial")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def _seal(content: Mapping[str, Any]) -> str:
    """Return a digest of all that a record says, except for the seal itself."""
    unsealed = {key: value for key, value in content.items() if key != "seal"}
    return digest(json.dumps(unsealed, sort_keys=True, ensure_ascii=False).encode())


def data_digest(checksums: Mapping[str, str]) -> str:
    return digest(json.dumps(dict(sorted(checksums.items()))).encode())


def _damage(script: Script, device: str, path: Path, content: Mapping[str, Any]) -> list[str]:
    reasons = []
    if (Path(content["script"]).name, content["device"]["kind"]) != (script.path.name, device):
        reasons.append(f"{path.name} is the record of {content['script']} on a {content['device']['kind']}")
    for ending, expected in content["files"].items():
        file = path.with_name(f"{path.stem}.{ending}")
        if not file.exists():
            reasons.append(f"{file.name} is gone")
        elif digest(file.read_bytes()) != expected:
            reasons.append(f"{file.name} was changed after it was recorded")
    for seed, results in content["results"].items():
        for name, result in script.results.items():
            if name not in results:
                reasons.append(f"{path.name} lacks {name}, which topic.toml declares")
            else:
                reasons += [f"{path.name}, seed {seed}: {violation}" for violation in result.violations(results[name])]
    return reasons


def _changes(catalog: Catalog, script: Script, content: Mapping[str, Any]) -> list[str]:
    reasons = []
    recorded, current = content["code"], code_digests(catalog, script)
    for name in sorted(recorded.keys() | current.keys()):
        if recorded.get(name) != current.get(name):
            reasons.append(f"snippets/{name} was edited after it was recorded on {content['date']}")
    reasons += changed_versions(catalog.root, script.framework, content["versions"])
    if unnamed := library_packages(catalog.snippets / name for name in current) - content["versions"].keys():
        reasons.append(f"it does not say the version of {', '.join(sorted(unnamed))}")
    if missing := set(script.figures) - {ending.removesuffix(".svg") for ending in content["files"]}:
        reasons.append(f"it lacks the figure {', '.join(sorted(missing))}")
    elif _lacks_details(script, content):
        reasons.append("it does not say which section printed each line and what its figures show")
    return reasons


def _lacks_details(script: Script, content: Mapping[str, Any]) -> bool:
    """Whether a record was made before records had what the sections printed and what figures show."""
    return "printed" not in content or not {f"{name}.json" for name in script.figures} <= content["files"].keys()
