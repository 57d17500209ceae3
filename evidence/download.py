"""What a reader takes home: a topic's scripts with all they import of ours, and how to run each."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence

from evidence.catalog import FRAMEWORKS, Catalog, Script, Topic
from evidence.code import local_modules, required_packages

SYSTEMS = ("Linux x86-64", "Linux ARM64", "macOS ARM64", "macOS x86-64", "Windows x86-64", "Windows ARM64")
# Where a framework has no wheel for Python 3.11, as `pip download --only-binary=:all: --platform …` says.
WITHOUT_WHEEL = {
    "mxnet==1.9.1": ("macOS ARM64", "Windows x86-64", "Windows ARM64"),
    "tensorflow==2.21.0": ("macOS x86-64", "Windows ARM64"),
    "torch==2.13.0": ("macOS x86-64", "Windows ARM64"),
}
INTRODUCTION = """\
需要 Python 3.11。在本文件夹中打开终端，按所用的框架建一次环境，再安装、运行脚本；下次只需激活环境。
Python 3.11 is needed. Open a terminal in this folder, make the environment of your framework once, then install and run. \
The next time, only activate it.
"""
ALONE = """\
MXNet 1.9.1 只能与不晚于 1.23.5 的 NumPy 一起用，所以要有单独的环境。它的安装包适用于任何 Python 3，NumPy 1.23.5 的只到 Python 3.11。
MXNet 1.9.1 works with no NumPy newer than 1.23.5, so it needs an environment of its own. Its wheels are for any \
Python 3, those of NumPy 1.23.5 for none later than Python 3.11.
"""
UNIX = """\
Linux, macOS:

python3.11 -m venv {environment}
source {environment}/bin/activate
"""
WINDOWS = """\
Windows（命令提示符 · Command Prompt）:

py -3.11 -m venv {environment}
{environment}\\Scripts\\activate.bat
"""
NO_WINDOWS = "Windows: 请用 WSL，按 Linux 操作 · use WSL, as on Linux\n"


def topic_archive(catalog: Catalog, topic: Topic) -> bytes:
    """Return a zip of one folder: the topic's scripts, our modules that they import, and a README.txt of how to run each.

    The same files give the same bytes, whenever and wherever it is made: lines end as they do in the repository.
    """
    scripts = list(catalog.select(topic.path))
    paths = {path for script in scripts for path in (script.path, *local_modules(catalog, script))}
    files = {path.name: path.read_bytes().replace(b"\r\n", b"\n") for path in sorted(paths, key=lambda path: path.name)}
    files["README.txt"] = "\n".join(_readme(catalog, topic, scripts)).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(f"{topic.name}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return content.getvalue()


def _readme(catalog: Catalog, topic: Topic, scripts: Sequence[Script]) -> Iterator[str]:
    """Yield paragraphs: one environment for all frameworks that share their packages' versions, and one for MXNet."""
    yield f"{topic.title['zh']} · {topic.title['en']}\n"
    yield INTRODUCTION
    for environment in ("environment", "environment-mxnet"):
        mine = [script for script in scripts if (script.framework == "mxnet") == (environment == "environment-mxnet")]
        if not mine:
            continue
        frameworks = {script.framework for script in mine}
        title = ", ".join(name for framework, name in FRAMEWORKS.items() if framework in frameworks)
        yield f"== {title} ==\n"
        if frameworks == {"mxnet"}:
            yield ALONE
        packages = {package for script in mine for package in required_packages(catalog, script)}
        lacking = sorted(packages & WITHOUT_WHEEL.keys())
        for package in lacking:
            there = ", ".join(system for system in SYSTEMS if system not in WITHOUT_WHEEL[package])
            gone = ", ".join(WITHOUT_WHEEL[package])
            yield f"{package}: 有安装包 · wheels for {there}; 没有 · none for {gone}\n"
        yield UNIX.format(environment=environment)
        everywhere = all("Windows x86-64" not in WITHOUT_WHEEL[package] for package in lacking)
        yield WINDOWS.format(environment=environment) if everywhere else NO_WINDOWS
        for script in mine:
            install = f"python -m pip install {' '.join(required_packages(catalog, script))}"
            yield f"{script.path.name}:\n\n{install}\npython {script.path.name}\n"
