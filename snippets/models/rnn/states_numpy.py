# --8<-- [start:imports]
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:read]
def read(sequence, w=1.0, u=0.5, b=0.0):
    state, states = 0.0, []  # the state is one number, and begins at zero
    for x in sequence:
        state = float(np.tanh(w * x + u * state + b))
        states.append(state)
    return states


def show(states):
    return ", ".join(f"{state:.3f}" for state in states)


first = np.array([1.0, 0.0, 0.0])
last = np.array([0.0, 0.0, 1.0])
states_of_first, states_of_last = read(first), read(last)
print("reading 1, 0, 0:", show(states_of_first))
print("reading 0, 0, 1:", show(states_of_last))
# --8<-- [end:read]


# --8<-- [start:backwards]
backward_states = read(last[::-1])[::-1]  # from the end to the beginning, in the order of the steps
print("the same read from the end:", show(backward_states))
# --8<-- [end:backwards]


# --8<-- [start:padding]
padded = np.pad(first, (0, 2))  # two steps of zeros behind the real ones
last_state, last_column = read(first, b=0.3)[-1], read(padded, b=0.3)[-1]
unpadded_start, padded_start = read(first[::-1], b=0.3)[-1], read(padded[::-1], b=0.3)[-1]
print(f"state after the last real step {last_state:.3f}, in the last column {last_column:.3f}")
print(f"read from the end, step 1: {unpadded_start:.3f} without padding, {padded_start:.3f} with it")
# --8<-- [end:padding]


# --8<-- [start:held]
zeros = np.zeros(27)  # after the first of 28 steps
faded = read([1.0, *zeros], u=0.5)[-1]
held, held_from_less = read([1.0, *zeros], u=1.5)[-1], read([0.1, *zeros], u=1.5)[-1]
print(f"27 steps later: {faded:.0e} is left with u = 0.5, {held:.3f} with u = 1.5")
# --8<-- [end:held]
