"""What there is: topics, their scripts in each framework, and the contract that `topic.toml` states for them."""

from __future__ import annotations

import ast
import contextlib
import functools
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from evidence.agreement import rounding_bound

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
# An entry of the navigation that leads to a page of a topic.
NAVIGATED = re.compile(r"(?m)^ +- .*?([a-z]+/\w+)\.(?:md|ipynb)$")
# Keras' layers with weights, by what their translators in `snippets/frameworks/parity/` are called by.
LAYERS = Literal[
    "dense",
    "flatten_dense",
    "conv2d",
    "conv2d_without_bias",
    "rnn",
    "bidirectional_rnn",
    "gru",
    "attention",
    "layer_norm",
    "batch_norm",
    "embedding",
]
# A promise that holds for any seed has been tried on this many runs of a script, its frameworks taken together.
RUNS = 20
# Where no parity lets the frameworks share their variance, a script's interval rests on its own runs: with fewer than
# these, the suite gives more false alarms than it may.
RUNS_ALONE = 10


class CatalogError(Exception):
    """A `topic.toml` or a snippet's name breaks the house rules; the message names the file and the rule."""


def _both(texts: dict[str, str]) -> dict[str, str]:
    if set(texts) != set(LANGUAGES) or not all(text.strip() for text in texts.values()):
        raise ValueError(f"must give a text for each of {', '.join(LANGUAGES)}")
    return texts


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"must be finite, not {number}")
    return number


Texts = Annotated[dict[str, str], AfterValidator(_both)]
Number = Annotated[int | float, AfterValidator(_finite)]
Positive = Annotated[Number, Field(gt=0)]
Item = TypeVar("Item")
OneOrMore = Item | Annotated[tuple[Item, ...], Field(min_length=2, strict=False)]
Names = Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
Shape = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, strict=False)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Rounding(_Table):
    """How far rounding alone may take a number from what it is in exact arithmetic.

    `terms`: roundings that reach one number, one after the other, such as the length of a sum; `magnitude`: the largest
    number among them. `evidence.agreement.rounding_bound` says what follows.
    """

    dtype: Literal["float32", "float64"]
    terms: Annotated[int, Field(ge=1)]
    magnitude: Positive = 1.0

    @property
    def bound(self) -> float:
        return rounding_bound(self.dtype, self.terms, self.magnitude)


class Result(_Table):
    """A number, or a list of numbers, that a script leaves in a module-level name of the same name.

    `minimum`, `maximum`: what the page claims, for every seed, and for every element of a list.
    `step`: the smallest step in which it moves, where the recorded runs may be all the same by chance: 1/N of a share of N
    things, 1 of a count, 1e-6 of what is zero but for single precision.
    `exact`: it has no chance and no rounding. `rounding`: no chance, but rounding. `zero`: in exact arithmetic it would be
    zero; all it has is rounding, of this kind. `measured`: a time, or a ratio of times; it differs with the machine, and
    only its bounds are held. Without any of these it has chance, and the recorded seeds say how much.
    `stand_in_minimum`: the floor on the stand-in data; `None` where the claim needs the real data.
    """

    name: str
    unit: Literal["percent", "points", "nats", "seconds", "bytes", "count", "number"]
    label: Texts
    selection: Texts | None = None
    scripts: Names
    minimum: Number | None = None
    maximum: Number | None = None
    stand_in_minimum: Number | None = None
    step: Positive | None = None
    exact: bool = False
    measured: bool = False
    rounding: Rounding | None = None
    zero: Rounding | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Result:
        kinds = [name for name in ("exact", "measured", "rounding", "zero") if getattr(self, name)]
        if len(kinds) > 1:
            raise ValueError(f"is {' and '.join(kinds)}; a result is one of these at most")
        if self.zero and (self.minimum is not None or self.maximum is not None):
            raise ValueError("is zero but for rounding, which bounds it already; leave minimum and maximum out")
        return self

    @property
    def has_chance(self) -> bool:
        """Whether the recorded seeds say what to expect of it."""
        return not (self.exact or self.measured or self.rounding or self.zero)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """What it may not leave, for any seed: the declared bounds, or those of rounding."""
        return (-self.zero.bound, self.zero.bound) if self.zero else (self.minimum, self.maximum)

    def violations(self, value: float | list[float]) -> list[str]:
        """Return one sentence for each bound that `value` breaks."""
        values = value if isinstance(value, list) else [value]
        lowest, highest = self.bounds
        found = []
        if lowest is not None and min(values) < lowest:
            found.append(f"{self.name} is {min(values):.6g}, below its declared minimum of {lowest:.6g}")
        if highest is not None and max(values) > highest:
            found.append(f"{self.name} is {max(values):.6g}, above its declared maximum of {highest:.6g}")
        return found


class Figure(_Table):
    """A figure that a script draws, by its Matplotlib name, with a text alternative in each language.

    `series`: what a line or a row of bars is called, and the result that it shows. `titles`, `x`, `y`: the titles and axis
    labels of its panels, in their order, where the contract holds them. `images`: which part of MNIST its pictures come from.
    `frameworks`: whose version of the script draws it, if not every one. `evidence.figures` says more.
    """

    name: str
    alternative: Texts
    scripts: Names
    frameworks: Annotated[tuple[Literal[*FRAMEWORKS], ...], Field(strict=False)] = tuple(FRAMEWORKS)
    series: dict[str, str] = {}
    titles: tuple[str, ...] | None = Field(default=None, strict=False)
    x: tuple[str, ...] | None = Field(default=None, strict=False)
    y: tuple[str, ...] | None = Field(default=None, strict=False)
    images: Literal["training", "test"] | None = None


class Claim(_Table):
    """What the page says of results: an expression that holds, and a sentence in each language with the values in it.

    `evidence.claims` says what an expression may be. `stand_in`: it holds on the stand-in data as well.
    """

    name: str
    holds: str
    text: Texts
    scripts: tuple[str, ...] = Field(default=(), strict=False)
    stand_in: bool = False


class Check(_Table):
    """A formula of a script, held against each framework's own function for the same inputs.

    `value`: an expression in the script's module-level names, which gives a number or an array; `derivative`: one for the
    derivative of the sum of `value` by the first of `inputs`. `inputs`: names that the script leaves, handed over as tensors
    of `dtype` where they are not whole numbers. `code`: framework to Python code, whose last line is an expression; it knows
    the inputs and what `evidence.running.frameworks` gives it. They agree within `evidence.checks.TOLERANCE`.
    """

    name: str
    script: str
    inputs: Names
    value: str
    derivative: str | None = None
    dtype: Literal["float32", "float64"] = "float64"
    code: Annotated[dict[str, str], Field(min_length=1)]
    label: Texts | None = None


class Slider(_Table):
    """What a reader may change in an exploration. `start`: what the page's run used, a number or a result such as `state[-1]`.

    `value`: how its value is read, with the numbers of the exploration in braces; it is itself one of them, by its own name.
    """

    label: Texts
    minimum: Number
    maximum: Number
    step: Positive
    start: Number | str
    value: Texts

    @model_validator(mode="after")
    def _has_room(self) -> Slider:
        if self.minimum >= self.maximum:
            raise ValueError("needs a minimum below its maximum")
        if not isinstance(self.start, str):
            self.stop_at(self.start)
        return self

    def stop_at(self, start: float) -> float:
        """Return where it stands at first; raise `ValueError` if it cannot stand there: a browser would take another value."""
        steps = (start - self.minimum) / self.step
        if not self.minimum <= start <= self.maximum or abs(steps - round(steps)) > 1e-6:
            raise ValueError(f"cannot start at {start}: from {self.minimum} to {self.maximum} it goes by {self.step}")
        return start


class Exploration(_Table):
    """A figure with sliders, which `evidence/site/theme/assets/javascripts/explore.js` draws by its name.

    `results`: what it is given of the record of `script`, in NumPy; `figure`: a figure whose lines it is given as well.
    `alternative`: what a reader who cannot see it must know of the picture. `axes`: the names of its axes. `says`: for each kind
    of outcome a sentence, with numbers in braces.
    """

    name: str
    script: str
    alternative: Texts
    sliders: Annotated[dict[str, Slider], Field(min_length=1)]
    says: Annotated[dict[str, Texts], Field(min_length=1)]
    results: tuple[str, ...] = Field(default=(), strict=False)
    figure: str | None = None
    axes: dict[Literal["x", "y"], Texts] = {}


class Rehearsal(_Table):
    """A shorter run of a script, for every day: the recorded run is always the whole script.

    `replace`: values for constants that the script assigns at module level, in each framework. `minimum`, `maximum`: what the
    rehearsal has to keep instead of the bounds of its results, which are those of the whole run.
    """

    script: str
    replace: Annotated[dict[str, bool | Number | str | list[Number]], Field(min_length=1)]
    minimum: dict[str, Number] = {}
    maximum: dict[str, Number] = {}

    @model_validator(mode="after")
    def _can_fail(self) -> Rehearsal:
        if "SEED" in self.replace:
            raise ValueError("replaces SEED: a rehearsal is the same run, only shorter")
        if not (self.minimum or self.maximum):
            raise ValueError("has no bound: a rehearsal that promises nothing cannot be tested")
        return self

    def violations(self, results: Mapping[str, float | list[float]]) -> list[str]:
        """Return one sentence for each of its bounds that the results of a rehearsal break."""
        found = []
        for name, value in results.items():
            values = value if isinstance(value, list) else [value]
            if name in self.minimum and min(values) < self.minimum[name]:
                found.append(f"{name} is {min(values):.6g}, below {self.minimum[name]:.6g}, its minimum in rehearsal")
            if name in self.maximum and max(values) > self.maximum[name]:
                found.append(f"{name} is {max(values):.6g}, above {self.maximum[name]:.6g}, its maximum in rehearsal")
        return found


class Plan(_Table):
    """What the tests of parity need to know of one model to prove that its versions are the same.

    `script`: whose model it is, by default the script of the plan's own name. `builder`: the function or class that makes
    it, by default `build_model`, `Model` or `build_generator`; `argument`: what the builder is given. `input`: the shape of
    one input, in Keras' order of axes. `layers`: Keras' layers with weights, in their order; `heads` of attention, `height`
    and `width` of what is flattened. It tells `classes` apart, or learns numbers, of the shape `target` for each input. It
    reads tokens, of a `vocabulary` with 0 as padding, and answers at each; `source`: so many of the first are a sequence of
    their own, which it takes as its first argument. `padded`: it answers at each step, and steps of zeros are padding.
    `noise`: how many numbers it draws for each input; it takes them as its argument `noise`. `single`: frameworks that
    compute part of it in single precision, whatever they are asked for. `apart`: why its versions do not claim to be the same.
    """

    name: str
    script: str
    apart: str | None = None
    builder: str | None = None
    argument: str | None = None
    input: Shape | None = None
    layers: Annotated[tuple[LAYERS, ...], Field(strict=False)] = ()
    heads: int | None = None
    height: int | None = None
    width: int | None = None
    classes: Annotated[int, Field(ge=2)] = 10
    target: Shape | None = None
    vocabulary: int | None = None
    source: int = 0
    padded: bool = False
    noise: int = 0
    single: tuple[Literal["tensorflow", "pytorch", "mxnet"], ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _compared_or_not(self) -> Plan:
        if bool(self.apart) == bool(self.input and self.layers):
            raise ValueError("must give input and layers, or under apart the reason why it is not compared")
        return self


class Training(_Table):
    """How a script trains, in each of its frameworks; the tests watch a run and hold it to this.

    `trainings`: how many optimisers it uses. A list gives the different values that they have. `learning_rate`: the largest,
    where it follows a `schedule`. `epochs` passes are made over `rows` of data, `batch_size` at a time; `orders`: in so many
    different orders, by default another one in each epoch; or it takes so many `steps`. `losses`: what is minimised, its mean over a batch.
    `judged_on_training_rows`: why the model is also judged on rows that it was trained on, if so; `judged_as_in_training`: why
    with dropout, or with a batch's own statistics. A table that is called by a
    framework says what is different there, and `why`.
    """

    name: str
    optimizer: str = "Adam"
    trainings: Annotated[int, Field(ge=1)] = 1
    learning_rate: OneOrMore[Positive]
    schedule: OneOrMore[Literal["constant", "cosine", "warm-up and cosine", "one cycle"]] = "constant"
    beta_1: OneOrMore[Number] = 0.9
    beta_2: Number = 0.999
    momentum: Number = 0
    weight_decay: Number = 0
    clip_norm: OneOrMore[Number] = 0
    losses: OneOrMore[str]
    batch_size: OneOrMore[int]
    epochs: OneOrMore[int] = 1
    rows: OneOrMore[int] | None = None
    steps: OneOrMore[int] | None = None
    orders: OneOrMore[int] | None = None
    judged_on_training_rows: str | None = None
    judged_as_in_training: str | None = None
    why: str | None = None
    keras: dict[str, Any] = {}
    tensorflow: dict[str, Any] = {}
    pytorch: dict[str, Any] = {}
    mxnet: dict[str, Any] = {}

    def of(self, framework: str) -> Training:
        """Return what is true in one framework."""
        return Training.model_validate(self.model_dump() | getattr(self, framework))

    @model_validator(mode="after")
    def _differences_have_reasons(self) -> Training:
        for framework in FRAMEWORKS:
            if (different := getattr(self, framework, {})) and not {
                "why"
            } < different.keys() <= Training.model_fields.keys():
                raise ValueError(f"{framework} must say what is different, by the keys above, and why")
        return self


class Contract(_Table):
    """What a `topic.toml` says, each entry with its own name in it and the scripts it is about.

    `headline`: the claim whose sentence says the topic's main result and stands alone, if it has another name than that;
    `parity.carried` is one of the topic called `parity`.
    `before`: the topics, such as `concepts/neuron`, that a reader has to know, but for those that one of these needs itself.
    """

    title: Texts
    before: tuple[str, ...] = Field(default=(), strict=False)
    scripts: Names
    headline: str | None = None
    seeds: Annotated[int, Field(ge=1)] | None = None
    time_limit_seconds: Annotated[Number, Field(ge=1)] = 600
    results: dict[str, Result] = {}
    figures: dict[str, Figure] = {}
    claims: dict[str, Claim] = {}
    checks: dict[str, Check] = {}
    explorations: dict[str, Exploration] = {}
    rehearsal: dict[str, Rehearsal] = {}
    parity: dict[str, Plan] = {}
    training: dict[str, Training] = {}
    absent: dict[str, Texts] = {}

    @model_validator(mode="after")
    def _scripts_are_known(self) -> Contract:
        for table in ("results", "figures", "claims"):
            for name, entry in getattr(self, table).items():
                if unknown := set(entry.scripts) - set(self.scripts):
                    raise ValueError(f"{table}.{name} names unknown scripts: {', '.join(sorted(unknown))}")
        for name, figure in self.figures.items():
            if unknown := set(figure.series.values()) - set(self.results):
                raise ValueError(f"figures.{name} names unknown results: {', '.join(sorted(unknown))}")
        for name, check in self.checks.items():
            if check.script not in self.scripts:
                raise ValueError(f"checks.{name} names an unknown script: {check.script}")
        for name, exploration in self.explorations.items():
            if exploration.script not in self.scripts:
                raise ValueError(f"explorations.{name} names an unknown script: {exploration.script}")
            if unknown := set(exploration.results) - set(self.results):
                raise ValueError(f"explorations.{name} names unknown results: {', '.join(sorted(unknown))}")
            if exploration.figure and exploration.figure not in self.figures:
                raise ValueError(f"explorations.{name} names an unknown figure: {exploration.figure}")
        for name, rehearsal in self.rehearsal.items():
            if name not in self.scripts:
                raise ValueError(f"rehearsal.{name} is of an unknown script")
            own = {result.name for result in self.results.values() if name in result.scripts}
            if unknown := (rehearsal.minimum.keys() | rehearsal.maximum.keys()) - own:
                raise ValueError(f"rehearsal.{name} bounds {', '.join(sorted(unknown))}, no result of that script")
        for name, plan in self.parity.items():
            if plan.script not in self.scripts:
                raise ValueError(f"parity.{name} is of an unknown script: {plan.script}")
        if unknown := self.training.keys() - set(self.scripts):
            raise ValueError(f"training names unknown scripts: {', '.join(sorted(unknown))}")
        if self.headline is not None and "." not in self.headline and self.headline not in self.claims:
            raise ValueError(f"headline names an unknown claim: {self.headline}")
        if not self.results:
            raise ValueError("declares no result: a topic that claims nothing cannot be tested")
        return self


@dataclass(frozen=True)
class Topic:
    """One topic: the folder of its snippets, and the contract in its `topic.toml`."""

    section: str
    name: str
    folder: Path
    contract: Contract

    @property
    def path(self) -> str:
        """The topic's one name everywhere, such as `models/mlp`."""
        return f"{self.section}/{self.name}"

    @property
    def title(self) -> Mapping[str, str]:
        return self.contract.title

    @property
    def before(self) -> tuple[str, ...]:
        return self.contract.before

    @property
    def results(self) -> Mapping[str, Result]:
        return self.contract.results

    @property
    def figures(self) -> Mapping[str, Figure]:
        return self.contract.figures

    @property
    def claims(self) -> Mapping[str, Claim]:
        return self.contract.claims

    @property
    def checks(self) -> Mapping[str, Check]:
        return self.contract.checks

    @property
    def explorations(self) -> Mapping[str, Exploration]:
        return self.contract.explorations

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Of the models that are compared between frameworks."""
        return tuple(plan for plan in self.contract.parity.values() if not plan.apart)


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
        return {
            name: figure
            for name, figure in self.topic.figures.items()
            if self.name in figure.scripts and self.framework in figure.frameworks
        }

    @property
    def checks(self) -> dict[str, Check]:
        """The checks whose formulas it computes: those that name it, if it is the version in NumPy."""
        return {
            name: check
            for name, check in self.topic.checks.items()
            if check.script == self.name and self.framework == "numpy"
        }

    @property
    def rehearsal(self) -> Rehearsal | None:
        """Its shorter run for every day; None if it is always run whole."""
        return self.topic.contract.rehearsal.get(self.name)

    @property
    def training(self) -> Training | None:
        """How it trains in its framework; None if it does not train."""
        stated = self.topic.contract.training.get(self.name)
        return stated.of(self.framework) if stated and self.framework != "numpy" else None

    def violations(self, results: Mapping[str, float | list[float]]) -> list[str]:
        """Return one sentence for each declared bound that a run's results break."""
        return [sentence for name, value in results.items() for sentence in self.results[name].violations(value)]

    @property
    def own_seed(self) -> int | None:
        """The value of its module-level `SEED`; None if it has none, or is no Python, which running it will tell."""
        return _own_seed(self.path.read_bytes())


@functools.lru_cache(maxsize=1000)
def _own_seed(code: bytes) -> int | None:
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError):
        return None
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "SEED":
            return ast.literal_eval(node.value)
    return None


@functools.lru_cache(maxsize=1000)
def _constants(code: bytes) -> Mapping[str, Any] | None:
    """Return the names that a file assigns once, at module level, as `NAME = literal`; None if it is no Python."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return None
    assigned = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            with contextlib.suppress(ValueError):  # no literal
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return {name: value for name, value in found.items() if assigned.count(name) == 1}


@dataclass(frozen=True)
class Catalog:
    """Every topic and script under `root`, the repository's folder; the topics in an order in which they can be read."""

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

    def topic(self, name: str) -> Topic:
        """Return the topic whose last name is `name`, such as `mlp`; raise `CatalogError` if there is none."""
        for topic in self.topics.values():
            if topic.name == name:
                return topic
        raise CatalogError(f"no topic is called {name!r}; there are: {', '.join(self.topics) or 'none'}")

    def headline(self, topic: Topic) -> tuple[Topic, Claim] | None:
        """Return the claim that the page of all evidence shows for a topic, with the topic that makes it; None if there is none.

        Raises `CatalogError` if the contract names a claim of a topic that is not there.
        """
        owner, _, name = (topic.contract.headline or "headline").rpartition(".")
        maker = self.topic(owner) if owner else topic
        return (maker, maker.claims[name]) if name in maker.claims else None

    def select(self, topic: str | None = None, framework: str | None = None) -> Iterator[Script]:
        """Yield the scripts of a topic (`models/mlp`, or a whole section) and a framework; all by default."""
        for script in self.scripts.values():
            in_topic = topic is None or script.topic.path == topic or script.topic.section == topic
            if in_topic and (framework is None or script.framework == framework):
                yield script

    def versions(self, script: Script) -> list[Script]:
        """Return a script in each of its frameworks, itself included."""
        return [other for other in self.select(script.topic.path) if other.name == script.name]

    def seeds(self, script: Script) -> list[int]:
        """Return the seeds that its record needs, its own first: `RUNS` over its frameworks, or as many as the contract asks for.

        Versions whose parity is not measured need `RUNS_ALONE` each. A script without `SEED` has no chance: one run says all.
        """
        own = script.own_seed
        if own is None:
            return [0]
        pooled = any(plan.script == script.name for plan in script.topic.plans)
        alone = 0 if pooled else RUNS_ALONE
        number = script.topic.contract.seeds or max(math.ceil(RUNS / len(self.versions(script))), alone)
        return [own, *[seed for seed in range(number) if seed != own][: number - 1]]


def load_catalog(root: Path) -> Catalog:
    """Read every `topic.toml` and the scripts beside it.

    Raises `CatalogError` if `root` is not the repository, a contract is incomplete, a script is missing or
    undeclared, two scripts or two topics share a name, or no order of reading gives each topic what it needs before.
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
                _check_rehearsal(script)
                # Pages ask for a name and get a tab for each framework: those of one topic only.
                if other := next((s for s in scripts.values() if s.name == script.name and s.topic != topic), None):
                    raise CatalogError(f"{script.path} and {other.path} share a name: names are unique")
                scripts[script.stem] = script
            if other := next((other for other in topics.values() if other.name == topic.name and other != topic), None):
                raise CatalogError(f"{folder} and {other.folder} share a name: names are unique")
    # Where nothing looks for scripts, a script would never be run.
    for path in sorted(snippets.rglob("*.py")):
        place = path.relative_to(snippets)
        if len(place.parts) > 1 and "/".join(place.parts[:-1]) not in topics:
            raise CatalogError(
                f"{path} lies in snippets/{place.parent.as_posix()}, which is no topic: a snippet lies in"
                f" snippets/<section>/<topic>/ with a section of {', '.join(SECTIONS)}"
            )
    catalog = Catalog(root=root, topics={path: topics[path] for path in _in_order(root, topics)}, scripts=scripts)
    for topic in topics.values():
        if topic.contract.headline and not catalog.headline(topic):
            raise CatalogError(
                f"{topic.folder / 'topic.toml'}: headline names an unknown claim: {topic.contract.headline}"
            )
    return catalog


def _in_order(root: Path, topics: Mapping[str, Topic]) -> list[str]:
    """Return the topics' paths so that each comes after what has to be read before it, and else as the navigation has them.

    What the navigation lacks comes last. Raises `CatalogError` if a topic asks for one that does not
    exist, or if topics ask for one another.
    """
    for topic in topics.values():
        if missing := next((path for path in topic.before if path not in topics), None):
            raise CatalogError(
                f"{topic.folder / 'topic.toml'}: before names {missing!r}, which is no topic; there are: {', '.join(topics)}"
            )
    sorter = TopologicalSorter({path: topic.before for path, topic in topics.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = error.args[1][::-1]  # from each topic to what it asks for
        raise CatalogError(
            f"{topics[circle[0]].folder / 'topic.toml'}: before goes round in a circle: {' → '.join(circle)}"
        ) from None
    navigation = root / "mkdocs.yml"
    text = navigation.read_text(encoding="utf-8") if navigation.is_file() else ""
    # A notebook may be of a topic in one framework: walkthroughs/digits_keras.
    pages = [page if page in topics else page.rpartition("_")[0] for page in NAVIGATED.findall(text)]
    places = [*pages, *topics]
    found: list[str] = []
    free: set[str] = set()
    while sorter.is_active():
        free.update(sorter.get_ready())
        found.append(min(free, key=places.index))
        free.remove(found[-1])
        sorter.done(found[-1])
    return found


def _scripts_of(topic: Topic) -> list[Script]:
    names = topic.contract.scripts
    declared = [Script(topic, name, framework) for name in names for framework in FRAMEWORKS]
    present = [script for script in declared if script.path.is_file()]
    for name, check in topic.checks.items():
        if not any(script.checks.get(name) == check for script in present):
            raise CatalogError(
                f"{topic.folder}: checks.{name} needs a script {check.script}_numpy.py, which computes it"
            )
    strays = {path.name for path in topic.folder.glob("*.py")} - {script.path.name for script in present}
    if strays:
        raise CatalogError(
            f"{topic.folder} holds {', '.join(sorted(strays))}: a snippet is called <script>_<framework>.py with a script"
            f" that topic.toml lists ({', '.join(names)}) and a framework of {', '.join(FRAMEWORKS)}"
        )
    return present


def _check_rehearsal(script: Script) -> None:
    """What a rehearsal replaces is there to be replaced, by another value of its kind: otherwise it would run who knows what."""
    constants = _constants(script.path.read_bytes()) if script.rehearsal else None
    if constants is None:  # what is no Python, running it will tell
        return
    for name, value in script.rehearsal.replace.items():
        place = f"{script.topic.folder / 'topic.toml'}: rehearsal.{script.name} replaces {name}"
        if name not in constants:
            raise CatalogError(f"{place}, which {script.path.name} does not assign once, at module level, as a literal")
        if type(constants[name]) is not type(value) or constants[name] == value:
            raise CatalogError(
                f"{place} by {value!r}; {script.path.name} has {constants[name]!r}: another of its kind is needed"
            )


def _load_topic(section: str, folder: Path) -> Topic:
    path = folder / "topic.toml"
    if not path.is_file():
        raise CatalogError(f"{folder} has no topic.toml: every topic states its contract")
    topic = Topic(section, folder.name, folder, read_contract(path, path.read_text(encoding="utf-8")))
    common = folder.with_name("section.toml")
    excused = _excuses(common, common.read_text(encoding="utf-8")) if common.is_file() else {}
    _check_absences(path, topic, excused)
    return topic


@functools.lru_cache(maxsize=1000)  # Each page of a build loads the catalog.
def read_contract(path: Path, text: str) -> Contract:
    """Return what a `topic.toml` of this text says; raise `CatalogError` that names the file and the entry."""
    table = _parse(path, text)
    names = table.setdefault("scripts", [path.parent.name])
    for kind in ("results", "figures", "claims", "checks", "explorations", "rehearsal", "parity", "training"):
        entries = table.get(kind, {})
        if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
            raise CatalogError(f"{path}: {kind} must be a table of tables")
        table[kind] = {name: _named(kind, name, entry, names) for name, entry in entries.items()}
    return _validate(path, Contract, table)


def _named(kind: str, name: str, entry: dict[str, Any], scripts: list[str]) -> dict[str, Any]:
    """Return an entry as its model wants it: with its name, the scripts it is about, and the two languages in one table."""
    entry = {**entry, "script" if kind == "rehearsal" else "name": name}
    if kind in ("results", "figures"):
        entry.setdefault("scripts", scripts)
    if kind == "parity":
        entry.setdefault("script", name)
    if kind in ("figures", "claims", "explorations"):
        key = "text" if kind == "claims" else "alternative"
        entry[key] = {language: entry.pop(language) for language in LANGUAGES if language in entry}
    if kind in ("checks", "explorations"):
        entry.setdefault("script", scripts[0])
    if kind == "checks":
        entry["code"] = {framework: entry.pop(framework) for framework in FRAMEWORKS if framework in entry}
    return entry


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{path} is not valid TOML: {error}") from None


def _validate(path: Path, model: type[BaseModel], table: dict[str, Any]) -> Any:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        found = []
        for problem in error.errors():
            place = ".".join(str(part) for part in problem["loc"])
            message = {
                "extra_forbidden": "is an unknown key",
                "missing": "is missing",
            }.get(problem["type"], problem["msg"].removeprefix("Value error, "))
            found.append(f"{place} {message}".strip())
        raise CatalogError(f"{path}: {'; '.join(dict.fromkeys(found))}") from None


class _Section(_Table):
    absent: dict[str, Texts]


@functools.lru_cache(maxsize=100)
def _excuses(path: Path, text: str) -> Mapping[str, Mapping[str, str]]:
    """Return the frameworks that the topics of a section do without, and why, in each language."""
    return _validate(path, _Section, _parse(path, text)).absent


def _check_absences(path: Path, topic: Topic, excused: Mapping[str, Mapping[str, str]]) -> None:
    """Every hole in script × framework has its reason, and no reason stands where there is no hole."""
    names, absent = topic.contract.scripts, topic.contract.absent
    expected = set()
    for name in names:
        for framework in FRAMEWORKS:
            script = Script(topic, name, framework)
            if not script.path.is_file():
                expected.add(framework if len(names) == 1 else script.stem)
    # A framework that no script of the topic uses is one hole, not one for each script.
    for framework in FRAMEWORKS:
        stems = {f"{name}_{framework}" for name in names}
        if len(names) > 1 and stems <= expected:
            expected = expected - stems | {framework}
    if missing := expected - set(absent) - set(excused):
        raise CatalogError(
            f"{path}: there is no script for {', '.join(sorted(missing))}: write it, or give the reason"
            f" under [absent] in each language"
        )
    if surplus := set(absent) - expected:
        raise CatalogError(f"{path}: [absent] excuses {', '.join(sorted(surplus))}, but nothing is missing there")
