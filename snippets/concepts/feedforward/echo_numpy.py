# --8<-- [start:imports]
import numpy as np
# --8<-- [end:imports]

# --8<-- [start:echo]
inputs = np.array([1.0, 1.0, 1.0])  # the same number three times
w, u = 1.0, 0.5
without_loop = np.tanh(w * inputs)
with_loop, state = [], 0.0
for x in inputs:
    state = np.tanh(w * x + u * state)  # its last output comes back in
    with_loop.append(state)
print("feedforward:", " ".join(f"{y:.4f}" for y in without_loop))
print("feedback:   ", " ".join(f"{y:.4f}" for y in with_loop))
# --8<-- [end:echo]
