# --8<-- [start:imports]
import time
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

SEED = 0
SIZE, HEADS, HIDDEN = 64, 4, 128
BATCH_SIZE, ROUNDS = 4, 5
SHORT = [8, 16, 32]
LENGTHS = [32, 64, 128, 256, 512]
# --8<-- [end:imports]


# --8<-- [start:chain]
@cache
def count_waiting(node) -> int:  # operations that have to wait for one another, up to this one
    parents = [parent for parent, _ in node.next_functions if parent]
    return 1 + max(map(count_waiting, parents), default=0)


def step_by_step(cell, x):  # (N, T, D) to (N, D)
    state = None
    for step in x.unbind(1):
        state = cell(step, state)
    return state[0]
# --8<-- [end:chain]


# --8<-- [start:cost]
def measure(layer, x) -> float:  # CPU seconds forward and back, all threads together
    start = time.process_time()
    output = layer(x)
    output = output[0] if isinstance(output, tuple) else output  # an LSTM also returns its state
    output.square().mean().backward()
    return time.process_time() - start
# --8<-- [end:cost]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    encoder = nn.TransformerEncoderLayer(SIZE, HEADS, HIDDEN, dropout=0, batch_first=True)
    cell, lstm = nn.LSTMCell(SIZE, SIZE), nn.LSTM(SIZE, SIZE, batch_first=True)
    inputs = [torch.randn(1, length, SIZE) for length in SHORT]
    lstm_chains = [count_waiting(step_by_step(cell, x).grad_fn) for x in inputs]
    encoder_chains = [count_waiting(encoder(x).grad_fn) for x in inputs]
    print("length         ", *(f"{length:7}" for length in SHORT))
    print("chain, LSTM    ", *(f"{chain:7}" for chain in lstm_chains))
    print("chain, encoder ", *(f"{chain:7}" for chain in encoder_chains))

    inputs = [torch.randn(BATCH_SIZE, length, SIZE) for length in LENGTHS]
    layers = lstm, encoder
    seconds = [[[measure(layer, x) for x in inputs] for layer in layers] for _ in range(ROUNDS)]
    lstm_seconds, encoder_seconds = np.median(seconds[1:], axis=0)  # the first round warms up
    cost_ratios = (encoder_seconds / lstm_seconds).tolist()
    print("length         ", *(f"{length:7}" for length in LENGTHS))
    print("encoder / LSTM ", *(f"{ratio:7.2f}" for ratio in cost_ratios))

    _, (left, right) = plt.subplots(1, 2, num="lengths", clear=True, figsize=(7, 3), layout="tight")
    left.plot(SHORT, lstm_chains, "o--", label="LSTM")
    left.plot(SHORT, encoder_chains, "o-", label="encoder layer")
    left.set(xlabel="length", ylabel="operations in a chain", ylim=0)
    right.plot(LENGTHS, 1000 * lstm_seconds, "o--", label="LSTM")
    right.plot(LENGTHS, 1000 * encoder_seconds, "o-", label="encoder layer")
    right.set(xlabel="length", ylabel="CPU time of a step, ms", ylim=0)
    right.legend()
    plt.show()
# --8<-- [end:main]
