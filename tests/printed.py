"""What a script prints, held to its declared results: a number under the name of a result is that result.

Reads sources, recorded outputs and fresh ones; it runs nothing. The rules can be kept without a thought by whoever prints
declared results under their own names.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from evidence.catalog import Script

NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[-−]?\d+(?:,\d{3})*(?:\.\d*)?(?:e[-+]?\d+)?%?(?![A-Za-z_]*\d)")
PROGRESS = re.compile(r"\d+/\d+ - ")  # Keras's own lines
FILLING = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "it", "of", "on", "than", "the", "to", "with"}
BEGINNING = re.compile(r"(?:\w+: )?(?:\W*\w+){0,3}")  # a name and the first words of its label, or of what is printed
KINDS = {  # what a label or a name promises, and the functions that keep the promise
    "maximum": ("largest longest highest maximum max greatest", "max amax maximum fmax argmax nanmax"),
    "minimum": ("smallest shortest lowest minimum min rarest", "min amin minimum fmin argmin nanmin"),
    "mean": ("mean average", "mean average fmean nanmean"),
}


def wrong_numbers(script: Script, results: Mapping[str, float | list[float]], output: str) -> list[str]:
    """Where all words of a result's name stand before a printed decimal fraction or share, it is the value of that result,
    or of one that fits as many of these words by its name and English label.

    What stands in the script is an input, and may be printed under any words. A number that no result has is judged only
    under names of several words, which stand before no number that is right: one function can print of several things.
    """
    code = script.path.read_text(encoding="utf-8")
    inputs = [float(text.replace("_", "")) for text in re.findall(r"(?<![\w.])\d[\d_]*\.?\d*(?:e-?\d+)?", code)]
    values = {name: value if isinstance(value, list) else [value] for name, value in results.items()}
    names = {name: _words(name) for name in values}
    said = {name: names[name] | _words(script.results[name].label["en"]) for name in values}
    found, right = [], []
    for line in output.splitlines():
        end = 0
        for match in () if PROGRESS.match(line) else NUMBER.finditer(line):
            label, end = _words(line[end : match.start()]), match.end()
            if not re.search(r"[.e%]", match[0]) or any(_shows(match[0], number) for number in inputs):
                continue
            same = [name for name in values if any(_shows(match[0], value) for value in values[name])]
            fit = max((len(said[name] & label) for name in same), default=0)
            whole = max((len(names[name]) for name in names if names[name] <= label), default=0)
            named = [name for name in names if names[name] <= label and len(names[name]) == whole > max(fit, not same)]
            if named and not {*named} & {*same}:
                value = " or ".join(same) or "no result"
                complaint = (
                    f"{script.stem} prints {line.strip()!r}, where {match[0]} is {value}; the words before it say"
                )
                found.append((label, same, f"{complaint} {' or '.join(named)}"))
            elif same:
                right.append(label)
    return [complaint for label, same, complaint in found if same or label not in right]


def other_expressions(versions: Sequence[Script]) -> list[str]:
    """The versions of a script print the same expression, as a decimal fraction, after the same words."""
    printed: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for script in versions:
        for call, label, value, form in _prints(script):
            if _words(label) and re.search(r"\.\d+[fe%]", form):
                printed[label, form][f"{script.stem}:{call.lineno}"] = ast.unparse(value)
    return [
        f"after {label!r} {', '.join(f'{place} prints {value}' for place, value in places.items())}; print the same"
        for (label, _), places in printed.items()
        if len(set(places.values())) > 1 and len({place.split(":")[0] for place in places}) == len(places)
    ]


def broken_promises(script: Script) -> list[str]:
    """What is called largest, smallest or mean, as a result or before a printed value, is not computed as another of these."""
    tree = ast.parse(script.path.read_text(encoding="utf-8"))
    definitions = _definitions(tree)
    promises = [(f"{name}: {result.label['en']}", ast.Name(name)) for name, result in script.results.items()]
    promises += [(label, value) for _, label, value, _ in _prints(script)]
    found = []
    for text, value in promises:
        promised = [kind for kind, (words, _) in KINDS.items() if _words(BEGINNING.match(text)[0]) & {*words.split()}]
        kept = next((kinds for depth in range(3) if (kinds := _computed(value, definitions, depth))), set())
        if len(promised) == 1 and kept and promised[0] not in kept:
            found.append(
                f"{script.stem}: {text.strip()!r} promises a {promised[0]}; {ast.unparse(value)} is a {', '.join(kept)}"
            )
    return found


def _words(text: str) -> set[str]:
    found = re.findall(r"[^\W\d_]{2,}", text.lower())
    return {re.sub(r"(?<!s)s$|(?<=ss)es$", "", re.sub(r"ies$", "y", word)) for word in found} - FILLING


def _shows(text: str, value: float) -> bool:
    """Whether the printed number is `value`, rounded to its digits; a script may drop a sign to speak of a size."""
    mantissa, _, exponent = text.rstrip("%").replace(",", "").replace("−", "-").partition("e")
    half = 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    shown = abs(float(mantissa)) * 10.0 ** int(exponent or 0)
    return abs(abs(value) * (100 if text.endswith("%") else 1) - shown) <= half * (1 + 1e-6)


def _prints(script: Script) -> Iterator[tuple[ast.Call, str, ast.expr, str]]:
    """Yield each printed expression: the call, the text before it in the call, the expression, its format."""
    for call in ast.walk(ast.parse(script.path.read_text(encoding="utf-8"))):
        if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print"):
            continue
        label = ""
        for part in (p for a in call.args for p in (a.values if isinstance(a, ast.JoinedStr) else [a])):
            if isinstance(part, ast.Constant):
                label += str(part.value)
            else:
                form = ast.unparse(part.format_spec) if getattr(part, "format_spec", None) else ""
                yield call, label, part.value if isinstance(part, ast.FormattedValue) else part, form
                label = ""


def _definitions(tree: ast.AST) -> dict[str, list[ast.AST]]:
    """Return what each name is made of: what is assigned or appended to it, or the function."""
    found = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found[node.name].append(node)
        elif isinstance(node, ast.Assign):
            targets = [n for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
            for name in targets:
                found[name.id].append(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append":
            found[ast.unparse(node.func.value).partition("[")[0]] += node.args
    return found


def _computed(value: ast.AST, definitions: Mapping[str, list[ast.AST]], depth: int) -> set[str]:
    nodes = list(ast.walk(value))
    called = {getattr(n.func, "attr", getattr(n.func, "id", "")) for n in nodes if isinstance(n, ast.Call)}
    found = {kind for kind, (_, functions) in KINDS.items() if called & {*functions.split()}}
    for name in {n.id for n in nodes if isinstance(n, ast.Name)} if depth else ():
        found = found.union(*(_computed(part, definitions, depth - 1) for part in definitions.get(name, ())))
    return found
