# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:dense]
def dense_weights() -> tuple[np.ndarray, np.ndarray]:
    layer = nn.Linear(784, 64)
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def draw(kernel):
    _, axes = plt.subplots(num="initial_weights", clear=True, figsize=(6, 2.4), layout="tight")
    axes.hist(kernel.ravel(), bins=100, range=(-0.1, 0.1), histtype="stepfilled")
    axes.set(xlabel="initial weight", ylabel="weights")
# --8<-- [end:dense]


# --8<-- [start:layouts]
def convolution_weights() -> np.ndarray:
    return nn.Conv2d(3, 8, kernel_size=5).weight.detach().numpy()


def count_lstm_parameters() -> int:
    return sum(parameter.numel() for parameter in nn.LSTM(28, 64).parameters())
# --8<-- [end:layouts]


# --8<-- [start:gates]
@torch.inference_mode()
def gate_outputs(cell, blocks: int, states) -> list[float]:
    outputs = []
    for block in range(blocks):
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih[block] = 50  # this gate wide open
        output = cell(torch.zeros(1, 1), states)
        outputs.append(float(output[0] if isinstance(output, tuple) else output))
    return outputs
# --8<-- [end:gates]


# --8<-- [start:adam]
def adam_first_step(gradient: float) -> float:
    weight = torch.zeros(1, requires_grad=True)
    weight.grad = torch.tensor([gradient])
    torch.optim.Adam([weight]).step()
    return -weight.item()
# --8<-- [end:adam]


# --8<-- [start:batch_norm]
def batch_norm_statistics() -> list[float]:
    layer = nn.BatchNorm1d(1)
    layer(torch.tensor([[0.0], [2.0]]))
    return [layer.running_mean.item(), layer.running_var.item()]
# --8<-- [end:batch_norm]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    kernel, bias = dense_weights()
    draw(kernel)
    weight_bound, weight_deviation = np.abs(kernel).max(), kernel.std()
    bias_bound = np.abs(bias).max()
    dense_shape, convolution_shape = kernel.shape, convolution_weights().shape
    lstm_parameters = count_lstm_parameters()
    zero, two = torch.zeros(1, 1), torch.full((1, 1), 2.0)
    lstm_gates = gate_outputs(nn.LSTMCell(1, 1), 4, (zero, two))
    gru_gates = gate_outputs(nn.GRUCell(1, 1), 3, two)
    adam, layer_norm, batch_norm = torch.optim.Adam([zero]), nn.LayerNorm(64), nn.BatchNorm1d(64)
    epsilons = [adam.defaults["eps"], layer_norm.eps, batch_norm.eps]
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
