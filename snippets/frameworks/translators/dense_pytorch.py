# --8<-- [start:imports]
import keras
import numpy as np
import torch
from torch import nn
# --8<-- [end:imports]

# --8<-- [start:save]
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
model.set_weights([np.array([[1, 2], [3, 4], [5, 6]]), np.array([7, 8])])
x = np.array([[1, 0, 0], [0, 1, 0], [1, -1, 2]], dtype="float32")

kernel, bias = model.get_weights()  # (3 inputs, 2 units), (2,)
np.savez("dense.npz", kernel=kernel, bias=bias, x=x, y=model.predict(x, verbose=0))
# --8<-- [end:save]

# --8<-- [start:load]
saved = np.load("dense.npz")
layer = nn.Linear(3, 2)
layer.load_state_dict({
    "weight": torch.from_numpy(saved["kernel"].T),  # (2 units, 3 inputs)
    "bias": torch.from_numpy(saved["bias"]),
})
y = layer(torch.from_numpy(saved["x"])).detach().numpy()
# --8<-- [end:load]

# --8<-- [start:compare]
difference = float(np.abs(y - saved["y"]).max())
for row, (before, after) in enumerate(zip(saved["y"], y)):
    print(f"row {row}: Keras {before}, PyTorch {after}")
print("largest difference:", difference)
# --8<-- [end:compare]
