"""Every rule from a page to a notebook, and that nothing else passes."""

from __future__ import annotations

import pytest

from evidence.notebooks.dialect import NotebookError

IMPORTS = '```python title="toy_numpy.py"\n--8<-- "snippets/models/toy/toy_numpy.py:imports"\n```'
MAIN = IMPORTS.replace(":imports", ":main")
OTHER = '```python\n--8<-- "snippets/models/toy/toy_pytorch.py:other"\n```'
WHOLE = '```python\n--8<-- "snippets/models/toy/toy_numpy.py"\n```'
CODE = f"\n\n{IMPORTS}\n\n{MAIN}\n"


def indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.split("\n"))


def tabs(**content: str) -> str:
    return "\n\n".join(f'=== "{label}"\n\n{indented(text)}' for label, text in content.items())


def prose(toy, body: str, **options) -> str:
    """What becomes of `body`, which stands above the code."""
    return "\n\n".join(cell.source for cell in toy.convert(body + CODE, **options) if cell.kind == "markdown")


@pytest.mark.parametrize(
    ("page", "notebook"),
    [
        ("---\ndescription: d\n---\n# Title\n\nA **word**, $a_i$ and `{{ code }}`.", "# Title\n\nA **word**, $a_i$ and `{{ code }}`."),
        ("| a | b |\n| --- | --- |\n| 1 | 2 |", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("- one\n\n    more of it\n\n- two", "- one\n\n    more of it\n\n- two"),
        ("$$\na < b\n$$\n\nand $c < d$", "$$\na < b\n$$\n\nand $c < d$"),
        ("{{ toy_numpy.score }} of {{ toy_numpy.score.minimum }}", "90.00% of 50%"),
        ("[here](https://a.b/c) and [there](../x/y.md#z), [below](#end)", "[here](https://a.b/c) and there, below"),
        ("<https://a.b>", "<https://a.b>"),
        ("Said[^b] and said[^a].\n\n[^a]: *A*.\n[^b]: *B*.\n[^c]: nobody", "Said<sup>[1]</sup> and said<sup>[2]</sup>.\n\n- [2] *A*.\n- [1] *B*."),
        ('!!! tip "Do *this*"\n\n    One.\n\n    - two', "> **Do *this***\n>\n> One.\n>\n> - two"),
        ('1. Why?\n\n    ??? success "Answer"\n\n        So.', "1. Why?\n\n    <details>\n    <summary>Answer</summary>\n\n    So.\n\n    </details>"),
        ('```dot alt="An arrow."\ndigraph { a -> b }\n```', "*Diagram: An arrow.*"),
        ("![](../records/models/toy/toy_numpy.cpu.curve.svg)", "*Figure: A straight line that rises.*"),
        ('![A picture.](p.svg){ width="4" height="5" }', "*Figure: A picture.*"),
        ('```text\n--8<-- "records/models/toy/toy_numpy.cpu.txt"\n```', "```text\nscore: 0.90, found\n```"),
        ("It printed:\n\n```text\n--8<-- \"records/models/toy/toy_pytorch.cpu.txt\"\n```\n\nMore.", "More."),
        ("It drew:\n\n![](../records/models/toy/toy_pytorch.cpu.curve.svg)", ""),
        ("```text\nerror: no\n```", "```text\nerror: no\n```"),
        ("/// explore | toy.border\nMove it.\n\nAnd look.\n///\n\nMore.", "More."),
        ("```bash\npython toy_numpy.py\n```", ""),
        ("```bash\nexport A=b\n```", "```bash\nexport A=b\n```"),
        ("/// download | models/toy\n///", ""),
        ("/// evidence | toy_pytorch\n///", ""),
        (tabs(NumPy="Ours.", PyTorch="Theirs."), "Ours."),
        (f'??? example "Whole"\n\n{indented(tabs(NumPy=WHOLE))}', ""),
        (f"## Theirs\n\nText.\n\n### Step\n\n{OTHER}\n\n## Ours", "## Ours"),
    ],
)  # fmt: skip
def test_rule(toy, page, notebook):
    assert prose(toy, page) == notebook


def test_evidence_becomes_a_list(toy):
    lines = prose(toy, "/// evidence | toy_numpy\n///", language="zh").splitlines()
    assert "- 得分：90.00%（种子 0–1：90.00%–91.00%）" in lines and all(line.startswith("- ") for line in lines)


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("cnn.md", "models/cnn/"), ("cnn.md#a", "models/cnn/#a"), ("../index.md", ""), ("../a/index.md#b", "a/#b"),
        ("../walkthroughs/d.ipynb", "walkthroughs/d/"),
    ],
)  # fmt: skip
def test_links_are_absolute_where_the_site_has_an_address(toy, target, address):
    assert prose(toy, f"[text]({target})", site_url="https://a.b/en/") == f"[text](https://a.b/en/{address})"


def test_what_only_pictures_of_others_are_about_is_left_out_below_the_code_and_not_above(toy):
    picture = "## What it drew\n\n![](../records/models/toy/toy_pytorch.cpu.curve.svg)\n\nOn the left."
    assert "On the left" in prose(toy, picture)
    assert [cell.name for cell in toy.convert(CODE + picture)] == ["imports", "main"]


def test_sections_become_cells_in_the_order_of_the_file(toy):
    numpy = tabs(NumPy=IMPORTS + "\n\n- about it", PyTorch=OTHER) + "\n\nFor all.\n\n" + tabs(NumPy=MAIN)
    cells = toy.convert(f"# Title\n\n## One\n\n{numpy}\n\n## Two\n\nEnd.")
    assert [(cell.kind, cell.name) for cell in cells] == [
        ("markdown", "text-01"), ("markdown", "text-02"), ("code", "imports"), ("markdown", "text-04"), ("code", "main"), ("markdown", "text-06"),
    ]  # fmt: skip
    assert cells[2].source.startswith("import matplotlib") and cells[4].source.endswith("plt.show()")
    assert cells[3].source == "- about it\n\nFor all."


def test_the_page_keeps_what_the_notebook_cannot_say(toy):
    first, *_ = toy.convert(f"Plain.\n{CODE}")
    assert first.page == ""
    first, *_ = toy.convert(f'!!! tip "A"\n\n    {{{{ toy_numpy.score }}}}\n{CODE}')
    assert first.source == "> **A**\n>\n> 90.00%" and first.page == '!!! tip "A"\n\n    {{ toy_numpy.score }}'


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        ("<div>raw</div>", "no rule converts '<div>'"),
        ("text { .class }", "no rule converts '{ .class }'"),
        ("a formula \\(x\\)", "no rule converts"),
        ('--8<-- "a"', "no rule converts '--8<--'"),
        ("[text][reference]", "no rule converts '\\]\\['"),
        ("[file](data.csv)", "no rule converts the link to data.csv"),
        ("Text.\n\n    code", "'code' is indented"),
        ("~~~\ncode\n~~~", "opens no fence of ours"),
        ("````text\nopen", "the fence is not closed"),
        ("```js\n1\n```", "no rule converts a fence of js"),
        ("```python\nx = 1\n```", "no rule converts a fence of python"),
        ('```text\n--8<-- "docs/a.txt"\n```', "no rule converts --8<--"),
        ("```dot\ndigraph {}\n```", "the diagram has no text alternative"),
        ('=== "conda"\n\n    text', "no rule converts a tab 'conda'"),
        ("??? Answer", "no rule converts"),
        ("/// gallery | x\n///", "no rule converts /// gallery"),
        ("/// evidence | toy_numpy", "no rule converts '/// evidence"),
        ("{{ toy_numpy.scores }}", "declares no result scores"),
        ("![](../records/models/toy/toy_numpy.cpu.none.svg)", "declares no figure none"),
        (f"- item\n\n{indented(IMPORTS)}", "code in a list or an admonition can be no cell"),
        (f'!!! note "A"\n\n{indented(IMPORTS)}', r"code in !!! can be no cell"),
        ("$$\na", "the formula is not closed"),
    ],
)
def test_anything_else_is_an_error(toy, page, cause):
    """Which names page and line."""
    with pytest.raises(NotebookError, match=rf"^docs/en/models/toy\.md:\d+: .*{cause}") as raised:
        toy.convert("# Title\n\n" + page + CODE)
    assert 3 <= int(str(raised.value).split(":")[1]) <= 6


@pytest.mark.parametrize(
    ("body", "order"),
    [
        (IMPORTS, ["One", "imports", "main", "Two"]),
        (MAIN, ["One", "imports", "main", "Two"]),
        ("Text.", ["One", "imports", "main"]),
        (OTHER, ["One", "imports", "main"]),
        ("/// code | toy_numpy.main\n///\n\n## Two\n\n/// output | toy_numpy\n///", None),
    ],
)
def test_what_the_page_does_not_show_stands_where_it_belongs(toy, body, order):
    cells = toy.convert(f"# One\n\n{body}\n\n## Two\n\nEnd.")
    names = [cell.name if cell.kind == "code" else cell.source.split()[1] for cell in cells]
    assert names == (order or ["One", "imports", "main", "Two", "Two"])


@pytest.mark.parametrize(
    "body", [f"{MAIN}\n\n{IMPORTS}", f"{IMPORTS}\n\n{MAIN}\n\n{MAIN}", IMPORTS.replace("imports", "none")]
)
def test_the_code_must_be_the_script_in_order(toy, body):
    with pytest.raises(NotebookError, match="toy_numpy.py"):
        toy.convert(body)
