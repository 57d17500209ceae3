"""What says that a script was last run whole, and passed every test that holds it: when, on what machine, and of what code.

A receipt is bound to all that the run and its tests were made of: the script and its modules, the contract, the record, the tests
with their probe and helpers, what runs and judges it here, the versions and the data. Change one of them, and it says nothing any
more. Like a record it is sealed, so an edit by hand shows. Whether the tests passed is for the session of tests to know, which
writes it (`tests/everyday.py`).
"""

from __future__ import annotations

import ast
import functools
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.catalog import Catalog, Script
from evidence.code import (
    changed_versions,
    code_digest,
    digest,
    known_checksums,
    local_modules,
    public_version,
    reads_mnist,
)
from evidence.outcome import Run
from evidence.record import data_digest, read_sealed, record_path, write_sealed

FORMAT = 1
# Besides `running/`: what decides whether a run is what its record and its page say.
JUDGES = ("agreement.py", "checks.py", "claims.py", "comparison.py")


class ReceiptRefused(Exception):
    """A run may not be vouched for: it was rehearsed, or on stand-in data, or of other code or versions than what lies there."""


@dataclass(frozen=True)
class Receipt:
    """A receipt and why it does not count: `reasons`, a sentence each, none if it does.

    `when`: the whole run that it vouches for, even if it counts no more; None if there is none to be believed.
    """

    script: Script
    when: datetime | None
    files: frozenset[str]
    reasons: tuple[str, ...]

    @property
    def counts(self) -> bool:
        return not self.reasons


def receipts_folder(catalog: Catalog) -> Path:
    """Return where receipts are read: `records/receipts/`, or the folder that the variable RECEIPTS names."""
    return Path(os.environ.get("RECEIPTS") or catalog.records / "receipts")


def new_receipts_folder(catalog: Catalog) -> Path:
    """Return where receipts are written: the same, or the folder that the variable NEW_RECEIPTS names."""
    return Path(os.environ.get("NEW_RECEIPTS") or receipts_folder(catalog))


def files_of_tests(catalog: Catalog, script: Script) -> list[Path]:
    """Return the files whose tests hold a script, wherever else there are some too."""
    tests = catalog.root / "tests"
    own = [tests / script.topic.section / f"test_{script.topic.name}.py"]
    training = [tests / "test_training.py"] if script.training else []
    return [tests / "test_contract.py", *(path for path in [*own, *training] if path.is_file())]


def write_receipt(folder: Path, catalog: Catalog, run: Run, bound: Mapping[str, str], now: datetime) -> Path:
    """Vouch for a whole run whose tests have all passed, and return the file; `bound` is what `bound_files` returned before.

    Raises `ReceiptRefused` if the run is none to vouch for.
    """
    script = run.script
    versions = {name: public_version(version) for name, version in run.versions.items() if name != "python"}
    if run.rehearsed:
        raise ReceiptRefused(f"{script.path.name} was rehearsed")
    if run.data and not run.data.real:
        raise ReceiptRefused(f"{script.path.name} ran on stand-in data")
    after = bound_files(catalog, script, [catalog.root / name for name in bound if _is_test(name)])
    if edited := sorted(name for name in bound.keys() | after.keys() if bound.get(name) != after.get(name)):
        raise ReceiptRefused(f"{', '.join(edited)} was edited while {script.path.name} ran")
    if changes := changed_versions(catalog.root, script.framework, versions):
        raise ReceiptRefused(f"{script.path.name}: {changes[0]}")
    path = folder / f"{script.stem}.json"
    content = {
        "format": FORMAT,
        "script": script.path.relative_to(catalog.root).as_posix(),
        "when": now.isoformat(timespec="seconds"),
        "machine": {"processor": run.device_name, "platform": platform.platform()},
        "versions": versions,
        "data": _data(catalog, script),
        "files": bound,
    }
    write_sealed(path, content)
    return path


def read_receipt(folder: Path, catalog: Catalog, script: Script, now: datetime) -> Receipt:
    """Read the receipt of a script and judge it."""
    path = folder / f"{script.stem}.json"
    if not path.exists():
        return Receipt(script, None, frozenset(), (f"{script.path.name} has no receipt",))
    content = read_sealed(path)
    if content is None:
        return Receipt(script, None, frozenset(), (f"{path.name} was edited by hand: its seal does not match",))
    try:
        return _judge(catalog, script, content, now)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Receipt(script, None, frozenset(), (f"{path.name} is no receipt: {error!r}",))


def _judge(catalog: Catalog, script: Script, content: Mapping[str, Any], now: datetime) -> Receipt:
    when, files = datetime.fromisoformat(content["when"]), content["files"]
    name = script.path.relative_to(catalog.root).as_posix()
    if (content["format"], content["script"]) != (FORMAT, name):
        return Receipt(script, None, frozenset(), (f"it is of {content['script']}, in format {content['format']}",))
    if when > now:
        return Receipt(script, None, frozenset(), (f"it is of {content['when']}, which is yet to come",))
    bound = bound_files(catalog, script, [catalog.root / name for name in files if _is_test(name)])
    reasons = [
        f"{path} has changed since it was run whole"
        for path in sorted(bound.keys() | files.keys())
        if bound.get(path) != files.get(path)
    ]
    reasons += changed_versions(catalog.root, script.framework, content["versions"])
    if content["data"] != _data(catalog, script):
        reasons.append("it was run on other data")
    return Receipt(script, when, frozenset(files), tuple(reasons))


def overdue(catalog: Catalog, folder: Path, now: datetime, days: float) -> list[str]:
    """Return a sentence for each script that was last run whole longer ago than this, if ever."""
    found = []
    for script in catalog.scripts.values():
        receipt = read_receipt(folder, catalog, script, now)
        if receipt.when is None:
            found.append(f"{script.stem} has never been run whole: {receipt.reasons[0]}")
        elif now - receipt.when > timedelta(days=days):
            found.append(f"{script.stem} was last run whole {(now - receipt.when).days} days ago")
    return found


def _data(catalog: Catalog, script: Script) -> str | None:
    return data_digest(known_checksums(catalog.snippets / "mnist_data.py")) if reads_mnist(catalog, script) else None


def bound_files(catalog: Catalog, script: Script, tests: Iterable[Path]) -> dict[str, str]:
    """Return path (in the repository) to digest, for every file that a receipt is bound to; one that is gone is left out.

    `tests`: the files of the tests that hold the script, where there are more than `files_of_tests` says.
    """
    root, package = catalog.root, Path(__file__).parent
    probe = root / "tests" / script.topic.section / f"probe_{script.topic.name}.py"
    own = [
        script.path,
        *local_modules(catalog, script),
        script.topic.folder / "topic.toml",
        record_path(catalog, script, "cpu"),
    ]
    watch = [root / "tests" / "adapters" / "watching.py"] if script.training else []
    held = _with_helpers(root / "tests", [*files_of_tests(catalog, script), *tests, probe, *watch])
    found = {path.relative_to(root).as_posix(): path for path in [*own, *held, root / "tests" / "conftest.py"]}
    found |= {
        f"evidence/{path.relative_to(package).as_posix()}": path
        for path in [*(package / "running").iterdir(), *(package / name for name in JUDGES)]
    }
    return {
        name: code_digest(path) if path.suffix == ".py" else digest(path.read_bytes().replace(b"\r\n", b"\n"))
        for name, path in sorted(found.items())
        if path.is_file()
    }


def _is_test(name: str) -> bool:
    return name.startswith("tests/") and Path(name).name.startswith("test_")


def _with_helpers(folder: Path, files: Iterable[Path]) -> set[Path]:
    """Return files of tests with those in `folder` that they import, directly or through one another."""
    found: set[Path] = set()
    pending = list(files)
    while pending:
        path = pending.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        if path.name == "conftest.py":  # it starts the session, and what else it imports is no matter of the script
            continue
        # By its whole name as a test does, or from the folder of the importing file as a probe does.
        candidates = [base / place for base in (folder.parent, path.parent) for place in _imports(path.read_bytes())]
        pending += [candidate for candidate in candidates if folder in candidate.parents]
    return found


@functools.lru_cache(maxsize=1000)  # tests/test_contract.py holds every script
def _imports(code: bytes) -> frozenset[Path]:
    """Return where the modules that a file imports would lie, such as `tests/models/versions.py`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(Path(*name.split(".")).with_suffix(".py") for name in names)
