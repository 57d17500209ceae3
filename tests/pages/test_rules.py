"""Each rule reports what it is there for. A small house that keeps every rule is broken in one place at a time."""

import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown
from mkdocs.config import load_config

from evidence.catalog import load_catalog
from evidence.code import PACKAGES, code_digests
from evidence.record import write_record
from tests.pages import rules
from tests.pages.source import read_house

ROOT = Path(__file__).parents[2]

SCRIPT = '''\
# --8<-- [start:model]
def build_model():
    """Return a model."""
    return {framework}.Sequential(
        units=128,
    )
# --8<-- [end:model]


# --8<-- [start:main]
if __name__ == "__main__":
    model = build_model()
    print("accuracy: 97.80%")
# --8<-- [end:main]
'''
TOPIC = """\
title = { zh = "小模型", en = "A small model" }
[results.accuracy]
unit = "percent"
label = { zh = "准确率", en = "Accuracy" }
selection = { zh = "最后一轮", en = "last epoch" }
[figures.curve]
zh = "一条曲线。"
en = "A curve."
[absent]
numpy = { zh = "没有必要。", en = "No need." }
tensorflow = { zh = "没有必要。", en = "No need." }
mxnet = { zh = "没有必要。", en = "No need." }
"""
PAGE = """\
---
description: {description}
keywords: {title}
---

# {title}

!!! note "{title}"

    - {title} {{{{ tiny_*.accuracy }}}}

{text}[^source]

![{alternative}](tiny.svg)

```dot alt="{alternative}"
digraph {{ {{{{a b}} -> c}}; c [label="{title}\\n128"] }}
```

| {title} | {title} |
| --- | --- |
| Keras | {{{{ tiny_keras.accuracy }}}} |

## {title} 1

=== "Keras"

    ```python title="tiny_keras.py"
    --8<-- "snippets/models/tiny/tiny_keras.py:model"
    ```

    - `return keras.Sequential(`{colon}{text}

=== "PyTorch"

    ```python title="tiny_pytorch.py"
    --8<-- "snippets/models/tiny/tiny_pytorch.py:model"
    ```

    - `return pytorch.Sequential(`{colon}{text}

- `def build_model():` {text}
- `units=128`{colon}{text}

## {title} 2

=== "Keras"

    ```python title="tiny_keras.py"
    --8<-- "snippets/models/tiny/tiny_keras.py:main"
    ```

=== "PyTorch"

    ```python title="tiny_pytorch.py"
    --8<-- "snippets/models/tiny/tiny_pytorch.py:main"
    ```

- `if __name__ == "__main__":` {text}
- `model = build_model()`{colon}{title} `print`

$$
x = 0.5
$$

??? example "{title}"

    === "Keras"

        ```python title="tiny_keras.py"
        --8<-- "snippets/models/tiny/tiny_keras.py"
        ```

    === "PyTorch"

        ```python title="tiny_pytorch.py"
        --8<-- "snippets/models/tiny/tiny_pytorch.py"
        ```

=== "Keras"

    ```text
    --8<-- "records/models/tiny/tiny_keras.cpu.txt"
    ```

    ![](../records/models/tiny/tiny_keras.cpu.curve.svg)

    /// evidence | tiny_keras
    ///

=== "PyTorch"

    ```text
    --8<-- "records/models/tiny/tiny_pytorch.cpu.txt"
    ```

    ![](../records/models/tiny/tiny_pytorch.cpu.curve.svg)

    /// evidence | tiny_pytorch
    ///

```bash
python tiny_keras.py
```

/// download | models/tiny
///

## {exercises}

1. {text}

    ??? success "{title}"

        {text}

2. {text}

    ??? success "{title}"

        {text}

## {sources}

{text}[^source]

[^source]: <https://example.org/1998/99.5>
"""
WORDS = {
    "zh": {
        "description": "说明。",
        "title": "小模型",
        "text": "先看 Keras 怎么写。",
        "colon": "：",
        "alternative": "一张图",
        "exercises": "练习",
        "sources": "来源",
    },
    "en": {
        "description": "What it is.",
        "title": "A small model",
        "text": "See how Keras does it.",
        "colon": ": ",
        "alternative": "A picture",
        "exercises": "Exercises",
        "sources": "Sources",
    },
}
ZH, EN = "docs/zh/models/tiny.md", "docs/en/models/tiny.md"
KERAS, CONTRACT = "snippets/models/tiny/tiny_keras.py", "snippets/models/tiny/topic.toml"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Return a folder with a house that keeps every rule; it is the current folder."""
    files = {CONTRACT: TOPIC, "tests/models/test_tiny.py": ""}
    for framework in ("keras", "pytorch"):
        files[f"snippets/models/tiny/tiny_{framework}.py"] = SCRIPT.format(framework=framework)
    for language, words in WORDS.items():
        files[f"docs/{language}/models/tiny.md"] = PAGE.format(**words)
        files[f"docs/{language}/models/tiny.svg"] = "<svg/>"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    catalog = load_catalog(tmp_path)
    for script in catalog.scripts.values():
        run = SimpleNamespace(
            script=script, code=code_digests(catalog, script), data=None, seed=0, results={"accuracy": 0.978}, output="accuracy: 97.80%\n", printed=["main"], drawn={"curve": {}}, threads=1,
            figures={"curve": '<svg viewBox="0 0 1 1"/>'}, versions={"python": "3.11", **dict.fromkeys(PACKAGES[script.framework], "1.0")}, device="cpu", device_name="CPU", rehearsed=False,
            seconds_wall=1.0, seconds_cpu=1.0, peak_memory_bytes=1,
        )  # fmt: skip
        write_record(catalog, [run])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@cache
def site_markdown():
    config = load_config(str(ROOT / "mkdocs.yml"))
    return {"extensions": config.markdown_extensions, "extension_configs": config.mdx_configs}


def complaints(root):
    """Hold a house to every rule."""
    house = read_house(load_catalog(root))
    found = rules.same_pages(house) + rules.topics_are_whole(house)
    for name, page in house.pages.items():
        other = house.pages.get(name.replace("/zh/", "/en/"))
        if page.language == "zh" and other:
            found += rules.same_structure(page, other)
        for rule in (rules.code_is_embedded, rules.sections_in_order, rules.quotes, rules.numbers_come_from_records,
                     rules.page_is_complete, rules.images):  # fmt: skip
            found += rule(page, house)
        found += rules.chinese_is_well_set(page) + rules.rendered_code(page, house, Markdown(**site_markdown()))
    for script in house.catalog.scripts.values():
        found += rules.markers(script.path.relative_to(root).as_posix(), script.path.read_text("utf-8"))
    for topic in house.catalog.topics.values():
        found += rules.contract_texts(
            f"{topic.path}/topic.toml", tomllib.loads((topic.folder / "topic.toml").read_text("utf-8"))
        )
    return found


def test_good_house_passes(house):
    assert complaints(house) == []


TYPED = "```python\nprint(1)\n```\n"
FENCE = '```python title="tiny_keras.py"\n    --8<-- "snippets/models/tiny/tiny_keras.py:model"\n    ```'


BREAKAGES = [
    # Both languages.
    (EN, "## A small model 2", "### A small model 2", "a heading of level 2, where"),
    (EN, "\n## A small model 2\n", "\n", "a heading of level 2, where"),
    (EN, '=== "PyTorch"', '=== "Torch"', "the tab Torch"),
    (EN, "\n![A picture](tiny.svg)\n", "\n", "the image tiny.svg"),
    (EN, "{{a b} -> c}", "{a -> c}", "a diagram digraph { {a -> c}"),
    (EN, "A small model\\n128", "Another\\nlabel", None),
    (EN, "    /// evidence | tiny_keras\n    ///\n", "", "/// evidence | tiny_keras, where"),
    (EN, "| --- | --- |\n| Keras |", "| --- | --- |\n| Keras | x |\n| Keras |", "a table of 2 columns"),
    (EN, "{{ tiny_keras.accuracy }}", "good", "shows {{ tiny_keras.accuracy }}, which docs/en"),
    (
        EN,
        "{{ tiny_keras.accuracy }}",
        "{{ tiny_pytorch.accuracy }}",
        "shows {{ tiny_pytorch.accuracy }}, which docs/zh",
    ),
    (EN, "$$\nx = 0.5\n$$\n", "", "a formula, where"),
    (EN, "python tiny_keras.py\n", "python tiny_pytorch.py\n", "where docs/en/models/tiny.md:"),
    (EN, "99.5>\n", "99.5>\n[^other]: <https://example.org>\n", "a source"),
    (EN, '!!! note "A small model"', '!!! warning "A small model"', "!!! warning"),
    # Code.
    (EN, "## Exercises\n", f"## Exercises\n\n{TYPED}", "code or output typed by hand"),
    (
        EN,
        "## Exercises\n",
        f'## Exercises\n\n=== "Keras"\n\n    {TYPED}'.replace("\npr", "\n    pr").replace("\n```", "\n    ```"),
        "code or output typed by hand",
    ),
    (
        EN,
        "## Exercises\n",
        "## Exercises\n\n```text\naccuracy: 97.80%\n```\n",
        "code or output typed by hand",
    ),
    (EN, "## Exercises\n", f"## Exercises\n\n{TYPED.replace('```', '~~~')}", "a fence of ~~~"),
    (
        EN,
        "## Exercises\n",
        f"## Exercises\n\n{TYPED.replace('```python', '``` { .python }')}",
        "typed by hand",
    ),
    (EN, "## Exercises\n", "## Exercises\n\nSo:\n\n    print(1)\n", "an indented block shows as code"),
    (
        EN,
        "## Exercises\n",
        "## Exercises\n\n- So:\n\n        print(1)\n",
        "an indented block shows as code",
    ),
    (EN, "## Exercises\n", "## Exercises\n\n<pre>print(1)</pre>\n", "raw <pre>"),
    (EN, "## Exercises\n", "## Exercises\n\n<div markdown><code>print(1)</code></div>\n", "raw <code>"),
    (EN, "## Exercises\n", "## Exercises\n\n/// html | pre\nprint(1)\n///\n", "no block of ours"),
    (EN, "## Exercises\n", f'## Exercises\n\n--8<-- "{KERAS}:model"\n', "--8<-- outside a fence"),
    (EN, 'tiny_keras.py:model"\n', 'tiny_keras.py:model"\n    print(1)\n', "code or output typed by hand"),
    (EN, 'tiny_keras.py:model"\n', 'tiny_keras.py:1:3"\n', "there is no section 1:3"),
    (EN, 'tiny_keras.py:model"\n', 'tiny_keras.py:modell"\n', "there is no section modell"),
    (EN, FENCE, FENCE.replace("keras", "pytorch"), "in the tab Keras; it belongs to PyTorch"),
    (EN, "records/models/tiny/tiny_keras.cpu.txt", "records/models/tiny/tiny_pytorch.cpu.txt", "it belongs to PyTorch"),
    (
        EN,
        "records/models/tiny/tiny_keras.cpu.curve",
        "records/models/tiny/tiny_pytorch.cpu.curve",
        "it belongs to PyTorch",
    ),
    (EN, "tiny_keras.cpu.txt", "tiny_keras.cpu.txt:main", "write /// output"),
    (
        EN,
        FENCE,
        FENCE.replace("snippets/models/tiny/tiny_keras.py:model", CONTRACT),
        "only snippets/….py and records/….txt",
    ),
    (EN, FENCE, FENCE.replace('title="tiny', 'title="huge'), "the title 'huge_keras.py' over tiny_keras.py"),
    (EN, FENCE, FENCE.replace("```python ", "```text "), "write ```python"),
    (EN, "```bash\n", "```bash\ncat result\n", "no command of SHELL_COMMANDS"),
    (EN, "```bash\n", "```bash\nepoch 1: loss 0.3\n", "no command of SHELL_COMMANDS"),
    (EN, "python tiny_keras.py\n", "python tiny_keras.py && rm -r .\n", "'rm' is no command"),
    (EN, "python tiny_keras.py\n", "python -c 'import keras'\n", "code typed into a command"),
    (EN, "python tiny_keras.py\n", "python tiny_keras.py  # 97 %\n", "a comment beside a command"),
    # Sections.
    (KERAS, "# --8<-- [end:model]\n", "", "section main starts within model"),
    (KERAS, "# --8<-- [start:model]\n", "", "lies in no section"),
    (KERAS, "# --8<-- [end:main]\n", "", "section main has no end"),
    (KERAS, "[start:main]", "[start:model]", "a second section model"),
    (KERAS, "[end:main]", "[end:mian]", "ends mian, but main is open"),
    (KERAS, "# --8<-- [end:model]", "# --8< [end:model]", "not a marker"),
    (KERAS, "    units=128", "    # --8<-- [start:units]\n    units=128", "not a marker"),
    (KERAS, "\n\n\n", "\n# --8<-- [start:empty]\n\n# --8<-- [end:empty]\n", "section empty is empty"),
    (KERAS, "\n\n\n", "\nmodel = None\n", "'model = None' lies in no section"),
    (EN, 'tiny_keras.py:main"', 'tiny_keras.py:model"', "with model twice"),
    (EN, "## Exercises\n", f"## Exercises\n\n{FENCE.replace('    ', '')}\n", "with model twice"),
    (EN, "/// download | models/tiny\n///\n", "", "offers no file to copy"),
    # Explanations.
    (EN, "- `units=128`", "- `units=64`", "explains `units=64`, which the code here does not hold"),
    (KERAS, "return keras.Sequential", "return Sequential", "explains `return keras.Sequential(`"),
    (
        EN,
        'Keras does it.\n\n=== "PyTorch"',
        'Keras does it, then `model.compile()`.\n\n=== "PyTorch"',
        "quotes `model.compile()`",
    ),
    (EN, "- `return keras.Sequential(`", "- `return Sequential(`", "explains `return Sequential(`"),
    (EN, "`model = build_model()`: A small", "`model` and `build_model`: A small", None),
    # Running text.
    (EN, "See how Keras does it.[^source]", "It is right on 97.8 %.", "is typed by hand"),
    (EN, "description: What it is.", "description: An accuracy of 97.", "tiny.md:1: “An accuracy of 97"),
    (EN, "![A picture]", "![A curve up to 97 %]", "“97 %”"),
    (EN, 'alt="A picture"', 'alt="A curve up to 97 %"', "“97 %”"),
    (EN, "A small model\\n128", "right on\\n97 %", "“97 %”"),
    (EN, '!!! note "A small model"', '!!! note "97 % right"', "“97 %”"),
    (EN, "\n## A small model 2", "\n## A small model with 97 % accuracy", "“97 %”"),
    (EN, "| Keras | {{ tiny_keras.accuracy }}", "| Accuracy | 97 {{ tiny_keras.accuracy }}", "a metric with its value"),
    (EN, "| A small model |", "| Time (s) |", None),
    (EN, "| Keras | {{ tiny_keras.accuracy }}", "| Keras | 97 % {{ tiny_keras.accuracy }}", "“97 %”"),
    (EN, "- `units=128`: See", "- `units=128`: 97 % See", "“97 %”"),
    (EN, "x = 0.5", "\\text{accuracy} = 97", "a metric with its value"),
    (EN, "\n[^source]: <https", "\n[^sauce]: <https", "[^source] is not defined"),
    (CONTRACT, 'en = "A curve."', 'en = "A curve that reaches 97 %."', "“97 %”"),
    (CONTRACT, 'en = "A curve."', 'en = "Accuracy of {round(100 * a):count}%, then {round(100 * b):count}%."', None),
    (CONTRACT, 'en = "A curve."', 'en = "Accuracy of {round(100 * a):count}%, then 97 %."', "“97 %”"),
    (CONTRACT, 'zh = "一条曲线。"', 'zh = "一条curve。"', "no space between Chinese and Latin"),
    (ZH, "先看 Keras 怎么写。[", "先看Keras 怎么写。[", "no space between Chinese and Latin"),
    (ZH, "| 小模型 |", "| 小模型,大模型 |", "half-width punctuation"),
    (ZH, 'label="小模型', 'label="小model', "no space between Chinese and Latin"),
    # Parts of a page.
    (EN, "description: What it is.", "title: x", "has no description"),
    (EN, "keywords: A small model", "title: x", "has no keywords"),
    (EN, "# A small model\n", "# A small model\n\n# Another\n", "has 2 titles"),
    (EN, "## Exercises", "## Questions", "has no section ## Exercises"),
    (
        EN,
        "\n2. See how Keras does it.\n\n    ??? success",
        "\n2. See how Keras does it.\n\n    !!! success",
        "2 exercises and 1 folded answers",
    ),
    (EN, "\n## Sources\n", "\n## Sources\n\n## More\n", "is not the last section"),
    (EN, "    /// evidence | tiny_keras\n    ///\n", "", "without its evidence; add /// evidence | tiny_keras"),
    (EN, "See how", "TODO: see how", "TODO"),
    # Images.
    (EN, "![A picture](tiny.svg)", "![](tiny.svg)", "has no text alternative"),
    (EN, "![A picture](tiny.svg)", "![A picture](huge.svg)", "is not there"),
    (EN, "![A picture](tiny.svg)", "![A picture](https://example.org/tiny.svg)", "is on another host"),
    (EN, "![A picture](tiny.svg)", '<img src="tiny.svg">', "an image in another form"),
    (EN, '```dot alt="A picture"', "```dot", "the diagram has no text alternative"),
    (EN, "```dot", "~~~dot", "a fence of ~~~"),
    (EN, "![](../records", "![A curve](../records", "leave the brackets empty"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "cause"), BREAKAGES, ids=[f"{i}: {case[3]}" for i, case in enumerate(BREAKAGES)]
)
def test_breakage_is_reported(house, file, old, new, cause):
    text = (house / file).read_text("utf-8")
    assert old in text
    (house / file).write_text(text.replace(old, new, 1), "utf-8")
    found = "\n".join(complaints(house))
    if cause is None:  # a change that is allowed
        assert found == ""
    else:
        assert cause in found


@pytest.mark.parametrize(
    ("file", "cause"),
    [
        (EN, f"{EN}: the page is missing in this language"),
        (ZH, f"{ZH}: missing, though there is a topic models/tiny"),
        ("tests/models/test_tiny.py", "tests/models/test_tiny.py: missing"),
        ("records/models/tiny/tiny_keras.cpu.json", "records/models/tiny/tiny_keras.cpu.json: missing"),
        ("records/models/tiny/tiny_keras.cpu.txt", "cannot be shown"),
    ],
)
def test_missing_file_is_reported(house, file, cause):
    (house / file).unlink()
    assert cause in "\n".join(complaints(house))


@pytest.mark.parametrize(
    ("file", "cause"),
    [
        ("records/models/tiny/old.txt", "no record claims this file"),
        ("docs/en/models/huge.md", "there is no topic models/huge"),
        ("docs/en/index.md", "docs/zh/index.md: the page is missing"),
    ],
)
def test_stray_file_is_reported(house, file, cause):
    (house / file).write_text("# Stray\n", "utf-8")
    assert cause in "\n".join(complaints(house))


SHORT = {
    "/// code | tiny.main\n///": None,
    "/// code | tiny_keras.main\n///\n\n/// output | tiny\n///\n\n/// figure | tiny.curve\n///": None,
    "/// code | tiny.maim\n///": "tiny_keras.py has no section maim",
    "/// code | tidy.main\n///": "no script is called tidy",
    "/// code | tiny\n///": "write /// code | script.section",
    "/// figure | tiny.curves\n///": "has no figure curves",
    "/// output | tiny.main\n///": None,
    "/// output | tiny.model\n///": "the section model of tiny_keras.py printed nothing",
    "/// output | tiny": "end the block with a line ///",
}


@pytest.mark.parametrize("short", SHORT)
def test_short_blocks(house, short):
    """They are held to every rule as what they stand for; in both languages, with the sections of the long form gone."""
    for name in (ZH, EN):
        text = (house / name).read_text("utf-8")
        start, end = text.index('=== "Keras"', text.index(" 2\n")), text.index("- `if __name__")
        (house / name).write_text(f"{text[:start]}{short}\n\n{text[end:]}", "utf-8")
    found = "\n".join(complaints(house))
    assert found == "" if SHORT[short] is None else SHORT[short] in found


@pytest.mark.parametrize(
    ("english", "same"),
    [
        ("nav: [{Home: index.md}, {Models: [models/mlp.md]}]\nsite_url: !ENV [A, b]\n", True),
        ("nav: [{Home: index.md}]\n", False),
        ("nav: [{Models: [models/mlp.md]}, {Home: index.md}]\n", False),
    ],
)
def test_navigation(english, same):
    chinese = "nav: [{首页: index.md}, {模型: [models/mlp.md]}]\nslug: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\n"
    assert (rules.same_navigation(chinese, english) == []) == same


def test_short_blocks_that_follow_one_another_are_two_sets_of_tabs(house):
    text = "/// code | tiny.model\n///\n\n/// output | tiny.main\n///\n\n/// figure | tiny.curve\n///\n"
    shown = BeautifulSoup(Markdown(**site_markdown()).convert(text), "html.parser")
    sets = [[label.text for label in tabs.select(".tabbed-labels > label")] for tabs in shown.select(".tabbed-set")]
    assert sets == [["Keras", "PyTorch"]] * 3
