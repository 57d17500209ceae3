"""Models of every framework behind one face, for the tests of parity and for probes; each module needs its own framework alone.

`Network` is a model as a probe finds it: `parameters()`, those that are trained, in the order in which the model has them, each
with its inputs before its outputs and pixels before channels, as in Keras; `call(x, training)`, on arrays and to arrays,
likewise. What the tests of parity need besides, `tests.parity.measure` describes; there weights lie as in Keras to the last axis.
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


def inputs_first(parameter: np.ndarray) -> np.ndarray:
    """Return a kernel of PyTorch or MXNet, outputs before inputs before pixels, with its axes in Keras' order."""
    return parameter.transpose(2, 3, 1, 0) if parameter.ndim == 4 else parameter.T


def channels_last(function, x: np.ndarray) -> np.ndarray:
    """Return what a function of PyTorch or MXNet, channels before pixels, makes of an array, pixels before channels."""
    y = function(x.transpose(0, 3, 1, 2) if x.ndim == 4 else x)
    return y.transpose(0, 2, 3, 1) if y.ndim == 4 else y


def in_batches(function, x: np.ndarray, size: int = 1000) -> np.ndarray:
    """Return what a function makes of an array, of so many rows at a time: of all at once, a CNN's maps would fill the memory."""
    return np.concatenate([function(x[start : start + size]) for start in range(0, len(x), size)])
