"""How far the versions of one model lie from Keras' version when all have the same weights, as the tests of parity measured it.

The measurement is committed as `parity.json` beside the topic's other records. Like any record it is sealed, and what it says
of a model holds only as long as that model's scripts and the frameworks' versions are those that were measured.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from evidence.catalog import Catalog, Topic
from evidence.code import changed_versions, code_digest, public_version
from evidence.record import parity_path, read_sealed, write_sealed


class ParityDamaged(Exception):
    """The record of parity was edited by hand."""


@dataclass(frozen=True)
class Parity:
    """The largest differences of one model, framework -> quantity -> difference, and why they no longer hold, if so."""

    differences: Mapping[str, Mapping[str, float]]
    date: str
    reasons: tuple[str, ...]


def read_parity(catalog: Catalog, names: Collection[str] | None = None) -> dict[str, Parity]:
    """Return script name -> `Parity` for every model that was measured, or for those of `names`.

    Raises `ParityDamaged` if a record is not what was written.
    """
    found = {}
    for topic in catalog.topics.values():
        planned = {plan.script for plan in topic.plans}
        if planned and (names is None or planned & set(names)):
            measured = _read(catalog, topic)
            found |= {name: parity for name, parity in measured.items() if names is None or name in names}
    return found


def _read(catalog: Catalog, topic: Topic) -> dict[str, Parity]:
    path = parity_path(catalog, topic)
    if not path.exists():
        return {}
    content = read_sealed(path)
    if content is None:
        raise ParityDamaged(f"{topic.path}/{path.name} was edited by hand: its seal does not match what it says")
    found = {}
    for name, model in content["models"].items():
        reasons = []
        for stem, recorded in model["code"].items():
            script = catalog.scripts.get(stem)
            if script is None or code_digest(script.path) != recorded:
                reasons.append(f"{stem}.py was edited after its parity was measured on {content['date']}")
            else:
                reasons += changed_versions(catalog.root, script.framework, content["versions"])
        found[name] = Parity(model["differences"], content["date"], tuple(dict.fromkeys(reasons)))
    return found


def write_parity(
    catalog: Catalog,
    topic: Topic,
    differences: Mapping[str, Mapping[str, Mapping[str, float]]],
    versions: Mapping[str, str],
) -> None:
    """Keep what was measured of a topic: script name -> framework -> quantity -> largest difference from Keras."""
    scripts = list(catalog.select(topic.path))
    content = {
        "date": datetime.date.today().isoformat(),
        "versions": {name: public_version(version) for name, version in sorted(versions.items())},
        "models": {
            name: {
                "code": {script.stem: code_digest(script.path) for script in scripts if script.name == name},
                "differences": {framework: dict(quantities) for framework, quantities in frameworks.items()},
            }
            for name, frameworks in sorted(differences.items())
        },
    }
    write_sealed(parity_path(catalog, topic), content)
