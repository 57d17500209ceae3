"""Networks of Keras, TensorFlow and PyTorch behind the one face that `measure.py` describes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from tests.parity.measure import ADAM_EPSILON, ADAM_LEARNING_RATE, SGD_LEARNING_RATE, Translator


class TensorFlowNetwork:
    """Anything with TensorFlow variables; `variables` are in Keras' order. Keras' optimizers train it.

    What TensorFlow compiles for it takes seconds, and serves every batch and every new start.
    """

    def __init__(self, call, variables: list, trainable: list) -> None:
        self.call, self.variables, self.trainable = call, variables, trainable
        self._compiled, self._optimizers = None, {}

    def set_weights(self, weights) -> None:
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    def weights(self) -> list[np.ndarray]:
        return [variable.numpy() for variable in self.variables]

    def forward(self, x) -> np.ndarray:
        return self.call(tf.constant(x), training=False).numpy()

    def scatter(self, x) -> float:
        return float(self.call(tf.constant(x), training=True).numpy().var(axis=0).sum())

    def _compute(self, x, target):
        with tf.GradientTape() as tape:
            output = self.call(x, training=True)
            if target.dtype.is_integer:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, output)
            else:
                losses = (output - target) ** 2
            loss = tf.reduce_mean(losses)
        # An embedding's gradient comes as slices.
        return [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, self.trainable)]

    def _gradients(self, x, target):
        x, target = tf.constant(x), tf.constant(target)
        if self._compiled is None:
            any_batch = [tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in (x, target)]
            self._compiled = tf.function(self._compute, input_signature=any_batch)
        return self._compiled(x, target)

    def gradients(self, x, target) -> list[np.ndarray]:
        found = dict(zip(map(id, self.trainable), self._gradients(x, target)))
        return [found[id(v)].numpy() if id(v) in found else np.zeros(v.shape) for v in self.variables]

    def start(self, optimizer: str) -> None:
        if optimizer not in self._optimizers:
            if optimizer == "sgd":
                made = keras.optimizers.SGD(SGD_LEARNING_RATE)
            else:
                made = keras.optimizers.Adam(ADAM_LEARNING_RATE, epsilon=ADAM_EPSILON)
            made.build(self.trainable)
            self._optimizers[optimizer] = tf.function(made.apply), [(v, v.numpy()) for v in made.variables]
        self._apply, state = self._optimizers[optimizer]
        for variable, value in state:
            variable.assign(value)

    def step(self, x, target) -> None:
        self._apply(self._gradients(x, target))


def keras_network(
    layer: keras.layers.Layer, dropout: bool = False, noise: int = 0, source: int = 0
) -> TensorFlowNetwork:
    """Return the network of a built layer or model; its dropout is switched off unless `dropout`.

    With `noise`, so many of the last columns of its input are handed to it as the noise that it would draw. With `source`, so
    many of the first are an input of their own.
    """
    for part in layer._flatten_layers():
        if isinstance(part, keras.layers.Dropout) and not dropout:
            part.rate = 0
        if isinstance(part, keras.layers.MultiHeadAttention) and part.compute_dtype == "float64":
            # Which Keras keeps in 32 bits; exact only where the size of a head is a power of 4.
            part._inverse_sqrt_key_dim = tf.constant(part.key_dim**-0.5, "float64")

    def call(x, training):
        if isinstance(layer, keras.layers.MultiHeadAttention):
            return layer(x, x, training=training)
        if source:
            return layer([x[:, :source], x[:, source:]], training=training)
        images, given = (x[:, :-noise], {"noise": x[:, -noise:]}) if noise else (x, {})
        output = layer(images, **given, training=training)
        return tf.concat(output, axis=1) if isinstance(output, tuple) else output

    return TensorFlowNetwork(call, layer.weights, layer.trainable_weights)


@contextmanager
def precision_of_keras(precision: str) -> Iterator[None]:
    """Let Keras make layers and inputs of this precision, "float32" or "float64"."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(precision)
    keras.config.set_dtype_policy(precision)
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def seed(number: int) -> None:
    keras.utils.set_random_seed(number)
    torch.manual_seed(number)


def tensorflow_network(model: tf.Module, dropout: bool = False) -> TensorFlowNetwork:
    """Return the network of a `tf.Module` of dense layers with `kernel` and `bias`, in the order in which it makes them.

    Its argument `training`, if it has one, can do nothing but switch dropout on.
    """
    layers = [layer for layer in vars(model).values() if isinstance(layer, tf.Module)]
    variables = [variable for layer in layers for variable in (layer.kernel, layer.bias)]

    def call(x, training):
        return (
            model(x, training=training) if dropout and "training" in inspect.signature(model).parameters else model(x)
        )

    return TensorFlowNetwork(call, variables, variables)


class PyTorchNetwork:
    """A PyTorch module; `call` takes and gives arrays with axes in Keras' order, as the snippet's `call_pytorch` does."""

    def __init__(self, module: nn.Module, parts: list[Translator], conventions, weights, dropout: bool = False) -> None:
        self.module, self.parts, self.conventions, self.snippet = module, parts, conventions, weights
        self.layers = list(parametric(module))
        if len(self.layers) != len(parts):
            names = ", ".join(type(layer).__name__ for layer in self.layers)
            raise ValueError(f"PyTorch has {len(self.layers)} layers with parameters ({names}), Keras {len(parts)}")
        for part in module.modules():
            if isinstance(part, nn.Dropout) and not dropout:
                part.p = 0.0
            if isinstance(part, (nn.RNN, nn.LSTM)):  # as the snippet's `with_one_bias`, in both directions
                for name, parameter in part.named_parameters():
                    parameter.requires_grad_(not name.startswith("bias_hh"))
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                conventions.keep_biased_variance(part)

    def set_weights(self, weights) -> None:
        weights = list(weights)
        for layer, part in zip(self.layers, self.parts):
            layer_weights, weights = weights[: part.count], weights[part.count :]
            self.snippet.load(layer, part.forth(layer_weights))

    def _to_keras(self, values) -> list[np.ndarray]:
        found = []
        for layer, part in zip(self.layers, self.parts):
            # Counts batches; no weight.
            state = {
                key: tensor for key, tensor in layer.state_dict(keep_vars=True).items() if "num_batches" not in key
            }
            found += part.back({key: values(tensor) for key, tensor in state.items()})
        return found

    def weights(self) -> list[np.ndarray]:
        return self._to_keras(lambda tensor: tensor.detach().numpy().copy())

    def forward(self, x) -> np.ndarray:
        self.module.eval()
        with torch.no_grad():
            return self.snippet.call_pytorch(self.module, x).numpy()

    def scatter(self, x) -> float:
        self.module.train()
        return self.snippet.call_pytorch(self.module, x).var(dim=0, correction=0).sum().item()

    def _backward(self, x, target) -> None:
        self.module.train()
        self.module.zero_grad()
        output, target = self.snippet.call_pytorch(self.module, x), torch.tensor(target)
        loss = nn.functional.mse_loss if target.is_floating_point() else nn.functional.cross_entropy
        if not target.is_floating_point():
            output, target = output.movedim(-1, 1), target.long()  # classes come second, before time steps
        loss(output, target).backward()

    def gradients(self, x, target) -> list[np.ndarray]:
        self._backward(x, target)
        return self._to_keras(lambda t: (torch.zeros_like(t) if t.grad is None else t.grad).detach().numpy().copy())

    def start(self, optimizer: str) -> None:
        trained = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        self.steps = 0
        if optimizer == "sgd":
            self.optimizer = torch.optim.SGD(trained, SGD_LEARNING_RATE)
        else:
            self.optimizer = torch.optim.Adam(trained, ADAM_LEARNING_RATE, eps=ADAM_EPSILON)

    def step(self, x, target) -> None:
        self.steps += 1
        if isinstance(self.optimizer, torch.optim.Adam):
            self.conventions.align_epsilon(self.optimizer, self.steps, ADAM_EPSILON)
        self._backward(x, target)
        self.optimizer.step()


class WithNoise(nn.Module):
    """A model that draws noise, and has several results: given in the last `noise` columns, if any, and put side by side."""

    def __init__(self, model: nn.Module, noise: int) -> None:
        super().__init__()
        self.model, self.noise = model, noise

    def forward(self, x):
        return torch.cat(self.model(x[:, : -self.noise], x[:, -self.noise :]) if self.noise else self.model(x), dim=1)


class WithSource(nn.Module):
    """A model that reads two sequences: the first `source` columns, and the others."""

    def __init__(self, model: nn.Module, source: int) -> None:
        super().__init__()
        self.model, self.source = model, source

    def forward(self, x):
        return self.model(x[:, : self.source], x[:, self.source :])


def parametric(module: nn.Module):
    """Yield the parts that have parameters of their own, outermost first: attention is one, its output projection none."""
    if any(True for _ in module.parameters(recurse=False)):
        yield module
    else:
        for child in module.children():
            yield from parametric(child)
