# --8<-- [start:imports]
import keras
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:empty]
x = keras.random.normal((2, 6, 8))  # two sequences of six tokens
layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
nothing = np.zeros((2, 6, 6), dtype=bool)  # no token may look anywhere

_, weights = layer(x, x, attention_mask=nothing, return_attention_scores=True)
ones = np.ones((2, 6, 1, 8), dtype="float32")  # values of 1: the output is the sum of the weights
sums = keras.ops.dot_product_attention(x[:, :, None], x[:, :, None], ones, mask=nothing[:, None])
found = float(keras.ops.sum(weights[0, 0, 0])), float(sums[0, 0, 0, 0])
# --8<-- [end:empty]


# --8<-- [start:neighbour]
other = np.array(x)
other[1] += 1  # the second sequence alone
change = layer(other, other) - layer(x, x)
neighbour_matters = int(np.abs(change[0]).max() > 1e-3)
# --8<-- [end:neighbour]


# --8<-- [start:print]
for name, total in zip(("layer", "function"), found):
    print(f"weights of an empty row, {name}:", "not a number" if np.isnan(total) else f"sum {total:.1f}")
print("another neighbour in the batch changes a sequence:", bool(neighbour_matters))
empty_sums = [-1 if np.isnan(total) else total for total in found]  # -1: not a number
# --8<-- [end:print]
