"""Models of every framework behind one face, for the tests of parity and for probes; each module needs its own framework alone.

`Network` is a model as a probe finds it: `parameters()`, those that are trained, in the order in which the model has them, each
with its axes as in Keras; `call(x, training)`, on arrays and to arrays, pixels before channels; `tensor(array)` and
`array(tensor)`. What the tests of parity need besides, `tests.parity.measure` describes.
"""

from __future__ import annotations

import importlib

import numpy as np

FRAMEWORKS = {"keras": "keras", "tensorflow": "keras", "torch": "pytorch", "mxnet": "mxnet"}


def open_model(model):
    """Return the `Network` of a model that a script left in its process."""
    packages = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    framework = next(framework for package, framework in FRAMEWORKS.items() if package in packages)
    return importlib.import_module(f"tests.adapters.{framework}").Network(model)


def inputs_first(parameter: np.ndarray, maps: tuple[int, int] | None = None) -> np.ndarray:
    """Return a kernel of PyTorch or MXNet, outputs before inputs before pixels, with its axes in Keras' order.

    `maps`: height and width of the maps that are flattened before it.
    """
    if maps:
        parameter = parameter.reshape(len(parameter), -1, *maps).transpose(0, 2, 3, 1).reshape(parameter.shape)
    return parameter.transpose(2, 3, 1, 0) if parameter.ndim == 4 else parameter.T


def in_keras_order(parameters: list[tuple[np.ndarray, bool]], maps: tuple[int, int] | None) -> list[np.ndarray]:
    """Return parameters of PyTorch or MXNet as in Keras; each comes with whether it is an embedding's, which needs no change."""
    found, after_convolution = [], False
    for parameter, embedding in parameters:
        flattened = maps if after_convolution and parameter.ndim == 2 else None
        found.append(parameter.copy() if embedding else inputs_first(parameter, flattened).copy())
        after_convolution = parameter.ndim == 4 or (after_convolution and parameter.ndim == 1)
    return found


def channels_last(function, x: np.ndarray) -> np.ndarray:
    """Return what a function of PyTorch or MXNet, channels before pixels, makes of an array, pixels before channels."""
    y = function(x.transpose(0, 3, 1, 2) if x.ndim == 4 else x)
    return y.transpose(0, 2, 3, 1) if y.ndim == 4 else y


def in_batches(function, x: np.ndarray, size: int = 1000) -> np.ndarray:
    """Return what a function makes of an array, of so many rows at a time: of all at once, a CNN's maps would fill the memory."""
    return np.concatenate([function(x[start : start + size]) for start in range(0, len(x), size)])
