"""Both languages of all that we publish have the same facts; and each kind of difference is seen."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.catalog import load_catalog
from tests.pages import languages
from tests.pages.source import Page, read_house, read_page

ROOT = Path(__file__).parents[2]
HOUSE = read_house(load_catalog(ROOT))
WALKTHROUGHS = [f"docs/walkthroughs/zh/{file.name}" for file in (ROOT / "docs/walkthroughs/zh").glob("*.md")]
OTHERS = [*WALKTHROUGHS, "README.zh.md", "CONTRIBUTING.zh.md"]
OURS = replace(
    HOUSE,
    pages=HOUSE.pages
    | {
        name: read_page(ROOT, ROOT / name)
        for chinese in OTHERS
        for name in (chinese, chinese.replace("/zh/", "/en/").replace(".zh.", "."))
    },
)


@pytest.mark.parametrize("name", [*(name for name in HOUSE.pages if name.startswith("docs/zh/")), *OTHERS])
def test_same_facts(name):
    other = OURS.pages.get(name.replace("/zh/", "/en/", 1).replace(".zh.", "."))
    found = languages.same_facts(OURS.pages[name], other, OURS) if other else []  # test_same_pages names a missing page
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("topic", HOUSE.catalog.topics.values(), ids=lambda topic: topic.path)
def test_same_texts(topic):
    found = languages.same_texts(topic.path, tomllib.loads((topic.folder / "topic.toml").read_text("utf-8")))
    assert not found, "\n".join(["", *found])


CHINESE = """\
---
description: 六万张图，用 Keras 读。
---

# 矩阵

## 形状

权重是 $W_1$，784 × 128，共 101,770 个，批大小 `32`，准确率 {{ tiny.accuracy }}，见[上文](#矩阵)[^one]。LSTM 有三组，读 6 万张图，从 −1 起。

$$
L = -\\ln q_y, \\quad \\text{损失}
$$

| 名 | 数 |
| --- | --- |
| 输入 | 10 |
| 输出 | 20 |

```dot alt="两层，16 到 32"
digraph { a [label="16 个输入"]; b [label="32 个输出"]; a -> b }
```
"""
ENGLISH = """\
---
description: Sixty thousand pictures, read with Keras.
---

# Matrices

## Shapes

The weights $W_1$, 784 × 128, are 101,770; with `32` in a batch {{ tiny.accuracy }} are right, see [above](#matrices)[^one]. An LSTM has three sets, reads sixty thousand pictures, and starts at −1.

$$
L = -\\ln q_y, \\text{the loss}.
$$

| Name | Number |
| --- | --- |
| in | 10 |
| out | 20 |

```dot alt="two layers, 16 to 32"
digraph { a [label="16 inputs"]; b [label="32 outputs"]; a -> b }
```
"""


def complaints(english=ENGLISH):
    pages = [Page("docs/zh/models/tiny.md", CHINESE), Page("docs/en/models/tiny.md", english)]
    house = replace(HOUSE, pages={page.name: page for page in pages})
    return languages.same_facts(*pages, house)


def test_free_sentences_with_the_same_facts_pass():
    assert complaints() == []


def test_one_may_repeat_what_both_say():
    assert complaints(ENGLISH.replace("are 101,770", "of 784 inputs, are 101,770")) == []


def test_units_that_do_not_pair_are_compared_by_section():
    assert complaints(ENGLISH.replace("; with `32`", ".\n\nWith `32`")) == []
    assert "64 rather than 32" in complaints(ENGLISH.replace("; with `32`", ".\n\nWith `64`"))[0].replace(
        "32 rather than 64", "64 rather than 32"
    )


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("other formulas", "-\\ln", "\\ln"),
        ("other formulas", "q_y", "q_k"),
        ("other formulas", "$W_1$", "$W_2$"),
        ("other numbers", "784 × 128", "784 × 218"),
        ("other numbers", "101,770", "107,170"),
        ("other numbers", "−1", "1"),
        ("other numbers", "| 10 |\n| out | 20", "| 20 |\n| out | 10"),
        ("other numbers", "to 32", "to 23"),
        ("other numbers", '"16 inputs"', '"61 inputs"'),
        ("other numbers", "reads sixty", "reads fifty"),
        ("other numbers", "Sixty thousand", "Fifty thousand"),
        ("other numbers", "three sets", "four sets"),
        ("other code", "`32`", "`64`"),
        ("other values", "tiny.accuracy", "tiny.loss"),
        ("numbers in another order", "784 × 128", "128 × 784"),
        ("other links", "#matrices", "#shapes"),
        ("other links", "[^one]", "[^two]"),
        ("other names", "An LSTM", "A GRU"),
        ("other names", "with Keras", "with PyTorch"),
    ],
)
def test_a_fact_in_one_language_alone_is_seen(kind, right, wrong):
    assert ENGLISH.count(right) == 1
    found = complaints(ENGLISH.replace(right, wrong))
    assert len(found) >= 1
    assert all(f"has {kind}: " in complaint for complaint in found)


@pytest.mark.parametrize(
    ("chinese", "right", "wrong"),
    [
        ("从 {low} 到 {high}", "from {low} to {high}", "from {high} to {low}"),
        (
            "{{ a.mean }} 比 {{ a.least }} 大",
            "{{ a.mean }} is above {{ a.least }}",
            "{{ a.least }} is above {{ a.mean }}",
        ),
        ("Keras 是 `1e-7`，MXNet 不是", "Keras has `1e-7`, MXNet has not", "MXNet has `1e-7`, Keras has not"),
        ("左亮右暗", "bright left, dark right", "bright right, dark left"),
        ("红线在上，蓝线在下", "red above, blue below", "blue above, red below"),
    ],
)
def test_what_stands_in_pairs_has_one_order(chinese, right, wrong):
    assert list(languages.other_orders(chinese, right)) == []
    assert len(list(languages.other_orders(chinese, wrong))) == 1
    assert len(languages.same_texts("tiny", {"zh": chinese, "en": wrong})) == 1
    pages = [
        Page(f"docs/{place}/models/tiny.md", f"# T\n\n{text}\n") for place, text in (("zh", chinese), ("en", wrong))
    ]
    assert len(languages.same_facts(*pages, HOUSE)) == 1


def test_orders_that_a_language_needs():
    assert not list(languages.other_orders("{all} 次里有 {good} 次", "{good} of {all} times"))
    assert not list(languages.other_orders("左边是右边的镜像", "the right answer on the left mirrors the right"))


def test_a_text_in_the_wrong_language_is_seen():
    for right in (
        {"zh": "更新次数", "en": "Updates"},
        {"zh": "logit z", "en": "logit z"},
        {"zh": "`steps`", "en": "`steps`"},
    ):
        assert languages.same_texts("tiny", right) == []
    for wrong in ({"zh": "Updates", "en": "Updates"}, {"zh": "更新次数", "en": "更新次数"}):
        assert len(languages.same_texts("tiny", wrong)) == 1
    for right, wrong in (("16 inputs", "十六 16"), ("| in |", "| 入 |")):
        assert "is to be English" in "".join(complaints(ENGLISH.replace(right, wrong)))


def test_texts_of_a_contract():
    claim = {"zh": "{low} 低于 0.5，差三倍。", "en": "{low} is below 0.5, by three times."}
    assert languages.same_texts("tiny", {"claims": {"one": claim}}) == []
    for right, wrong in (("{low}", "{high}"), ("0.5", "0.6"), ("three", "four")):
        found = languages.same_texts("tiny", {"claims": {"one": claim | {"en": claim["en"].replace(right, wrong)}}})
        assert len(found) == 1
        assert found[0].startswith("tiny: claims: one: has other ")


def test_texts_below_a_text_are_compared_too():
    """An exploration has a text alternative in both languages, and below it axes, sliders and sentences of its own."""
    sentence = {"zh": "整批 {loss_0}，小批量 {loss_1}。", "en": "Batch {loss_0}, mini-batch {loss_1}."}
    table = {"zh": "两张图", "en": "Two plots", "says": {"after": sentence}}
    assert languages.same_texts("tiny", table) == []
    turned = sentence | {"en": "Batch {loss_1}, mini-batch {loss_0}."}
    assert len(languages.same_texts("tiny", table | {"says": {"after": turned}})) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("六万", 60_000),
        ("一百二十八", 128),
        ("两万两千", 22_000),
        ("十五万七千一百零五", 157_105),
        ("一九八六", 1986),
        ("一千多万亿", 10**15),
        ("a thousand trillion", 10**15),
        ("sixty thousand", 60_000),
        ("one hundred", 100),
        ("twenty-five", 25),
        ("the third", 3),
        ("two hundred thousand", 200_000),
    ],
)
def test_numerals(text, value):
    assert languages.facts_of(text).words == {value: 1}
