"""The page that shows a recorded notebook, as Markdown in our own dialect.

So a walkthrough looks, reads and is checked like every other page: fonts, dark scheme, formulas, copy buttons, anchors of Chinese
headings, links and terms come from the extensions that all pages use, and there is no style sheet of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.code import reads_mnist, required_packages
from evidence.notebooks.dialect import front_matter
from evidence.notebooks.record import Walkthrough

# What a reader of the page need not see: how to install, and the modules that a notebook has to write by itself.
HIDDEN = re.compile(r"setup|licence|(?:about|module)-.*")

WORDS = {
    "zh": {
        "open": "怎样运行这个 notebook",
        "local": "在自己的电脑上：需要 Python 3.11。装好软件包，打开下载的文件，从上到下运行。",
        "command": "pip install jupyterlab {packages}\njupyter lab {name}",
        "colab": "在 Colab 上：打开 [colab.research.google.com](https://colab.research.google.com/)，选“文件”里的“上传笔记本”，把下载的 `{name}` 传上去。框架已经装好，版本可能不同（2026 年 11 月）。",
        "china": "在国内：[魔搭社区](https://modelscope.cn/my/mynotebook)的 Notebook 可以直接访问，注册之后有现成的 CPU 和 GPU 环境；打开 JupyterLab，把文件拖进左边的文件栏。缺什么包，用上面的 `pip install` 装（2026 年 11 月）。",
        "data": "MNIST 由 notebook 自己写出的 `mnist_data.py` 下载，镜像里第一个就在国内。",
        "run": "这次运行",
        "recorded": "上面的输出和图来自一次完整的运行：从一个空文件夹开始，只能导入写明的软件包，从第一格执行到最后一格。",
    },
    "en": {
        "open": "How to run this notebook",
        "local": "On your own computer, with Python 3.11: install the packages, open the downloaded file, and run it from top to bottom.",
        "command": "pip install jupyterlab {packages}\njupyter lab {name}",
        "colab": "On Colab: open [colab.research.google.com](https://colab.research.google.com/), choose “Upload notebook” in the menu “File”, and upload the downloaded `{name}`. The frameworks are installed there, perhaps in other versions (November 2026).",
        "china": "In China, where Colab is out of reach: the notebooks of [ModelScope](https://modelscope.cn/my/mynotebook) offer CPU and GPU environments to whoever registers; open JupyterLab and drag the file into its list of files. Install what is missing with the command above (November 2026).",
        "data": "MNIST is downloaded by `mnist_data.py`, which the notebook writes itself; the first of its mirrors is in China.",
        "run": "The run",
        "recorded": "The outputs and figures above are of one run, from the first cell to the last, in an empty folder, with no package within reach but the stated ones.",
    },
}


def front(walkthrough: Walkthrough) -> dict:
    """Return the front matter that the page has: that of the prose."""
    return front_matter(walkthrough.prose.read_text(encoding="utf-8"))[0]


def as_markdown(walkthrough: Walkthrough, content: Mapping[str, Any]) -> str:
    """Return the page of a recorded notebook."""
    cells = [cell for cell in content["cells"] if not HIDDEN.fullmatch(cell["id"])]
    chapters = [index for index, cell in enumerate(cells) if "".join(cell["source"]).startswith("## ")]
    parts: list[str] = []
    for index, cell in enumerate(cells):
        if chapters and index == chapters[-1]:  # the sources come last
            parts += list(_run(walkthrough))
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            parts += [_fence("python", source), *_shown(walkthrough, cell["outputs"])]
        else:
            text = cell["metadata"].get("page", source)
            # What stands beside it is a notebook, too.
            parts.append(re.sub(r"(\]\((?!\.\./)[\w-]+)\.md\b", r"\1.ipynb", text))
        if index == 0:
            parts += list(_how_to_run(walkthrough))
    return "\n\n".join(parts) + "\n"


def _shown(walkthrough: Walkthrough, outputs: list[Mapping[str, Any]]) -> Iterator[str]:
    script = walkthrough.script
    for output in outputs:
        if output["output_type"] == "stream":
            yield _fence("text", "".join(output["text"]).rstrip("\n"))
        else:
            # The very picture, as `record` has made sure; published once for both languages.
            yield f"![](../records/{script.topic.path}/{script.stem}.cpu.{output['metadata']['figure']}.svg)"


def _how_to_run(walkthrough: Walkthrough) -> Iterator[str]:
    words, stem = WORDS[walkthrough.language], walkthrough.script.stem
    name = f"{stem}.ipynb"
    command = words["command"].format(
        packages=" ".join(required_packages(walkthrough.catalog, walkthrough.script)), name=name
    )
    items = [words["local"] + "\n\n" + _fence("bash", command), words["colab"].format(name=name), words["china"]]
    if reads_mnist(walkthrough.catalog, walkthrough.script):
        items.append(words["data"])
    listed = "\n\n".join("- " + item.replace("\n", "\n    ") for item in items)
    yield f"/// download | {stem}\n///"
    yield f'??? tip "{words["open"]}"\n\n' + "\n".join(f"    {line}".rstrip() for line in listed.split("\n"))


def _run(walkthrough: Walkthrough) -> Iterator[str]:
    words = WORDS[walkthrough.language]
    yield f"## {words['run']}"
    yield words["recorded"]
    yield f"/// evidence | {walkthrough.script.stem}\n///"


def _fence(language: str, text: str) -> str:
    longest = max((len(run) for run in re.findall("`{3,}", text)), default=2)
    mark = "`" * (longest + 1)
    return f"{mark}{language}\n{text}\n{mark}"
