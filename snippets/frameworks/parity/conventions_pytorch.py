# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from weights_pytorch import (
    FlattenLinear,
    attention_to_pytorch,
    call_keras,
    call_pytorch,
    difference,
    flatten_dense_to_pytorch,
    gru_to_pytorch,
    load,
    rnn_to_pytorch,
    with_one_bias,
)

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:distances]
def randomise(layer, x, generator) -> list:
    call_keras(layer, x)  # now it has weights
    layer.set_weights([generator.normal(scale=0.5, size=w.shape) for w in layer.weights])
    return layer.get_weights()


def loaded(module, state):
    load(module, state)
    return module


def distances(layer, x, ignored, aligned) -> list[float]:
    expected = call_keras(layer, x)
    return [difference([expected], [call_pytorch(m, x).detach()]) for m in (ignored, aligned)]


def normal(generator, *shape):
    return generator.normal(size=shape).astype("float32")
# --8<-- [end:distances]


# --8<-- [start:kernel]
def kernel_layout(generator):
    layer, x = keras.layers.Dense(6), normal(generator, 4, 6)
    kernel, bias = randomise(layer, x, generator)  # square: no shape gives the mistake away
    ignored = loaded(nn.Linear(6, 6), {"weight": kernel, "bias": bias})
    aligned = loaded(nn.Linear(6, 6), {"weight": kernel.T, "bias": bias})
    return distances(layer, x, ignored, aligned)
# --8<-- [end:kernel]


# --8<-- [start:flatten]
def flatten_order(generator):
    layer = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5)])
    x = normal(generator, 4, 3, 2, 6)  # (N, H, W, C)
    weights = randomise(layer, x, generator)
    ignored = loaded(FlattenLinear(36, 5), {"weight": weights[0].T, "bias": weights[1]})
    aligned = loaded(FlattenLinear(36, 5), flatten_dense_to_pytorch(weights, 3, 2))
    return distances(layer, x, ignored, aligned)
# --8<-- [end:flatten]


# --8<-- [start:padding]
def same_padding(generator):
    layer = keras.layers.Conv2D(5, 3, strides=2, padding="same")
    x = normal(generator, 4, 8, 8, 6)
    kernel, bias = randomise(layer, x, generator)
    state = {"weight": kernel.transpose(3, 2, 0, 1), "bias": bias}
    ignored = loaded(nn.Conv2d(6, 5, 3, stride=2, padding=1), state)
    convolution = loaded(nn.Conv2d(6, 5, 3, stride=2), state)
    aligned = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), convolution)  # right and below only
    return distances(layer, x, ignored, aligned)
# --8<-- [end:padding]


# --8<-- [start:gates]
def gate_order(generator):
    layer, x = keras.layers.GRU(5, return_sequences=True), normal(generator, 4, 7, 6)
    weights = randomise(layer, x, generator)
    kernel, recurrent, bias = weights
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    unswapped = dict(zip(names, (kernel.T, recurrent.T, *bias)))
    ignored = loaded(nn.GRU(6, 5, batch_first=True), unswapped)
    aligned = loaded(nn.GRU(6, 5, batch_first=True), gru_to_pytorch(weights))
    return distances(layer, x, ignored, aligned)
# --8<-- [end:gates]


# --8<-- [start:reset]
def reset_after(generator):
    before = keras.layers.GRU(5, return_sequences=True, reset_after=False)
    after = keras.layers.GRU(5, return_sequences=True)
    x = normal(generator, 4, 7, 6)
    kernel, recurrent, bias = randomise(before, x, generator)  # one bias, (3U,)
    weights = [kernel, recurrent, np.stack([bias, np.zeros_like(bias)])]
    randomise(after, x, generator)
    after.set_weights(weights)
    module = loaded(nn.GRU(6, 5, batch_first=True), gru_to_pytorch(weights))
    return distances(before, x, module, module)[0], distances(after, x, module, module)[0]
# --8<-- [end:reset]


# --8<-- [start:biases]
def two_biases(generator):
    layer, x = keras.layers.LSTM(5, return_sequences=True), normal(generator, 4, 7, 6)
    weights = randomise(layer, x, generator)
    modules = nn.LSTM(6, 5, batch_first=True), with_one_bias(nn.LSTM(6, 5, batch_first=True))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(call_keras(layer, x) ** 2)
    gradients = tape.gradient(loss, layer.trainable_weights)
    keras.optimizers.SGD(0.1).apply(gradients, layer.trainable_weights)
    found = []
    for module in modules:
        load(module, rnn_to_pytorch(weights))
        (call_pytorch(module, x) ** 2).mean().backward()
        torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=0.1).step()
        bias = (module.bias_ih_l0 + module.bias_hh_l0).detach()
        found.append(difference([layer.get_weights()[2]], [bias]))
    return found
# --8<-- [end:biases]


# --8<-- [start:projections]
def packed_projections(generator):
    layer, x = keras.layers.MultiHeadAttention(num_heads=2, key_dim=3), normal(generator, 4, 7, 6)
    weights = randomise(layer, x, generator)
    state = attention_to_pytorch(weights)
    untransposed = np.concatenate([kernel.reshape(6, 6) for kernel in weights[:6:2]])
    module = nn.MultiheadAttention(6, num_heads=2, batch_first=True)
    aligned = nn.MultiheadAttention(6, num_heads=2, batch_first=True)
    ignored = loaded(module, state | {"in_proj_weight": untransposed})
    return distances(layer, x, ignored, loaded(aligned, state))
# --8<-- [end:projections]


# --8<-- [start:epsilon]
def layer_norm_epsilon(generator):
    layer, x = keras.layers.LayerNormalization(), 0.1 * normal(generator, 4, 6)
    call_keras(layer, x)
    return distances(layer, x, nn.LayerNorm(6), nn.LayerNorm(6, eps=1e-3))


def batch_norm_epsilon(generator):
    layer, x = keras.layers.BatchNormalization(), 0.1 * normal(generator, 8, 6)
    return distances(layer, x, nn.BatchNorm1d(6), nn.BatchNorm1d(6, eps=1e-3))
# --8<-- [end:epsilon]


# --8<-- [start:momentum]
def running_statistic(layer, x, place: int, name: str, modules) -> list[float]:
    call_keras(layer, x)  # one batch, while training
    expected = [layer.get_weights()[place]]
    for module in modules:
        call_pytorch(module, x)
    return [difference(expected, [getattr(module, name)]) for module in modules]


def batch_norm_momentum(generator):
    layer, x = keras.layers.BatchNormalization(), 1 + normal(generator, 8, 6)
    modules = nn.BatchNorm1d(6, eps=1e-3), nn.BatchNorm1d(6, eps=1e-3, momentum=0.01)
    return running_statistic(layer, x, 2, "running_mean", modules)
# --8<-- [end:momentum]


# --8<-- [start:variance]
def keep_biased_variance(module):
    def correct(module, inputs, output):
        x = inputs[0].detach().transpose(0, 1).flatten(1)  # (C, n)
        if module.training:
            surplus = module.momentum * x.var(dim=1) / x.shape[1]
            module.running_var = module.running_var - surplus

    module.register_forward_hook(correct)
    return module


def running_variance(generator):
    layer, x = keras.layers.BatchNormalization(), normal(generator, 8, 6)
    modules = [nn.BatchNorm1d(6, eps=1e-3, momentum=0.01) for _ in range(2)]
    keep_biased_variance(modules[1])
    return running_statistic(layer, x, 3, "running_var", modules)
# --8<-- [end:variance]


# --8<-- [start:adam]
def align_epsilon(optimizer, step: int, epsilon: float):
    for group in optimizer.param_groups:
        group["eps"] = epsilon / (1 - group["betas"][1] ** step) ** 0.5


def adam_epsilon(generator):
    start, gradient = normal(generator, 100), 1e-6 * normal(generator, 100)
    variable = keras.Variable(start)
    keras.optimizers.Adam(1e-3, epsilon=1e-7).apply([tf.constant(gradient)], [variable])
    found = []
    for align in (False, True):
        parameter = torch.tensor(start, requires_grad=True)
        optimizer = torch.optim.Adam([parameter], lr=1e-3, eps=1e-7)
        if align:
            align_epsilon(optimizer, step=1, epsilon=1e-7)
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        found.append(difference([variable.numpy()], [parameter.detach()]))
    return found
# --8<-- [end:adam]


# --8<-- [start:axes]
def gru_axes(generator):
    layer, x = keras.layers.GRU(5, return_sequences=True), normal(generator, 4, 7, 6)  # (N, T, I)
    state = gru_to_pytorch(randomise(layer, x, generator))
    modules = nn.GRU(6, 5), nn.GRU(6, 5, batch_first=True)  # the first takes (T, N, I)
    return distances(layer, x, *(loaded(module, state) for module in modules))


def attention_axes(generator):
    layer, x = keras.layers.MultiHeadAttention(num_heads=2, key_dim=3), normal(generator, 4, 7, 6)
    state = attention_to_pytorch(randomise(layer, x, generator))
    modules = [nn.MultiheadAttention(6, num_heads=2, batch_first=first) for first in (False, True)]
    return distances(layer, x, *(loaded(module, state) for module in modules))
# --8<-- [end:axes]


# --8<-- [start:initialisers]
def initial_weights() -> list[float]:
    layer, module = keras.layers.Dense(64), nn.Linear(784, 64)
    layer.build((None, 784))
    deviations = [layer.get_weights()[0].std(), module.weight.std().item()]
    nn.init.xavier_uniform_(module.weight)
    nn.init.zeros_(module.bias)
    return [*deviations, module.weight.std().item()]
# --8<-- [end:initialisers]


# --8<-- [start:list]
CONVENTIONS = {
    "layout of a Dense kernel": kernel_layout,
    "order after Flatten": flatten_order,
    "same padding, stride 2": same_padding,
    "order of the GRU's gates": gate_order,
    "reset_after of the GRU": reset_after,
    "second bias, one SGD step": two_biases,
    "packed projections": packed_projections,
    "epsilon of LayerNorm": layer_norm_epsilon,
    "epsilon of BatchNorm": batch_norm_epsilon,
    "momentum of BatchNorm": batch_norm_momentum,
    "running variance": running_variance,
    "epsilon of Adam, one step": adam_epsilon,
    "axes of the GRU": gru_axes,
    "axes of attention": attention_axes,
}
# --8<-- [end:list]


# --8<-- [start:draw]
def draw(names, ignored, aligned):
    _, axes = plt.subplots(num="gap", clear=True, figsize=(7, 4), layout="tight")
    axes.plot(ignored, names, "o", label="ignored")
    axes.plot(aligned, names, "o", label="aligned")
    axes.set_xscale("symlog", linthresh=1e-9)
    axes.set(xlabel="largest difference from Keras", xticks=[0, 1e-8, 1e-6, 1e-4, 1e-2, 1])
    axes.invert_yaxis()
    axes.grid()
    axes.legend(loc="center")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    torch.manual_seed(SEED)
    generator = np.random.default_rng(SEED)
    differences = [measure(generator) for measure in CONVENTIONS.values()]
    ignored_differences, aligned_differences = zip(*differences)
    print(f"{'largest difference':25}  ignored  aligned")
    for name, (ignored, aligned) in zip(CONVENTIONS, differences):
        print(f"{name:25}  {ignored:7.1e}  {aligned:7.1e}")
    initial_deviations = initial_weights()
    print("standard deviation of initial Dense weights: "
          + ", ".join(f"{deviation:.4f}" for deviation in initial_deviations))
    draw(list(CONVENTIONS), ignored_differences, aligned_differences)
    plt.show()
# --8<-- [end:main]
