"""Measures what the scripts of the topic on GANs trained, from outside: runs in the process of the script, after it, in its framework."""

from pathlib import Path

import numpy
from probing import changes, load_mnist, open_model, other_constants, what_train_receives


def _scoring(snippet):
    found = {f"judge_{number}": weights for number, weights in enumerate(snippet["judge"])}
    return found | {name.replace(" ", "_"): images for name, images in snippet["candidates"].items()}


def _gan(snippet):
    import matplotlib.pyplot as plt  # not there for `two_losses_numpy.py`, which draws nothing

    (train_images, _), (test_images, _) = load_mnist()
    drawn = [axes.images[0].get_array() for axes in plt.figure("progress").axes]
    generator, discriminator, noise = snippet["generator"], snippet["discriminator"], snippet["noise"]
    _, images, first_noise = what_train_receives(snippet)
    fresh = numpy.random.default_rng(12345).normal(size=(1000, noise.shape[1])).astype("float32")
    call_g, call_d = open_model(generator).call, open_model(discriminator).call
    batch, size = images[: snippet["BATCH_SIZE"]], (1, noise.shape[1])
    inputs = numpy.zeros(size, "float32"), numpy.zeros((1, 28, 28, 1), "float32")
    with other_constants(snippet, EPOCHS=1):
        (moved_g, moved_d), _ = changes(snippet, inputs, lambda g, d: snippet["train"](g, d, batch, noise[:2]))
    return {f"judge_{number}": weights for number, weights in enumerate(snippet["judge"])} | {
        "images": images,
        "trained_on_training_set": numpy.array_equal(images, train_images[: len(images)] / numpy.float32(255)),
        "first_noise": first_noise,
        "noise": noise,
        "samples": snippet["samples"],
        "ours": (call_g(noise[:200])[..., 0] + 1) / 2,
        # Not one by one: with a batch of one, MXNet's transposed convolution fails on a CPU.
        "in_pairs": numpy.concatenate([snippet["generate"](generator, noise[i : i + 2]) for i in (0, 2, 4)]),
        "on_real": call_d(test_images[:1000, ..., numpy.newaxis] / numpy.float32(127.5) - 1),
        "on_fake": call_d(call_g(fresh)),
        "losses": snippet["losses"],
        "moved_generator": moved_g,
        "moved_discriminator": moved_d,
        "drawn": numpy.array(drawn),
    }


def _equilibrium(snippet):
    call_g, call_d = (open_model(snippet[name]).call for name in ("generator", "discriminator"))
    noise, grid = numpy.random.default_rng(1).normal(size=(20_000, 1)), numpy.linspace(-1, 4, 101)[:, numpy.newaxis]
    noise, grid, inputs = noise.astype("float32"), grid.astype("float32"), [numpy.zeros((1, 1), "float32")] * 2
    first, (_, call_first) = changes(snippet, inputs, lambda g, d: snippet["train"](g, d, 200, False))
    one, _ = changes(snippet, inputs, lambda g, d: snippet["train"](g, d, 1, True))
    return {
        "generated": call_g(noise),
        "on_generated": call_d(call_g(noise)),
        "on_data": call_d(3 + numpy.float32(0.5) * noise[::-1]),
        "grid": grid,
        "on_grid_first": call_first(grid),
        "on_grid": call_d(grid),
        "path": snippet["path"],
        "moved_generator": one[0],
        "moved_discriminator": one[1],
        "standing_generator": first[0],
    }


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    """Measures the networks that a script of the topic trained, and what its functions do to new ones."""
    name = Path(snippet["__file__"]).stem.rpartition("_")[0]
    if name in ("two_losses", "crossfades"):  # their results say everything
        return {}
    return {"scoring": _scoring, "gan": _gan, "equilibrium": _equilibrium}[name](snippet)
