"""Measures gradients of recurrent networks from outside: runs in the process of the snippet, after it, in whichever framework it uses."""

import numpy
from probe_rnn import Network, train_once
from probing import load_mnist, what_train_receives


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    if "gradient_norms" not in snippet:
        return {}
    snippet["plt"].close("all")  # what follows draws some of them again
    (images, labels), _ = load_mnist()
    images, labels = images[:64].astype("float32") / 255, labels[:64].astype("int64")
    received = [numpy.asarray(array) for array in what_train_receives(snippet)[:2]]
    measured = {"images": images, "labels": labels, "trained_on": numpy.array(len(received[0]))}
    for number, gain in enumerate((0.5, 1.5)):
        network = Network(snippet, gain)
        measured[f"norms_{number}"] = numpy.asarray(snippet["gradient_norms"](network.model, images, labels))
        measured |= {f"weight_{number}_{i}": weight for i, weight in enumerate(network.weights())}
    network = Network(snippet, 1.5)
    measured["clipped_step"] = train_once(snippet, network, images, labels, 0.1, 1e-3)[0]
    network = Network(snippet, 1.5)
    measured["step"] = train_once(snippet, network, images, labels, 0.1, None)[0]
    return measured
