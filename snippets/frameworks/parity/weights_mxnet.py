# --8<-- [start:imports]
from functools import partial

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn, rnn

from layers_numpy import example

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:dense]
def dense_to_gluon(weights):
    kernel, bias = weights  # (I, U), (U,)
    return {"weight": kernel.T, "bias": bias}  # (U, I), (U,)


def dense_to_keras(state):
    return [state["weight"].T, state["bias"]]
# --8<-- [end:dense]


# --8<-- [start:conv2d]
def conv2d_to_gluon(weights):
    kernel, bias = weights  # (H, W, I, O), (O,)
    return {"weight": kernel.transpose(3, 2, 0, 1), "bias": bias}  # (O, I, H, W), (O,)


def conv2d_to_keras(state):
    return [state["weight"].transpose(2, 3, 1, 0), state["bias"]]
# --8<-- [end:conv2d]


# --8<-- [start:flatten]
def flatten_dense_to_gluon(weights, height, width):
    kernel, bias = weights  # (H * W * C, U), (U,)
    kernel = kernel.reshape(height, width, -1, len(bias)).transpose(3, 2, 0, 1)  # (U, C, H, W)
    return {"weight": kernel.reshape(len(bias), -1), "bias": bias}  # (U, C * H * W), (U,)


def flatten_dense_to_keras(state, height, width):
    units = len(state["bias"])
    kernel = state["weight"].reshape(units, -1, height, width).transpose(2, 3, 1, 0)
    return [kernel.reshape(-1, units), state["bias"]]
# --8<-- [end:flatten]


# --8<-- [start:simple_rnn]
def rnn_to_gluon(weights):  # for SimpleRNN and LSTM
    kernel, recurrent, bias = weights  # (I, G * U), (U, G * U), (G * U,); LSTM: G = 4
    return {
        "l0_i2h_weight": kernel.T,  # (G * U, I)
        "l0_h2h_weight": recurrent.T,  # (G * U, U)
        "l0_i2h_bias": bias,
        "l0_h2h_bias": np.zeros_like(bias),
    }


def rnn_to_keras(state):
    bias = state["l0_i2h_bias"] + state["l0_h2h_bias"]
    return [state["l0_i2h_weight"].T, state["l0_h2h_weight"].T, bias]


def with_one_bias(layer):
    layer.l0_h2h_bias.grad_req = "null"  # two biases would move the sum twice as far
    return layer
# --8<-- [end:simple_rnn]


# --8<-- [start:gru]
def swap_gates(array):  # (..., 3U): z, r, n to r, z, n, or back
    z, r, n = np.split(array, 3, axis=-1)
    return np.concatenate([r, z, n], axis=-1)


def gru_to_gluon(weights):
    kernel, recurrent, bias = map(swap_gates, weights)  # (I, 3U), (U, 3U), (2, 3U)
    return {
        "l0_i2h_weight": kernel.T,  # (3U, I)
        "l0_h2h_weight": recurrent.T,  # (3U, U)
        "l0_i2h_bias": bias[0],  # (3U,)
        "l0_h2h_bias": bias[1],
    }


def gru_to_keras(state):
    bias = np.stack([state["l0_i2h_bias"], state["l0_h2h_bias"]])
    return [swap_gates(w) for w in (state["l0_i2h_weight"].T, state["l0_h2h_weight"].T, bias)]
# --8<-- [end:gru]


# --8<-- [start:attention_layer]
class MultiHeadAttention(nn.HybridBlock):  # Gluon has none
    def __init__(self, size: int, heads: int):
        super().__init__()
        self.heads, self.scale = heads, (size // heads) ** -0.5
        with self.name_scope():
            self.project = nn.Dense(3 * size, flatten=False, in_units=size, prefix="in_")
            self.output = nn.Dense(size, flatten=False, in_units=size, prefix="out_")

    def hybrid_forward(self, F, x):
        projected = self.project(x).reshape((0, 0, 3 * self.heads, -1)).swapaxes(1, 2)
        q, k, v = F.split(projected, 3, axis=1)  # (N, H, T, K) each
        shares = F.softmax(self.scale * F.linalg.gemm2(q, k, transpose_b=True))  # (N, H, T, T)
        mixed = F.linalg.gemm2(shares, v).swapaxes(1, 2)  # (N, T, H, K)
        return self.output(mixed.reshape((0, 0, -1)))  # (N, T, D)
# --8<-- [end:attention_layer]


# --8<-- [start:attention]
def attention_to_gluon(weights):
    size = weights[-1].size  # D = heads H times key K
    kernels, biases = weights[:6:2], weights[1:6:2]  # query, key, value: (D, H, K), (H, K)
    return {
        "in_weight": np.concatenate([kernel.reshape(size, size).T for kernel in kernels]),
        "in_bias": np.concatenate([bias.reshape(size) for bias in biases]),  # (3D,)
        "out_weight": weights[6].reshape(size, size).T,  # (H, K, D) to (D, D)
        "out_bias": weights[7],  # (D,)
    }


def attention_to_keras(state, heads):
    size = len(state["out_bias"])
    weights = []
    for kernel, bias in zip(np.split(state["in_weight"], 3), np.split(state["in_bias"], 3)):
        weights += [kernel.T.reshape(size, heads, -1), bias.reshape(heads, -1)]
    return [*weights, state["out_weight"].T.reshape(heads, -1, size), state["out_bias"]]
# --8<-- [end:attention]


# --8<-- [start:layer_norm]
def layer_norm_to_gluon(weights):
    return dict(zip(("gamma", "beta"), weights))  # (D,) each


def layer_norm_to_keras(state):
    return [state["gamma"], state["beta"]]
# --8<-- [end:layer_norm]


# --8<-- [start:batch_norm]
BATCH_NORM = ("gamma", "beta", "running_mean", "running_var")  # Keras' order, (C,) each


def batch_norm_to_gluon(weights):
    return dict(zip(BATCH_NORM, weights))


def batch_norm_to_keras(state):
    return [state[name] for name in BATCH_NORM]
# --8<-- [end:batch_norm]


# --8<-- [start:embedding]
def embedding_to_gluon(weights):
    return {"weight": weights[0]}  # (V, D) in both


def embedding_to_keras(state):
    return [state["weight"]]
# --8<-- [end:embedding]


# --8<-- [start:pairs]
def gluon_layers(i: int, u: int) -> dict:  # i inputs, u units
    flat = {"height": 3, "width": 2}
    return {  # Gluon's layer, there, back
        "Dense": (nn.Dense(u, in_units=i, flatten=False), dense_to_gluon, dense_to_keras),
        "Conv2D": (nn.Conv2D(u, (3, 2), in_channels=i), conv2d_to_gluon, conv2d_to_keras),
        "Flatten, Dense": (
            nn.Dense(u, in_units=6 * i),
            partial(flatten_dense_to_gluon, **flat),
            partial(flatten_dense_to_keras, **flat),
        ),
        "SimpleRNN": (
            with_one_bias(rnn.RNN(u, input_size=i, activation="tanh", layout="NTC")),
            rnn_to_gluon,
            rnn_to_keras,
        ),
        "LSTM": (with_one_bias(rnn.LSTM(u, input_size=i, layout="NTC")), rnn_to_gluon, rnn_to_keras),
        "GRU": (rnn.GRU(u, input_size=i, layout="NTC"), gru_to_gluon, gru_to_keras),
        "MultiHeadAttention": (
            MultiHeadAttention(i, heads=2),
            attention_to_gluon,
            partial(attention_to_keras, heads=2),
        ),
        "LayerNormalization": (
            nn.LayerNorm(epsilon=1e-3, in_channels=i),
            layer_norm_to_gluon,
            layer_norm_to_keras,
        ),
        "BatchNormalization": (
            nn.BatchNorm(epsilon=1e-3, momentum=0.99, in_channels=i),
            batch_norm_to_gluon,
            batch_norm_to_keras,
        ),
        "Embedding": (nn.Embedding(i, u), embedding_to_gluon, embedding_to_keras),
    }
# --8<-- [end:pairs]


# --8<-- [start:call]
def call_gluon(layer, x):  # batches and results in Keras' order of axes
    x = mx.nd.array(x)
    if x.ndim == 4:
        x = x.transpose((0, 3, 1, 2))  # (N, H, W, C) to (N, C, H, W)
    y = layer(x)
    return y.transpose((0, 2, 3, 1)) if y.ndim == 4 else y
# --8<-- [end:call]


# --8<-- [start:load]
def load(layer, state):
    layer.initialize()
    for name, parameter in layer.collect_params().items():
        array = state[name.removeprefix(layer.prefix)]
        parameter.set_data(mx.nd.array(array, dtype=parameter.dtype))
# --8<-- [end:load]


# --8<-- [start:read]
def read(layer) -> dict:
    parameters = layer.collect_params().items()
    return {name.removeprefix(layer.prefix): p.data().asnumpy() for name, p in parameters}
# --8<-- [end:read]


# --8<-- [start:slopes]
def slopes(loss, weights) -> list:  # central differences, in double precision
    gradients = [np.zeros(weight.shape) for weight in weights]
    for weight, gradient in zip(weights, gradients):
        for place in np.ndindex(weight.shape):
            value = weight[place]
            weight[place] = value + 1e-5
            above = loss()
            weight[place] = value - 1e-5
            gradient[place] = (above - loss()) / 2e-5
            weight[place] = value
    return gradients
# --8<-- [end:slopes]


# --8<-- [start:difference]
def difference(expected, actual) -> float:  # beside 1, or the largest value if that is more
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(expected, actual, strict=True)]
    return max(float(np.abs(a - b).max() / max(1, np.abs(a).max())) for a, b in pairs)
# --8<-- [end:difference]


# --8<-- [start:compare]
def compare(name: str, generator) -> tuple[float, float, float]:
    layer, to_gluon, to_keras = gluon_layers(6, 5)[name]
    formula, x, weights = example(name, 6, 5, generator)
    load(layer, to_gluon(weights))

    weights = [weight.astype("float64") for weight in weights]
    expected = formula(x, *weights)
    target = generator.normal(size=expected.shape)
    gradients = slopes(lambda: ((formula(x, *weights) - target) ** 2).mean(), weights)
    with autograd.record():
        actual = call_gluon(layer, x)
        loss = ((actual - mx.nd.array(target)) ** 2).mean()
    loss.backward()
    forward = difference([expected], [actual.asnumpy()])

    trained = {
        key.removeprefix(layer.prefix): parameter.grad().asnumpy()
        for key, parameter in layer.collect_params().items()
        if parameter.grad_req != "null"
    }
    wanted = to_gluon(gradients)
    backward = difference([wanted[key] for key in trained], trained.values())

    gluon.Trainer(layer.collect_params(), "sgd", {"learning_rate": 0.1}).step(1)
    updated = to_keras(read(layer))
    count = 2 if name == "BatchNormalization" else len(weights)  # without the moving statistics
    ours = [weight - 0.1 * gradient for weight, gradient in zip(weights, gradients)]
    return forward, backward, difference(ours[:count], updated[:count])
# --8<-- [end:compare]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    generator = np.random.default_rng(SEED)
    names = list(gluon_layers(6, 5))
    differences = [compare(name, generator) for name in names]
    forward_differences, gradient_differences, step_differences = zip(*differences)
    print("largest difference   forward  gradient  SGD step")
    for name, (forward, backward, step) in zip(names, differences):
        print(f"{name:18}  {forward:8.1e}  {backward:8.1e}  {step:8.1e}")
# --8<-- [end:main]
