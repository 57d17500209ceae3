"""What probes share. They run in the process of a snippet, which finds this file beside them."""

import ast
import contextlib
import functools
import io
import sys
from pathlib import Path
from unittest.mock import patch

import numpy

sys.path.append(str(Path(__file__).parents[2]))  # the root, where `tests` lies
from tests.adapters import open_model


class Stop(Exception):
    """Raised by what takes the place of one of the script's functions, when no more of its last section is wanted."""


@functools.cache
def load_mnist():
    """Reads MNIST once, for a probe and for what it runs again of its script: as the script's own `load_mnist`, not to be changed."""
    import mnist_data  # lies beside those scripts only that read it

    train, test = mnist_data.load_mnist()
    for array in (*train, *test):
        array.flags.writeable = False
    return train, test


def last_section(snippet, **instead):
    """Runs the script's last section once more, with other functions `instead` of its own, to its end or `Stop`: its names."""
    last = ast.parse(Path(snippet["__file__"]).read_bytes()).body[-1]
    code = compile(ast.Module(last.body, type_ignores=[]), snippet["__file__"], "exec")
    data = {"load_mnist": load_mnist} if "load_mnist" in snippet else {}
    with patch.dict(snippet, data), contextlib.suppress(Stop), contextlib.redirect_stdout(io.StringIO()):
        names = {**snippet, **instead}
        exec(code, names)
    return names


def what_train_receives(snippet):
    """Returns what the script's first call of `train` is given, but for the model."""
    received = []

    def spy(model, *arguments):
        received.append(arguments)
        raise Stop

    last_section(snippet, train=spy)
    if not received:
        raise ValueError("the script's last section does not call train")
    return received[0]


def other_constants(snippet, **values):
    """A context in which the script's `train` finds other values for constants; raises KeyError for one that it does not have."""
    names = snippet["train"].__globals__
    if missing := values.keys() - names.keys():
        raise KeyError(*missing)
    return patch.dict(names, values)


def changes(snippet, inputs, train):
    """Trains a new generator and discriminator by `train(generator, discriminator)`: how far each parameter of each of them moved."""
    networks = [snippet[name]() for name in ("build_generator", "build_discriminator")]
    if "DEVICE" in snippet:
        networks = [network.to(snippet["DEVICE"]) for network in networks]
    opened = [open_model(network) for network in networks]
    for network, x in zip(opened, inputs):
        network.call(x)  # settles the shapes
    before = [network.parameters() for network in opened]
    with contextlib.redirect_stdout(io.StringIO()):
        train(*networks)
    moved = [
        [numpy.abs(b - a).ravel() for a, b in zip(parts, network.parameters())]
        for parts, network in zip(before, opened)
    ]
    return [numpy.concatenate(parts) for parts in moved], [network.call for network in opened]
