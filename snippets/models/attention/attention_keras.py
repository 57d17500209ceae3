# --8<-- [start:imports]
import keras
import numpy as np

SEED = 0
keras.config.set_floatx("float64")
# --8<-- [end:imports]


# --8<-- [start:attention]
def attention(queries, keys, values, allowed):
    scores = queries @ keys.swapaxes(-1, -2) / np.sqrt(keys.shape[-1])  # (..., T, T)
    scores = np.where(allowed, scores, -np.inf)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)  # each row adds up to 1
    return shares @ values, shares  # (..., T, K), (..., T, T)
# --8<-- [end:attention]


# --8<-- [start:heads]
def split(x, heads):
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)  # (N, T, D) to (N, H, T, K)


def multi_head_attention(x, weights, biases, heads, allowed):
    queries, keys, values = (split(x @ weights[i] + biases[i], heads) for i in range(3))
    mixed, _ = attention(queries, keys, values, allowed[:, np.newaxis])
    return mixed.swapaxes(1, 2).reshape(x.shape) @ weights[3] + biases[3]  # (N, T, D)
# --8<-- [end:heads]


# --8<-- [start:masks]
def make_masks(lengths, size):
    there = np.arange(size) < np.array(lengths)[:, np.newaxis]  # (N, T)
    padding = np.broadcast_to(there[:, np.newaxis], (len(lengths), size, size))  # (N, T, T)
    causal = np.tril(np.ones((size, size), dtype=bool))  # row: looks, column: is looked at
    return padding, np.broadcast_to(causal, padding.shape)
# --8<-- [end:masks]


# --8<-- [start:layer]
def compare_attention(x, allowed) -> float:
    expected, _ = attention(x, x, x, allowed)
    x = x[:, :, np.newaxis]  # (N, T, 1, D): one head
    actual = keras.ops.dot_product_attention(x, x, x, mask=allowed[:, np.newaxis])
    return float(np.abs(keras.ops.convert_to_numpy(actual)[:, :, 0] - expected).max())


def run_layer(x, weights, biases, heads, allowed) -> np.ndarray:
    size = x.shape[2]
    layer = keras.layers.MultiHeadAttention(heads, key_dim=size // heads)
    layer.build(x.shape, x.shape)
    arrays = []
    for weight, bias in zip(weights[:3], biases[:3]):  # query, key, value
        arrays += [weight.reshape(size, heads, -1), bias.reshape(heads, -1)]  # (D, H, K), (H, K)
    layer.set_weights([*arrays, weights[3].reshape(heads, -1, size), biases[3]])
    return keras.ops.convert_to_numpy(layer(x, x, attention_mask=allowed))
# --8<-- [end:layer]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    x = generator.normal(size=(2, 6, 8))  # two sequences of six tokens, eight numbers each
    weights, biases = generator.normal(size=(4, 8, 8)) / 3, generator.normal(size=(4, 8)) / 3
    padding, causal = make_masks([6, 4], 6)  # the last two tokens of the second are padding
    everything = np.ones_like(padding)

    attention_difference = compare_attention(x, padding & causal)
    print(f"scaled dot-product attention: difference {attention_difference:.0e}")
    layer_differences = []
    for name, allowed in (("no", everything), ("padding", padding), ("causal", causal)):
        by_hand = multi_head_attention(x, weights, biases, 2, allowed)
        difference = np.abs(run_layer(x, weights, biases, 2, allowed) - by_hand).max()
        layer_differences.append(float(difference))
        print(f"multi-head attention, {name} mask: difference {difference:.0e}")

    other = x.copy()
    other[1, 4:] += 1  # another padding; and another future for the first four tokens
    changes = []
    for name, allowed in (("no", everything), ("padding", padding), ("causal", causal)):
        before, after = (run_layer(each, weights, biases, 2, allowed)[1, :4] for each in (x, other))
        changes.append(float(np.abs(after - before).max()))
        print(f"{name} mask: the first four outputs change by {changes[-1]:.1g}")
# --8<-- [end:main]
