"""A Python-Markdown extension that shows records in a page; it reads them and never runs anything.

- `{{ mlp_keras.test_accuracy }}` in running text becomes the recorded number, with its unit.
  A star takes all scripts that match (`{{ mlp_*.test_accuracy }}` is the range from the lowest to the highest), an index
  takes one element of a list (`training_losses[-1]`), `.seeds` the range over the recorded seeds, `.minimum` and `.maximum`
  what the topic declares. Beside the results there are `version`, `date`, `device`, `threads`,
  `seconds_cpu`, `seconds_wall` and `memory`.
- `{{ cnn.claim.beats_mlp }}` becomes the sentence of a claim of the topic `models/cnn`, with the values in it.
- `/// code`, `/// output` and `/// figure` show what a script says, prints and draws: `evidence.pages.embeds`.
- `/// evidence | mlp_keras` and a closing `///` become a line with the main result, which opens to everything the record says;
  `/// evidence | mlp` one for each framework.
- `/// checks | activation` and a closing `///` become the table that holds our formulas against the frameworks' own functions.
- `/// download | models/mlp` and a closing `///`, on the topic's own page, become links to its scripts and the modules that
  they import, to a zip of them, and to the notebooks that the build makes of the page; `/// download | digits_keras`, on the
  page of a walkthrough, to those of one script.
- `/// notes`, a numbered list, and a closing `///` below a block of code are notes on its lines.
- `/// explore | neuron.border`, what to try, and a closing `///` become a figure with sliders that the contract of the topic
  `neuron` describes; `evidence.pages.explore` draws it.
- `/// parity | models/mlp` and a closing `///` become a sentence that says how alike the versions of a topic's models are;
  without a topic, a table of all models, for a page at the top of the documentation.
- `/// evidence-matrix` and a closing `///` become the table of all topics: the headline of each, what it is in each framework,
  and on a click the scripts behind it; it belongs on a page at the top of the documentation, from which `models/mlp.md` leads
  to a topic.
- `/// benchmark` and a closing `///` become the table of the benchmark; `{{ benchmark.cnn_keras }}` says how many times a
  recipe's CPU time the public one needs, `.seeds` the range of that over the seeds, and `{{ benchmark.cnn_keras_lower }}` what
  it would need to be as good as `{{ benchmark.lower }}`; `{{ benchmark.keras_convnet_epochs }}` the epochs that a public recipe
  needs, `{{ benchmark.keras_convnet_epochs_lower }}` those up to `lower`; `{{ benchmark.cnn_accuracy }}` how
  well this site's own read after two epochs, and `{{ benchmark.wanted }}` how well they have to; `{{ benchmark.date }}` and `{{ benchmark.device }}` when and where it ran,
  `{{ benchmark.seeds }}` with how many seeds.
- An image from `records/` gets its text alternative in the page's language, and its size.
- `{{ records.runs }}` is the number of all recorded runs; `topics`, `scripts`, `claims` and `comparisons` (of a formula with a
  framework's function) are counted as well.
- Below its title, a page with any of these says when those runs were made.

Whatever is wrong with a record is shown in the page and logged as a warning, which a strict build turns into a failure.
"""

from __future__ import annotations

import json
import logging
import re
import xml.etree.ElementTree as etree
from collections.abc import Mapping
from pathlib import Path

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from pymdownx.blocks import BlocksExtension
from pymdownx.blocks.block import Block

from evidence import claims
from evidence.benchmark.record import RECIPES, REFERENCES, Benchmark, BenchmarkRefused, read_benchmark
from evidence.catalog import (
    FRAMEWORKS,
    SECTIONS,
    WITHOUT_NOTEBOOK,
    Catalog,
    CatalogError,
    Claim,
    Script,
    Topic,
    load_catalog,
)
from evidence.checks import read_checks
from evidence.code import PACKAGES, local_modules
from evidence.pages import explore
from evidence.pages.embeds import expand
from evidence.parity import Parity, ParityDamaged, read_parity
from evidence.record import DEVICES, Record, read_record, record_path, recorded_results

# MkDocs counts the warnings of loggers below its own name, and fails a strict build for them.
log = logging.getLogger("mkdocs.evidence")

PARTS = ("seeds", "minimum", "maximum")
LOWER = 0.989  # a little less than the benchmark asks for, to show what hangs on that
AT_A_GLANCE = 5  # numbers of a list, at most, that a strip shows
HAN = re.compile("[一-鿿]")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Whatever stands in double braces is ours, so that a slip of the pen is a mistake and not text.
ANY_EXPRESSION = r"\{\{(.*?)\}\}"
CLAIM = re.compile(r"\s*([a-z0-9_]+)\.claim\.([a-z0-9_]+)\s*")
EXPRESSION = re.compile(rf"\s*([a-z0-9_*]+)\.([a-z0-9_]+)(?:\[(-?\d+)\])?(?:\.({'|'.join(PARTS)}))?\s*")
FIGURE = re.compile(r"records/(?P<topic>.+)/(?P<stem>\w+)\.(?P<device>cpu|gpu)\.(?P<figure>\w+)\.svg$")

SECTION_TITLES = {
    "zh": dict(concepts="概念", frameworks="框架", models="模型", practice="实践", walkthroughs="动手教程"),
    "en": dict(
        concepts="Concepts",
        frameworks="Frameworks",
        models="Models",
        practice="Practice",
        walkthroughs="Walkthroughs",
    ),
}
WORDS = {
    "zh": {
        "framework": "框架",
        "device": "设备",
        "threads": "{} 线程",
        "time": "用时",
        "seconds_cpu": "CPU {}",
        "seconds_wall": "历时 {}",
        "waited": "大部分时间没有用上处理器",
        "memory": "内存峰值",
        "date": "运行日期",
        "seeds": "{}（种子 {}：{}）",
        "same_seeds": "{}（种子 {} 都相同）",
        "list": "；",
        "of_seeds": "{}（{} 个种子）",
        "summary": "{}：{}",
        "separator": "，",
        "checked": "公式",
        "checks": "输入相同时，本页的算式与各框架自己的函数最多相差多少；本页算出的最大绝对值超过 1 时，差已除以它；未注明的都是双精度（{}，{} 测得）。",
        "single": "，按单精度比",
        "difference": {"value": "相差 {}", "derivative": "导数相差 {}"},
        "nothing": "无",
        "seconds": "{} 秒",
        "points": "{} 个百分点",
        "stale": "这份记录已失效，数字可能不再成立：",
        "backend": "（{} 后端）",
        "topic": "主题",
        "headline": "主要结果",
        "cpu_time": "CPU 时间",
        "in_seeds": "{} 个种子",
        "other_runs": "其他脚本：{} 次运行",
        "behind": "运行信息",
        "of_script": "：",
        "some_seeds": "种子 {}–{}",
        "one_seed": "种子 {}",
        "no_seed": "没有随机性",
        "no_gpu": "目前的运行都在 CPU 上；GPU：尚未。",
        "not yet": "尚未",
        "download": "下载全部脚本（zip）",
        "view": "查看",
        "note": "注",
        "without_script": "没有脚本，滑块不能用；图里是本页那次运行所用的值。",
        "readme": "zip 里的 README.txt 写着要装哪些包、运行哪条命令。",
        "without_notebook": "{} 没有 notebook：它要求 NumPy 不高于 1.23.5，须有单独的环境。",
        "recipe": "方案",
        "ours": "本站",
        "one_epoch": "本站，每张图只看一遍",
        "reference": "官方示例",
        "epochs": "轮数",
        "accuracy": "此时的测试准确率",
        "model": "模型",
        "frameworks": "与 Keras 相比的框架",
        "forward": "输出",
        "gradient": "梯度",
        "sgd_10": "SGD 十步之后的参数",
        "measured": "测量日期",
        "of_name": "（脚本 {}）",
        "times": "{} 倍",
        "to": " 至 ",
        "ratio": "官方示例的用时是它的几倍",
        "verified": "本页的脚本运行于：{}",
        "parity": "：装进同样的权重，{frameworks} 的版本与 Keras 的最多相差：输出 {forward}，梯度 {gradient}，SGD 十步之后的参数 {sgd_10}（{date}）。",
        "parity_how": "怎样核对",
        "and": "、",
        "comma": "、",
    },
    "en": {
        "framework": "Framework",
        "device": "Device",
        "threads": "{} thread",
        "time": "Time",
        "seconds_cpu": "CPU {}",
        "seconds_wall": "elapsed {}",
        "waited": "most of it without using the processor",
        "memory": "Peak memory",
        "date": "Run on",
        "seeds": "{} (seeds {}: {})",
        "same_seeds": "{} (the same for seeds {})",
        "list": "; ",
        "of_seeds": "{} ({} seeds)",
        "summary": "{}: {}",
        "separator": ", ",
        "checked": "Formula",
        "checks": "Largest difference between this page’s formulas and each framework’s own function, for the same inputs, divided by the largest value where that is above 1, in double precision where nothing else is said ({}, measured on {}).",
        "single": ", to single precision",
        "difference": {"value": "difference {}", "derivative": "of the derivative {}"},
        "nothing": "none",
        "seconds": "{} s",
        "points": "{} percentage points",
        "stale": "This record no longer holds, and its figures may be wrong: ",
        "backend": " ({} backend)",
        "topic": "Topic",
        "headline": "Main result",
        "cpu_time": "CPU time",
        "in_seeds": "{} seeds",
        "other_runs": "other scripts: {}",
        "behind": "How it was run",
        "of_script": ": ",
        "some_seeds": "seeds {}–{}",
        "one_seed": "seed {}",
        "no_seed": "no randomness",
        "no_gpu": "All runs so far were on a CPU. On a GPU: not yet.",
        "not yet": "not yet",
        "download": "Download all scripts (zip)",
        "view": "view",
        "note": "Note",
        "without_script": "Without script the sliders do nothing; the picture has the values of this page’s run.",
        "readme": "README.txt in the zip says what to install and which command to run.",
        "without_notebook": "No notebook for {}: it needs NumPy 1.23.5 or older, and so an environment of its own.",
        "recipe": "Recipe",
        "ours": "this site",
        "one_epoch": "this site, each image seen once",
        "reference": "the official example",
        "epochs": "Epochs",
        "accuracy": "Test accuracy at that point",
        "model": "Model",
        "frameworks": "Compared with Keras",
        "forward": "Output",
        "gradient": "Gradient",
        "sgd_10": "Parameters after ten steps of SGD",
        "measured": "Measured on",
        "of_name": " (scripts {})",
        "times": "{} times",
        "to": " to ",
        "ratio": "The official example takes",
        "verified": "The scripts of this page were run: {}",
        "parity": ": with the same weights, the versions in {frameworks} differ from Keras’ by at most {forward} in the output,"
        " {gradient} in the gradient and {sgd_10} in the parameters after ten steps of SGD ({date}). ",
        "parity_how": "How this is checked",
        "and": " and ",
        "comma": ", ",
    },
}


class EvidenceError(Exception):
    """An expression, a block or an image names something that no record has."""


def format_value(value: float, unit: str, language: str) -> str:
    """Write one number with its unit.

    Percentages and points (the difference of two percentages) come from fractions, memory is in MB (10⁶ bytes); plain numbers have 4 digits, others 3, and a plain zero is exact.
    What is tiny or huge has its power of ten: 3.2 × 10⁻⁵, 7.2 × 10¹⁵.
    """
    if value < 0:
        return f"−{format_value(-value, unit, language)}"  # a minus, not a hyphen
    if unit == "percent":
        return f"{value * 100:.2f}%"
    if unit == "points":
        return WORDS[language]["points"].format(f"{value * 100:.2f}")
    if unit == "bytes":
        return f"{value / 1e6:,.0f} MB" if value >= 10e6 else f"{value / 1e6:.2g} MB"
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "seconds":
        return WORDS[language]["seconds"].format(f"{value:,.0f}" if value >= 10 else f"{value:.2g}")
    if unit == "number" and value == 0:
        return "0"  # exactly; what is only nearly zero has its exponent
    if unit == "number" and 1e-4 <= abs(value) < 99.95:
        return f"{value:#.4g}"
    # Three significant digits, as 0.0321 and 2.30, but from 100 on one decimal, as 108.6.
    if 99.95 <= value < 1e9:
        return f"{value:.1f}"
    if 1e-4 <= value < 99.95 or value == 0:
        return f"{value:#.3g}"
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits}\u00a0×\u00a010{str(int(power)).translate(SUPERSCRIPTS)}"


def format_range(values: list[float], unit: str, language: str) -> str:
    """Write the lowest and the highest value, or the one value if both read the same: 97.33%–97.98%, 21–31 s, 0.25."""
    low, high = (format_value(bound(values), unit, language) for bound in (min, max))
    to = WORDS[language]["to"] if low.startswith("−") else "–"
    if low == high:
        return re.sub(r"(\.\d*?)0+$", r"\1", low).rstrip(".") if unit == "number" else low
    return f"{low.partition(' ')[0]}{to}{high}"


def format_ratio(value: float, language: str) -> str:
    """Write how many times as much one cost is as another."""
    return WORDS[language]["times"].format(f"{value:.1f}")


def _first(benchmark: Benchmark, recipe: str, quantity: str, wanted: float) -> list[float]:
    """Return a quantity at the first point at which a recipe was as good as `wanted`, for each seed."""
    runs = benchmark.content["runs"][recipe].values()
    return [next(q for q, accuracy in zip(run[quantity], run["accuracy"]) if accuracy >= wanted) for run in runs]


def write_sentence(element: etree.Element, text: str) -> None:
    """Put the sentence of a claim into an empty element; what stands in backticks is code, between dollars a formula."""
    before, *parts = re.split(r"`([^`]*)`|\$([^$]*)\$", text)
    element.text = AtomicString(before)
    for code, formula, after in zip(parts[0::3], parts[1::3], parts[2::3]):
        if code is not None:
            part = etree.SubElement(element, "code")
            part.text = AtomicString(code)
        else:  # as pymdownx.arithmatex leaves one, for `evidence.pages.mathematics`
            part = etree.SubElement(element, "inline-formula", {"class": "arithmatex"})
            part.text = AtomicString(rf"\({formula}\)")
        part.tail = AtomicString(after)


class Reader:
    """Reads records for one page, and complains about each problem once."""

    def __init__(self, markdown: Markdown, language: str) -> None:
        self.markdown = markdown
        self.language = language
        self.complaints: set[str] = set()
        self.records: dict[tuple[str, str], Record] = {}  # read once for a page
        self.dates: set[str] = set()  # of the runs that the page shows
        self._catalog: Catalog | None = None
        self.evidence: dict[str, claims.Evidence] = {}  # by device

    @property
    def catalog(self) -> Catalog:
        if self._catalog is None:
            try:
                self._catalog = load_catalog(Path.cwd())
            except CatalogError as error:
                raise EvidenceError(str(error)) from None
        return self._catalog

    @property
    def page(self) -> str | None:
        """The page's path in the documentation, where the engine tells us which page this is."""
        links = self.markdown.treeprocessors["relpath"] if "relpath" in self.markdown.treeprocessors else None
        return getattr(getattr(links, "file", None), "src_uri", None)

    def complain(self, message: str) -> None:
        """Log a warning that names the page, as far as it is known."""
        if message in self.complaints:
            return
        self.complaints.add(message)
        log.warning("%s%s", f"{self.language}/{self.page}: " if self.page else "", message)

    def scripts(self, pattern: str) -> list[Script]:
        """Return the scripts that match; a star stands for the framework: `vae_*` does not mean `vae_map_keras`."""
        stems = re.compile(re.escape(pattern).replace(r"\*", "[^_]*"))
        found = [script for stem, script in self.catalog.scripts.items() if stems.fullmatch(stem)]
        if not found:
            raise EvidenceError(f"no script is called {pattern}")
        return found

    def record(self, script: Script, device: str = "cpu") -> Record:
        if (script.stem, device) in self.records:
            return self.records[script.stem, device]
        record = read_record(self.catalog, script, device)
        for reason in record.reasons:
            self.complain(f"the record of {script.stem} is {record.status}: {reason}; run `make records`")
        recorded = record.content.get("results", {}).values()
        if not recorded or any(set(script.results) - set(results) for results in recorded):
            raise EvidenceError(f"{script.stem} has no usable record")
        self.dates.add(record.content["date"])
        self.records[script.stem, device] = record
        return record

    def expression(self, text: str) -> str:
        """Return what to show for an expression; raise `EvidenceError` if it is malformed or names what does not exist."""
        if match := CLAIM.fullmatch(text):
            return self.claim(*match.groups())
        match = EXPRESSION.fullmatch(text)
        if not match:
            raise EvidenceError(
                f"write script.result, script.result[-1] or script.result.part, a part of {', '.join(PARTS)}"
            )
        pattern, name, index, part = match.groups()
        if pattern == "benchmark":
            return self._benchmark_fact(name, part)
        if pattern == "records":
            return self._total(name)
        scripts = self.scripts(pattern)
        results = [script.results.get(name) for script in scripts]
        declared = results[0]
        if len({result and result.unit for result in results}) > 1:
            raise EvidenceError(f"not every script that matches {pattern} declares {name}, in the same unit")
        if declared and part in ("minimum", "maximum"):
            place = ("minimum", "maximum").index(part)
            bound = declared.bounds[place]
            if bound is None or any(result.bounds[place] != bound for result in results):
                raise EvidenceError(f"{scripts[0].topic.path} declares no {part} for {name} of {pattern}")
            text = format_value(bound, declared.unit, self.language)
            return re.sub(r"\.?0+%", "%", text) if declared.unit == "percent" and "." in text else text
        records = [self.record(script) for script in scripts]
        if not declared:
            if index or part:
                raise EvidenceError(f"{scripts[0].topic.path} declares no result {name} for {pattern}")
            return self._fact(records, name)
        values: list[float] = []
        for record in records:
            for seed in record.seeds if part == "seeds" else record.seeds[:1]:
                value = record.value(name, seed)
                if isinstance(value, list) != (index is not None):
                    kind = f"is a list: write {name}[0] or {name}[-1]" if index is None else "is one number, not a list"
                    raise EvidenceError(f"{name} {kind}")
                try:
                    values.append(value[int(index)] if index else value)
                except IndexError:
                    raise EvidenceError(f"{name} has only {len(value)} elements") from None
        return format_range(values, declared.unit, self.language)

    def recorded(self, device: str) -> claims.Evidence:
        """Return the results of every recorded run on a device; what has not run there counts with its runs on the CPU."""
        if device not in self.evidence:
            runs = recorded_results(self.catalog, device=device).runs
            elsewhere = {} if device == "cpu" else self.recorded("cpu").runs
            self.evidence[device] = claims.Evidence(self.catalog, {**elsewhere, **runs})
        return self.evidence[device]

    def claim(self, topic: str, name: str) -> str:
        """Return the sentence of a claim in this page's language, with values over every framework and recorded seed."""
        try:
            topic, claim = claims.find(self.catalog, topic, name)
            for script in claims.scripts_of(self.catalog, topic, claim):
                self.record(script)

            def value(match: re.Match) -> str:
                found, unit = claims.values(claim, topic, self.recorded("cpu"), match[1], match[2])
                return format_range(found, unit, self.language)

            return claims.PLACEHOLDER.sub(value, claim.text[self.language])
        except claims.ClaimError as error:
            raise EvidenceError(str(error)) from None

    def first_value(self, topic: Topic, claim: Claim, records: list[Record]) -> str | None:
        """Return what the first value of a claim's sentence is over some records of one device; None if it is not about them."""
        scripts = {record.script.stem for record in records}
        try:
            if scripts.isdisjoint(script.stem for script in claims.scripts_of(self.catalog, topic, claim)):
                return None
            match = claims.PLACEHOLDER.search(claim.text[self.language])
            evidence = self.recorded(records[0].device)
            return format_range(*claims.values(claim, topic, evidence, match[1], match[2], scripts), self.language)
        except claims.ClaimError as error:
            raise EvidenceError(str(error)) from None

    def benchmark(self) -> Benchmark:
        try:
            benchmark = read_benchmark(self.catalog)
        except BenchmarkRefused as error:
            raise EvidenceError(str(error)) from None
        for reason in benchmark.reasons:
            self.complain(f"the benchmark is stale: {reason}; run `make benchmark`")
        return benchmark

    def _benchmark_fact(self, name: str, part: str | None = None) -> str:
        benchmark = self.benchmark()
        if name in ("wanted", "lower"):
            wanted = {"wanted": benchmark.content["wanted"], "lower": LOWER}[name]
            return re.sub(r"\.?0+%", "%", format_value(wanted, "percent", self.language))
        whole, wanted = name.removesuffix("_lower"), LOWER if name.endswith("_lower") else benchmark.content["wanted"]
        if whole.endswith("_epochs") and (recipe := whole.removesuffix("_epochs")) in REFERENCES.values():
            return format_range(_first(benchmark, recipe, "epochs", wanted), "count", self.language)
        if whole != name and RECIPES.get(whole) in REFERENCES:  # this site's are judged once, at their end
            theirs = _first(benchmark, REFERENCES[RECIPES[whole]], "seconds", wanted)
            return format_ratio(sum(theirs) / sum(benchmark.last(whole, "seconds")), self.language)
        if name == "cnn_accuracy":
            found = [benchmark.last(f"cnn_{framework}", "accuracy") for framework in ("keras", "pytorch", "mxnet")]
            return format_range([accuracy for each in found for accuracy in each], "percent", self.language)
        if RECIPES.get(name) in REFERENCES:
            if part == "seeds":  # each seed's two runs followed one another
                theirs = benchmark.last(REFERENCES[RECIPES[name]], "seconds")
                ratios = [their / our for their, our in zip(theirs, benchmark.last(name, "seconds"))]
                return f"{min(ratios):.1f}–{format_ratio(max(ratios), self.language)}"
            return format_ratio(benchmark.ratio(name), self.language)
        if name == "seeds":
            return str(len(benchmark.content["runs"][next(iter(RECIPES))]))
        if name not in ("date", "device"):
            raise EvidenceError(f"the benchmark has no {name}")
        return benchmark.content[name]

    def _total(self, name: str) -> str:
        """Return how much there is of something in all topics and their records."""
        topics, scripts = self.catalog.topics.values(), self.catalog.scripts.values()
        count = {
            "topics": lambda: len(topics),
            "scripts": lambda: len(scripts),
            "runs": lambda: sum(len(self.record(script).seeds) for script in scripts),
            "claims": lambda: sum(len(topic.claims) for topic in topics),
            "comparisons": lambda: sum(len(check.code) for topic in topics for check in topic.checks.values()),
        }.get(name)
        if not count:
            raise EvidenceError(f"the records have no {name} to be counted")
        return format_value(count(), "count", self.language)

    def is_due(self, script: Script, device: str) -> bool:
        """Whether a page has to show a record: every script has one of the CPU, and of a GPU where there was a run."""
        return device == "cpu" or record_path(self.catalog, script, device).exists()

    def seconds_cpu(self, script: Script) -> float:
        """Return the recorded CPU time of a script; 0 if it was never recorded, of which others complain."""
        content = read_record(self.catalog, script).content
        return content["seconds"]["cpu"] if content else 0

    def _fact(self, records: list[Record], name: str) -> str:
        contents = [record.content for record in records]
        if name in ("seconds_cpu", "seconds_wall"):
            return format_range(
                [c["seconds"][name.removeprefix("seconds_")] for c in contents], "seconds", self.language
            )
        if name == "memory":
            return format_range([c["peak_memory_bytes"] for c in contents], "bytes", self.language)
        facts = {
            "version": lambda record: record.content["versions"][PACKAGES[record.script.framework][0]],
            "date": lambda record: record.content["date"],
            "device": lambda record: record.content["device"]["name"],
            "threads": lambda record: str(record.content["threads"]),
        }
        if name not in facts:
            raise EvidenceError(f"{records[0].script.topic.path} declares no result {name}")
        texts = sorted({facts[name](record) for record in records})
        return texts[0] if len(texts) == 1 else f"{texts[0]}–{texts[-1]}" if name == "date" else ", ".join(texts)

    def framework(self, record: Record) -> str:
        """Return the framework and its version, for Keras with the backend it ran on, for another with Keras beside it."""
        words, versions = WORDS[self.language], record.content["versions"]
        packages = PACKAGES[record.script.framework]
        text = f"{FRAMEWORKS[record.script.framework]} {versions[packages[0]]}"
        others = sorted(set(versions) - {*packages, "python"})
        if record.script.framework == "keras" and others:
            return text + words["backend"].format(words["comma"].join(f"{name} {versions[name]}" for name in others))
        return words["comma"].join([text, *(f"{FRAMEWORKS.get(name, name)} {versions[name]}" for name in others)])

    def results(self, record: Record) -> list[tuple[str, str]]:
        """Return label and text of each result that is one number or a short list, with the range of each over the seeds."""
        words, texts = WORDS[self.language], []
        for name, result in record.script.results.items():
            values = [record.value(name, seed) for seed in record.seeds]
            runs = [value if isinstance(value, list) else [value] for value in values]
            if len({len(run) for run in runs}) > 1 or not 0 < len(runs[0]) <= AT_A_GLANCE:
                continue
            text = words["list"].join(format_value(value, result.unit, self.language) for value in runs[0])
            seeds = f"{min(record.seeds)}–{max(record.seeds)}"
            if len(runs) > 1 and all(run == runs[0] for run in runs):
                text = text if result.exact else words["same_seeds"].format(text, seeds)
            elif len(runs) > 1:
                ranges = [format_range(list(column), result.unit, self.language) for column in zip(*runs)]
                text = words["seeds"].format(text, seeds, words["list"].join(ranges))
            texts.append((result.label[self.language], text))
        return texts

    def summary(self, record: Record) -> str:
        """Return what a reader wants to know first: framework, the first result over all seeds, time, device, date."""
        words, content, parts = WORDS[self.language], record.content, []
        result = next(iter(record.script.results.values()))
        values = [record.value(result.name, seed) for seed in record.seeds]
        if not isinstance(values[0], list):
            text = f"{result.label[self.language]} {format_range(values, result.unit, self.language)}"
            parts.append(words["of_seeds"].format(text, len(values)) if len(values) > 1 else text)
        parts.append(words["seconds_cpu"].format(format_value(content["seconds"]["cpu"], "seconds", self.language)))
        if record.device != "cpu":
            parts.append(content["device"]["name"])
        parts.append(content["date"])
        framework = FRAMEWORKS[record.script.framework]
        version = content["versions"][PACKAGES[record.script.framework][0]]
        return words["summary"].format(f"{framework} {version}", words["separator"].join(parts))

    def strip(self, record: Record) -> list[tuple[str, str]]:
        """Return label and text of each fact in an evidence strip."""
        words, content = WORDS[self.language], record.content
        seconds = content["seconds"]
        times = [
            words[f"seconds_{name}"].format(format_value(seconds[name], "seconds", self.language))
            for name in ("cpu", "wall")
        ]
        if seconds["wall"] > 2 * seconds["cpu"]:  # for most of the time it did not have the processor
            times.append(words["waited"])
        return [
            (words["framework"], f"{self.framework(record)}{words['comma']}Python {content['versions']['python']}"),
            *self.results(record),
            (words["time"], words["separator"].join(times)),
            (words["memory"], format_value(content["peak_memory_bytes"], "bytes", self.language)),
            (
                words["device"],
                f"{content['device']['kind'].upper()} {content['device']['name']}{words['separator']}"
                + words["threads"].format(content["threads"]),
            ),
            (words["date"], content["date"]),
        ]

    def machine(self, record: Record) -> str:
        """Return what a record ran on: the device, its threads, and Python's release."""
        words, content = WORDS[self.language], record.content
        device = f"{content['device']['kind'].upper()} {content['device']['name']}"
        return words["separator"].join(
            [device, words["threads"].format(content["threads"]), f"Python {content['versions']['python']}"]
        )

    def details(self, record: Record) -> str:
        """Return in one line what is a record's own: framework, seeds, date, time and memory."""
        words, content, seeds = WORDS[self.language], record.content, record.seeds
        named = "some_seeds" if len(seeds) > 1 else "no_seed" if record.script.own_seed is None else "one_seed"
        facts = [
            self.framework(record),
            words[named].format(min(seeds), max(seeds)),
            content["date"],
            words["seconds_cpu"].format(format_value(content["seconds"]["cpu"], "seconds", self.language)),
            format_value(content["peak_memory_bytes"], "bytes", self.language),
        ]
        return words["separator"].join(facts)


class EmbedProcessor(Preprocessor):
    """Writes out the short blocks."""

    def __init__(self, markdown: Markdown, reader: Reader) -> None:
        super().__init__(markdown)
        self.reader = reader

    def run(self, lines: list[str]) -> list[str]:
        # Outside an engine, a page stands where topics do.
        place = self.reader.page or "section/topic.md"
        written = expand(lines, lambda: self.reader.catalog, place, lambda _, message: self.reader.complain(message))
        return [line for _, line in written]


class ExpressionProcessor(InlineProcessor):
    """Replaces `{{ … }}` in running text."""

    def __init__(self, markdown: Markdown, reader: Reader) -> None:
        super().__init__(ANY_EXPRESSION, markdown)
        self.reader = reader

    def handleMatch(self, match: re.Match, data: str) -> tuple[etree.Element, int, int]:
        element = etree.Element("span", {"class": "evidence-value"})
        end = match.end()
        try:
            text = self.reader.expression(match.group(1))
            if CLAIM.fullmatch(match.group(1)):
                # A sentence, which may break into lines.
                element.set("class", "evidence-claim")
                write_sentence(element, text)
            else:
                element.text = AtomicString(text)
            # The source has a space between an expression and Chinese text; what it stands for may end in Chinese itself (12 秒).
            if HAN.match(text[-1:]) and HAN.match(data[end + 1 : end + 2]) and data[end] == " ":
                end += 1
        except EvidenceError as error:
            self.reader.complain(f"{match.group()}: {error}")
            element.set("class", "evidence-problem")
            element.text = AtomicString(f"{match.group()}: {error}")
        return element, match.start(), end


class FigureProcessor(Treeprocessor):
    """Completes the images that come from records."""

    def __init__(self, markdown: Markdown, reader: Reader) -> None:
        super().__init__(markdown)
        self.reader = reader

    def run(self, root: etree.Element) -> None:
        images = list(root.iter("img"))
        for image in images:
            match = FIGURE.search(image.get("src", ""))
            if not match:
                continue
            try:
                self._complete(image, **match.groupdict())
                # The first picture is what a reader sees while the page arrives: it does not wait for the layout.
                if image is not images[0]:
                    image.set("loading", "lazy")
            except (EvidenceError, CatalogError) as error:
                self.reader.complain(f"{image.get('src')}: {error}")
                image.set("class", "evidence-problem")
                image.set("alt", f"{image.get('src')}: {error}")

    def _complete(self, image: etree.Element, topic: str, stem: str, device: str, figure: str) -> None:
        script = self.reader.catalog.script(stem)
        if script.topic.path != topic or figure not in script.figures:
            raise EvidenceError(f"{script.topic.path} declares no figure {figure} for {stem}")
        if image.get("alt"):
            raise EvidenceError("its text alternative is in topic.toml; leave the brackets empty")
        self.reader.record(script, device)
        svg = record_path(self.reader.catalog, script, device, f"{figure}.svg")
        if not svg.exists():
            raise EvidenceError(f"there is no {svg.name}")
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text(encoding="utf-8"))
        if not box:
            raise EvidenceError(f"{svg.name} does not state its size")
        # Matplotlib counts in points, of which 72 make 96 pixels.
        width, height = (str(round(float(side) * 96 / 72)) for side in box.groups())
        image.attrib.update(
            alt=script.figures[figure].alternative[self.reader.language],
            width=width,
            height=height,
            # Whole pixels are not the figure's own ratio: without this the page moved by a part of a pixel as it arrived.
            style=f"aspect-ratio: {width} / {height}",
        )
        image.set("class", f"{image.get('class', '')} evidence-figure".strip())


class DateProcessor(Treeprocessor):
    """Says below a page's title when the runs were made that the page shows."""

    def __init__(self, markdown: Markdown, reader: Reader) -> None:
        super().__init__(markdown)
        self.reader = reader

    def run(self, root: etree.Element) -> None:
        titles = [index for index, element in enumerate(root) if element.tag == "h1"]
        if not titles or not self.reader.dates:
            return
        first, last = min(self.reader.dates), max(self.reader.dates)
        note = etree.Element("p", {"class": "evidence-date"})
        note.text = AtomicString(
            WORDS[self.reader.language]["verified"].format(first if first == last else f"{first} – {last}")
        )
        root.insert(titles[0] + 1, note)


class TabsProcessor(Treeprocessor):
    """Makes each set of tabs, which is radio buttons, a group with a name for those who hear the page."""

    def __init__(self, markdown: Markdown, reader: Reader) -> None:
        super().__init__(markdown)
        self.reader = reader

    def run(self, root: etree.Element) -> None:
        for tabs in root.iter("div"):
            if "tabbed-set" not in tabs.get("class", "").split():
                continue
            names = ["".join(label.itertext()) for label in tabs.iterfind("div/label")]
            of_frameworks = set(names) <= set(FRAMEWORKS.values())
            tabs.set("role", "radiogroup")
            tabs.set("aria-label", WORDS[self.reader.language]["framework"] if of_frameworks else " / ".join(names))


class ReadingBlock(Block):
    """A block that shows what the page's reader finds in records."""

    def __init__(self, length, tracker, block_mgr, config) -> None:
        self.reader = config["reader"]
        super().__init__(length, tracker, block_mgr, config)


class EvidenceBlock(ReadingBlock):
    """`/// evidence | mlp`: a line for each framework and each device that has a record, which opens to all that it says."""

    NAME = "evidence"
    ARGUMENT = True

    def on_create(self, parent: etree.Element) -> etree.Element:
        container = etree.SubElement(parent, "div", {"class": "evidence-strips"})
        name = self.argument.strip()
        try:
            scripts = [script for script in self.reader.catalog.scripts.values() if name in (script.stem, script.name)]
            if not scripts:
                raise EvidenceError(f"no script is called {name}")
            for script in scripts:
                for device in DEVICES:
                    if self.reader.is_due(script, device):
                        self._show(container, self.reader.record(script, device))
        except (EvidenceError, CatalogError) as error:
            self.reader.complain(f"/// evidence | {name}: {error}")
            self._problem(container, str(error))
        return container

    def _show(self, container: etree.Element, record: Record) -> None:
        if record.reasons:
            self._problem(container, WORDS[self.reader.language]["stale"] + "; ".join(record.reasons))
        details = etree.SubElement(container, "details", {"class": "evidence"})
        etree.SubElement(details, "summary").text = AtomicString(self.reader.summary(record))
        strip = etree.SubElement(details, "dl", {"class": "evidence"})
        for label, text in self.reader.strip(record):
            pair = etree.SubElement(strip, "div")
            etree.SubElement(pair, "dt").text = AtomicString(label)
            etree.SubElement(pair, "dd").text = AtomicString(text)

    @staticmethod
    def _problem(container: etree.Element, message: str) -> None:
        etree.SubElement(container, "p", {"class": "evidence-problem"}).text = AtomicString(message)


class ChecksBlock(ReadingBlock):
    """`/// checks | activation`: how far each framework's own function lies from what the topic's script computes."""

    NAME = "checks"
    ARGUMENT = True

    def on_create(self, parent: etree.Element) -> etree.Element:
        words, language = WORDS[self.reader.language], self.reader.language
        container = etree.SubElement(parent, "div", {"class": "evidence-checks"})
        try:
            topic = self.reader.catalog.topic(self.argument.strip())
            if not topic.checks:
                raise EvidenceError(f"{topic.path} declares no checks")
            found = read_checks(self.reader.catalog, topic)
            for reason in found.reasons:
                self.reader.complain(f"/// checks | {topic.name}: {reason}; run `make records`")
            if not found.differences:
                raise EvidenceError(f"the checks of {topic.path} have no record")
        except (EvidenceError, CatalogError) as error:
            self.reader.complain(f"/// checks | {self.argument.strip()}: {error}")
            etree.SubElement(container, "p", {"class": "evidence-problem"}).text = AtomicString(str(error))
            return container
        if found.reasons:
            problem = etree.SubElement(container, "p", {"class": "evidence-problem"})
            problem.text = AtomicString(words["stale"] + "; ".join(found.reasons))
        used = [name for name in FRAMEWORKS if any(name in check.code for check in topic.checks.values())]
        versions = words["comma"].join(
            f"{FRAMEWORKS[name]} {found.versions[name]}" for name in used if name in found.versions
        )
        note = etree.SubElement(container, "p")
        note.text = AtomicString(words["checks"].format(versions, found.date))
        table = etree.SubElement(container, "table", {"class": "evidence-rows"})
        head = etree.SubElement(etree.SubElement(table, "thead"), "tr")
        for text in (words["checked"], *(FRAMEWORKS[name] for name in used)):
            etree.SubElement(head, "th", {"scope": "col"}).text = AtomicString(text)
        body = etree.SubElement(table, "tbody")
        for name, check in topic.checks.items():
            row = etree.SubElement(body, "tr")
            title = etree.SubElement(row, "th", {"scope": "row"})
            precision = words["single"] if check.dtype == "float32" else ""
            if check.label:
                title.text = AtomicString(check.label[language] + precision)
            else:
                code = etree.SubElement(title, "code")
                code.text, code.tail = AtomicString(check.value), AtomicString(precision)
            for framework in used:
                cell = etree.SubElement(row, "td", {"data-label": FRAMEWORKS[framework]})
                if framework not in check.code:
                    cell.text = AtomicString(words["nothing"])
                    continue
                self._code(cell, check.code[framework])
                texts = []
                for quantity, difference in found.differences.get(name, {}).get(framework, {}).items():
                    text = format_value(difference, "number", language)
                    texts.append(words["difference"][quantity].format(text))
                etree.SubElement(cell, "span").text = AtomicString(words["separator"].join(texts) or words["not yet"])
        self.reader.dates.add(found.date)
        return container

    @staticmethod
    def _code(cell: etree.Element, code: str) -> None:
        lines = code.strip().splitlines()
        if len(lines) == 1:
            etree.SubElement(cell, "code").text = AtomicString(lines[0])
            return
        details = etree.SubElement(cell, "details")
        etree.SubElement(etree.SubElement(details, "summary"), "code").text = AtomicString(lines[-1])
        etree.SubElement(etree.SubElement(details, "pre"), "code").text = AtomicString("\n".join(lines))


class DownloadBlock(ReadingBlock):
    """`/// download | models/mlp`: links to the zip of a topic, to each script as it stands, and as a notebook; or those of one script."""

    NAME = "download"
    ARGUMENT = True

    def on_create(self, parent: etree.Element) -> etree.Element:
        links = etree.SubElement(parent, "ul", {"class": "download", "data-view": WORDS[self.reader.language]["view"]})
        path = self.argument.strip()
        try:
            if (script := self.reader.catalog.scripts.get(path)) is not None:
                self._link(links, f"../notebooks/{self.reader.language}/{script.stem}.ipynb", f"{script.stem}.ipynb")
                for file in (script.path, *local_modules(self.reader.catalog, script)):
                    self._link(links, f"../{file.relative_to(self.reader.catalog.root).as_posix()}", file.name)
                return links
            topic = self.reader.catalog.topics.get(path)
            if topic is None:
                raise EvidenceError(f"there is no topic or script {path}")
            self._link(links, f"../downloads/{path}.zip", WORDS[self.reader.language]["download"])
            without = set()
            scripts = list(self.reader.catalog.select(topic.path))
            modules = {module for script in scripts for module in local_modules(self.reader.catalog, script)}
            for script in scripts:
                item = self._link(links, f"../snippets/{path}/{script.path.name}", script.path.name)
                if script.framework in WITHOUT_NOTEBOOK:
                    without.add(FRAMEWORKS[script.framework])
                    continue
                item[-1].tail = " "
                address = f"../notebooks/{self.reader.language}/{script.stem}.ipynb"
                notebook = etree.SubElement(
                    item, "a", {"href": address, "download": "", "aria-label": f"{script.stem}.ipynb"}
                )
                notebook.text = AtomicString(".ipynb")
            for module in sorted(modules - {script.path for script in scripts}):
                self._link(links, f"../{module.relative_to(self.reader.catalog.root).as_posix()}", module.name)
            words = WORDS[self.reader.language]
            for text in (words["readme"], *map(words["without_notebook"].format, sorted(without))):
                etree.SubElement(links, "li").text = AtomicString(text)
        except EvidenceError as error:
            self.reader.complain(f"/// download | {path}: {error}")
            etree.SubElement(links, "li", {"class": "evidence-problem"}).text = AtomicString(str(error))
        return links

    @staticmethod
    def _link(links: etree.Element, address: str, text: str) -> etree.Element:
        item = etree.SubElement(links, "li")
        etree.SubElement(item, "a", {"href": address, "download": ""}).text = AtomicString(text)
        return item


class NotesBlock(ReadingBlock):
    """`/// notes`, a numbered list and `///`, below a block of code: each item begins with the code that it is about.

    Without a script it is a list; with one, each number stands at the end of its line of code and opens the note.
    """

    NAME = "notes"

    def on_create(self, parent: etree.Element) -> etree.Element:
        words = WORDS[self.reader.language]
        return etree.SubElement(parent, "div", {"class": "code-notes on-demand", "data-note": words["note"]})


class ExploreBlock(ReadingBlock):
    """`/// explore | neuron.border`, what to try and what one sees, and `///`: a figure with sliders, and that text below it."""

    NAME = "explore"
    ARGUMENT = True

    def on_create(self, parent: etree.Element) -> etree.Element:
        container = etree.SubElement(parent, "figure", {"class": "explore"})
        reader, (name, _, part) = self.reader, self.argument.strip().partition(".")
        try:
            topic = reader.catalog.topic(name)
            if part not in topic.explorations:
                known = ", ".join(f"{name}.{each}" for each in topic.explorations) or "none"
                raise EvidenceError(f"{topic.path} declares no exploration {part}; there are: {known}")
            exploration = topic.explorations[part]
            script = reader.catalog.script(f"{exploration.script}_numpy")
            reader.record(script)
            about, inside = explore.figure(
                reader.catalog, script, exploration, reader.language, WORDS[reader.language]["without_script"]
            )
        except (EvidenceError, CatalogError, explore.ExploreError) as error:
            reader.complain(f"/// explore | {self.argument.strip()}: {error}")
            etree.SubElement(container, "p", {"class": "evidence-problem"}).text = AtomicString(str(error))
            return container
        container.set("data-about", json.dumps(about, ensure_ascii=False, separators=(",", ":")))
        drawn = etree.SubElement(container, "div", {"data-search-exclude": "true"})
        drawn.text = AtomicString(reader.markdown.htmlStash.store(inside))
        etree.SubElement(container, "figcaption")
        return container

    def on_add(self, block: etree.Element) -> etree.Element:
        """What is written within the block goes below the figure."""
        caption = block.find("figcaption")
        return block if caption is None else caption


class ParityBlock(ReadingBlock):
    """`/// parity | models/mlp`: how alike the versions of a topic's models are, as a record of the tests says."""

    NAME = "parity"
    ARGUMENT = None
    QUANTITIES = ("forward", "gradient", "sgd_10")

    def on_create(self, parent: etree.Element) -> etree.Element:
        container = etree.SubElement(parent, "div", {"class": "evidence-parity"})
        topic = (self.argument or "").strip()
        try:
            scripts = self.reader.catalog.scripts.values()
            topics = {script.name: script.topic for script in scripts if topic in ("", script.topic.path)}
            shown = read_parity(self.reader.catalog, topics)
            if not shown:
                raise EvidenceError(f"no parity was measured of {topic or 'any model'}")
            names = [name for name in topics if name in shown]
            for name in names:
                self._complain(container, shown[name], topics[name])
            if topic:
                for name in names:
                    self._show(container, name, shown[name], topics[name])
            else:
                self._table(container, {name: (shown[name], topics[name]) for name in names})
        except (EvidenceError, ParityDamaged) as error:
            self.reader.complain(f"/// parity | {topic}: {error}")
            etree.SubElement(container, "p", {"class": "evidence-problem"}).text = AtomicString(str(error))
        return container

    def _complain(self, container: etree.Element, parity: Parity, topic: Topic) -> None:
        for reason in parity.reasons:
            self.reader.complain(f"/// parity | {topic.path}: {reason}; measure it again: see CONTRIBUTING.md")
        if parity.reasons:
            problem = etree.SubElement(container, "p", {"class": "evidence-problem"})
            problem.text = AtomicString(WORDS[self.reader.language]["stale"] + "; ".join(parity.reasons))

    def _largest(self, parity: Parity) -> dict[str, str]:
        """Return how far apart the versions lie in each quantity, the farthest of them."""
        return {
            quantity: format_value(
                max(each[quantity] for each in parity.differences.values()), "number", self.reader.language
            )
            for quantity in self.QUANTITIES
        }

    def _frameworks(self, parity: Parity) -> str:
        words = WORDS[self.reader.language]
        *others, last_one = (FRAMEWORKS[framework] for framework in parity.differences)
        return words["and"].join(filter(None, [words["comma"].join(others), last_one]))

    def _table(self, container: etree.Element, found: Mapping[str, tuple[Parity, Topic]]) -> None:
        words = WORDS[self.reader.language]
        table = etree.SubElement(container, "table")
        head = etree.SubElement(etree.SubElement(table, "thead"), "tr")
        for label in ("model", "frameworks", *self.QUANTITIES, "measured"):
            etree.SubElement(head, "th", {"scope": "col"}).text = AtomicString(words[label])
        body = etree.SubElement(table, "tbody")
        for name, (parity, topic) in found.items():
            row = etree.SubElement(body, "tr")
            title = etree.SubElement(row, "th", {"scope": "row"})
            link = etree.SubElement(title, "a", {"href": f"{topic.path}.md"})
            link.text = AtomicString(topic.title[self.reader.language])
            if name != topic.name:  # one of several models, called as its scripts are
                link.tail = AtomicString(words["of_name"].format(f"{name}_*.py"))
            for text in (self._frameworks(parity), *self._largest(parity).values(), parity.date):
                etree.SubElement(row, "td").text = AtomicString(text)

    def _show(self, container: etree.Element, name: str, parity: Parity, topic: Topic) -> None:
        language, words = self.reader.language, WORDS[self.reader.language]
        paragraph = etree.SubElement(container, "p")
        title = etree.SubElement(paragraph, "strong")
        title.text = AtomicString(topic.title[language])
        last = title
        if name != topic.name:  # one of several models
            title.tail = " "
            last = etree.SubElement(paragraph, "code")
            last.text = AtomicString(name)
        sentence = words["parity"].format(
            frameworks=self._frameworks(parity), date=parity.date, **self._largest(parity)
        )
        last.tail = AtomicString(sentence)
        link = etree.SubElement(paragraph, "a", {"href": "../frameworks/parity.md"})
        link.text = AtomicString(words["parity_how"])


class MatrixBlock(ReadingBlock):
    """`/// evidence-matrix`: a row for each topic, with its headline, and what that is in each framework.

    What ran on a GPU has a column of its own beside that of the framework; where nothing did, a sentence says so.
    """

    NAME = "evidence-matrix"

    def on_create(self, parent: etree.Element) -> etree.Element:
        words = WORDS[self.reader.language]
        container = etree.SubElement(parent, "div")
        try:
            catalog = self.reader.catalog
        except EvidenceError as error:
            self._problem(container, error)
            return container
        present = {
            (script.framework, device)
            for script in catalog.scripts.values()
            for device in DEVICES
            if self.reader.is_due(script, device)
        }
        on_gpu = {framework for framework, device in present if device == "gpu"}
        # NumPy last: it has the formulas, the others the models.
        order = sorted(FRAMEWORKS, key="numpy".__eq__)
        columns = {
            (framework, device): FRAMEWORKS[framework] + (f" {device.upper()}" if framework in on_gpu else "")
            for framework in order
            for device in DEVICES
            if (framework, device) in present
        }
        table = etree.SubElement(container, "table", {"class": "evidence-matrix"})
        head = etree.SubElement(etree.SubElement(table, "thead"), "tr")
        for label in (words["topic"], words["headline"], *columns.values()):
            etree.SubElement(head, "th", {"scope": "col"}).text = AtomicString(label)
        for section in SECTIONS:
            topics = [topic for topic in catalog.topics.values() if topic.section == section]
            if not topics:
                continue
            body = etree.SubElement(table, "tbody")
            title = etree.SubElement(
                etree.SubElement(body, "tr", {"class": "group"}),
                "th",
                {"scope": "rowgroup", "colspan": str(len(columns) + 2)},
            )
            title.text = AtomicString(SECTION_TITLES[self.reader.language][section])
            for topic in topics:
                self._add(etree.SubElement(body, "tr"), topic, columns)
        if not on_gpu:
            etree.SubElement(container, "p").text = AtomicString(words["no_gpu"])
        return container

    def _problem(self, element: etree.Element, error: EvidenceError) -> None:
        self.reader.complain(f"/// evidence-matrix: {error}")
        etree.SubElement(element, "p", {"class": "evidence-problem"}).text = AtomicString(str(error))

    def _add(self, row: etree.Element, topic: Topic, columns: dict[tuple[str, str], str]) -> None:
        reader, words = self.reader, WORDS[self.reader.language]
        scripts = list(reader.catalog.select(topic.path))
        title = etree.SubElement(row, "th", {"scope": "row"})
        link = etree.SubElement(title, "a", {"href": self._page(scripts[0])})
        link.text = AtomicString(topic.title[reader.language])
        result = etree.SubElement(row, "td")
        try:
            if not (headline := reader.catalog.headline(topic)):
                raise EvidenceError(f"{topic.path} has no headline: call a claim so, or name one")
            maker, claim = headline
            about = {script.stem: script for script in claims.scripts_of(reader.catalog, maker, claim)}
            scripts += [script for stem, script in about.items() if stem not in {script.stem for script in scripts}]
            records = {
                column: [
                    reader.record(script, column[1])
                    for script in scripts
                    if script.framework == column[0] and reader.is_due(script, column[1])
                ]
                for column in columns
            }
            sentence = reader.claim(maker.name, claim.name)
            whole = reader.first_value(maker, claim, [record for found in records.values() for record in found])
            values = {
                column: text
                for column, found in records.items()
                if found and (text := reader.first_value(maker, claim, found))
            }
        except (EvidenceError, claims.ClaimError) as error:
            result.set("colspan", str(len(columns) + 1))
            self._problem(result, error)
            return
        paragraph = etree.SubElement(result, "p")
        start = claims.PLACEHOLDER.search(claim.text[reader.language]).start()
        before, rest = sentence[:start], sentence[start:]
        if len(values) > 1 and rest.startswith(whole):
            # What the columns give for each framework stands out.
            write_sentence(etree.SubElement(paragraph, "span"), before[:1].upper() + before[1:])
            etree.SubElement(paragraph, "strong").text = AtomicString(whole)
            write_sentence(etree.SubElement(paragraph, "span"), rest.removeprefix(whole))
        else:
            write_sentence(paragraph, sentence[0].upper() + sentence[1:])
        self._details(result, [record for found in records.values() for record in found])
        for column, label in columns.items():
            cell = etree.SubElement(row, "td", {"data-label": label})
            behind = [record for record in records[column] if record.script.stem in about]
            # In one framework alone, the sentence has said it.
            if column in values and len(values) > 1:
                etree.SubElement(cell, "span", {"class": "evidence-value"}).text = AtomicString(values[column])
            text = ""
            if behind:
                seeds = max(len(record.seeds) for record in behind)
                text = words["in_seeds"].format(seeds) if seeds > 1 else words["no_seed"]
            elif records[column]:
                text = words["other_runs"].format(sum(len(record.seeds) for record in records[column]))
            if text:
                etree.SubElement(cell, "small").text = AtomicString(text)

    def _details(self, cell: etree.Element, records: list[Record]) -> None:
        words = WORDS[self.reader.language]
        details = etree.SubElement(cell, "details")
        etree.SubElement(details, "summary").text = AtomicString(words["behind"])
        for machine in dict.fromkeys(map(self.reader.machine, records)):
            etree.SubElement(details, "p").text = AtomicString(machine)
            items = etree.SubElement(details, "ul")
            for record in records:
                if self.reader.machine(record) == machine:
                    item = etree.SubElement(items, "li")
                    link = etree.SubElement(item, "a", {"href": self._page(record.script)})
                    link.text = AtomicString(record.script.path.name)
                    link.tail = AtomicString(words["of_script"] + self.reader.details(record))

    def _page(self, script: Script) -> str:
        """Return the page that shows a script: that of its topic or, of a walkthrough, the notebook named like script or topic."""
        folder = self.reader.catalog.root / "docs" / self.reader.language / script.topic.section
        notebooks = [
            f"{name}.ipynb" for name in (script.stem, script.topic.name) if (folder / f"{name}.ipynb").exists()
        ]
        return f"{script.topic.section}/{notebooks[0]}" if notebooks else f"{script.topic.path}.md"


class BenchmarkBlock(ReadingBlock):
    """`/// benchmark`: how much training each recipe took, this site's beside the public ones."""

    NAME = "benchmark"
    COLUMNS = ("recipe", "framework", "epochs", "accuracy", "cpu_time", "ratio")

    def on_create(self, parent: etree.Element) -> etree.Element:
        words = WORDS[self.reader.language]
        table = etree.SubElement(parent, "table")
        head = etree.SubElement(etree.SubElement(table, "thead"), "tr")
        for column in self.COLUMNS:
            etree.SubElement(head, "th", {"scope": "col"}).text = AtomicString(words[column])
        body = etree.SubElement(table, "tbody")
        try:
            benchmark = self.reader.benchmark()
            for recipe, framework in RECIPES.items():
                row = etree.SubElement(body, "tr")
                for text in self._cells(benchmark, recipe, framework):
                    etree.SubElement(row, "td").text = AtomicString(text)
        except EvidenceError as error:
            self.reader.complain(f"/// benchmark: {error}")
            attributes = {"class": "evidence-problem", "colspan": str(len(self.COLUMNS))}
            etree.SubElement(etree.SubElement(body, "tr"), "td", attributes).text = AtomicString(str(error))
        return table

    def _cells(self, benchmark: Benchmark, recipe: str, framework: str) -> list[str]:
        language = self.reader.language
        kind = "reference" if recipe in REFERENCES.values() else "one_epoch" if recipe.endswith("one_epoch") else "ours"
        # What stands for the reference itself would be 1 times; MXNet has none.
        ratio = (
            ""
            if kind == "reference"
            else format_ratio(benchmark.ratio(recipe), language)
            if framework in REFERENCES
            else "–"
        )
        version = benchmark.content["versions"][framework][PACKAGES[framework][0]]
        return [
            WORDS[language][kind],
            f"{FRAMEWORKS[framework]} {version}",
            *(
                format_range(benchmark.last(recipe, quantity), unit, language)
                for quantity, unit in (("epochs", "count"), ("accuracy", "percent"), ("seconds", "seconds"))
            ),
            ratio,
        ]


class EvidenceExtension(BlocksExtension):
    """Registers all of them; the option `language` is `zh` or `en`."""

    def __init__(self, *args, **options) -> None:
        self.config = {"language": ["zh", "Language of labels and text alternatives: zh or en"]}
        super().__init__(*args, **options)

    def extendMarkdownBlocks(self, md: Markdown, block_mgr) -> None:
        reader = Reader(md, self.getConfig("language"))
        for block in (
            EvidenceBlock,
            ChecksBlock,
            DownloadBlock,
            NotesBlock,
            ExploreBlock,
            ParityBlock,
            MatrixBlock,
            BenchmarkBlock,
        ):
            block_mgr.register(block, {"reader": reader})
        # Above the snippets extension (32), which reads what the short blocks become.
        md.preprocessors.register(EmbedProcessor(md, reader), "evidence-embeds", 40)
        # Below inline code (190), so that code is left alone; above links and emphasis, for `_` and `*` are ours here.
        md.inlinePatterns.register(ExpressionProcessor(md, reader), "evidence", 185)
        # After inline patterns (20) have made the images, before MkDocs (0) resolves their paths.
        md.treeprocessors.register(FigureProcessor(md, reader), "evidence", 10)
        md.treeprocessors.register(DateProcessor(md, reader), "evidence-date", 9)
        md.treeprocessors.register(TabsProcessor(md, reader), "evidence-tabs", 6)


def makeExtension(**options) -> EvidenceExtension:
    """Entry point of Python-Markdown."""
    return EvidenceExtension(**options)
