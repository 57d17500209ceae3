"""What is measured of a network in whichever framework, and how far two may lie apart. Runs in every environment: NumPy alone.

A network is any object with these methods; weights and gradients are lists of arrays in Keras' order and layout, weights
that are not trained included:

- `set_weights(weights)`, `weights()`: put them in, read them out;
- `forward(x)`: the output as at inference;
- `gradients(x, target)`: of the mean loss, as in training but without dropout; zeros for what is not trained;
- `start(optimizer)`, `step(x, target)`: train with a new optimizer, "sgd" or "adam";
- `scatter(x)`: the variance of the outputs for a batch of equal inputs while training, summed over the outputs. Only a
  network that was built with its dropout left on scatters.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

STEPS = 10
# A power of two: Keras and MXNet keep a learning rate in 32 bits, where 0.01 would be off by 2e-10. A small one: with every
# step, more activations come so near to zero that rounding alone decides on which side of a ReLU they are.
SGD_LEARNING_RATE = 2**-7
ADAM_LEARNING_RATE = 1e-3
# Added before bias correction, as Keras does. A hundred times Keras' default: Adam divides by the size of a gradient, and of
# one near zero that is rounding; with 1e-7 rounding alone reaches 8e-6 in a CNN.
ADAM_EPSILON = 1e-5

# The largest difference allowed, relative to the largest value of the same array where that is more than 1. They are
# never widened for a test: what lies outside is a convention, to be aligned and told to the reader, or a mistake.
TOLERANCES = {
    "float32": {
        "round_trip": 0.0,
        "forward": 2e-6,
        "gradient": 2e-6,
        "sgd_1": 1e-6,
        "sgd_10": 1e-6,
        "adam_1": 2e-6,
        "adam_10": 2e-6,
    },
    "float64": {"round_trip": 0.0, "forward": 1e-12, "gradient": 1e-12, "sgd_1": 1e-12, "sgd_10": 1e-12},
}
# Within ten steps of Adam a ReLU or a maximum may take the other side, so that this share of the parameters must agree.
ADAM_SHARE = 0.999


@dataclass(frozen=True)
class Difference:
    """How far one quantity of one network lies from the reference: its largest part, and where that is."""

    quantity: str
    size: float
    share: float  # of the values that agree within the tolerance
    tolerance: float
    place: str  # such as "weight 2 at (0, 3)"
    weight: int | None  # which weight that is; none for the output

    @property
    def agrees(self) -> bool:
        return self.share >= ADAM_SHARE if self.quantity == "adam_10" else self.size <= self.tolerance

    def __str__(self) -> str:
        allowed = f"{self.tolerance:.0e} is allowed"
        if self.quantity == "adam_10":
            allowed = f"{self.share:.2%} of the parameters within {self.tolerance:.0e}, {ADAM_SHARE:.1%} is required"
        return f"{self.quantity} differs by {self.size:.1e}, most in {self.place}; {allowed}"


def measure(network, x: np.ndarray, target: np.ndarray, weights: list[np.ndarray]) -> dict[str, list[np.ndarray]]:
    """Return each quantity that `TOLERANCES` has in the precision of these weights, for a network with them: a list of arrays."""
    network.set_weights(weights)
    quantities = {"round_trip": network.weights(), "forward": [network.forward(x)]}
    quantities["gradient"] = network.gradients(x, target)
    compared = TOLERANCES[str(weights[0].dtype)]
    for optimizer in ("sgd", "adam"):
        if f"{optimizer}_1" not in compared:
            continue
        network.set_weights(weights)
        network.start(optimizer)
        for step in range(1, STEPS + 1):
            network.step(x, target)
            if step in (1, STEPS):
                quantities[f"{optimizer}_{step}"] = network.weights()
    return quantities


def differences(
    expected: Mapping[str, Sequence[np.ndarray]],
    actual: Mapping[str, Sequence[np.ndarray]],
    noise: frozenset[int] = frozenset(),
) -> Iterator[Difference]:
    """Yield one `Difference` for each quantity.

    `noise`: weights whose gradient is zero in theory, so that Adam, which divides by its size, moves them by rounding alone.
    """
    precision = str(expected["forward"][0].dtype)
    for quantity, tolerance in TOLERANCES[precision].items():
        parts, output = [], quantity == "forward"
        for number, (ours, theirs) in enumerate(zip(expected[quantity], actual[quantity], strict=True)):
            if ours.shape != theirs.shape:
                parts.append((np.array(np.inf), f"weight {number}, {theirs.shape} instead of {ours.shape}", number))
            elif not (quantity.startswith("adam") and number in noise):
                apart = np.abs(ours - theirs) / max(1.0, np.abs(ours).max())
                apart = np.where(np.isnan(apart), np.inf, apart)
                place = tuple(int(i) for i in np.unravel_index(apart.argmax(), apart.shape))
                parts.append((apart, f"{'output' if output else f'weight {number}'} at {place}", number))
        largest, place, number = max(parts, key=lambda part: part[0].max())
        share = float(np.mean(np.concatenate([part.ravel() for part, _, _ in parts]) <= tolerance))
        yield Difference(quantity, float(largest.max()), share, tolerance, place, None if output else number)


def load_snippet(path):
    """Import a script of `snippets/` by its path, with the modules beside it, and return the module."""
    import importlib.util

    snippets = path.parents[2]
    for folder in (str(path.parent), str(snippets)):
        if folder not in sys.path:
            sys.path.append(folder)
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


# How many weights a layer of each kind in `evidence.catalog.LAYERS` has in Keras. Both directions of a "bidirectional_rnn" are translated as an "rnn". A transposed convolution is translated as a "conv2d": its kernel
# has inputs and outputs exchanged in every framework.
KINDS = {"dense": 2, "conv2d": 2, "flatten_dense": 2, "rnn": 3, "gru": 3, "attention": 8} | {
    "layer_norm": 2,
    "batch_norm": 4,
    "embedding": 1,
    "bidirectional_rnn": 6,
    "conv2d_without_bias": 1,
}


@dataclass(frozen=True)
class Translator:
    """Carries one layer's `count` weights from Keras to a framework's parameters by name, and back."""

    count: int
    forth: object
    back: object


def translators(snippet, framework: str, plan: Mapping) -> list[Translator]:
    """Return the snippet's translators for the layers of a plan, whose sizes they take by name."""
    import functools
    import inspect

    def bound(name: str):
        function = getattr(snippet, name)
        accepted = inspect.signature(function).parameters
        return functools.partial(function, **{key: size for key, size in plan.items() if key in accepted})

    found = []
    for kind in plan["layers"]:
        both, without_bias = kind == "bidirectional_rnn", kind.endswith("_without_bias")
        name = kind.removeprefix("bidirectional_").removesuffix("_without_bias")
        one = Translator(KINDS[name], bound(f"{name}_to_{framework}"), bound(f"{name}_to_keras"))
        one = _without_bias(one) if without_bias else one
        # PyTorch has one layer for both directions; with Gluon, each has its own.
        found += [_reversible(one)] if both and framework == "pytorch" else [one, one] if both else [one]
    return found


def _without_bias(one: Translator) -> Translator:
    """Return the translator of a layer with the first of two weights only."""
    nothing = np.zeros(0)

    def forth(weights):
        return {name: array for name, array in one.forth([*weights, nothing]).items() if name != "bias"}

    return Translator(1, forth, lambda state: one.back({"bias": nothing} | state)[:1])


def _reversible(one: Translator) -> Translator:
    """Return the translator of a PyTorch layer with a second set of parameters, named like the first and `_reverse`."""

    def forth(weights):
        reverse = {f"{name}_reverse": array for name, array in one.forth(weights[one.count :]).items()}
        return one.forth(weights[: one.count]) | reverse

    def back(state):
        reverse = {name.removesuffix("_reverse"): array for name, array in state.items() if name.endswith("_reverse")}
        return one.back(state) + one.back(reverse)

    return Translator(2 * one.count, forth, back)
