"""What every script keeps to, whoever wrote it, read from its code: it can be run twice in one session, and redirected."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from evidence.record import record_path


def calls_of(script, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(script.path.read_bytes())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
            yield node


def test_a_figure_of_that_name_may_be_open_already(catalog):
    """A second run in one IPython session would draw on top of the first, or raise (Matplotlib 3.11)."""
    found = [
        f"{script.path.name}, line {call.lineno}: {ast.unparse(call)}"
        for script in catalog.scripts.values()
        for call in calls_of(script, "plt.subplots", "plt.figure", "plt.subplot_mosaic")
        if not {"num", "clear"} <= {keyword.arg for keyword in call.keywords}
    ]
    assert not found, "\n".join([*found, 'write plt.subplots(num="a_name", clear=True)'])


def test_what_is_printed_is_ascii(catalog):
    """Output that goes into a file has the encoding of the system's language on Windows, and print raises where it falls short."""
    found = [
        f"{script.path.name}, line {part.lineno}: {part.value!r}"
        for script in catalog.scripts.values()
        for call in calls_of(script, "print")
        for part in ast.walk(call)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and not part.value.isascii()
    ]
    assert not found, "\n".join(found)


def test_what_was_printed_is_ascii(catalog):
    """What is no literal shows in the output; a word that has to be Chinese goes through `printable`."""
    for script in catalog.scripts.values():
        if script.topic.section == "walkthroughs":  # read in a notebook; Keras' own summary draws boxes
            continue
        printed = record_path(catalog, script, "cpu", "txt").read_text(encoding="utf-8")
        assert printed.isascii() or any(calls_of(script, "printable")), f"{script.stem} printed what is not ASCII"


@pytest.mark.parametrize(
    "encoding, shown", [("utf-8", "二十二"), ("cp932", "二十二"), ("cp1252", "???"), ("ascii", "???")]
)
def test_chinese_words_do_not_end_a_run(catalog, tmp_path, encoding, shown):
    variables = {**os.environ, "PYTHONIOENCODING": encoding, "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, catalog.script("task_numpy").path], capture_output=True, cwd=tmp_path, env=variables
    )
    assert run.returncode == 0, run.stderr.decode()
    assert f"    22 {shown}" in run.stdout.decode(encoding)
