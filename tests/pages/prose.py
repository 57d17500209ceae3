"""What may not be written by hand in running text: results of runs, and Chinese set with Western spacing or punctuation."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from tests.pages.source import EXPRESSION, FOOTNOTE, FORMULA, IMAGE, INLINE_CODE, LINK

ASIDE = "¤"  # stands for code, a formula or an expression that was left out
HALF_WIDTH = {ord(c) + 0xFEE0: c for c in "0123456789%.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}

# A number that is not the tail of a name (`float32`, `conv_2`) or of a version (1.9.1).
NUMBER = r"(?<![A-Za-z0-9_.])\d[\d,]*(?:\.\d+)?(?!\.?\d)"
END = r"(?![A-Za-z])"
FASTER = r"(?:as|more|less|fewer|\w+er)\b"
CHINESE_NUMERAL = "[零〇一二两三四五六七八九十百千万半]"
ENGLISH_NUMERAL = (
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|million|half|dozen)"
)
TENS = r"\b(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\b(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine)\b)?"

# Each pattern is a way in which results are written, and so the way in which a typed one shows itself.
RESULTS = {
    # 97.8 %, 3 s, 12 MB, 120 nats: what records hold, in every spelling of the unit.
    "a number with a unit of results": NUMBER
    + r"[\s-]*(?:%|‰|per ?cent"
    + END
    + r"|percentage[\s-]points?|p\.?p\.?"
    + END
    + r"|个?百分点|兆|[MG]"
    + END
    + r"|nats?"
    + END
    + r"|奈特|[毫微纳]?秒|分钟|个?小时|(?:ms|µs|μs|us|ns|s|min|h|hrs?|hours?|minutes?|mins?|(?:milli|micro)?seconds?|secs?)"
    + END
    + r"|(?:[KMGTk]i?B|(?:kilo|mega|giga)bytes?)"
    + END
    + r"|[KMGT]?字节)",
    # A table's column headed "Time (s)" over 12: the unit first.
    "a number under a unit of results": r"[（(]\s*(?:%|[mµ]?s|[毫微]?秒|分钟|seconds|percent|nats|奈特|[KMGk]i?B)\s*[)）][\s|:：]*\d",
    # 12 times faster, 3-fold, 12 倍: ratios of results. (A factor that stands in the page's code is an input, and exempt.)
    "a factor": rf"{NUMBER}[\s-]*(?:多?倍|fold{END}|times\s+{FASTER}|[x×]\s*{FASTER})|[快慢省]了?[约近]?[一两]倍|{ENGLISH_NUMERAL}[\s-]fold{END}",
    # 5,000 images per second, 每秒 5000 张: throughput.
    "a rate": rf"{NUMBER}[ \w]{{0,20}}\s(?:per|a)\s(?:second|minute|hour)\b|{NUMBER}\s*\w*\s?/\s?(?:s|秒){END}|每秒[^，。；]{{0,6}}?{NUMBER}",
    # 百分之九十七, 九成七, 零点九七, 三分钟: the same in Chinese words. Not 一成不变, 分成三分, 一点一点.
    "a result in words": r"百分之[零〇一二三四五六七八九十百千\d]"
    r"|(?<![第组变分形构完])[一二两三四五六七八九\d]\s?成(?![分为立本不功长员了像])"
    r"|(?!一点一点)[零〇一二三四五六七八九十百\d]+点[零〇一二三四五六七八九\d]"
    rf"|(?<![几数第]){CHINESE_NUMERAL}+几?\s*(?:个?百分点|[毫微]?秒|分钟|个?小时|奈特)"
    rf"|(?<![几数上成])(?!一倍|两倍){CHINESE_NUMERAL}+倍"
    # ninety-seven percent, three minutes, ten times faster.
    rf"|{ENGLISH_NUMERAL}(?:[\s-]\w+){{0,3}}?[\s-](?:per ?cent|percentage[\s-]points?|nats|milliseconds?|seconds?|minutes?|hours?|(?:mega|giga)bytes?)\b"
    rf"|{ENGLISH_NUMERAL}\s+times\s+{FASTER}",
    # 0.978: whole numbers are sizes and counts, fractions are measured. Inputs such as a learning rate are code: `0.1`.
    "a decimal fraction": r"(?<![A-Za-z0-9_.])(?:\d[\d,]*)?\.\d+(?![A-Za-z_]|\.?\d)",
    "a number in scientific notation": r"(?<![A-Za-z0-9_.])\d+(?:\.\d+)?[eE][-+−]?\d+",
    # 9,780 of 10,000 images, 9780/10000: a share by its counts.
    "a share": rf"{NUMBER}(?:\s\w+)?\s+(?:(?:out\s+)?of|in\s+every)\s+(?:every\s+|the\s+|all\s+)?{NUMBER}|(?<![\d/.])\d[\d,]{{2,}}\s*/\s*\d[\d,]{{2,}}(?![\d/])",
    # 都在 97 以上: a bound without its unit.
    "a bound": r"(?<![A-Za-z0-9_.])\d[\d,]*\d\s*(?:以上|以下|左右|上下)",
    # 分错 223 张, 223 images misclassified: an error rate by its count.
    "a count of errors": r"(?:[分认判猜答看][错对]|错|对)了?[^，。；\d]{0,6}\d[\d,]+\s*[张个幅]|\d[\d,]+\s*[张个幅][^，。；\d]{0,6}(?:[分认判猜答看][错对]|错了|对了|不对)"
    rf"|[分认判猜答看][错对]了?{CHINESE_NUMERAL}{{2,}}\s*[张个幅]"
    r"|(?:misclassif\w+|mislabel\w+|mistakes?|errors?)\b[^.,;\d]{0,20}\d[\d,]+|\d[\d,]+(?:\s\w+){0,3}\s(?:wrong|wrongly|misclassified|mistakes|errors)\b",
}
# Sections, figures and versions of software are named by decimal fractions that are not results.
NAMED = re.compile(
    r"(?:Python|NumPy|Keras|TensorFlow|PyTorch|MXNet|JAX|CUDA|ONNX|[Vv]ersions?|版本|v|图|表|[Ff]igures?|[Tt]ables?|[Ss]ections?"
    r"|[Cc]hapters?|[Ee]quations?|Eq\.|§|≥|>=)\s*$"
)

# "accuracy 97", "准确率是 97", "97 的准确率", "accuracy of ninety-seven": a metric and a number in one clause.
METRIC = re.compile(
    r"用时|耗时|内存|显存|加速比|准确率|正确率|命中率|精确率|(?<![单双半])精度|召回率|错误率|误差|损失|困惑度|得分|F1|AUC|ELBO"
    r"|\b(?:accurac(?:y|ies)|loss(?:es)?|precision|recall|error(?: rate)?s?|perplexity|MSE|scores?|memory|run ?time|speed-?up|factor of)\b",
    re.IGNORECASE,
)
METRIC_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])\d[\d,]*\d(?!\.?\d)|(?<!几)[一二三四五六七八九]十[一二三四五六七八九]?|" + TENS, re.IGNORECASE
)
# … unless the number counts something else, or names it.
COUNTED = re.compile(
    r"s\b|\s*-?(?:[万亿]?[轮个张维次遍批步层位种类年月日节章页行列名份篇格条项倍]|[×*^]|x\d|\w*\s?"
    r"(?:epochs?|images?|pictures?|pixels?|units?|digits?|class(?:es)?|categories|steps?|batch(?:es)?|updates?|iterations?"
    r"|logits?|neurons?|weights?|parameters?|dimensions?|layers?|bits?|seeds?|examples?|samples?|runs?|times|pages?|years?"
    r"|labels?|inputs?|outputs?|numbers|values|columns?|rows?|papers?|points?)\b)"
)
NAMING = re.compile(
    r"(?:[×*/÷^]|除以|divided by|第|种子|每批|批大小|\b(?:batch(?:es)?|batch size|size|seeds?|epoch|step|layer|line|class"
    r"|label|digit|number|float|int|in|since|until|by)(?: of| is)?)\s*$"
)
REACH = 40  # characters between a metric's name and its number
CLAUSE = re.compile(r"[，。；！？]|[,;!?](?=\s|$)|\.(?=\s|$)|——| – ")
SENTENCE = re.compile(r"(?:[。！？]|[.!?](?=\s|\[\^|$))(?:\[\^[^\]]+\])*")

CHINESE = "[㐀-䶿一-鿿]"
FULL_WIDTH = "，。；：？！、（）《》“”"
JOINT = "\u2060*"  # where a mark of emphasis was
WRITING = {
    "no space between Chinese and Latin": rf"{CHINESE}{JOINT}[A-Za-z0-9{ASIDE}]|[A-Za-z0-9{ASIDE}]{JOINT}{CHINESE}",
    "half-width punctuation beside Chinese": rf"{CHINESE}{JOINT}[,;:?!()\"]|[,;:?!()\"]{JOINT}{CHINESE}|{CHINESE}{JOINT}\.(?!\w)|[,;:?!]\s{CHINESE}",
    "a space beside full-width punctuation": rf"\s[{FULL_WIDTH}]|[{FULL_WIDTH}]\s",
    "a space or line break between Chinese characters": rf"{CHINESE}{JOINT}\s+{JOINT}{CHINESE}",
}
# Chinese has no italics: browsers slant it artificially.
SLANTED = re.compile(rf"(?<![A-Za-z0-9*\\])(?:\*(?![*\s])|(?<!_)_)[^*_\n]*{CHINESE}[^*_\n]*(?:\*(?!\*)|_)")


def typed_results(text: str, code: str = "", notes: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield each typed result in a passage and why it is taken for one.

    `code`: all code that the page embeds; what occurs in it is an input. `notes`: the footnotes that the page defines;
    a sentence that refers to one of them, or links to another site, carries its source.
    """
    notes = set(notes)
    for sentence in _sentences(text):
        if notes & set(FOOTNOTE.findall(sentence)) or re.search(r"\]\(https?://|<https?://", sentence):
            continue
        plain = _plain(sentence, code)
        for kind, pattern in RESULTS.items():
            for match in re.finditer(pattern, plain, re.IGNORECASE):
                named = kind == "a decimal fraction" and (
                    NAMED.search(plain[: match.start()]) or "Python" in plain and re.fullmatch(r"3\.\d\d?", match[0])
                )
                decade = re.fullmatch(r"(?:1[89]|20)\d0s", match[0])
                fed = kind in ("a decimal fraction", "a factor") and _occurs(re.match(r"[\d.,]*", match[0])[0], code)
                if not (named or decade or fed):
                    yield match[0], kind
        yield from _metrics(plain, code)
        for fragment in (match[2] for match in INLINE_CODE.finditer(sentence)):
            if " ".join(fragment.split()) not in " ".join(code.split()):
                for kind in ("a number with a unit of results", "a result in words"):
                    yield from ((match[0], f"{kind}, as code") for match in re.finditer(RESULTS[kind], fragment))
                yield from _metrics(fragment.replace("_", " "), code)


def _metrics(plain: str, code: str) -> Iterator[tuple[str, str]]:
    for clause in CLAUSE.split(plain):
        metrics = list(METRIC.finditer(clause))
        for number in METRIC_NUMBER.finditer(clause):
            near = any(max(number.start() - m.end(), m.start() - number.end()) <= REACH for m in metrics)
            other = COUNTED.match(clause[number.end() :]) or NAMING.search(clause[: number.start()])
            if near and not other and not _occurs(number[0], code):
                yield clause.strip(), "a metric with its value"


def _occurs(number: str, code: str) -> bool:
    number = number.replace(",", "")
    return bool(number) and bool(re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.]*\d)", code))


def _sentences(text: str) -> list[str]:
    ends = [0, *(match.end() for match in SENTENCE.finditer(text)), len(text)]
    return [text[start:end] for start, end in zip(ends, ends[1:]) if text[start:end].strip()]


def _plain(text: str, code: str) -> str:
    """Return what a reader reads as text; code and formulas stay only where they are a bare number that no code holds."""

    def number_or_aside(content: str) -> str:
        return content if re.fullmatch(r"[\d.,]+%?", content) and not _occurs(content, code) else ASIDE

    def formula(match: re.Match) -> str:
        content = re.sub(r"\\[,;!: ]|\\(?:text|math|bold|bf|rm)\w*|[{}\s]", "", match[1] or match[2]).replace(
            "\\%", "%"
        )
        if METRIC.search(content):  # $\text{accuracy} = 97.8\%$
            return content
        return " ".join([number_or_aside(content), *re.findall(r"[\d.]+%", content)])

    text = INLINE_CODE.sub(lambda match: number_or_aside(match[2].strip()), IMAGE.sub("", text))
    return _bare(FORMULA.sub(formula, text), joint="")


def _bare(text: str, joint: str) -> str:
    """Take away the marks of Markdown, and put `joint` where there was emphasis."""
    text = FOOTNOTE.sub("", EXPRESSION.sub(ASIDE, text))
    text = LINK.sub(r"\1", text)
    text = re.sub(r"<https?://[^>]*>|https?://[^\s，。；）]+", ASIDE, text)
    text = re.sub(r"\{[:.#][^}]*\}|</?[A-Za-z][^>]*>", "", text)
    text = re.sub(r"\*+|(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])", joint, text)
    text = re.sub(r"\\([^\w\s])", r"\1", text)
    return html.unescape(text).translate(HALF_WIDTH if not joint else {})


def chinese_faults(text: str) -> Iterator[tuple[str, str]]:
    """Yield each place where Chinese is badly set, and what is wrong there."""
    text = FORMULA.sub(ASIDE, INLINE_CODE.sub(ASIDE, IMAGE.sub("", text)))
    for match in SLANTED.finditer(EXPRESSION.sub(ASIDE, text)):
        yield match[0], "slanted Chinese; set it **bold**"
    plain = _bare(text, joint="\u2060").strip()
    for cause, pattern in WRITING.items():
        for match in re.finditer(pattern, plain):
            yield plain[max(0, match.start() - 6) : match.end() + 6].replace("\u2060", "").replace("\n", "⏎"), cause
