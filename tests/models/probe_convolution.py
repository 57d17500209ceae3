"""Measures the scripts on the parts of a CNN from outside: runs in the process of each, after it, in whichever framework."""

import numpy

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


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    if "LAYERS" in snippet:
        return {name: snippet[name] for name in ("picture", "kernel")}
    return slid(snippet) if "slide" in snippet else by_hand(snippet)
