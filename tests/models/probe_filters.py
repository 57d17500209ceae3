"""Measures the networks of the page on filters from outside: runs in the process of each script, after it, in whichever framework."""

import matplotlib.pyplot as plt
import numpy
from probing import load_mnist, open_model, what_train_receives


def _channels_first(parameters):
    """Returns the parameters of a network as PyTorch and MXNet lay them out."""
    *others, last, bias = parameters
    others = [weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight for weight in others]
    # The rows of the last layer, from height, width, channel to channel, height, width.
    return [*others, last.reshape(5, 5, 16, 10).transpose(2, 0, 1, 3).reshape(400, 10).T, bias]


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    """Weights and logits of the four networks and of softmax regression, and what the figures of filters and feature maps show."""
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    given, given_labels = map(numpy.asarray, what_train_receives(snippet))
    half = train_images[:30_000] / numpy.float32(255), train_labels[:30_000]
    trained_on = given.reshape(-1, 28, 28), given_labels  # one channel, so it does not matter where it stands
    train_images, test_images = (images / numpy.float32(255) for images in (train_images[:5000], test_images))
    found = {"test_labels": test_labels, "train_labels": train_labels[:5000], "few_images": test_images[:16]}
    found["trained_on_half_of_the_training_set"] = all(map(numpy.array_equal, trained_on, half))
    for number, model in enumerate(snippet["models"]):
        network = open_model(model)
        parameters = _channels_first(network.parameters(maps=(5, 5)))
        logits = lambda images: network.call(images[..., None])  # noqa: B023, E731
        found |= {f"weights_{number}_{place}": weight for place, weight in enumerate(parameters)}
        found |= {f"test_logits_{number}": logits(test_images), f"train_logits_{number}": logits(train_images)}
        found |= {f"sum_logits_{number}": logits(train_images[:100] + test_images[:100])}
        found |= {f"zero_logits_{number}": logits(numpy.zeros_like(test_images[:1]))}
    found["starts"] = numpy.array(snippet["starts"])  # (4, 8, 5, 5)
    regression = open_model(snippet["softmax_regression"])
    found["softmax_weights"], found["softmax_biases"] = regression.parameters()
    found["softmax_logits"] = regression.call(test_images[..., None])
    found["drawn_filters"] = numpy.array([axes.images[0].get_array() for axes in plt.figure("filters").axes])
    maps = plt.figure("feature_maps").axes
    for row in range(4):
        found[f"drawn_maps_{row}"] = numpy.array([axes.images[0].get_array() for axes in maps[8 * row : 8 * row + 8]])
    return found
