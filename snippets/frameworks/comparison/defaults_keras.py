# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:dense]
def dense_weights() -> tuple[np.ndarray, np.ndarray]:
    layer = keras.layers.Dense(64)
    layer.build((None, 784))
    kernel, bias = layer.get_weights()
    return kernel, bias


def draw(kernel):
    _, axes = plt.subplots(num="initial_weights", clear=True, figsize=(6, 2.4), layout="tight")
    axes.hist(kernel.ravel(), bins=100, range=(-0.1, 0.1), histtype="stepfilled")
    axes.set(xlabel="initial weight", ylabel="weights")
# --8<-- [end:dense]


# --8<-- [start:layouts]
def convolution_weights() -> np.ndarray:
    layer = keras.layers.Conv2D(8, kernel_size=5)
    layer.build((None, 28, 28, 3))
    return layer.get_weights()[0]


def count_lstm_parameters() -> int:
    layer = keras.layers.LSTM(64)
    layer.build((None, 28, 28))
    return layer.count_params()
# --8<-- [end:layouts]


# --8<-- [start:gates]
def gate_outputs(cell, blocks: int, states) -> list[float]:
    cell.build((1, 1))
    outputs = []
    for block in range(blocks):
        kernel, recurrent_kernel, bias = (np.zeros(w.shape, "float32") for w in cell.weights)
        bias[..., block] = 50  # this gate wide open
        cell.set_weights([kernel, recurrent_kernel, bias])
        output, _ = cell(np.zeros((1, 1), "float32"), states)
        outputs.append(float(output[0, 0]))
    return outputs
# --8<-- [end:gates]


# --8<-- [start:adam]
def adam_first_step(gradient: float) -> float:
    weight = keras.Variable([0.0])
    optimizer = keras.optimizers.Adam()
    optimizer.apply([keras.ops.array([gradient])], [weight])
    return -float(weight[0])
# --8<-- [end:adam]


# --8<-- [start:batch_norm]
def batch_norm_statistics() -> list[float]:
    layer = keras.layers.BatchNormalization()
    layer(np.array([[0.0], [2.0]], "float32"), training=True)
    return [float(layer.moving_mean[0]), float(layer.moving_variance[0])]
# --8<-- [end:batch_norm]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    kernel, bias = dense_weights()
    draw(kernel)
    weight_bound, weight_deviation = np.abs(kernel).max(), kernel.std()
    bias_bound = np.abs(bias).max()
    dense_shape, convolution_shape = kernel.shape, convolution_weights().shape
    lstm_parameters = count_lstm_parameters()
    zero, two = np.zeros((1, 1), "float32"), np.full((1, 1), 2, "float32")
    lstm_gates = gate_outputs(keras.layers.LSTMCell(1), 4, [zero, two])
    gru_gates = gate_outputs(keras.layers.GRUCell(1), 3, [two])
    batch_norm, layer_norm = keras.layers.BatchNormalization(), keras.layers.LayerNormalization()
    epsilons = [keras.optimizers.Adam().epsilon, layer_norm.epsilon, batch_norm.epsilon]
    batch_norm_momentum = batch_norm.momentum
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
