"""Measures RNN, LSTM and GRU from outside: runs in the process of the snippet, after it, in whichever framework it uses."""

from pathlib import Path

import numpy
from probing import load_mnist, open_model, other_constants

CELLS = ("RNN", "LSTM", "GRU")


def _arrays(model):
    """Returns the parameters: recurrent layer's kernel, recurrent kernel, bias, or both, gates in the framework's order; output's two."""
    kernel, recurrent, *biases, output, output_bias = open_model(model).parameters()
    return kernel, recurrent, biases[0] if len(biases) == 1 else numpy.stack(biases), output, output_bias


def _new(snippet, cell):
    model = snippet.get("build_model", snippet.get("Model"))(cell)
    return model.to(snippet["DEVICE"]) if "torch" in snippet else model


def _common(snippet, x):
    """Parameters and logits of an untrained model with each cell."""
    measured = {}
    for cell in CELLS:
        model = _new(snippet, cell)
        logits = snippet["predict"](model, x)
        *layer, output, output_bias = _arrays(model)
        measured |= {f"{cell}_{i}": array for i, array in enumerate(layer)}
        measured |= {f"{cell}_logits": logits, f"{cell}_kernel": output, f"{cell}_bias": output_bias}
    return measured


def _moved(snippet, x, *arguments, **constants):
    """How far a parameter of a new simple RNN moves at most, when the script trains it with other constants."""
    model = _new(snippet, "RNN")
    snippet["predict"](model, x)  # Gluon creates some parameters at the first call
    before = _arrays(model)[:3]
    with other_constants(snippet, **constants):
        snippet["train"](model, *arguments)
    return max(numpy.abs(b - a).max() for a, b in zip(before, _arrays(model)))


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
    kernel, recurrent, bias, output, _ = _arrays(model)
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


def _selecting(snippet):
    """The weights set by hand, and sequences of another seed."""
    x, answers = snippet["make_sequences"](500, numpy.random.default_rng(1234))
    return {"x": x, "answers": answers} | {name: snippet[name] for name in ("W", "U", "b")}


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    if "plt" in snippet:
        snippet["plt"].close("all")
    script = Path(snippet["__file__"]).stem.rpartition("_")[0]
    measure = {"lstm_gru": _lstm_gru, "recall": _recall, "selecting": _selecting}.get(script)
    return measure(snippet) if measure else {}
