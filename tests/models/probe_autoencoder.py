"""Measures a trained autoencoder from outside: runs in the process of the snippet, after it, in whichever framework it uses."""

import numpy
from probing import load_mnist, open_model, what_train_receives

SHAPES = [(784, 128), (128,), (128, 32), (32,), (32, 128), (128,), (128, 784), (784,)]  # as (inputs, outputs)


def open_trained(model):
    """Returns the eight parameters, and a function images (N, 784) -> outputs (N, 784)."""
    network = open_model(model)
    parameters = network.parameters()
    if [parameter.shape for parameter in parameters] != SHAPES:
        raise ValueError(f"expected parameters {SHAPES}, found {[parameter.shape for parameter in parameters]}")
    return parameters, network.call


def _drawn(figure):
    """Returns the images of a figure of ten columns, (rows, 10, 784)."""
    import matplotlib.pyplot as plt  # which the script in NumPy does without

    images = [axes.images[0].get_array() for axes in plt.figure(figure).axes]
    return numpy.array(images).reshape(-1, 10, 784)


def _autoencoder(snippet, train_images, test_images):
    covariance = numpy.cov(train_images, rowvar=False, dtype="float32")
    directions = numpy.linalg.eigh(covariance)[1][:, -32:]
    mean = train_images.mean(axis=0)
    _, linear_outputs = open_trained(snippet["linear_model"])
    (images, _) = what_train_receives(snippet)
    return {
        "trained_on_training_set": numpy.array_equal(images, train_images),
        "pca": mean + (test_images - mean) @ directions @ directions.T,
        "linear": linear_outputs(test_images),
        "linear_of_zero": linear_outputs(numpy.zeros((1, 784), "float32")),
        "linear_of_units": linear_outputs(numpy.eye(784, dtype="float32")),
    }


def _denoising(snippet, train_images, test_images):
    noisy, clean = what_train_receives(snippet)
    generator = numpy.random.default_rng(12345)
    noise = generator.normal(scale=0.5, size=test_images.shape).astype("float32")
    fresh = numpy.clip(test_images + noise, 0, 1)
    few = slice(0, 4000)
    free, narrow = snippet["fit_linear"](noisy[few].astype("float64"), clean[few].astype("float64"), fresh[:100])
    return {
        "trained_on_training_set": numpy.array_equal(clean, train_images),
        "noisy": noisy[few],
        "clean": clean[few],
        "test_noisy": snippet["test_noisy"],
        "fresh": fresh,
        "fresh_denoised": open_trained(snippet["model"])[1](fresh),
        "denoised": open_trained(snippet["model"])[1](snippet["test_noisy"]),
        "free": free,
        "narrow": narrow,
    }


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    """Measures the model that a snippet of the topic trained, without the snippet's own loading and evaluation."""
    if isinstance(snippet.get("model", []), list):
        return {}  # in NumPy: no model, or one that is a list of arrays
    (train_images, _), (test_images, test_labels) = load_mnist()
    train_images = train_images.reshape(-1, 784) / numpy.float32(255)
    test_images = test_images.reshape(-1, 784) / numpy.float32(255)
    parameters, outputs = open_trained(snippet["model"])
    denoises = "add_noise" in snippet
    found = {f"parameter_{number}": parameter for number, parameter in enumerate(parameters)}
    found |= {
        "drawn": _drawn("denoised" if denoises else "reconstructions"),
        "test_images": test_images,
        "test_labels": test_labels,
        "outputs": outputs(test_images),
    }
    measure = _denoising if denoises else _autoencoder
    return found | measure(snippet, train_images, test_images)
