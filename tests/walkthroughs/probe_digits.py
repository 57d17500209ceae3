"""Measures what the two walkthroughs on handwritten digits say of their network; runs at the end of the script, in its process."""

import numpy as np


def probe(names: dict) -> dict[str, np.ndarray]:
    """Return weights as (height, width, in, out) and (in, out), the outputs for the test images, and what each walkthrough shows."""
    taken = keras_probe(names) if "keras" in names else pytorch_probe(names)
    shown = {name: np.asarray(names[name]) for name in ("predictions", "test_labels", "train_labels")}
    images = {"test_images": names["test_images"][:100] / np.float32(255)}
    return taken | shown | images


def titles() -> dict[str, np.ndarray]:
    """Return what stands above the twenty digits and above the mistakes, and the heights of the ten bars."""
    import matplotlib.pyplot as plt

    found = {
        name: [axes.get_title() for axes in plt.figure(name).axes] for name in ("twenty_digits", "surest_mistakes")
    }
    bars = [bar.get_height() for bar in plt.figure("one_prediction").axes[1].patches]
    return {f"{name}_titles": np.array(texts) for name, texts in found.items()} | {"bars": np.array(bars)}


def keras_probe(names: dict) -> dict[str, np.ndarray]:
    weights = dict(
        zip(
            ("first", "first_bias", "second", "second_bias", "hidden", "hidden_bias", "output", "output_bias"),
            names["model"].get_weights(),
        )
    )
    held_out = len(names["x_train"]) - int(0.9 * len(names["x_train"]))  # as `validation_split=0.1` rounds
    validation = names["model"].predict(names["x_train"][-held_out:], verbose=0).argmax(axis=1)
    return (
        weights
        | titles()
        | {
            "counts": names["counts"],
            "surest": names["surest"],
            "probabilities": names["probabilities"],
            "restored_probabilities": names["restored_probabilities"],
            "validation_accuracy": np.mean(validation == names["train_labels"][-held_out:]),
            "caught_share": names["caught_share"],
            "doubtful": names["doubtful"],
            "variant_accuracies": names["variant_accuracies"],
            "variant_confidences": names["variant_confidences"],
            "saved_layers": len(names["restored"].layers),
        }
    )


def pytorch_probe(names: dict) -> dict[str, np.ndarray]:
    import matplotlib.pyplot as plt

    weights = {}
    for name, place in (("first", 0), ("second", 3), ("hidden", 7), ("output", 10)):
        weight, bias = (parameter.numpy(force=True) for parameter in names["model"][place].parameters())
        if name == "hidden":  # (out, channels * height * width) to (height * width * channels, out)
            weight = weight.reshape(-1, 32, 5, 5).transpose(2, 3, 1, 0).reshape(800, -1)
        else:
            weight = weight.transpose(2, 3, 1, 0) if weight.ndim == 4 else weight.T
        weights |= {name: weight, f"{name}_bias": bias}
    held_out = len(names["train_labels"]) // 10
    _, accuracy, _ = names["evaluate"](names["model"], names["x"][-held_out:], names["y"][-held_out:])
    trained_on, _, _ = names["evaluate"](names["model"], names["x_train"], names["y_train"])
    return weights | {
        "trained_on_loss": trained_on,
        "probabilities": names["test_logits"].softmax(dim=1).numpy(),
        "restored_probabilities": names["restored_logits"].softmax(dim=1).numpy(),
        "validation_accuracy": accuracy,
        "true_probabilities": names["true_probabilities"].detach().cpu().numpy(),
        "slopes": np.array([names["slope"], names["tried_slope"], names["added_slope"]]),
        "spreads": np.array([names["training_spread"], names["evaluation_spread"]]),
        "place": names["place"],
        "two_logits": names["two_logits"].numpy(),
        "two_probabilities": names["two_probabilities"].numpy(),
        "short_losses": np.array([losses for losses, _ in names["runs"].values()]),
        "short_accuracies": np.array([accuracy for _, accuracy in names["runs"].values()]),
        "train_mode_accuracy": names["train_mode_accuracy"],
        "logits_title": np.array([axes.get_title() for axes in plt.figure("logits").axes][:1]),
        "bars": np.array([[bar.get_height() for bar in axes.patches] for axes in plt.figure("logits").axes[1:]]),
    }
