# --8<-- [start:imports]
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

from numerals_keras import SIZE, EncoderLayer

SEED = 0
BATCH_SIZE, ROUNDS = 4, 5
SHORT = [8, 16, 32]
LENGTHS = [32, 64, 128, 256, 512]
# --8<-- [end:imports]


# --8<-- [start:chain]
def count_waiting(layer, length) -> int:  # operations that have to wait for one another
    inputs = tf.TensorSpec((1, length, SIZE))
    graph = tf.function(lambda x: layer(x)).get_concrete_function(inputs).graph
    chains = {}
    for operation in graph.get_operations():  # in an order in which they can run
        chains[operation] = 1 + max((chains[tensor.op] for tensor in operation.inputs), default=0)
    return max(chains.values())
# --8<-- [end:chain]


# --8<-- [start:cost]
def make_step(layer):
    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            loss = ops.mean(ops.square(layer(x)))
        return tape.gradient(loss, layer.trainable_variables)

    return step


def measure(step, x) -> float:  # CPU seconds forward and back, all threads together
    start = time.process_time()
    step(x)
    return time.process_time() - start
# --8<-- [end:cost]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    encoder, lstm = EncoderLayer(), layers.LSTM(SIZE, return_sequences=True)
    unrolled = layers.LSTM(SIZE, unroll=True)
    lstm_chains = [count_waiting(unrolled, length) for length in SHORT]
    encoder_chains = [count_waiting(encoder, length) for length in SHORT]
    print("length         ", *(f"{length:7}" for length in SHORT))
    print("chain, LSTM    ", *(f"{chain:7}" for chain in lstm_chains))
    print("chain, encoder ", *(f"{chain:7}" for chain in encoder_chains))

    with keras.device("cpu"):
        inputs = [keras.random.normal((BATCH_SIZE, length, SIZE)) for length in LENGTHS]
        steps = make_step(lstm), make_step(encoder)
        seconds = [[[measure(step, x) for x in inputs] for step in steps] for _ in range(ROUNDS)]
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
