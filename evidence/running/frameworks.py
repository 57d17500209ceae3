"""The part of a check that happens in a framework's own environment: `python frameworks.py <framework> tasks.json tasks.npz out.npz`.

It hands the inputs of each task to the framework as tensors, evaluates the task's code, and leaves the value and, if asked,
the derivative of its sum by the first input. Besides the inputs, the code knows `np`, and `keras` and `tf`, or `torch` and
`F`, or `mx`, `npx`, `gluon` and `autograd`, where `np` is MXNet's own. Needs the standard library, NumPy and the framework.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import traceback
from pathlib import Path

import numpy


def evaluate(code: str, names: dict) -> object:
    """Run Python code and return the value of its last line, an expression; `names` are what it knows."""
    body = ast.parse(code).body
    if not body or not isinstance(body[-1], ast.Expr):
        raise SyntaxError("the last line must be an expression")
    names = dict(names)
    exec(compile(ast.Module(body[:-1], []), "<check>", "exec"), names)
    return eval(compile(ast.Expression(body[-1].value), "<check>", "eval"), names)


def numbers(value: object) -> numpy.ndarray:
    """Return a number, a tensor, or a list of them, as one flat array of float64."""
    if isinstance(value, (list, tuple)):
        return numpy.concatenate([numbers(each) for each in value])
    for method in ("detach", "asnumpy", "numpy"):
        if hasattr(value, method):
            value = getattr(value, method)()
    return numpy.asarray(value, dtype="float64").ravel()


def cast(inputs: dict, dtype: str) -> dict:
    """Return the inputs with every array that is not of whole numbers or truth values in `dtype`."""
    return {name: array.astype(dtype) if array.dtype.kind == "f" else array for name, array in inputs.items()}


def in_keras(task: dict, inputs: dict) -> tuple:
    import keras
    import tensorflow as tf

    tensors = {name: tf.convert_to_tensor(array) for name, array in inputs.items()}
    with tf.GradientTape() as tape:
        first = tensors[task["inputs"][0]]
        tape.watch(first)
        value = evaluate(task["code"], {"keras": keras, "tf": tf, "np": numpy, **tensors})
        # Only what is a tensor can be differentiated.
        total = tf.reduce_sum(value) if task["derivative"] else None
    return value, tape.gradient(total, first) if task["derivative"] else None


def in_pytorch(task: dict, inputs: dict) -> tuple:
    import torch

    tensors = {name: torch.tensor(array) for name, array in inputs.items()}
    first = tensors[task["inputs"][0]]
    if task["derivative"]:
        first.requires_grad_()
    value = evaluate(task["code"], {"torch": torch, "F": torch.nn.functional, "np": numpy, **tensors})
    return value, torch.autograd.grad(value.sum(), first)[0] if task["derivative"] else None


def in_mxnet(task: dict, inputs: dict) -> tuple:
    import mxnet as mx

    mx.npx.set_np()
    tensors = {name: mx.np.array(array, dtype=array.dtype) for name, array in inputs.items()}
    first = tensors[task["inputs"][0]]
    names = {"mx": mx, "np": mx.np, "npx": mx.npx, "gluon": mx.gluon, "autograd": mx.autograd, **tensors}
    if not task["derivative"]:
        return evaluate(task["code"], names), None
    first.attach_grad()
    with mx.autograd.record():
        value = evaluate(task["code"], names)
        total = value.sum()
    total.backward()
    return value, first.grad


EVALUATE = {"keras": in_keras, "tensorflow": in_keras, "pytorch": in_pytorch, "mxnet": in_mxnet}


def main() -> None:
    framework, tasks, arrays, out = sys.argv[1:]
    with numpy.load(arrays) as file:
        arrays = dict(file)
    found, problems = {}, {}
    for name, task in json.loads(Path(tasks).read_text(encoding="utf-8")).items():
        inputs = cast({each: arrays[f"{name}:{each}"] for each in task["inputs"]}, task["dtype"])
        try:
            value, derivative = EVALUATE[framework](task, inputs)
            found[f"{name}:value"] = numbers(value)
            if task["derivative"]:
                found[f"{name}:derivative"] = numbers(derivative)
        except Exception as error:
            lines = traceback.format_exception_only(type(error), error)
            problems[name] = lines[-1].strip()
    found["problems"] = numpy.array(json.dumps(problems))
    numpy.savez(out, **found)
    sys.stdout.flush()
    os._exit(0)  # Taking a framework apart takes up to a second.


if __name__ == "__main__":
    main()
