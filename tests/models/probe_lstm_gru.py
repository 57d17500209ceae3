"""Measures RNN, LSTM and GRU from outside: runs in the process of the snippet, after it, in whichever framework it uses."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy
from probing import load_mnist, other_constants

CELLS = ("RNN", "LSTM", "GRU")


def _arrays(snippet, model):
    """Returns the recurrent layer's parameters as (kernel, recurrent, bias), in the framework's own order of gates."""
    if "torch" in snippet:
        kernel, recurrent, *biases = (p.numpy(force=True) for p in model.rnn.parameters())
    elif "mx" in snippet:
        kernel, recurrent, *biases = (p.data().asnumpy() for p in model.rnn.collect_params().values())
    else:
        kernel, recurrent, bias = model.get_weights()[:3]
        return kernel, recurrent, bias
    return kernel.T, recurrent.T, numpy.stack(biases)


def _new(snippet, cell):
    model = snippet.get("build_model", snippet.get("Model"))(cell)
    return model.to(snippet["DEVICE"]) if "torch" in snippet else model


def _common(snippet, x):
    """Parameters and logits of an untrained model with each cell."""
    measured = {}
    for cell in CELLS:
        model = _new(snippet, cell)
        logits = snippet["predict"](model, x)
        measured |= {f"{cell}_{i}": array for i, array in enumerate(_arrays(snippet, model))}
        output = model.get_weights()[3:] if "keras" in snippet else [numpy.asarray(p) for p in _output(snippet, model)]
        measured |= {f"{cell}_logits": logits, f"{cell}_kernel": output[0], f"{cell}_bias": output[1]}
    return measured


def _output(snippet, model):
    layer = model.output
    if "torch" in snippet:
        return layer.weight.numpy(force=True).T, layer.bias.numpy(force=True)
    return layer.weight.data().asnumpy().T, layer.bias.data().asnumpy()


def _moved(snippet, x, *arguments, **constants):
    """How far a parameter of a new simple RNN moves at most, when the script trains it with other constants."""
    model = _new(snippet, "RNN")
    snippet["predict"](model, x)  # Gluon creates some parameters at the first call
    before = [array.copy() for array in _arrays(snippet, model)]
    with other_constants(snippet, **constants):
        snippet["train"](model, *arguments)
    return max(numpy.abs(b - a).max() for a, b in zip(before, _arrays(snippet, model)))


def _lstm_gru(snippet):
    (images, labels), (test_images, test_labels) = load_mnist()
    given, given_labels = snippet["training"]
    x = test_images[:16].astype("float32") / 255
    logits = {cell: snippet["predict"](snippet["models"][cell], test_images.astype("float32") / 255) for cell in CELLS}
    return {
        **_common(snippet, x),
        "x": x,
        "moved_when_clipped_to_nothing": _moved(snippet, x, given[:128], given_labels[:128], 1e-2, CLIP_NORM=1e-12),
        "forget_gate": snippet["gates"][0][:, 1].mean(axis=1),
        "update_gate": snippet["gates"][1][:, 0].mean(axis=1),
        "trained_on_training_images": numpy.array(
            (given * 255).round().astype("uint8").tobytes() == images[: len(given)].tobytes()
            and (given_labels == labels[: len(given)]).all()
        ),
        "accuracies": numpy.array([numpy.mean(logits[cell].argmax(axis=1) == test_labels) for cell in CELLS]),
    }


def _recall(snippet):
    sequences, symbols = snippet["make_sequences"](500, numpy.random.default_rng(7))
    other, _ = snippet["make_sequences"](500, numpy.random.default_rng(8))
    model = _new(snippet, "RNN")
    snippet["predict"](model, sequences[:1])  # Gluon creates some parameters at the first call
    kernel, recurrent, bias = _arrays(snippet, model)
    output = model.get_weights()[3] if "keras" in snippet else _output(snippet, model)[0]
    return {
        **_common(snippet, sequences[:16]),
        "x": sequences[:16],
        "moved_when_clipped_to_nothing": _moved(
            snippet, sequences[:16], 1e-2, numpy.random.default_rng(9), CLIP_NORM=1e-12, STEPS=2
        ),
        "sequences": sequences,
        "symbols": symbols,
        "seen_twice": numpy.array((sequences == other).all(axis=(1, 2)).any()),
        "norms": numpy.asarray(snippet["gradient_norms"](model, sequences[:16], symbols[:16])),
        "norms_kernel": kernel,
        "norms_recurrent": recurrent,
        "norms_bias": bias,
        "norms_output": output,
        "fresh_logits": snippet["predict"](snippet["model"], sequences),  # of the last model, the GRU
    }


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    plt.close("all")
    return (_recall if Path(snippet["__file__"]).stem.startswith("recall") else _lstm_gru)(snippet)
