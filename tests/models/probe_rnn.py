"""Measures the recurrent networks from outside: runs in the process of the snippet, after it, in whichever framework it uses."""

import contextlib
import io
from pathlib import Path

import numpy
from probing import load_mnist, open_model, other_constants, what_train_receives


class Network:
    """A model behind one face: `weights` in Keras' layout and order, one bias a direction; `call` on arrays."""

    def __init__(self, snippet, *arguments, trained=None):
        self.framework = "torch" if "torch" in snippet else "mxnet" if "mx" in snippet else "keras"
        self.seed(snippet)
        self.model = trained or snippet.get("build_model", snippet.get("Model"))(*arguments)
        if self.framework == "torch":
            self.model = self.model.to(snippet["DEVICE"])
        if self.framework == "mxnet":  # Gluon creates the parameters at the first call
            self.call(numpy.zeros((1, 20, 2) if "FEATURES" in snippet else (1, 28, 28), "float32"))

    def seed(self, snippet):
        if self.framework == "torch":
            snippet["torch"].manual_seed(0)
        elif self.framework == "mxnet":
            snippet["mx"].random.seed(0)
            numpy.random.seed(0)
        else:
            snippet["keras"].utils.set_random_seed(0)

    def call(self, x):
        return open_model(self.model).call(x)

    def weights(self):
        kernel, recurrent, *biases, output, output_bias = open_model(self.model).parameters()
        return [kernel, recurrent, sum(biases), output, output_bias]


def train_once(snippet, network, *arguments, **settings):
    """Trains for one epoch with other constants, and returns how far the weights went and what `train` returned."""
    before = network.weights() if "FEATURES" not in snippet else []
    with other_constants(snippet, EPOCHS=1, **settings), contextlib.redirect_stdout(io.StringIO()):
        returned = snippet["train"](network.model, *arguments)
    after = network.weights() if before else []
    return numpy.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(after, before))), returned


def _rnn(snippet):
    (images, labels), (test_images, test_labels) = load_mnist()
    test_images = test_images.astype("float32") / 255
    network = Network(snippet, trained=snippet["model"])
    training, validation = what_train_receives(snippet)
    given_images, given_labels = map(numpy.concatenate, zip(training, validation))
    # Two batches: in the last, MXNet's learning rate has come to zero.
    some = [tuple(array[:256] for array in part) for part in (training, validation)]
    return {
        **{f"weight_{i}": weight for i, weight in enumerate(network.weights())},
        "test_images": test_images[:500],
        "test_logits": network.call(test_images),
        "test_labels": test_labels,
        "training_images": numpy.array(len(images)),
        "validation_logits": network.call(validation[0]),
        "validation_labels": validation[1],
        "trained_on_the_training_set": numpy.array(
            (given_images * 255).round().astype("uint8").tobytes() == images.tobytes()
            and (given_labels == labels).all()
        ),
        "step_when_clipped_to_nothing": train_once(snippet, Network(snippet), *some, CLIP_NORM=1e-12)[0],
        "step": train_once(snippet, Network(snippet), *some)[0],
    }


def _birnn(snippet):
    generator = numpy.random.default_rng(99)
    mines = generator.integers(0, 2, size=(300, 17))
    own_boards = numpy.stack([1 - mines, mines], axis=2).astype("float32")
    trained, forward, both = Network(snippet, trained=snippet["model"]), Network(snippet, False), Network(snippet, True)
    changed = own_boards.copy()
    changed[:, -1] = changed[:, -1, ::-1]  # another last cell
    boards, counts, real = snippet["make_boards"](256, numpy.random.default_rng(5))
    losses = []
    for padding in (0, 2):  # labels of the padding, which must not matter
        network = Network(snippet)
        losses.append(train_once(snippet, network, boards, numpy.where(real, counts, padding), real)[1])
    return {
        "boards": boards,
        "counts": counts,
        "real": real,
        "own_mines": mines,
        "own_logits": trained.call(own_boards),
        "padded_logits": trained.call(numpy.pad(own_boards, ((0, 0), (0, 23), (0, 0)))),
        "forward_changes": numpy.abs(forward.call(changed) - forward.call(own_boards)).max(axis=(0, 2)),
        "both_changes": numpy.abs(both.call(changed) - both.call(own_boards)).max(axis=(0, 2)),
        "losses": numpy.array(losses),
    }


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    script = Path(snippet["__file__"]).stem.partition("_")[0]
    measure = {"rnn": _rnn, "birnn": _birnn}.get(script)
    if measure is None:
        return {}
    snippet["plt"].close("all")  # what follows draws some of them again
    return measure(snippet)
