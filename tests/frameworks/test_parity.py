"""What the page on parity says of the scripts' runs. That layers and models are the same in depth is held by tests/parity."""

import re

import numpy as np
import pytest

TOPIC = "frameworks/parity"
LAYERS = [
    "Dense", "Conv2D", "Flatten, Dense", "SimpleRNN", "LSTM", "GRU", "MultiHeadAttention", "LayerNormalization",
    "BatchNormalization", "Embedding",
]  # fmt: skip
STAGES = ["kernel not transposed", "sum for a mean", "a second bias"]
PORTED = [
    "picture reader", "row reader", "epsilon by default", "padding on all sides", "statistics forgotten",
    "order after Flatten", "kernel not transposed", "gates not swapped",
]  # fmt: skip
# In the order in which the page takes them from the record.
CONVENTIONS = {
    "conventions_pytorch": [
        "layout of a Dense kernel", "order after Flatten", "same padding, stride 2", "order of the GRU's gates",
        "reset_after of the GRU", "second bias, one SGD step", "packed projections", "epsilon of LayerNorm",
        "epsilon of BatchNorm", "momentum of BatchNorm", "running variance", "epsilon of Adam, one step",
        "axes of the GRU", "axes of attention",
    ],
    "conventions_mxnet": [
        "epsilon of both norms", "momentum of BatchNorm", "epsilon of Adam, one step", "size of Trainer.step",
        "half of the L2 loss", "activation of the RNN", "axes of the GRU",
    ],
}  # fmt: skip


def rows(output: str) -> dict[str, list[float]]:
    """Return name -> numbers of each printed line that ends in numbers such as 1.2e-07."""
    found = re.findall(r"^(.+?) +((?:\d\.\de[-+]\d\d *)+)$", output, re.MULTILINE)
    return {name.strip(): [float(number) for number in numbers.split()] for name, numbers in found}


def test_printed_rows_are_the_results_in_the_order_of_the_page(run, script):
    """The page takes elements of the record by number, so each number must stand for the layer or convention that it names."""
    if script.name == "layers":
        counts = re.findall(r"^(.+?) +(\d+) weights", run.output, re.MULTILINE)
        assert counts == list(zip(LAYERS, map(str, run.results["parameter_counts"])))
        return
    if script.name == "stages":
        printed = re.findall(r"^([^\d\n]+?) +([\d.]+) +([\d.]+) +([\d.]+)$", run.output, re.MULTILINE)
        assert [name for name, *_ in printed] == STAGES
        columns = ([float(value) for value in column] for column in list(zip(*printed))[1:])
        for column, result in zip(columns, ("seen_forward", "seen_gradient", "seen_step")):
            np.testing.assert_allclose(column, run.results[result], atol=0.005)
        return
    if script.name == "port":
        printed = re.findall(r"^([^\d\n]+?) +([\d.]+)% +(\S+) +(\d+)$", run.output, re.MULTILINE)
        assert [name for name, *_ in printed] == PORTED
        for place, result in enumerate(("accuracies", "distances", "other_answers"), 1):
            whole = [*run.results[f"carried_{result}"], *run.results[f"slip_{result}"]]
            shown = [float(row[place]) / (100 if result == "accuracies" else 1) for row in printed]
            np.testing.assert_allclose(shown, whole, rtol=0.06 if result == "distances" else 1e-3)
        return
    if script.name == "weights":
        names, results = LAYERS, ("forward_differences", "gradient_differences", "step_differences")
    else:
        names, results = CONVENTIONS[script.stem], ("ignored_differences", "aligned_differences")
    printed = rows(run.output)
    assert list(printed) == names
    for column, result in enumerate(results):
        np.testing.assert_allclose(
            [printed[name][column] for name in names], run.results[result], rtol=0.06, atol=1e-12
        )


each_conventions = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in CONVENTIONS]
)


@each_conventions
def test_initial_weights(name, catalog, run_of):
    """Glorot's uniform distribution has a standard deviation of sqrt(2 / (inputs + outputs)); the defaults of others differ."""
    *others, aligned = run_of(catalog.script(name)).results["initial_deviations"]
    glorot = (2 / (784 + 64)) ** 0.5
    assert aligned == pytest.approx(glorot, rel=0.02)
    if name == "conventions_pytorch":
        assert others[0] == pytest.approx(glorot, rel=0.02)
        assert others[1] == pytest.approx((1 / 3 / 784) ** 0.5, rel=0.02)
    else:
        assert others[0] == pytest.approx(0.07 / 3**0.5, rel=0.02)
