"""Measures the scripts on the parts of a CNN from outside: runs in the process of each, after it, in whichever framework."""

import numpy
from probing import load_mnist, open_model, what_train_receives

CASES = [(3, 1, 0), (3, 2, 1), (2, 2, 0), (5, 3, 2)]  # size of the window, stride, zeros on each side


def by_hand(snippet: dict) -> dict[str, numpy.ndarray]:
    """What the script's own functions make of inputs of ours, channels first throughout."""
    generator, found = numpy.random.default_rng(7), {}
    last = "keras" in snippet
    forth = (lambda x: x.transpose(0, 2, 3, 1)) if last else (lambda x: x)
    back = (lambda x: x.transpose(0, 3, 1, 2)) if last else (lambda x: x)
    for case, (size, stride, zeros) in enumerate(CASES):
        images, kernels = generator.normal(size=(2, 3, 11, 10)), generator.normal(size=(4, 3, size, size))
        biases = generator.normal(size=4)
        found |= {f"images_{case}": images, f"kernels_{case}": kernels, f"biases_{case}": biases}
        frame = ((0, 0), (0, 0), (zeros, zeros), (zeros, zeros))
        weights = kernels.transpose(2, 3, 1, 0) if last else kernels
        maps = snippet["convolve"](forth(numpy.pad(images, frame)), weights, biases, stride)
        found[f"maps_{case}"] = back(maps)
        if not last:
            found[f"padded_{case}"] = snippet["convolve"](images, kernels, biases, stride, zeros)
        for name in ("max", "mean"):
            reduce = getattr(numpy, name)
            found[f"{name}_{case}"] = back(snippet["pool"](forth(images), reduce, size, stride))
    return found


def slid(snippet: dict) -> dict[str, numpy.ndarray]:
    """What `sliding` makes of an image of ours, and what its figures show."""
    import matplotlib.pyplot as plt  # which `convolution` does without

    generator = numpy.random.default_rng(7)
    image, kernel = generator.normal(size=(28, 28)), generator.normal(size=(3, 3))
    return {
        "image": image,
        "kernel": kernel,
        "map": snippet["convolve"](image, kernel),
        "padded": snippet["convolve"](image, kernel, stride=2, padding=1),
        "matrix": snippet["as_matrix"](kernel),
        "largest": snippet["slide"](image, 2, 2, numpy.max),
        "digit": snippet["digit"],
        "drawn_map": numpy.array(plt.figure("sliding").axes[-1].images[0].get_array()),
        "drawn_products": numpy.array(plt.figure("window").axes[-1].images[0].get_array()),
    }


def _channels_first(parameters):
    """Returns the parameters of a network as PyTorch and MXNet lay them out."""
    *others, last, bias = parameters
    others = [weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight for weight in others]
    # The rows of the last layer, from height, width, channel to channel, height, width.
    return [*others, last.reshape(5, 5, 16, 10).transpose(2, 0, 1, 3).reshape(400, 10).T, bias]


def trained(snippet: dict) -> dict[str, numpy.ndarray]:
    """Weights and logits of the three networks, and what the figures of filters and feature maps show."""
    import matplotlib.pyplot as plt

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
    found["drawn_filters"] = numpy.array([axes.images[0].get_array() for axes in plt.figure("filters").axes])
    maps = plt.figure("feature_maps").axes
    for row in range(4):
        found[f"drawn_maps_{row}"] = numpy.array([axes.images[0].get_array() for axes in maps[8 * row : 8 * row + 8]])
    return found


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    if "models" in snippet:
        return trained(snippet)
    return slid(snippet) if "slide" in snippet else by_hand(snippet)
