# --8<-- [start:imports]
import mxnet as mx
import numpy as np

CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:empty]
scores = mx.nd.random.normal(shape=(6, 6), ctx=CONTEXT)
nothing = mx.nd.zeros((6, 6), ctx=CONTEXT)  # no token may look anywhere

finite = (scores + (nothing - 1) * 1e9).softmax()
infinite = mx.nd.where(nothing, scores, scores.ones_like() * -np.inf).softmax()
found = finite[0].sum().asscalar(), infinite[0].sum().asscalar()
# --8<-- [end:empty]


# --8<-- [start:neighbour]
x = mx.nd.random.normal(shape=(2, 6, 3 * 8), ctx=CONTEXT)  # queries, keys, values side by side
other = x.copy()
other[1] += 1  # the second sequence alone


def attend(x):  # the operators take time first; this one forgets it
    scores = mx.nd.contrib.interleaved_matmul_selfatt_qk(x, heads=1)
    return mx.nd.contrib.interleaved_matmul_selfatt_valatt(x, scores.softmax(), heads=1)


change = attend(other) - attend(x)
neighbour_matters = int(change[0].abs().max().asscalar() > 1e-3)
# --8<-- [end:neighbour]


# --8<-- [start:print]
for name, total in zip(("large number", "infinite"), found):
    print(f"weights of an empty row, {name}:", "not a number" if np.isnan(total) else f"sum {total:.1f}")
print("another neighbour in the batch changes a sequence:", bool(neighbour_matters))
empty_sums = [-1 if np.isnan(total) else total for total in found]  # -1: not a number
# --8<-- [end:print]
