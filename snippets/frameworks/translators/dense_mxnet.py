# --8<-- [start:imports]
import mxnet as mx
import numpy as np
from mxnet.gluon import nn
# --8<-- [end:imports]

# --8<-- [start:save]
kernel = np.array([[1, 2], [3, 4], [5, 6]], dtype="float32")  # as Keras' get_weights() gives them
bias = np.array([7, 8], dtype="float32")
x = np.array([[1, 0, 0], [0, 1, 0], [1, -1, 2]], dtype="float32")
np.savez("dense.npz", kernel=kernel, bias=bias, x=x, y=x @ kernel + bias)
# --8<-- [end:save]

# --8<-- [start:load]
saved = np.load("dense.npz")
layer = nn.Dense(2, in_units=3)
layer.initialize()
layer.weight.set_data(mx.nd.array(saved["kernel"].T))  # (2 units, 3 inputs)
layer.bias.set_data(mx.nd.array(saved["bias"]))
y = layer(mx.nd.array(saved["x"])).asnumpy()
# --8<-- [end:load]

# --8<-- [start:compare]
difference = float(np.abs(y - saved["y"]).max())
for row, (before, after) in enumerate(zip(saved["y"], y)):
    print(f"row {row}: Keras' formula {before}, Gluon {after}")
print("largest difference:", difference)
# --8<-- [end:compare]
