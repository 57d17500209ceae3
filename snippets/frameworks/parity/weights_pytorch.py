# --8<-- [start:imports]
from functools import partial

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from layers_numpy import example

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:dense]
def dense_to_pytorch(weights):
    kernel, bias = weights  # (I, U), (U,)
    return {"weight": kernel.T, "bias": bias}  # (U, I), (U,)


def dense_to_keras(state):
    return [state["weight"].T, state["bias"]]
# --8<-- [end:dense]


# --8<-- [start:conv2d]
def conv2d_to_pytorch(weights):
    kernel, bias = weights  # (H, W, I, O), (O,)
    return {"weight": kernel.transpose(3, 2, 0, 1), "bias": bias}  # (O, I, H, W), (O,)


def conv2d_to_keras(state):
    return [state["weight"].transpose(2, 3, 1, 0), state["bias"]]
# --8<-- [end:conv2d]


# --8<-- [start:flatten]
def flatten_dense_to_pytorch(weights, height, width):
    kernel, bias = weights  # (H * W * C, U), (U,)
    kernel = kernel.reshape(height, width, -1, len(bias)).transpose(3, 2, 0, 1)  # (U, C, H, W)
    return {"weight": kernel.reshape(len(bias), -1), "bias": bias}  # (U, C * H * W), (U,)


def flatten_dense_to_keras(state, height, width):
    units = len(state["bias"])
    kernel = state["weight"].reshape(units, -1, height, width).transpose(2, 3, 1, 0)
    return [kernel.reshape(-1, units), state["bias"]]
# --8<-- [end:flatten]


# --8<-- [start:simple_rnn]
def rnn_to_pytorch(weights):  # for SimpleRNN and LSTM
    kernel, recurrent, bias = weights  # (I, G * U), (U, G * U), (G * U,); LSTM: G = 4
    return {
        "weight_ih_l0": kernel.T,  # (G * U, I)
        "weight_hh_l0": recurrent.T,  # (G * U, U)
        "bias_ih_l0": bias,
        "bias_hh_l0": np.zeros_like(bias),
    }


def rnn_to_keras(state):
    bias = state["bias_ih_l0"] + state["bias_hh_l0"]
    return [state["weight_ih_l0"].T, state["weight_hh_l0"].T, bias]


def with_one_bias(module):
    module.bias_hh_l0.requires_grad_(False)  # two biases would move the sum twice as far
    return module
# --8<-- [end:simple_rnn]


# --8<-- [start:gru]
def swap_gates(array):  # (..., 3U): z, r, n to r, z, n, or back
    z, r, n = np.split(array, 3, axis=-1)
    return np.concatenate([r, z, n], axis=-1)


def gru_to_pytorch(weights):
    kernel, recurrent, bias = map(swap_gates, weights)  # (I, 3U), (U, 3U), (2, 3U)
    return {
        "weight_ih_l0": kernel.T,  # (3U, I)
        "weight_hh_l0": recurrent.T,  # (3U, U)
        "bias_ih_l0": bias[0],  # (3U,)
        "bias_hh_l0": bias[1],
    }


def gru_to_keras(state):
    bias = np.stack([state["bias_ih_l0"], state["bias_hh_l0"]])
    return [swap_gates(w) for w in (state["weight_ih_l0"].T, state["weight_hh_l0"].T, bias)]
# --8<-- [end:gru]


# --8<-- [start:attention]
def attention_to_pytorch(weights):
    size = weights[-1].size  # D = heads H times key K
    kernels, biases = weights[:6:2], weights[1:6:2]  # query, key, value: (D, H, K), (H, K)
    return {
        "in_proj_weight": np.concatenate([kernel.reshape(size, size).T for kernel in kernels]),
        "in_proj_bias": np.concatenate([bias.reshape(size) for bias in biases]),  # (3D,)
        "out_proj.weight": weights[6].reshape(size, size).T,  # (H, K, D) to (D, D)
        "out_proj.bias": weights[7],  # (D,)
    }


def attention_to_keras(state, heads):
    size = len(state["out_proj.bias"])
    weights = []
    for kernel, bias in zip(np.split(state["in_proj_weight"], 3), np.split(state["in_proj_bias"], 3)):
        weights += [kernel.T.reshape(size, heads, -1), bias.reshape(heads, -1)]
    return [*weights, state["out_proj.weight"].T.reshape(heads, -1, size), state["out_proj.bias"]]
# --8<-- [end:attention]


# --8<-- [start:layer_norm]
def layer_norm_to_pytorch(weights):
    return dict(zip(("weight", "bias"), weights))  # gamma and beta, (D,) each


def layer_norm_to_keras(state):
    return [state["weight"], state["bias"]]
# --8<-- [end:layer_norm]


# --8<-- [start:batch_norm]
BATCH_NORM = ("weight", "bias", "running_mean", "running_var")  # Keras' order, (C,) each


def batch_norm_to_pytorch(weights):
    return dict(zip(BATCH_NORM, weights))


def batch_norm_to_keras(state):
    return [state[name] for name in BATCH_NORM]
# --8<-- [end:batch_norm]


# --8<-- [start:embedding]
def embedding_to_pytorch(weights):
    return {"weight": weights[0]}  # (V, D) in both


def embedding_to_keras(state):
    return [state["weight"]]
# --8<-- [end:embedding]


# --8<-- [start:pairs]
class FlattenLinear(nn.Linear):
    def forward(self, x):
        return super().forward(x.flatten(start_dim=1))


def layer_pairs(i: int, u: int) -> dict:  # i inputs, u units
    layers = keras.layers
    flat = {"height": 3, "width": 2}
    return {  # Keras' layer, PyTorch's, there, back
        "Dense": (layers.Dense(u), nn.Linear(i, u), dense_to_pytorch, dense_to_keras),
        "Conv2D": (
            layers.Conv2D(u, (3, 2)),
            nn.Conv2d(i, u, (3, 2)),
            conv2d_to_pytorch,
            conv2d_to_keras,
        ),
        "Flatten, Dense": (
            keras.Sequential([layers.Flatten(), layers.Dense(u)]),
            FlattenLinear(6 * i, u),
            partial(flatten_dense_to_pytorch, **flat),
            partial(flatten_dense_to_keras, **flat),
        ),
        "SimpleRNN": (
            layers.SimpleRNN(u, return_sequences=True),
            with_one_bias(nn.RNN(i, u, batch_first=True)),
            rnn_to_pytorch,
            rnn_to_keras,
        ),
        "LSTM": (
            layers.LSTM(u, return_sequences=True),
            with_one_bias(nn.LSTM(i, u, batch_first=True)),
            rnn_to_pytorch,
            rnn_to_keras,
        ),
        "GRU": (
            layers.GRU(u, return_sequences=True),
            nn.GRU(i, u, batch_first=True),
            gru_to_pytorch,
            gru_to_keras,
        ),
        "MultiHeadAttention": (
            layers.MultiHeadAttention(num_heads=2, key_dim=i // 2),
            nn.MultiheadAttention(i, num_heads=2, batch_first=True),
            attention_to_pytorch,
            partial(attention_to_keras, heads=2),
        ),
        "LayerNormalization": (
            layers.LayerNormalization(),
            nn.LayerNorm(i, eps=1e-3),
            layer_norm_to_pytorch,
            layer_norm_to_keras,
        ),
        "BatchNormalization": (
            layers.BatchNormalization(),
            nn.BatchNorm1d(i, eps=1e-3, momentum=0.01),
            batch_norm_to_pytorch,
            batch_norm_to_keras,
        ),
        "Embedding": (
            layers.Embedding(i, u),
            nn.Embedding(i, u),
            embedding_to_pytorch,
            embedding_to_keras,
        ),
    }
# --8<-- [end:pairs]


# --8<-- [start:call]
def call_keras(layer, x):
    x = tf.constant(x)
    if isinstance(layer, keras.layers.MultiHeadAttention):
        return layer(x, x)
    return layer(x, training=True)


def call_pytorch(module, x):  # batches and results in Keras' order of axes
    x = torch.tensor(x)
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2)  # (N, H, W, C) to (N, C, H, W)
    y = module(x, x, x) if isinstance(module, nn.MultiheadAttention) else module(x)
    y = y[0] if isinstance(y, tuple) else y  # without the last state, or the attention weights
    return y.permute(0, 2, 3, 1) if y.ndim == 4 else y
# --8<-- [end:call]


# --8<-- [start:load]
def load(module, state):
    module.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
# --8<-- [end:load]


# --8<-- [start:difference]
def difference(expected, actual) -> float:  # beside 1, or the largest value if that is more
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(expected, actual, strict=True)]
    return max(float(np.abs(a - b).max() / max(1, np.abs(a).max())) for a, b in pairs)
# --8<-- [end:difference]


# --8<-- [start:compare]
def compare(name: str, generator) -> tuple[float, float, float]:
    layer, module, to_pytorch, to_keras = layer_pairs(6, 5)[name]
    _, x, weights = example(name, 6, 5, generator)
    call_keras(layer, x)  # now it has weights
    layer.set_weights(weights)
    load(module, to_pytorch(weights))

    with tf.GradientTape() as tape:
        expected = call_keras(layer, x)
        target = generator.normal(size=expected.shape).astype("float32")
        loss = tf.reduce_mean((expected - target) ** 2)
    gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, layer.trainable_weights)]
    actual = call_pytorch(module, x)
    ((actual - torch.tensor(target)) ** 2).mean().backward()
    forward = difference([expected], [actual.detach()])

    still = [weight.numpy() for weight in layer.non_trainable_weights]
    wanted = to_pytorch([gradient.numpy() for gradient in gradients] + still)
    trained = {key: p for key, p in module.named_parameters() if p.requires_grad}
    backward = difference([wanted[key] for key in trained], [p.grad for p in trained.values()])

    keras.optimizers.SGD(0.1).apply(gradients, layer.trainable_weights)
    torch.optim.SGD(trained.values(), lr=0.1).step()
    updated = to_keras({key: tensor.numpy() for key, tensor in module.state_dict().items()})
    ours = [weight.numpy() for weight in layer.trainable_weights]
    return forward, backward, difference(ours, updated[: len(ours)])
# --8<-- [end:compare]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    generator = np.random.default_rng(SEED)
    names = list(layer_pairs(6, 5))
    differences = [compare(name, generator) for name in names]
    forward_differences, gradient_differences, step_differences = zip(*differences)
    print("largest difference   forward  gradient  SGD step")
    for name, (forward, backward, step) in zip(names, differences):
        print(f"{name:18}  {forward:8.1e}  {backward:8.1e}  {step:8.1e}")
# --8<-- [end:main]
