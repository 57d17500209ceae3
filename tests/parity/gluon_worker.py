"""Measures Gluon's networks in MXNet's own environment: `python gluon_worker.py ROOT`, a message a line on standard input.

A message is JSON: the path of an .npz with the arrays of all cases, the path where the results go, and the cases. The
answer is a line of JSON: `{}`, or `{"error": …}` with the traceback.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import mxnet as mx
import numpy as np
from measure import ADAM_EPSILON, ADAM_LEARNING_RATE, SGD_LEARNING_RATE, Translator, load_snippet, measure, translators
from mxnet import autograd, gluon


class GluonNetwork:
    """A Gluon block; `call_gluon` of the snippet gives its axes Keras' order."""

    def __init__(self, block: gluon.Block, parts: list[Translator], weights) -> None:
        self.block, self.parts, self.snippet = block, parts, weights
        self.layers = list(parametric(block))
        if len(self.layers) != len(parts):
            names = ", ".join(type(layer).__name__ for layer in self.layers)
            raise ValueError(f"Gluon has {len(self.layers)} layers with parameters ({names}), Keras {len(parts)}")

    def set_weights(self, weights) -> None:
        for layer, part in zip(self.layers, self.parts):
            layer_weights, weights = weights[: part.count], weights[part.count :]
            self.snippet.load(layer, part.forth(layer_weights))

    def _to_keras(self, values) -> list[np.ndarray]:
        found = []
        for layer, part in zip(self.layers, self.parts):
            parameters = layer.collect_params().items()
            found += part.back({name[len(layer.prefix) :]: values(parameter) for name, parameter in parameters})
        return found

    def weights(self) -> list[np.ndarray]:
        return self._to_keras(lambda parameter: parameter.data().asnumpy())

    def forward(self, x) -> np.ndarray:
        return self.snippet.call_gluon(self.block, mx.nd.array(x, dtype=x.dtype)).asnumpy()

    def scatter(self, x) -> float:
        with autograd.train_mode():
            return float(self.snippet.call_gluon(self.block, mx.nd.array(x)).asnumpy().var(axis=0).sum())

    def _backward(self, x, target) -> int:
        """Differentiate, and return the number that `Trainer.step` has to divide by."""
        with autograd.record():
            output = self.snippet.call_gluon(self.block, mx.nd.array(x, dtype=x.dtype))
            if target.dtype.kind == "i":
                loss = gluon.loss.SoftmaxCrossEntropyLoss()(output, mx.nd.array(target, dtype="int32"))
            else:
                loss = ((output - mx.nd.array(target, dtype=target.dtype)) ** 2).mean()
        loss.backward()
        return loss.size

    def gradients(self, x, target) -> list[np.ndarray]:
        size = self._backward(x, target)
        still = lambda parameter: np.zeros(parameter.shape, parameter.dtype)  # noqa: E731
        return self._to_keras(lambda p: still(p) if p.grad_req == "null" else p.grad().asnumpy() / size)

    def start(self, optimizer: str) -> None:
        if optimizer == "sgd":
            options = {"learning_rate": SGD_LEARNING_RATE}
        else:
            options = {"learning_rate": ADAM_LEARNING_RATE, "epsilon": ADAM_EPSILON}
        self.trainer = gluon.Trainer(self.block.collect_params(), optimizer, options)

    def step(self, x, target) -> None:
        self.trainer.step(self._backward(x, target))


class WithNoise(gluon.Block):
    """A model that draws noise, and has several results: given in the last `noise` columns, if any, and put side by side."""

    def __init__(self, model: gluon.Block, noise: int) -> None:
        super().__init__()
        self.model, self.noise = model, noise

    def forward(self, x):
        given = (x[:, : -self.noise], x[:, -self.noise :]) if self.noise else (x,)
        return mx.nd.concat(*self.model(*given), dim=1)


class WithSource(gluon.Block):
    """A model that reads two sequences: the first `source` columns, and the others."""

    def __init__(self, model: gluon.Block, source: int) -> None:
        super().__init__()
        self.model, self.source = model, source

    def forward(self, x):
        return self.model(x[:, : self.source], x[:, self.source :])


def parametric(block: gluon.Block):
    """Yield the parts that have parameters of their own, or that the snippet translates as one, outermost first."""
    if block._reg_params or type(block).__name__ == "MultiHeadAttention":
        yield block
    else:
        for child in block._children.values():
            yield from parametric(child)


def without_dropout(block: gluon.Block) -> None:
    if isinstance(block, gluon.nn.Dropout):
        block._rate = 0.0


def build(case: dict, root: Path, x: np.ndarray) -> GluonNetwork:
    """Return the network of a case: a layer of the snippet by name and sizes, or the model that a snippet builds."""
    weights = load_snippet(root / "snippets/frameworks/parity/weights_mxnet.py")
    if "layer" in case:
        block, forth, back = weights.gluon_layers(*case["sizes"])[case["layer"]]
        parts = [Translator(case["count"], forth, back)]
    else:
        block = getattr(load_snippet(root / case["snippet"]), case["builder"])(*case["arguments"])
        block = WithNoise(block, case["noise"]) if "noise" in case else block
        block = WithSource(block, case["source"]) if "source" in case else block
        parts = translators(weights, "gluon", case["plan"])
        for layer in parametric(block):
            if isinstance(layer, (gluon.rnn.RNN, gluon.rnn.LSTM)):
                weights.with_one_bias(layer)
    if "layer" in case:
        block.initialize()
    if "scatter" not in case:
        block.apply(without_dropout)  # before the first call, which compiles a hybrid block
    block.cast(case["precision"])
    weights.call_gluon(block, mx.nd.array(x, dtype=x.dtype))  # settles the shapes
    return GluonNetwork(block, parts, weights)


def main() -> None:
    root = Path(sys.argv[1])
    # What native code prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            message = json.loads(line)
            with np.load(message["arrays"]) as file:
                arrays = dict(file)
            results = {}
            for number, case in enumerate(message["cases"]):
                x, target = arrays[f"{number}/x"], arrays[f"{number}/target"]
                weights = [arrays[f"{number}/weights/{i}"] for i in range(case["weights"])]
                network = build(case, root, x)
                if "scatter" in case:
                    network.set_weights(weights)
                    mx.random.seed(0)
                    quantities = {"scatter": [network.scatter(x)]}
                else:
                    quantities = measure(network, x, target, weights)
                for quantity, values in quantities.items():
                    results |= {f"{number}/{quantity}/{i}": value for i, value in enumerate(values)}
            np.savez(message["results"], **results)
            answer = {}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
