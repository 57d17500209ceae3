# --8<-- [start:imports]
from inspect import signature

import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd
from mxnet.gluon import nn, rnn

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:dense]
def dense_weights() -> tuple[np.ndarray, np.ndarray]:
    layer = nn.Dense(64, in_units=784)
    layer.initialize()
    return layer.weight.data().asnumpy(), layer.bias.data().asnumpy()


def draw(kernel):
    _, axes = plt.subplots(num="initial_weights", clear=True, figsize=(6, 2.4), layout="tight")
    axes.hist(kernel.ravel(), bins=100, range=(-0.1, 0.1), histtype="stepfilled")
    axes.set(xlabel="initial weight", ylabel="weights")
# --8<-- [end:dense]


# --8<-- [start:layouts]
def convolution_weights() -> np.ndarray:
    layer = nn.Conv2D(8, kernel_size=5, in_channels=3)
    layer.initialize()
    return layer.weight.data().asnumpy()


def count_lstm_parameters() -> int:
    layer = rnn.LSTM(64, input_size=28)
    layer.initialize()
    return sum(parameter.data().size for parameter in layer.collect_params().values())
# --8<-- [end:layouts]


# --8<-- [start:gates]
def gate_outputs(cell, blocks: int, states) -> list[float]:
    outputs = []
    for block in range(blocks):
        cell.initialize(mx.init.Zero(), force_reinit=True)
        bias = np.zeros(blocks)
        bias[block] = 50  # this gate wide open
        cell.i2h_bias.set_data(mx.nd.array(bias))
        output, _ = cell(mx.nd.zeros((1, 1)), states)
        outputs.append(float(output.asscalar()))
    return outputs
# --8<-- [end:gates]


# --8<-- [start:adam]
def adam_first_step(gradient: float) -> float:
    weight = mx.nd.zeros(1)
    adam = mx.optimizer.Adam()
    adam.update(0, weight, mx.nd.array([gradient]), adam.create_state(0, weight))
    return -float(weight.asscalar())
# --8<-- [end:adam]


# --8<-- [start:batch_norm]
def batch_norm_statistics() -> list[float]:
    layer = nn.BatchNorm()
    layer.initialize()
    with autograd.record():
        output = layer(mx.nd.array([[0.0], [2.0]]))
    output.backward()  # here, and not before, the running statistics move
    return [float(layer.running_mean.data().asscalar()), float(layer.running_var.data().asscalar())]
# --8<-- [end:batch_norm]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    kernel, bias = dense_weights()
    draw(kernel)
    weight_bound, weight_deviation = np.abs(kernel).max(), kernel.std()
    bias_bound = np.abs(bias).max()
    dense_shape, convolution_shape = kernel.shape, convolution_weights().shape
    lstm_parameters = count_lstm_parameters()
    zero, two = mx.nd.zeros((1, 1)), mx.nd.full((1, 1), 2)
    lstm_gates = gate_outputs(rnn.LSTMCell(1, input_size=1), 4, [zero, two])
    gru_gates = gate_outputs(rnn.GRUCell(1, input_size=1), 3, [two])
    layer_norm, batch_norm = signature(nn.LayerNorm).parameters, signature(nn.BatchNorm).parameters
    adam = mx.optimizer.Adam()
    epsilons = [adam.epsilon, layer_norm["epsilon"].default, batch_norm["epsilon"].default]
    batch_norm_momentum = batch_norm["momentum"].default
    running_statistics = batch_norm_statistics()
    small_gradient_step = adam_first_step(1e-6)
    print(f"dense: {dense_shape}, largest weight {weight_bound:.4f}, largest bias {bias_bound:.4f}")
    print(f"convolution: {convolution_shape}; LSTM: {lstm_parameters} parameters")
    print("LSTM output, one gate open at a time:", np.round(lstm_gates, 3))
    print("GRU output, one gate open at a time:", np.round(gru_gates, 3))
    print("epsilon of Adam, LayerNorm, BatchNorm:", epsilons)
    print(f"BatchNorm: momentum {batch_norm_momentum}, statistics", np.round(running_statistics, 4))
    print(f"Adam, gradient 1e-6: first step {small_gradient_step:.6f}")
    plt.show()
# --8<-- [end:main]
