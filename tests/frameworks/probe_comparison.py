"""Measures what the three kinds of script on the comparison page speak of, without their own measuring.

Runs in the process of the snippet, after it, in whichever framework it uses.
"""

import contextlib
import io
import sys
from pathlib import Path

import numpy

sys.path.append(str(Path(__file__).parents[2]))  # the root, where `tests` lies
from tests.adapters import open_model

SHAPES = {"hidden_kernel": (784, 64), "hidden_bias": (64,), "output_kernel": (64, 10), "output_bias": (10,)}
GRADIENT = 1e-5  # of the same order as Adam's epsilons, so that they show in its first step
DEVIATION = 0.01  # of the batch that is normalised, small for the same reason


# The classifier ------------------------------------------------------------------------------------------------------


def _open(model):
    """Returns the four parameters by name, kernels as (inputs, outputs), and a function images (N, 784) -> logits."""
    network = open_model(model)
    network.call(numpy.zeros((1, 784), "float32"))  # Gluon creates the parameters at the first call
    parameters = network.parameters()
    by_shape = {parameter.shape: parameter for parameter in parameters}
    if len(parameters) != 4 or set(by_shape) != set(SHAPES.values()):
        raise ValueError(f"expected parameters {SHAPES}, found {[parameter.shape for parameter in parameters]}")
    return {name: by_shape[shape].copy() for name, shape in SHAPES.items()}, network.call


def _comparison(framework, snippet):
    from mnist_data import load_mnist  # only this kind of script reads data and has the module beside it

    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    train_images, test_images = (images.reshape(-1, 784) / numpy.float32(255) for images in (train_images, test_images))
    parameters, logits = _open(snippet["model"])
    model, train = snippet.get("build_model", snippet.get("Model"))(), snippet["train"]
    start, _ = _open(model)
    images, labels = snippet["training"]
    train.__globals__["EPOCHS"] = 1
    with contextlib.redirect_stdout(io.StringIO()):
        train(model, images[:64], labels[:64])  # one batch
    after, _ = _open(model)
    return {
        **parameters,
        **{f"initial_{name}": parameter for name, parameter in start.items()},
        "first_step": after["output_bias"] - start["output_bias"],
        "test_logits": logits(test_images),
        "test_images": test_images[:32],
        "test_labels": test_labels,
        "train_logits": logits(train_images),
        "train_labels": train_labels,
    }


# Graphs --------------------------------------------------------------------------------------------------------------


def _mechanics(framework, snippet):
    """Counts Python's runs of a new model for twice as many calls: without a graph they double, with one they do not.

    Then the same again at a second and at a third batch size.
    """
    plain = graph = snippet["Model"]()
    count_plain = count_graph = snippet.get("count_runs", snippet.get("count_eager_runs"))
    count_plain.__globals__["CALLS"] = 6
    measured = {}
    if framework == "keras":
        graph.compile(loss=snippet["loss_function"])
        graph(numpy.zeros((1, 784), "float32"))
        count_graph = snippet["count_fit_runs"]
        measured["gradient_misread"] = _gradient_misread_by_keras(snippet["LOGITS"], snippet["LABELS"])
    if framework == "tensorflow":
        graph = snippet["tf"].function(plain)
    if framework == "pytorch":
        measured["graphs_captured"] = _graphs_captured_by_torch(snippet["Model"]())
        snippet["torch"].compiler.reset()
        graph = snippet["torch"].compile(plain, backend="eager")
    if framework == "mxnet":
        plain.initialize()
    with contextlib.redirect_stdout(io.StringIO()):
        runs = [count_plain(plain, 64)]
        if framework == "mxnet":
            graph.hybridize()
        runs += [count_graph(graph, rows) for rows in (64, 32, 16)]
    return {"runs_in_twice_as_many_calls": runs, **measured}


def _gradient_misread_by_keras(logits, labels):
    """The gradient by the logits where they are taken for probabilities, (4, 3)."""
    import keras
    import tensorflow

    logits = tensorflow.Variable(logits)
    with tensorflow.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy()(labels, logits)
    return tape.gradient(loss, logits).numpy()


def _graphs_captured_by_torch(model):
    """How many graphs `torch.compile` hands to its backend in three calls that are all alike."""
    import torch

    torch.compiler.reset()  # only so many captures of one method are kept
    captured = []

    def backend(graph, inputs):
        captured.append(graph)
        return graph.forward

    compiled = torch.compile(model, backend=backend)
    for _ in range(3):
        compiled(torch.zeros(64, 784))
    return len(captured)


# Defaults ------------------------------------------------------------------------------------------------------------


def _normalise_keras(batch, samples):
    import keras

    layer = keras.layers.BatchNormalization()
    return layer(batch, training=True), keras.layers.LayerNormalization()(samples), layer.moving_variance.numpy()


def _normalise_torch(batch, samples):
    import torch

    layer = torch.nn.BatchNorm1d(1)
    outputs = layer(torch.tensor(batch)), torch.nn.LayerNorm(2)(torch.tensor(samples))
    return *(output.detach().numpy() for output in outputs), layer.running_var.numpy()


def _normalise_mxnet(batch, samples):
    import mxnet

    layers, outputs = (mxnet.gluon.nn.BatchNorm(), mxnet.gluon.nn.LayerNorm()), []
    for layer, array in zip(layers, (batch, samples)):
        layer.initialize()
        with mxnet.autograd.record():
            outputs.append(layer(mxnet.nd.array(array)).asnumpy())
    return *outputs, layers[0].running_var.data().asnumpy()


def _bias_of_lstm_keras():
    import keras

    layer = keras.layers.LSTM(2)
    layer.build((None, 1, 1))
    return layer.get_weights()[2]


def _bias_of_lstm_torch():
    import torch

    layer = torch.nn.LSTM(1, 2)
    return (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()


def _bias_of_lstm_mxnet():
    import mxnet

    layer = mxnet.gluon.rnn.LSTM(2, input_size=1)
    layer.initialize()
    return (layer.l0_i2h_bias.data() + layer.l0_h2h_bias.data()).asnumpy()


BIAS_OF_LSTM = {"keras": _bias_of_lstm_keras, "pytorch": _bias_of_lstm_torch, "mxnet": _bias_of_lstm_mxnet}
NORMALISE = {"keras": _normalise_keras, "pytorch": _normalise_torch, "mxnet": _normalise_mxnet}


def _defaults(framework, snippet):
    """Solves for each epsilon from what layer and optimiser do, rather than reading it from an attribute."""
    batch = numpy.array([[-DEVIATION], [DEVIATION]], "float32")  # normalised to d / sqrt(d^2 + epsilon)
    *outputs, remembered = NORMALISE[framework](batch, batch.T)
    outputs = [numpy.max(output) for output in outputs]
    batch_norm, layer_norm = ((DEVIATION / output) ** 2 - DEVIATION**2 for output in outputs)
    step = snippet["adam_first_step"](
        GRADIENT
    )  # the rate times g / (g + epsilon), epsilon divided by c in Keras and MXNet
    correction = 1 if framework == "pytorch" else numpy.sqrt(1 - 0.999)
    adam = GRADIENT * (1e-3 / step - 1) * correction
    return {
        "epsilons": [adam, layer_norm, batch_norm],
        "variance_after_forward_alone": remembered[0],
        "kernel": snippet["kernel"],
        "bias_of_lstm": BIAS_OF_LSTM[framework](),  # (8,): two units, i, f, g, o
    }


def _start(framework, snippet):
    """The largest weight and bias of each layer, hidden and output, for each start by the name of its framework."""
    found = {}
    for name in snippet["STARTS"]:
        parameters, _ = _open(snippet["started"](name))
        for part, many in (("kernel", "kernels"), ("bias", "biases")):
            largest = [numpy.abs(parameters[f"{layer}_{part}"]).max() for layer in ("hidden", "output")]
            found[f"{name.lower()}_{many}"] = numpy.array(largest)
    return found


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    name, _, framework = Path(snippet["__file__"]).stem.partition("_")
    return {"comparison": _comparison, "start": _start, "mechanics": _mechanics, "defaults": _defaults}[name](
        framework, snippet
    )
