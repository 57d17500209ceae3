"""Models of Keras and of TensorFlow."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from tests.adapters import in_batches
from tests.parity.measure import ADAM_EPSILON, ADAM_LEARNING_RATE, SGD_LEARNING_RATE


class Network:
    """A model of Keras, or a `tf.Module`, as a probe finds it."""

    def __init__(self, model) -> None:
        self.model = model

    def parameters(self, maps: tuple[int, int] | None = None) -> list[np.ndarray]:
        return [variable.numpy() for variable in self.model.trainable_variables]

    def call(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        given = {"training": training} if _takes_training(self.model) else {}
        return in_batches(lambda batch: self.array(self.model(batch, **given)), x)

    tensor = staticmethod(tf.constant)
    array = staticmethod(np.asarray)


def _takes_training(model) -> bool:
    return isinstance(model, keras.layers.Layer) or "training" in inspect.signature(model).parameters


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
    layer: keras.layers.Layer, dropout: bool = False, noise: int | None = None, source: int = 0
) -> TensorFlowNetwork:
    """Return the network of a built layer or model; its dropout is switched off unless `dropout`.

    With `noise`, so many of the last columns of its input are handed to it as the noise that it would draw; with 0, it draws it.
    With `source`, so many of the first are an input of their own. Several results are put side by side.
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


def tensorflow_network(model: tf.Module, dropout: bool = False) -> TensorFlowNetwork:
    """Return the network of a `tf.Module` of dense layers with `kernel` and `bias`, in the order in which it makes them.

    Its argument `training`, if it has one, can do nothing but switch dropout on.
    """
    layers = [layer for layer in vars(model).values() if isinstance(layer, tf.Module)]
    variables = [variable for layer in layers for variable in (layer.kernel, layer.bias)]

    def call(x, training):
        return model(x, training=training) if dropout and _takes_training(model) else model(x)

    return TensorFlowNetwork(call, variables, variables)
