"""Our formulas beside each framework's own functions: what `[checks]` in a contract asks for, measured, and kept.

The measurement of a topic is `records/<section>/<topic>/checks.json`, sealed like any record. What it says holds as long as
the script, the checks and the frameworks' versions are those that were measured.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.catalog import Catalog, Check, Script, Topic
from evidence.code import PACKAGES, changed_versions, code_digests, digest
from evidence.record import read_sealed, write_sealed

# Between two ways to compute the same in floating point, relative to the largest value if that is above 1. Another
# convention, such as an epsilon in another place, lies above it.
TOLERANCE = {"float64": 1e-9, "float32": 1e-5}
Differences = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True)
class Checks:
    """What was measured: check -> framework -> `value` or `derivative` -> largest difference, and why it holds no more, if so."""

    differences: Differences
    versions: Mapping[str, str]
    date: str
    reasons: tuple[str, ...]


def checks_path(catalog: Catalog, topic: Topic) -> Path:
    return catalog.records / topic.path / "checks.json"


def read_checks(catalog: Catalog, topic: Topic) -> Checks:
    """Return the measurement of a topic's checks; without any, `differences` is empty and `reasons` says so."""
    content = read_sealed(checks_path(catalog, topic))
    if content is None:
        state = "were edited by hand" if checks_path(catalog, topic).exists() else "have never been measured"
        return Checks({}, {}, "", (f"the checks of {topic.path} {state}",))
    reasons = []
    if content["code"] != _code(catalog, topic):
        reasons.append(f"a script of {topic.path} was edited after its checks were measured on {content['date']}")
    for name, check in topic.checks.items():
        if content["checks"].get(name, {}).get("definition") != _definition(check):
            reasons.append(f"checks.{name} was edited after it was measured on {content['date']}")
        elif missing := set(check.code) - set(content["checks"][name]["differences"]):
            reasons.append(f"checks.{name} has not been measured in {', '.join(sorted(missing))}")
    for framework, version in content["versions"].items():
        package = PACKAGES[framework][0]
        reasons += [
            f"{topic.path}: {reason}" for reason in changed_versions(catalog.root, framework, {package: version})
        ]
    differences = {name: entry["differences"] for name, entry in content["checks"].items()}
    return Checks(differences, content["versions"], content["date"], tuple(reasons))


def write_checks(catalog: Catalog, topic: Topic, differences: Differences, versions: Mapping[str, str]) -> Path:
    """Keep a measurement; frameworks that it lacks keep what was measured of them before, as long as that holds."""
    old = read_checks(catalog, topic)
    if not old.reasons or all("has not been measured" in reason for reason in old.reasons):
        versions = {**old.versions, **versions}
        differences = {name: {**old.differences.get(name, {}), **found} for name, found in differences.items()}
    path = checks_path(catalog, topic)
    content = {
        "date": datetime.date.today().isoformat(),
        "code": _code(catalog, topic),
        "versions": dict(sorted(versions.items())),
        "checks": {
            name: {"definition": _definition(topic.checks[name]), "differences": found}
            for name, found in sorted(differences.items())
        },
    }
    write_sealed(path, content)
    return path


def frameworks_of(topic: Topic) -> list[str]:
    """Return the frameworks that a topic's checks name."""
    return sorted({framework for check in topic.checks.values() for framework in check.code})


def expressions(checks: Iterable[Check]) -> list[str]:
    """Return what a run has to evaluate for these checks, each once."""
    wanted = [text for check in checks for text in (*check.inputs, check.value, check.derivative) if text]
    return list(dict.fromkeys(wanted))


def disagreements(topic: Topic, framework: str, differences: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return a sentence for each difference that rounding does not explain."""
    return [
        f"{topic.path}: checks.{name}: the {quantity} in {framework} differs by {difference:.2g}, more than"
        f" {TOLERANCE[topic.checks[name].dtype]:.0e}"
        for name, found in differences.items()
        for quantity, difference in found.items()
        if not difference <= TOLERANCE[topic.checks[name].dtype]
    ]


def _code(catalog: Catalog, topic: Topic) -> dict[str, str]:
    scripts = [Script(topic, name, "numpy") for name in sorted({check.script for check in topic.checks.values()})]
    return {path: found for script in scripts for path, found in code_digests(catalog, script).items()}


def _definition(check: Check) -> str:
    """Return a digest of what is computed; the label may change."""
    return digest(json.dumps(check.model_dump(exclude={"label"}), sort_keys=True).encode())
