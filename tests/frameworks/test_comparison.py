"""What the comparison page says of each framework, held against its runs; `probe_comparison.py` took the measurements."""

import re
from pathlib import Path

import numpy as np
import pytest

from evidence.record import read_record
from tests.models.versions import assert_near

TOPIC = "frameworks/comparison"
ALL = ("keras", "tensorflow", "pytorch", "mxnet")
WITH_LAYERS = ("keras", "pytorch", "mxnet")
PAGES = [Path(__file__).parents[2] / "docs" / language / f"{TOPIC}.md" for language in ("zh", "en")]
LOGITS = np.array([[2, -1, 0], [0, 3, 1], [1, 1, 1], [-2, 0, 4]], float)
LABELS = np.array([0, 1, 2, 2])


def each(name, frameworks=ALL):
    """Run a test for each framework, tests of one script in one worker, where its run is kept."""
    groups = [pytest.param(f, marks=pytest.mark.xdist_group(f"{name}_{f}")) for f in frameworks]
    return pytest.mark.parametrize("framework", groups)


@pytest.fixture
def comparison(run_of, catalog, framework):
    return run_of(catalog.script(f"comparison_{framework}"))


@pytest.fixture
def start(run_of, catalog, framework):
    return run_of(catalog.script(f"start_{framework}"))


@pytest.fixture
def mechanics(run_of, catalog, framework):
    return run_of(catalog.script(f"mechanics_{framework}"))


@pytest.fixture
def defaults(run_of, catalog, framework):
    return run_of(catalog.script(f"defaults_{framework}"))


# The cells of the table that are words ---------------------------------------------------------------------------------


def rows(page):
    """Yield the first five cells of each row of the page's first table."""
    table = re.search(r"\n\|[^|\n]*\| Keras \| TensorFlow \|.*?\n\n", page.read_text("utf-8"), re.S)[0]
    yield from ([cell.strip() for cell in line.split("|")[1:6]] for line in table.split("\n")[3:-2])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parents[1].name)
def test_words_in_the_table_are_what_the_records_say(page, catalog):
    """Order of gates, and whose devices do not mix; the marks of each gate are those of `test_order_of_gates`."""
    marks = {"LSTM": {0.381: "i", 0.482: "f", 0.453: "g", 0.762: "o"}, "GRU": {2.0: "z", 1.0: "r", 1.5: "n"}}
    found = 0
    for head, *cells in rows(page):
        cells = dict(zip(ALL, cells))
        kind = next((kind for kind in marks if kind in head and re.fullmatch(r"\w(\W+\w)+", cells["keras"])), None)
        if kind:
            found += 1
            for framework in WITH_LAYERS:
                record = read_record(catalog, catalog.script(f"defaults_{framework}"))
                order = [marks[kind][round(value, 3)] for value in record.value(f"{kind.lower()}_gates")]
                assert re.findall(r"\w", cells[framework]) == order, (head, framework)
        if "`RuntimeError`" in cells.values():
            found += 1
            for framework in ALL:
                accepts = read_record(catalog, catalog.script(f"mechanics_{framework}")).value("other_device")
                assert (cells[framework] == "`RuntimeError`") == (not accepts), (head, framework)
    assert found == 3


# The classifier ------------------------------------------------------------------------------------------------------


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(logits, labels):
    return -np.log(softmax(logits.astype(float))[np.arange(len(labels)), labels]).mean()


def initial_bound(framework, inputs, outputs):
    """The bound that the page gives for the uniform initial weights of a dense layer."""
    glorot = np.sqrt(6 / (inputs + outputs))
    return {"keras": glorot, "tensorflow": glorot, "pytorch": 1 / np.sqrt(inputs), "mxnet": 0.07}[framework]


@each("comparison")
def test_model_is_784_64_10(comparison):
    """Dense, ReLU, dense, and out come logits: any other activation, or a softmax at the end, breaks it."""
    probe = comparison.probe
    hidden = np.maximum(0, probe["test_images"] @ probe["hidden_kernel"] + probe["hidden_bias"])
    expected = hidden @ probe["output_kernel"] + probe["output_bias"]
    np.testing.assert_allclose(probe["test_logits"][: len(expected)], expected, rtol=0, atol=1e-4)


@each("comparison")
def test_accuracy_is_what_the_script_says(comparison):
    probe = comparison.probe
    recounted = np.mean(probe["test_logits"].argmax(axis=1) == probe["test_labels"])
    assert comparison.results["test_accuracy"] == pytest.approx(recounted, abs=1e-6)
    assert np.mean(probe["train_logits"].argmax(axis=1) == probe["train_labels"]) >= recounted


@each("comparison")
def test_loss_falls_and_is_the_cross_entropy_of_the_logits(comparison):
    """With a softmax too many, the loss of ten classes could not fall below 1.46."""
    losses, probe = comparison.results["training_losses"], comparison.probe
    assert len(losses) == 4 and np.log(10) > losses[0] > losses[1] > losses[2] > losses[3]
    finished = cross_entropy(probe["train_logits"], probe["train_labels"])
    assert finished < losses[-1] + 0.02
    assert losses[-1] < min(finished + 0.15, np.log(9 + np.e) - 1)


@each("comparison")
def test_classifier_starts_from_the_default_weights(comparison, framework):
    for layer, (inputs, outputs) in {"hidden": (784, 64), "output": (64, 10)}.items():
        bound = initial_bound(framework, inputs, outputs)
        assert np.abs(comparison.probe[f"initial_{layer}_kernel"]).max() == pytest.approx(bound, rel=0.02)
        biases = np.abs(comparison.probe[f"initial_{layer}_bias"])
        assert biases.max() <= (bound if framework == "pytorch" else 0)


@each("comparison")
def test_first_step_is_adams_by_default(comparison):
    """Whatever the gradient, Adam's first step is the learning rate, one thousandth in every framework."""
    np.testing.assert_allclose(np.abs(comparison.probe["first_step"]), 1e-3, rtol=0.01)


def test_frameworks_agree(catalog):
    assert_near(catalog, "comparison", test_accuracy=0.003)


@each("start", WITH_LAYERS)
def test_each_start_is_that_of_the_framework_that_it_names(start):
    """Largest weight and bias of both layers, as the framework named draws them by default."""
    for named in WITH_LAYERS:
        kernels, biases = start.probe[f"{named}_kernels"], start.probe[f"{named}_biases"]
        for (inputs, outputs), kernel, bias in zip(((784, 64), (64, 10)), kernels, biases):
            bound = initial_bound(named, inputs, outputs)
            assert kernel == pytest.approx(bound, rel=0.02)
            assert bound / 4 < bias <= bound if named == "pytorch" else bias == 0


@each("start", WITH_LAYERS)
def test_losses_are_printed_in_the_order_of_the_page(start):
    printed = re.findall(r"initial weights of (\w+) .* (\d\.\d{4})$", start.output, re.MULTILINE)
    assert [name for name, _ in printed] == ["Keras", "PyTorch", "MXNet"]
    np.testing.assert_allclose([float(loss) for _, loss in printed], start.results["first_losses"], atol=5e-5)


# Graph, device, loss -------------------------------------------------------------------------------------------------


@each("mechanics")
def test_python_runs_as_often_as_the_page_says(mechanics, framework):
    expected = {"keras": [3, 2, 1], "tensorflow": [3, 1, 1], "pytorch": [3, 3, 3], "mxnet": [3, 1, 0]}[framework]
    assert mechanics.results["python_runs"] == expected


@each("mechanics")
def test_twice_as_many_calls_run_python_no_more_often_in_a_graph(mechanics, framework):
    """Plainly; through the graph; at a second and at a third batch size, where Keras has left the size open."""
    expected = {"keras": [6, 2, 1, 0], "tensorflow": [6, 1, 1, 1], "pytorch": [6, 6, 6, 6], "mxnet": [6, 1, 0, 0]}
    assert mechanics.probe["runs_in_twice_as_many_calls"].tolist() == expected[framework]


@each("mechanics", ("pytorch",))
def test_torch_captures_anew_as_the_list_grows(mechanics):
    assert mechanics.probe["graphs_captured"] == 3


@each("mechanics", ("keras",))
def test_logits_taken_for_probabilities_get_no_gradient_outside_zero_to_one(mechanics):
    gradient, outside = mechanics.probe["gradient_misread"], (LOGITS < 0) | (LOGITS > 1)
    assert outside.any() and not gradient[outside].any()


@each("mechanics")
def test_python_sees_values_without_a_graph_and_symbols_within_one(mechanics, framework):
    """What the script printed: the type of what its method was given."""
    plain, symbol = {"pytorch": ("Tensor", "Tensor"), "mxnet": ("NDArray", "Symbol")}.get(
        framework, ("EagerTensor", "SymbolicTensor")
    )
    seen = [set(re.findall(r"'(\w+)'", line)) for line in re.findall(r"Python saw (.*)", mechanics.output)]
    assert seen[:2] == [{plain}, {symbol}] and seen[2] <= {symbol}


@each("mechanics")
def test_who_copies_between_devices(mechanics, framework):
    weights, data = re.search(r"weights on (\S+) and data on (\S+)", mechanics.output).groups()
    assert weights != data
    assert mechanics.results["other_device"] == (framework in ("keras", "tensorflow"))
    assert ("RuntimeError" in mechanics.output) == (framework in ("pytorch", "mxnet"))


@each("mechanics")
def test_loss_is_the_cross_entropy_of_the_logits_given(mechanics, framework):
    assert mechanics.results["loss"] == pytest.approx(cross_entropy(LOGITS, LABELS), abs=1e-5)
    assert mechanics.results["loss_values"] == (4 if framework in ("tensorflow", "mxnet") else 1)


@each("mechanics")
def test_loss_misread_is_what_the_slip_computes(mechanics, framework):
    """Keras takes the logits for probabilities and clips them; the two in the middle see a softmax twice; MXNet adds none."""
    taken = np.log(np.clip(LOGITS, 1e-7, 1 - 1e-7))
    expected = {
        "keras": cross_entropy(taken, LABELS),
        "mxnet": -LOGITS[np.arange(4), LABELS].mean(),
    }.get(framework, cross_entropy(softmax(LOGITS), LABELS))
    assert mechanics.results["loss_misread"] == pytest.approx(expected, abs=1e-5)


@each("mechanics")
def test_gradient_is_of_mean_or_sum_and_only_torch_accumulates(mechanics, framework):
    of_mean = np.abs(softmax(LOGITS) - np.eye(3)[LABELS]).sum() / 4
    first = of_mean * (4 if framework in ("tensorflow", "mxnet") else 1)
    expected = [first, 2 * first if framework == "pytorch" else first]
    assert mechanics.results["gradients"] == pytest.approx(expected, abs=1e-5)


# Defaults of layers --------------------------------------------------------------------------------------------------


@each("defaults", WITH_LAYERS)
def test_initial_weights_are_uniform_within_the_bound_on_the_page(defaults, framework):
    bound = initial_bound(framework, 784, 64)
    assert defaults.results["weight_bound"] == pytest.approx(bound, rel=1e-3)
    assert defaults.results["weight_deviation"] == pytest.approx(bound / np.sqrt(3), rel=0.02)
    counts, _ = np.histogram(defaults.probe["kernel"], bins=10, range=(-bound, bound))
    assert counts.sum() == 784 * 64  # none beyond
    np.testing.assert_allclose(counts, 784 * 6.4, rtol=0.08)  # as many everywhere
    assert defaults.results["bias_bound"] == pytest.approx(bound if framework == "pytorch" else 0, abs=bound / 8)


@each("defaults", WITH_LAYERS)
def test_layouts(defaults, framework):
    outputs_last = framework == "keras"
    assert defaults.results["dense_shape"] == ([784, 64] if outputs_last else [64, 784])
    assert defaults.results["convolution_shape"] == ([5, 5, 3, 8] if outputs_last else [8, 3, 5, 5])


@each("defaults", WITH_LAYERS)
def test_keras_has_one_bias_for_a_gate_and_the_others_two(defaults, framework):
    biases = 1 if framework == "keras" else 2
    assert defaults.results["lstm_parameters"] == 4 * (28 * 64 + 64 * 64 + biases * 64)


@each("defaults", WITH_LAYERS)
def test_keras_alone_starts_the_forget_gate_of_an_lstm_at_one(defaults, framework):
    bias = defaults.probe["bias_of_lstm"]
    if framework == "pytorch":  # two biases in the sum, each uniform within 1 / sqrt(2)
        assert len(set(bias)) == 8 and np.abs(bias).max() <= 2**0.5
    else:
        assert bias.tolist() == ([0, 0, 1, 1, 0, 0, 0, 0] if framework == "keras" else [0] * 8)


@each("defaults", WITH_LAYERS)
def test_order_of_gates(defaults, framework):
    """With zero weights a closed-form cell: every gate at one half, the candidate at zero; one of them opened at a time."""

    def lstm(i=0.5, f=0.5, g=0.0, o=0.5):
        return o * np.tanh(f * 2 + i * g)

    def gru(z=0.5, r=0.5, n=0.0):
        return (1 - z) * n + z * 2

    order = [lstm(**{gate: 1.0}) for gate in "ifgo"]
    assert defaults.results["lstm_gates"] == pytest.approx(order, abs=1e-6)
    order = [gru(**{gate: 1.0}) for gate in ("zrn" if framework == "keras" else "rzn")]
    assert defaults.results["gru_gates"] == pytest.approx(order, abs=1e-6)


@each("defaults", WITH_LAYERS)
def test_epsilons_are_those_that_act(defaults, framework):
    """Adam, LayerNorm, BatchNorm: as the script reads them, as the page says, and as solved for from what they do."""
    expected = [1e-7, 1e-3, 1e-3] if framework == "keras" else [1e-8, 1e-5, 1e-5]
    assert defaults.results["epsilons"] == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(defaults.probe["epsilons"], expected, rtol=0.05)


@each("defaults", WITH_LAYERS)
def test_momentum_is_what_is_kept_but_in_torch_what_is_new(defaults, framework):
    momentum = {"keras": 0.99, "pytorch": 0.1, "mxnet": 0.9}[framework]
    assert defaults.results["batch_norm_momentum"] == pytest.approx(momentum)
    new = momentum if framework == "pytorch" else 1 - momentum
    variance = np.var([0, 2], ddof=1 if framework == "pytorch" else 0)
    expected = [new * 1, (1 - new) * 1 + new * variance]
    assert defaults.results["running_statistics"] == pytest.approx(expected, abs=1e-6)


@each("defaults", WITH_LAYERS)
def test_adams_first_step_at_a_small_gradient(defaults, framework):
    """Keras and MXNet add epsilon before the second moment is corrected for its start at zero, PyTorch after."""
    epsilon = defaults.results["epsilons"][0] / (1 if framework == "pytorch" else np.sqrt(1 - 0.999))
    expected = 1e-3 * 1e-6 / (1e-6 + epsilon)
    assert defaults.results["small_gradient_step"] == pytest.approx(expected, rel=1e-3)


@each("defaults", WITH_LAYERS)
def test_mxnet_remembers_a_batch_only_with_the_gradient(defaults, framework):
    """A forward pass in training mode, and no more: the remembered variance of 1 moves, but not in MXNet."""
    assert (defaults.probe["variance_after_forward_alone"] == 1) == (framework == "mxnet")
