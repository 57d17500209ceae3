"""Models of MXNet's Gluon; runs in MXNet's own environment."""

from __future__ import annotations

from functools import partial

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon

from tests.adapters import channels_last, in_batches, in_keras_order
from tests.parity.measure import ADAM_EPSILON, ADAM_LEARNING_RATE, SGD_LEARNING_RATE, Translator


class Network:
    """A block as a probe finds it."""

    def __init__(self, model: gluon.Block) -> None:
        self.model = model
        self.context = next(iter(model.collect_params().values())).list_ctx()[0]

    def parameters(self, maps: tuple[int, int] | None = None) -> list[np.ndarray]:
        trained = [each for each in self.model.collect_params().values() if each.grad_req != "null"]
        return in_keras_order([(self.array(each.data()), "embedding" in each.name) for each in trained], maps)

    def call(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        with autograd.train_mode() if training else autograd.predict_mode():
            return in_batches(partial(channels_last, lambda batch: self.array(self.model(self.tensor(batch)))), x)

    def tensor(self, array: np.ndarray) -> mx.nd.NDArray:
        return mx.nd.array(array, ctx=self.context)

    def array(self, tensor: mx.nd.NDArray) -> np.ndarray:
        return tensor.asnumpy()


class GluonNetwork:
    """A Gluon block whose translators are known, called like `tests.adapters.pytorch.PyTorchNetwork`."""

    def __init__(self, block, parts: list[Translator], weights, dropout=False, noise=None, source=0) -> None:
        self.block, self.parts, self.snippet = block, parts, weights
        self.noise, self.source = noise, source
        if not dropout:
            block.apply(without_dropout)  # before the first call, which compiles a hybrid block
        self.layers = list(parametric(block))
        if len(self.layers) != len(parts):
            names = ", ".join(type(layer).__name__ for layer in self.layers)
            raise ValueError(f"Gluon has {len(self.layers)} layers with parameters ({names}), Keras {len(parts)}")

    def call(self, x) -> mx.nd.NDArray:
        x = mx.nd.array(x, dtype=x.dtype)
        if self.noise is None and not self.source:
            return self.snippet.call_gluon(self.block, x)
        place = self.source or -self.noise
        y = self.block(x[:, :place], x[:, place:]) if place else self.block(x)
        return mx.nd.concat(*y, dim=1) if isinstance(y, (list, tuple)) else y

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
        return self.call(x).asnumpy()

    def scatter(self, x) -> float:
        with autograd.train_mode():
            return float(self.call(x).asnumpy().var(axis=0).sum())

    def _backward(self, x, target) -> int:
        """Differentiate, and return the number that `Trainer.step` has to divide by."""
        with autograd.record():
            output = self.call(x)
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
