# --8<-- [start:imports]
import json
import time

import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd
from mxnet.gluon import rnn

from numerals_mxnet import SIZE, Layer

SEED = 0
BATCH_SIZE, ROUNDS = 4, 5
SHORT = [8, 16, 32]
LENGTHS = [32, 64, 128, 256, 512]
# --8<-- [end:imports]


# --8<-- [start:chain]
def count_waiting(model, x) -> int:  # operations that have to wait for one another
    with autograd.record():
        output = model(x)
    chains = []
    graph = json.loads(autograd.get_symbol(output).tojson())
    for node in graph["nodes"]:  # in an order in which they can run
        chains.append(1 + max((chains[parent] for parent, *_ in node["inputs"]), default=0))
    return max(chains)
# --8<-- [end:chain]


# --8<-- [start:cost]
def measure(model, x) -> float:  # CPU seconds forward and back, all threads together
    mx.nd.waitall()
    start = time.process_time()
    with autograd.record():
        loss = model(x).square().mean()
    loss.backward()
    mx.nd.waitall()
    return time.process_time() - start
# --8<-- [end:cost]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    np.random.seed(SEED)
    layer, cell = Layer(decoder=False), rnn.LSTMCell(SIZE, input_size=SIZE)
    lstm = rnn.LSTM(SIZE, layout="NTC", input_size=SIZE)
    for block in (layer, cell, lstm):
        block.initialize(mx.init.Xavier())

    def encoder(x):
        return layer(x, mx.nd.ones((1, 1, x.shape[1])))[0]  # every token may be looked at

    def step_by_step(x):
        return cell.unroll(x.shape[1], x, layout="NTC")[0][-1]

    inputs = [mx.nd.random.normal(shape=(1, length, SIZE)) for length in SHORT]
    lstm_chains = [count_waiting(step_by_step, x) for x in inputs]
    encoder_chains = [count_waiting(encoder, x) for x in inputs]
    print("length         ", *(f"{length:7}" for length in SHORT))
    print("chain, LSTM    ", *(f"{chain:7}" for chain in lstm_chains))
    print("chain, encoder ", *(f"{chain:7}" for chain in encoder_chains))

    inputs = [mx.nd.random.normal(shape=(BATCH_SIZE, length, SIZE)) for length in LENGTHS]
    models = lstm, encoder
    seconds = [[[measure(model, x) for x in inputs] for model in models] for _ in range(ROUNDS)]
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
