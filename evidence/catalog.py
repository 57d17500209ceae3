"""What there is: topics, their scripts in each framework, and the contract that `topic.toml` states for them."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SECTIONS = ("concepts", "frameworks", "models", "practice", "walkthroughs")
FRAMEWORKS = {
    "numpy": "NumPy",
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "pytorch": "PyTorch",
    "mxnet": "MXNet",
}
# MXNet 1.9.1, its last release, needs Python 3.11 and NumPy 1.23.5. Colab and its like have no kernel with these, and no newer
# one can install it: its scripts are downloaded as files.
WITHOUT_NOTEBOOK = ("mxnet",)
LANGUAGES = ("zh", "en")
UNITS = ("percent", "nats", "seconds", "bytes", "count", "number")


class CatalogError(Exception):
    """A `topic.toml` or a snippet's name breaks the house rules; the message names the file and the rule."""


@dataclass(frozen=True)
class Result:
    """A number, or a list of numbers, that a script leaves in a module-level name of the same name.

    `minimum`, `maximum`: what the page claims, for every seed, and for every element of a list.
    `spread`: how far a good run may lie from the mean of the recorded seeds, in the value's own unit (percentages as
    fractions).
    `stand_in_minimum`: the floor on the stand-in data; `None` where the claim needs the real data.
    """

    name: str
    unit: str
    label: Mapping[str, str]
    selection: Mapping[str, str]
    spread: float
    scripts: tuple[str, ...]
    minimum: float | None = None
    maximum: float | None = None
    stand_in_minimum: float | None = None

    def violations(self, value: float | list[float]) -> list[str]:
        """Return one sentence for each bound that `value` breaks."""
        values = value if isinstance(value, list) else [value]
        found = []
        if self.minimum is not None and min(values) < self.minimum:
            found.append(f"{self.name} is {min(values):.6g}, below its declared minimum of {self.minimum:.6g}")
        if self.maximum is not None and max(values) > self.maximum:
            found.append(f"{self.name} is {max(values):.6g}, above its declared maximum of {self.maximum:.6g}")
        return found

    def disagreement(self, value: float | list[float], recorded: float | list[float]) -> str | None:
        """Return a sentence if `value` lies further from `recorded` than the declared spread, else None."""
        values = value if isinstance(value, list) else [value]
        others = recorded if isinstance(recorded, list) else [recorded]
        if isinstance(value, list) != isinstance(recorded, list) or len(values) != len(others):
            return f"{self.name} has another shape than in the record: {value} against {recorded}"
        difference, ours, theirs = max((abs(a - b), a, b) for a, b in zip(values, others))
        if difference <= self.spread:
            return None
        return (
            f"{self.name} is {ours:.6g} in this run and {theirs:.6g} in the record, on average over its seeds:"
            f" {difference:.3g} apart, the declared spread is {self.spread:.3g}"
        )


@dataclass(frozen=True)
class Figure:
    """A figure that a script draws, by its Matplotlib name, with a text alternative in each language."""

    name: str
    alternative: Mapping[str, str]
    scripts: tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """One topic: the folder of its snippets, and the contract in its `topic.toml`."""

    section: str
    name: str
    folder: Path
    title: Mapping[str, str]
    script_names: tuple[str, ...]
    results: Mapping[str, Result]
    figures: Mapping[str, Figure]
    absent: Mapping[str, Mapping[str, str]]
    seeds: int
    time_limit_seconds: float

    @property
    def path(self) -> str:
        """The topic's one name everywhere, such as `models/mlp`."""
        return f"{self.section}/{self.name}"


@dataclass(frozen=True)
class Script:
    """One script in one framework, such as `snippets/models/mlp/mlp_pytorch.py`."""

    topic: Topic
    name: str
    framework: str

    @property
    def stem(self) -> str:
        """The file's name without its ending, unique in the whole house: `mlp_pytorch`."""
        return f"{self.name}_{self.framework}"

    @property
    def path(self) -> Path:
        return self.topic.folder / f"{self.stem}.py"

    @property
    def results(self) -> dict[str, Result]:
        return {name: result for name, result in self.topic.results.items() if self.name in result.scripts}

    @property
    def figures(self) -> dict[str, Figure]:
        return {name: figure for name, figure in self.topic.figures.items() if self.name in figure.scripts}


@dataclass(frozen=True)
class Catalog:
    """Every topic and script under `root`, the repository's folder."""

    root: Path
    topics: Mapping[str, Topic]
    scripts: Mapping[str, Script]

    @property
    def snippets(self) -> Path:
        return self.root / "snippets"

    @property
    def records(self) -> Path:
        return self.root / "records"

    def script(self, stem: str) -> Script:
        """Return the script called `stem`; raise `CatalogError` with the known names if there is none."""
        if stem not in self.scripts:
            raise CatalogError(f"no script is called {stem!r}; there are: {', '.join(self.scripts) or 'none'}")
        return self.scripts[stem]

    def select(self, topic: str | None = None, framework: str | None = None) -> Iterator[Script]:
        """Yield the scripts of a topic (`models/mlp`, or a whole section) and a framework; all by default."""
        for script in self.scripts.values():
            in_topic = topic is None or script.topic.path == topic or script.topic.section == topic
            if in_topic and (framework is None or script.framework == framework):
                yield script


def load_catalog(root: Path) -> Catalog:
    """Read every `topic.toml` and the scripts beside it.

    Raises `CatalogError` if `root` is not the repository, a contract is incomplete, a script is missing or
    undeclared, or two scripts share a name.
    """
    snippets = root / "snippets"
    if not snippets.is_dir():
        raise CatalogError(f"there is no folder {snippets}: run this in the repository's root")
    topics: dict[str, Topic] = {}
    scripts: dict[str, Script] = {}
    for section in SECTIONS:
        for folder in sorted(path for path in (snippets / section).glob("*") if path.is_dir()):
            if folder.name == "__pycache__":
                continue
            topic = _load_topic(section, folder)
            topics[topic.path] = topic
            for script in _scripts_of(topic):
                if script.stem in scripts:
                    raise CatalogError(f"{script.path} and {scripts[script.stem].path} share a name: names are unique")
                scripts[script.stem] = script
    # Where nothing looks for scripts, a script would never be run.
    for path in sorted(snippets.rglob("*.py")):
        place = path.relative_to(snippets)
        if len(place.parts) > 1 and "/".join(place.parts[:-1]) not in topics:
            raise CatalogError(
                f"{path} lies in snippets/{place.parent.as_posix()}, which is no topic: a snippet lies in"
                f" snippets/<section>/<topic>/ with a section of {', '.join(SECTIONS)}"
            )
    return Catalog(root=root, topics=topics, scripts=scripts)


def _scripts_of(topic: Topic) -> list[Script]:
    declared = [Script(topic, name, framework) for name in topic.script_names for framework in FRAMEWORKS]
    present = [script for script in declared if script.path.is_file()]
    strays = {path.name for path in topic.folder.glob("*.py")} - {script.path.name for script in present}
    if strays:
        raise CatalogError(
            f"{topic.folder} holds {', '.join(sorted(strays))}: a snippet is called <script>_<framework>.py with a script"
            f" that topic.toml lists ({', '.join(topic.script_names)}) and a framework of {', '.join(FRAMEWORKS)}"
        )
    return present


def _load_topic(section: str, folder: Path) -> Topic:
    contract = folder / "topic.toml"
    if not contract.is_file():
        raise CatalogError(f"{folder} has no topic.toml: every topic states its contract")
    topic = _parse_topic(section, folder, contract.read_text(encoding="utf-8"))
    _Contract(contract).absences(topic)
    return topic


@functools.lru_cache(maxsize=1000)  # Each page of a build loads the catalog.
def _parse_topic(section: str, folder: Path, text: str) -> Topic:
    contract = folder / "topic.toml"
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{contract} is not valid TOML: {error}") from None
    check = _Contract(contract)
    allowed = {"title", "scripts", "seeds", "time_limit_seconds", "results", "figures", "absent"}
    check.keys(table, "the file", allowed, {"title"})
    for name in ("results", "figures", "absent"):
        check.keys(table.get(name, {}), name)
    script_names = check.names(table.get("scripts", [folder.name]), "scripts")
    topic = Topic(
        section=section,
        name=folder.name,
        folder=folder,
        title=check.languages(table["title"], "title"),
        script_names=script_names,
        results={name: check.result(name, entry, script_names) for name, entry in table.get("results", {}).items()},
        figures={name: check.figure(name, entry, script_names) for name, entry in table.get("figures", {}).items()},
        absent={name: check.languages(entry, f"absent.{name}") for name, entry in table.get("absent", {}).items()},
        seeds=check.number(table.get("seeds", 5), "seeds", lowest=1, kinds=(int,)),
        time_limit_seconds=check.number(table.get("time_limit_seconds", 600), "time_limit_seconds", lowest=1),
    )
    if not topic.results:
        raise CatalogError(f"{contract} declares no result: a topic that claims nothing cannot be tested")
    return topic


@dataclass(frozen=True)
class _Contract:
    """Checks the tables of one `topic.toml`, naming the file and the table in every complaint."""

    path: Path

    def keys(
        self, table: object, where: str, allowed: set[str] | None = None, required: set[str] = frozenset()
    ) -> None:
        if not isinstance(table, dict):
            raise CatalogError(f"{self.path}: {where} must be a table")
        if allowed is not None and (unknown := set(table) - allowed):
            raise CatalogError(f"{self.path}: {where} has unknown keys: {', '.join(sorted(unknown))}")
        if missing := required - set(table):
            raise CatalogError(f"{self.path}: {where} lacks {', '.join(sorted(missing))}")

    def languages(self, value: object, where: str) -> Mapping[str, str]:
        if (
            not isinstance(value, dict)
            or set(value) != set(LANGUAGES)
            or not all(isinstance(text, str) and text.strip() for text in value.values())
        ):
            raise CatalogError(f"{self.path}: {where} must give a text for each of {', '.join(LANGUAGES)}")
        return value

    def names(self, value: object, where: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
            raise CatalogError(f"{self.path}: {where} must be a list of names")
        return tuple(value)

    def number(self, value: object, where: str, lowest: float = -math.inf, kinds: tuple = (int, float)) -> float:
        if type(value) not in kinds or not math.isfinite(value) or value < lowest:
            kind = "whole number" if kinds == (int,) else "number"
            least = "" if lowest == -math.inf else f" of at least {lowest}"
            raise CatalogError(f"{self.path}: {where} must be a {kind}{least}, not {value!r}")
        return value

    def scripts(self, entry: Mapping, where: str, script_names: tuple[str, ...]) -> tuple[str, ...]:
        names = self.names(entry.get("scripts", list(script_names)), f"{where}.scripts")
        if unknown := set(names) - set(script_names):
            raise CatalogError(f"{self.path}: {where} names unknown scripts: {', '.join(sorted(unknown))}")
        return names

    def result(self, name: str, entry: Mapping, script_names: tuple[str, ...]) -> Result:
        where = f"results.{name}"
        bounds = {"minimum", "maximum", "stand_in_minimum"}
        required = {"unit", "label", "selection", "spread"}
        self.keys(entry, where, required | bounds | {"scripts"}, required)
        if entry["unit"] not in UNITS:
            raise CatalogError(f"{self.path}: {where}.unit is {entry['unit']!r}; it is one of {', '.join(UNITS)}")
        return Result(
            name=name,
            unit=entry["unit"],
            label=self.languages(entry["label"], f"{where}.label"),
            selection=self.languages(entry["selection"], f"{where}.selection"),
            spread=self.number(entry["spread"], f"{where}.spread", lowest=0),
            scripts=self.scripts(entry, where, script_names),
            **{bound: self.number(entry[bound], f"{where}.{bound}") for bound in bounds & set(entry)},
        )

    def figure(self, name: str, entry: Mapping, script_names: tuple[str, ...]) -> Figure:
        where = f"figures.{name}"
        self.keys(entry, where, {"scripts", *LANGUAGES}, set(LANGUAGES))
        alternative = self.languages({language: entry[language] for language in LANGUAGES}, where)
        return Figure(name=name, alternative=alternative, scripts=self.scripts(entry, where, script_names))

    def absences(self, topic: Topic) -> None:
        """Every hole in script × framework has its reason, and no reason stands where there is no hole."""
        expected = set()
        for name in topic.script_names:
            for framework in FRAMEWORKS:
                script = Script(topic, name, framework)
                if not script.path.is_file():
                    expected.add(framework if len(topic.script_names) == 1 else script.stem)
        # A framework that no script of the topic uses is one hole, not one for each script.
        for framework in FRAMEWORKS:
            stems = {f"{name}_{framework}" for name in topic.script_names}
            if len(topic.script_names) > 1 and stems <= expected:
                expected = expected - stems | {framework}
        if missing := expected - set(topic.absent):
            raise CatalogError(
                f"{self.path}: there is no script for {', '.join(sorted(missing))}: write it, or give the reason"
                f" under [absent] in each language"
            )
        if surplus := set(topic.absent) - expected:
            raise CatalogError(
                f"{self.path}: [absent] excuses {', '.join(sorted(surplus))}, but nothing is missing there"
            )
