"""Measures a trained MLP from outside: runs in the process of the snippet, after it, in whichever framework it uses."""

import contextlib
import io

import numpy
from probing import load_mnist, open_model, other_constants

SHAPES = {
    "hidden_kernel": (784, 128),
    "hidden_bias": (128,),
    "output_kernel": (128, 10),
    "output_bias": (10,),
}
PASSES = 200


def _open(model):
    """Returns the four parameters by name, kernels as (inputs, outputs), and a function (images, training) -> logits."""
    network = open_model(model)
    network.call(numpy.zeros((1, 28, 28), "float32"))  # Gluon creates the parameters at the first call
    parameters = network.parameters()
    by_shape = {parameter.shape: parameter for parameter in parameters}
    if len(parameters) != 4 or set(by_shape) != set(SHAPES.values()):
        raise ValueError(f"expected parameters {SHAPES}, found {[parameter.shape for parameter in parameters]}")
    return {name: by_shape[shape].copy() for name, shape in SHAPES.items()}, network.call


def _train_anew(snippet, places):
    """Trains a new model for one epoch with the snippet's own `train`, on the training images at `places`, in that order.

    Returns the parameters before, and the opened model after.
    """
    model, train = snippet.get("build_model", snippet.get("Model"))(), snippet["train"]
    start = _open(model)[0]
    images, labels = snippet["load"]()[0]
    with other_constants(snippet, EPOCHS=1), contextlib.redirect_stdout(io.StringIO()):
        train(model, images[places], labels[places])
    return start, _open(model)


def _first_step(snippet):
    """How far one batch of the snippet's own training moves a new model's output bias, (10,): in Adam, the learning rate."""
    start, (parameters, _) = _train_anew(snippet, numpy.arange(32))
    return parameters["output_bias"] - start["output_bias"]


def _accuracy_after_sorted_data(snippet, images, labels):
    """Accuracy on training data that was given sorted by label: near chance unless `train` shuffles it."""
    places = numpy.argsort(labels[:6400], kind="stable")
    _, (_, logits) = _train_anew(snippet, places)
    return numpy.mean(logits(images[places], False).argmax(axis=1) == labels[places])


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    """Measures the model that an MLP snippet trained, without the snippet's own loading and evaluation."""
    if "model" not in snippet:  # it leaves losses only, which claims hold
        return {}
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    blank_pixels = numpy.flatnonzero(train_images.reshape(len(train_images), 784).max(axis=0) == 0)
    train_images, train_labels = train_images[:10_000].astype("float32") / 255, train_labels[:10_000]
    test_images = test_images.astype("float32") / 255
    parameters, logits = _open(snippet["model"])
    return {
        **parameters,
        "test_images": test_images,
        "test_labels": test_labels,
        "train_labels": train_labels,
        "training_mode_logits": numpy.stack([logits(test_images[:32], True) for _ in range(PASSES)]),
        "test_logits": logits(test_images, False),
        "train_logits": logits(train_images, False),
        "first_step": _first_step(snippet),
        "accuracy_after_sorted_data": _accuracy_after_sorted_data(snippet, train_images, train_labels),
        "blank_pixels": blank_pixels,
    }
