"""Measures a trained CNN from outside: runs in the process of the snippet, after it, in whichever framework it uses."""

import contextlib
import io

import numpy
from probing import load_mnist, open_model, other_constants, what_train_receives

SHAPES = {  # convolutions as (height, width, inputs, outputs), dense layers as (inputs, outputs)
    "convolution_1": (3, 3, 1, 32),
    "convolution_1_bias": (32,),
    "convolution_2": (3, 3, 32, 64),
    "convolution_2_bias": (64,),
    "hidden": (1600, 128),
    "hidden_bias": (128,),
    "output": (128, 10),
    "output_bias": (10,),
}


def _open(model):
    """Returns the eight parameters by name, and a function images (N, 28, 28) -> logits (N, 10)."""
    network = open_model(model)
    parameters = network.parameters(maps=(5, 5))
    if [parameter.shape for parameter in parameters] != list(SHAPES.values()):
        raise ValueError(f"expected parameters {SHAPES}, found {[parameter.shape for parameter in parameters]}")
    return dict(zip(SHAPES, parameters)), lambda images: network.call(images[..., None])


def _arrays(tensors):
    return [tensor.asnumpy() if hasattr(tensor, "asnumpy") else numpy.asarray(tensor) for tensor in tensors]


def _find(images, haystack):
    """Returns for each image of pixels from 0 to 1, whichever its layout, its place among `haystack`, uint8; or -1."""
    places = {image.tobytes(): place for place, image in enumerate(haystack)}
    pixels = (images * 255).round()
    pixels = numpy.where((pixels >= 0) & (pixels <= 255), pixels, 0).astype("uint8")
    return numpy.array([places.get(image.tobytes(), -1) for image in pixels])


def _shifted(snippet, images):
    """Returns images (N, 28, 28), each moved as `train` moves it."""
    if "random_shift" in snippet:  # Keras
        return numpy.asarray(snippet["random_shift"]()(images[..., None], training=True))[..., 0]
    network = open_model(snippet["model"])
    return network.array(snippet["RandomShift"]()(network.tensor(images[:, None])))[:, 0]


def _loss_in_the_dark(snippet, training, validation):
    """Returns the loss of an epoch in which all that the shift gives is zeros: a tenth of the labels right, if nothing goes past it."""
    if "random_shift" in snippet:
        import keras

        dark = {"random_shift": lambda: keras.layers.Rescaling(0.0)}
    else:

        class Dark(snippet["RandomShift"]):
            def forward(self, images):
                return 0 * super().forward(images)

        dark = {"RandomShift": Dark}
    few = [tuple(array[:6400] for array in part) for part in (training, validation)]
    with other_constants(snippet, EPOCHS=1, **dark), contextlib.redirect_stdout(io.StringIO()):
        return snippet["train"](snippet["build_model"](), *few)[0][0]


def _pictures(figure):
    """Returns what a figure of digits shows: images (K, 28, 28), and the numbers in their titles, (K, 1 or 2)."""
    import matplotlib.pyplot as plt  # which `window` does without

    axes = [axes for axes in plt.figure(figure).axes if axes.images]
    images = numpy.array([each.images[0].get_array() for each in axes])
    return images, numpy.array([[int(number) for number in each.get_title().split("≠")] for each in axes])


def _drawn_confusion_matrix():
    import matplotlib.pyplot as plt

    axes = plt.figure("confusion_matrix").axes[0]
    row, column = ["truth", "prediction"].index(axes.get_ylabel()), ["truth", "prediction"].index(axes.get_xlabel())
    counts = numpy.zeros((10, 10), int)
    for text in axes.texts:
        place = round(text.get_position()[1]), round(text.get_position()[0])
        counts[place[row], place[column]] = int(text.get_text())
    return counts


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    """Measures the model that a CNN snippet trained, without the snippet's own loading and evaluation."""
    if "model" not in snippet:  # one window by hand
        return {
            name: snippet[name] for name in ("picture", "kernel", "feature_map", "pooled", "roomy", "there", "moved")
        }
    import matplotlib.pyplot as plt

    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    parameters, logits = _open(snippet["model"])
    digits, digit_titles = _pictures("digits")
    mistakes, mistake_titles = _pictures("mistakes")
    confusion_matrix = _drawn_confusion_matrix()
    plt.close("all")  # what follows draws some of them again
    training, validation = what_train_receives(snippet)
    noise = numpy.random.default_rng(0).random((28, 28), "float32")
    (images, labels), (validation_images, validation_labels) = _arrays(training), _arrays(validation)
    return {
        **parameters,
        "noise": noise,
        "shifted": _shifted(snippet, numpy.repeat(noise[None], 2500, axis=0)),
        "loss_in_the_dark": _loss_in_the_dark(snippet, training, validation),
        "places": _find(images, train_images),
        "labels": labels,
        "validation_places": _find(validation_images, train_images),
        "validation_labels": validation_labels,
        "train_labels": train_labels,
        "test_labels": test_labels,
        "test_images": test_images[:32] / numpy.float32(255),
        "train_logits": logits(train_images / numpy.float32(255)),
        "test_logits": logits(test_images / numpy.float32(255)),
        "digit_places": _find(digits, train_images),
        "digit_titles": digit_titles,
        "mistake_places": _find(mistakes, test_images),
        "mistake_titles": mistake_titles,
        "confusion_matrix": confusion_matrix,
    }
