# --8<-- [start:imports]
import numpy as np

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:dense]
def dense(x, kernel, bias):
    return x @ kernel + bias  # (N, I) (I, U) + (U,) = (N, U)
# --8<-- [end:dense]


# --8<-- [start:conv2d]
def conv2d(x, kernel, bias):
    height, width, _, _ = kernel.shape  # (H, W, I, O)
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))
    return np.einsum("nyxihw,hwio->nyxo", windows, kernel) + bias
# --8<-- [end:conv2d]


# --8<-- [start:flatten]
def flatten_dense(x, kernel, bias):
    return x.reshape(len(x), -1) @ kernel + bias  # rows of the kernel in the order h, w, c
# --8<-- [end:flatten]


# --8<-- [start:simple_rnn]
def simple_rnn(x, kernel, recurrent, bias):
    h, outputs = np.zeros((len(x), len(recurrent))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ kernel + h @ recurrent + bias)  # (N, I) (I, U) + (N, U) (U, U)
        outputs.append(h)
    return np.stack(outputs, axis=1)  # (N, T, U)
# --8<-- [end:simple_rnn]


# --8<-- [start:lstm]
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(x, kernel, recurrent, bias):
    h = c = np.zeros((len(x), len(recurrent)))
    outputs = []
    for t in range(x.shape[1]):
        z = x[:, t] @ kernel + h @ recurrent + bias  # (N, 4U)
        i, f, g, o = np.split(z, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, axis=1)
# --8<-- [end:lstm]


# --8<-- [start:gru]
def gru(x, kernel, recurrent, bias):
    h, outputs = np.zeros((len(x), len(recurrent))), []
    for t in range(x.shape[1]):
        z, r, n = np.split(x[:, t] @ kernel + bias[0], 3, axis=1)  # each (N, U)
        hz, hr, hn = np.split(h @ recurrent + bias[1], 3, axis=1)
        z, r = sigmoid(z + hz), sigmoid(r + hr)
        h = z * h + (1 - z) * np.tanh(n + r * hn)  # reset_after: r multiplies the product
        outputs.append(h)
    return np.stack(outputs, axis=1)
# --8<-- [end:gru]


# --8<-- [start:attention]
def attention(x, query, query_bias, key, key_bias, value, value_bias, output, output_bias):
    q, k, v = (
        np.einsum("ntd,dhk->nhtk", x, kernel) + bias[:, np.newaxis]  # (D, H, K) and (H, K)
        for kernel, bias in ((query, query_bias), (key, key_bias), (value, value_bias))
    )
    scores = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[-1])  # (N, H, T, T)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return np.einsum("nhtk,hkd->ntd", shares @ v, output) + output_bias  # (H, K, D)
# --8<-- [end:attention]


# --8<-- [start:layer_norm]
def layer_norm(x, gamma, beta):
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta
# --8<-- [end:layer_norm]


# --8<-- [start:batch_norm]
def batch_norm(x, gamma, beta, *_):  # while training: the moving statistics are not used
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3) * gamma + beta
# --8<-- [end:batch_norm]


# --8<-- [start:embedding]
def embedding(x, table):
    return table[x]  # (N, T) of (V, U) = (N, T, U)
# --8<-- [end:embedding]


# --8<-- [start:example]
def layers(i: int, u: int) -> dict:  # i inputs, u units, k numbers in each of two heads
    k = i // 2
    return {  # the formula, the shape of a batch, the shapes of Keras' weights
        "Dense": (dense, (4, i), [(i, u), (u,)]),
        "Conv2D": (conv2d, (4, 6, 5, i), [(3, 2, i, u), (u,)]),
        "Flatten, Dense": (flatten_dense, (4, 3, 2, i), [(6 * i, u), (u,)]),
        "SimpleRNN": (simple_rnn, (4, 5, i), [(i, u), (u, u), (u,)]),
        "LSTM": (lstm, (4, 5, i), [(i, 4 * u), (u, 4 * u), (4 * u,)]),
        "GRU": (gru, (4, 5, i), [(i, 3 * u), (u, 3 * u), (2, 3 * u)]),
        "MultiHeadAttention": (attention, (4, 5, i), [*[(i, 2, k), (2, k)] * 3, (2, k, i), (i,)]),
        "LayerNormalization": (layer_norm, (4, 5, i), [(i,), (i,)]),
        "BatchNormalization": (batch_norm, (4, i), [(i,), (i,), (i,), (i,)]),
        "Embedding": (embedding, (4, 5), [(i, u)]),
    }


def example(name: str, inputs: int, units: int, generator) -> tuple:
    formula, shape, weight_shapes = layers(inputs, units)[name]
    x = generator.normal(size=shape).astype("float32")
    scales = [np.prod(s[:-1]) ** -0.5 for s in weight_shapes]  # 1 for a bias: never zero
    weights = [
        generator.normal(scale=scale, size=s).astype("float32")
        for scale, s in zip(scales, weight_shapes)
    ]
    if name == "BatchNormalization":
        weights[2:] = weights[2] / 3, np.abs(weights[3]) / 3  # a mean and a variance
    if name == "Embedding":
        x = generator.integers(inputs, size=shape)
    return formula, x, weights
# --8<-- [end:example]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    parameter_counts = []
    for name in layers(6, 5):
        formula, x, weights = example(name, 6, 5, generator)
        parameter_counts.append(sum(weight.size for weight in weights))
        print(f"{name:18} {parameter_counts[-1]:4d} weights, {x.shape} to {formula(x, *weights).shape}")
# --8<-- [end:main]
