# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn, rnn

from layers_numpy import batch_norm, example, layer_norm
from weights_mxnet import call_gluon, difference, gru_to_gluon, load, rnn_to_gluon, with_one_bias

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:epsilon]
def normalisation_epsilon(generator):
    x, ones, zeros = 0.1 * generator.normal(size=(8, 6)), np.ones(6), np.zeros(6)
    found = []
    for options in ({}, {"epsilon": 1e-3}):
        layers = nn.LayerNorm(**options), nn.BatchNorm(**options)
        expected = layer_norm(x, ones, zeros), batch_norm(x, ones, zeros)
        for layer in layers:
            layer.initialize()
        with autograd.record():  # as in training
            actual = [layer(mx.nd.array(x)).asnumpy() for layer in layers]
        found.append(difference(expected, actual))
    return found
# --8<-- [end:epsilon]


# --8<-- [start:momentum]
def batch_norm_momentum(generator):
    x = 1 + generator.normal(size=(8, 6))
    expected = [0.01 * x.mean(axis=0), 0.99 + 0.01 * x.var(axis=0)]
    found = []
    for options in ({}, {"momentum": 0.99}):
        layer = nn.BatchNorm(**options)
        layer.initialize()
        with autograd.record():
            output = layer(mx.nd.array(x))
        output.backward()  # only now are the statistics updated
        statistics = [layer.running_mean.data().asnumpy(), layer.running_var.data().asnumpy()]
        found.append(difference(expected, statistics))
    return found
# --8<-- [end:momentum]


# --8<-- [start:adam]
def adam_epsilon(generator):
    start, gradient = generator.normal(size=100), 1e-6 * generator.normal(size=100)
    m, v = 0.1 * gradient, 0.001 * gradient**2  # Adam's moments after one step
    expected = start - 1e-3 * 0.001**0.5 / 0.1 * m / (np.sqrt(v) + 1e-7)
    found = []
    for options in ({}, {"epsilon": 1e-7}):
        optimizer = mx.optimizer.Adam(learning_rate=1e-3, **options)
        weight = mx.nd.array(start)
        optimizer.update(0, weight, mx.nd.array(gradient), optimizer.create_state(0, weight))
        found.append(difference([expected], [weight.asnumpy()]))
    return found
# --8<-- [end:adam]


# --8<-- [start:step]
def step_size(generator):
    x, classes = generator.normal(size=(8, 6)), generator.integers(5, size=8)
    kernel = generator.normal(size=(6, 5))
    shares = np.exp(x @ kernel) / np.exp(x @ kernel).sum(axis=1, keepdims=True)
    gradient = x.T @ (shares - np.eye(5)[classes]) / 8  # of the mean loss
    found = []
    for size in (1, 8):
        layer = nn.Dense(5, in_units=6, use_bias=False)
        layer.initialize()
        layer.weight.set_data(kernel.T)
        with autograd.record():
            losses = gluon.loss.SoftmaxCrossEntropyLoss()(layer(mx.nd.array(x)), mx.nd.array(classes))
        losses.backward()  # (8,): differentiates their sum
        gluon.Trainer(layer.collect_params(), "sgd", {"learning_rate": 0.1}).step(size)
        found.append(difference([kernel - 0.1 * gradient], [layer.weight.data().asnumpy().T]))
    return found
# --8<-- [end:step]


# --8<-- [start:square]
def squared_error(generator):
    prediction, truth = generator.normal(size=(2, 8, 1))
    expected = [((prediction - truth) ** 2).mean()]
    loss = gluon.loss.L2Loss()(mx.nd.array(prediction), mx.nd.array(truth)).mean().asscalar()
    return difference(expected, [loss]), difference(expected, [2 * loss])
# --8<-- [end:square]


# --8<-- [start:recurrent]
def rnn_activation(generator):
    formula, x, weights = example("SimpleRNN", 6, 5, generator)
    expected, found = formula(x, *weights), []
    for options in ({}, {"activation": "tanh"}):
        layer = with_one_bias(rnn.RNN(5, input_size=6, layout="NTC", **options))
        load(layer, rnn_to_gluon(weights))
        found.append(difference([expected], [call_gluon(layer, x).asnumpy()]))
    return found


def gru_axes(generator):
    formula, x, weights = example("GRU", 6, 5, generator)  # x: (N, T, I)
    expected, found = formula(x, *weights), []
    for options in ({}, {"layout": "NTC"}):  # the default is "TNC"
        layer = rnn.GRU(5, input_size=6, **options)
        load(layer, gru_to_gluon(weights))
        found.append(difference([expected], [call_gluon(layer, x).asnumpy()]))
    return found
# --8<-- [end:recurrent]


# --8<-- [start:initialisers]
def initial_weights() -> list[float]:
    deviations = []
    for initialiser in (mx.init.Uniform(0.07), mx.init.Xavier()):  # the first is the default
        layer = nn.Dense(64, in_units=784)
        layer.initialize(initialiser)
        deviations.append(float(layer.weight.data().asnumpy().std()))
    return deviations
# --8<-- [end:initialisers]


# --8<-- [start:list]
CONVENTIONS = {
    "epsilon of both norms": normalisation_epsilon,
    "momentum of BatchNorm": batch_norm_momentum,
    "epsilon of Adam, one step": adam_epsilon,
    "size of Trainer.step": step_size,
    "half of the L2 loss": squared_error,
    "activation of the RNN": rnn_activation,
    "axes of the GRU": gru_axes,
}
# --8<-- [end:list]


# --8<-- [start:draw]
def draw(names, ignored, aligned):
    _, axes = plt.subplots(num="gap", clear=True, figsize=(7, 2.6), layout="tight")
    axes.plot(ignored, names, "o", label="ignored")
    axes.plot(aligned, names, "o", label="aligned")
    axes.set_xscale("symlog", linthresh=1e-9)
    axes.set(xlabel="largest difference from Keras' formula", xticks=[0, 1e-8, 1e-6, 1e-4, 1e-2, 1])
    axes.invert_yaxis()
    axes.grid()
    axes.legend(loc="center")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
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
