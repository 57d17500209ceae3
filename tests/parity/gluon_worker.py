"""Measures Gluon's networks in MXNet's own environment: `python gluon_worker.py ROOT`, a message a line on standard input.

A message is JSON: the path of an .npz with the arrays of all cases, the path where the results go, and the cases. The
answer is a line of JSON: `{}`, or `{"error": …}` with the traceback.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import mxnet as mx
import numpy as np
from mxnet import gluon

sys.path[0] = sys.argv[1]  # the root, where `tests` lies, instead of this file's folder
from tests.adapters.mxnet import GluonNetwork, parametric  # noqa: E402
from tests.parity.measure import Translator, load_snippet, measure, translators  # noqa: E402


def build(case: dict, root: Path, x: np.ndarray) -> GluonNetwork:
    """Return the network of a case: a layer of the snippet by name and sizes, or the model that a snippet builds."""
    weights = load_snippet(root / "snippets/frameworks/parity/weights_mxnet.py")
    if "layer" in case:
        block, forth, back = weights.gluon_layers(*case["sizes"])[case["layer"]]
        network = GluonNetwork(block, [Translator(case["count"], forth, back)], weights)
        block.initialize()
    else:
        plan = case["plan"]
        block = getattr(load_snippet(root / case["snippet"]), case["builder"])(*case["arguments"])
        parts = translators(weights, "gluon", plan)
        for layer in parametric(block):
            if isinstance(layer, (gluon.rnn.RNN, gluon.rnn.LSTM)):
                weights.with_one_bias(layer)
        network = GluonNetwork(block, parts, weights, case["dropout"], case["noise"], plan["source"])
    block.cast(case["precision"])
    network.call(x)  # settles the shapes
    return network


def main() -> None:
    root = Path(sys.argv[1])
    # What native code prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            message = json.loads(line)
            with np.load(message["arrays"]) as file:
                arrays = dict(file)
            results = {}
            for number, case in enumerate(message["cases"]):
                x, target = arrays[f"{number}/x"], arrays[f"{number}/target"]
                weights = [arrays[f"{number}/weights/{i}"] for i in range(case["weights"])]
                network = build(case, root, x)
                if case.get("dropout"):
                    network.set_weights(weights)
                    mx.random.seed(0)
                    quantities = {"scatter": [network.scatter(x)]}
                else:
                    quantities = measure(network, x, target, weights)
                for quantity, values in quantities.items():
                    results |= {f"{number}/{quantity}/{i}": value for i, value in enumerate(values)}
            np.savez(message["results"], **results)
            answer = {}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
