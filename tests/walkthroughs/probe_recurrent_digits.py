"""Measures what the walkthrough on reading row by row says of its networks; runs at the end of the script, in its process."""

import numpy as np


def probe(names: dict) -> dict[str, np.ndarray]:
    """Return the logits after every row, the validation accuracies on the way, and what the networks make of blank paper."""
    import torch

    blank = torch.zeros(1, 28, 28)
    networks = {name: names[name] for name in ("rnn", "lstm", "gru", "asked")}
    with torch.inference_mode():
        doubts = {
            name: model(blank.to(names["DEVICE"]))[0].softmax(dim=1).cpu().numpy() for name, model in networks.items()
        }
    taken = {f"{name}_blank": doubt for name, doubt in doubts.items()}
    for name in ("rnn", "lstm", "gru"):
        taken[f"{name}_logits"] = names[f"{name}_logits"].numpy()
        taken[f"{name}_accuracies"] = np.array(names[f"{name}_accuracies"])
        taken[f"{name}_losses"] = np.array(names[f"{name}_losses"])
        taken[f"{name}_weights"] = sum(parameter.numel() for parameter in networks[name].rnn.parameters())
    return taken | {
        "test_labels": names["test_labels"],
        "places": held_out(names),
        "moves": np.array([moved(names, network) for network in (names["gru"], names["model"])]),
        "asked_probabilities": names["asked_probabilities"].numpy(),
    }


def held_out(names: dict) -> np.ndarray:
    """Return how many images there are to train on and to validate with, and whether any image stands in both places."""
    training, validation = len(names["x_train"]), len(names["x_validation"])
    same = names["x_train"].data_ptr() + names["x_train"].nbytes == names["x_validation"].data_ptr()
    return np.array([training, validation, same])


def moved(names: dict, network) -> float:
    """Return by how much the answers for the second image move when the first becomes random numbers, as in the first exercise."""
    import torch

    two = names["x_validation"][:2]
    other = two.clone()
    other[0] = torch.rand(28, 28)
    predict = names["predict"]
    return (predict(network, two)[1] - predict(network, other)[1]).abs().max().item()
