"""What probes share. They run in the process of a snippet, which finds this file beside them."""

import ast
import contextlib
import io
from pathlib import Path


class _Received(Exception):
    """Carries what `train` was called with out of the script's last section."""


def what_train_receives(snippet):
    """Runs the script's last section once more, up to its first call of `train`: its arguments but the model."""

    def spy(model, *arguments):
        raise _Received(*arguments)

    last = ast.parse(Path(snippet["__file__"]).read_bytes()).body[-1]
    code = compile(ast.Module(last.body, type_ignores=[]), snippet["__file__"], "exec")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, {**snippet, "train": spy})
    except _Received as received:
        return received.args
    raise ValueError("the script's last section does not call train")
