"""Measures a trained variational autoencoder from outside: runs in the process of the snippet, after it, in its framework."""

import numpy
from probing import load_mnist, open_model, what_train_receives


def _drawn(figure):
    """Returns the images of a figure, (axes, 784) where they are digits."""
    import matplotlib.pyplot as plt  # which the script in NumPy does without

    return numpy.array([axes.images[0].get_array() for axes in plt.figure(figure).axes])


def _map(snippet):
    import matplotlib.pyplot as plt

    points = [collection.get_offsets() for collection in plt.figure("map").axes[0].collections]
    return {
        "points": numpy.concatenate(points),
        "points_labels": numpy.repeat(numpy.arange(len(points)), [len(part) for part in points]),
        "plane": _drawn("plane")[0],
    }


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    """Measures the model that a snippet of the topic trained, without the snippet's own loading and evaluation."""
    if "model" not in snippet:
        return {}
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    train_images = train_images.reshape(-1, 784) / numpy.float32(255)
    test_images = test_images.reshape(-1, 784) / numpy.float32(255)
    model, latent_size = snippet["model"], snippet["LATENT_SIZE"]
    network = open_model(model)
    parameters, to_tensor, to_array = network.parameters(), network.tensor, network.array
    received = what_train_receives(snippet)
    generator = numpy.random.default_rng(12345)
    noise = generator.normal(size=(50, latent_size)).astype("float32")
    logits, mean, log_variance = map(to_array, model(to_tensor(test_images[:50]), to_tensor(noise)))
    drawn_by_model = [
        to_array(model(to_tensor(numpy.repeat(test_images[i : i + 1], 1000, axis=0)))[0]) for i in range(3)
    ]
    # Means and variances that training would never give, so that no term is small by chance.
    means = generator.normal(size=(4, latent_size)).astype("float32")
    log_variances = generator.normal(size=(4, latent_size)).astype("float32")
    few = test_images[:4], logits[:4], means, log_variances
    reconstruction, divergence = map(to_array, snippet["loss_terms"](*map(to_tensor, few)))
    found = {f"parameter_{number}": parameter for number, parameter in enumerate(parameters)}
    found |= {
        "trained_on": numpy.array([len(images) for images in received[:2]]),
        "trained_on_training_set": numpy.array_equal(received[0], train_images[: len(received[0])]),
        "validated_on_the_rest": len(received) < 2 or numpy.array_equal(received[1], train_images[len(received[0]) :]),
        "train_images": train_images[:10_000],
        "train_labels": train_labels[:10_000],
        "test_images": test_images,
        "test_labels": test_labels,
        "noise": noise,
        "logits": logits,
        "mean": mean,
        "log_variance": log_variance,
        "drawn_by_model": numpy.array(drawn_by_model),
        "terms_of": numpy.stack([means, log_variances]),
        "terms": numpy.stack([reconstruction, divergence]),
    }
    if "samples" in snippet:
        return found | {
            "samples": snippet["samples"],
            "drawn_samples": _drawn("samples").reshape(-1, 784),
            "drawn_walk": _drawn("walk").reshape(5, 10, 784),
        }
    return found | _map(snippet)
