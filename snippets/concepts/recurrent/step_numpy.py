# --8<-- [start:imports]
import numpy as np
# --8<-- [end:imports]

# --8<-- [start:step]
W = np.array([[1.0, 0.0]])  # the first number of the state takes the input,
U = np.array([[0.0, 1.0], [0.0, 0.0]])  # the second what the first was


def read(sequence):
    h = np.zeros(2)  # the state before the first step
    for x in sequence:
        h = np.tanh(x * W[0] + h @ U)
    return h


up_down, down_down = np.array([1.0, -1.0]), np.array([-1.0, -1.0])
state_up_down, state_down_down = read(up_down), read(down_down)
print(" 1 then -1:", " ".join(f"{number:7.4f}" for number in state_up_down))
print("-1 then -1:", " ".join(f"{number:7.4f}" for number in state_down_down))
# --8<-- [end:step]
