"""Measures what the scripts of the topic on mode collapse trained, from outside: runs in the process of the script, after it."""

import warnings
from pathlib import Path
from unittest.mock import patch

import numpy
from probing import changes


def _collapse(snippet):
    environment, inputs = snippet["train"].__globals__, numpy.zeros((1, 2), "float32")
    made = {"build_generator": snippet["build_generator"], "build_discriminator": snippet["build_discriminator"]}

    def train(discriminator_steps, generator_steps):
        def with_these(generator, discriminator):
            environment.update(build_generator=lambda: generator, build_discriminator=lambda: discriminator)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # a network that takes no step has no losses to average
                snippet["train"](numpy.random.default_rng(0), 5, discriminator_steps, generator_steps, rate)

        moved, _ = changes(snippet, [inputs, inputs], with_these)
        environment.update(made)
        return moved

    rate = environment["LEARNING_RATE"]
    only_discriminator, only_generator = train(1, 0), train(0, 1)
    _, untrained_losses = snippet["train"](numpy.random.default_rng(0), 5, 1, 1, rate)
    return {
        "ring": snippet["draw_ring"](numpy.random.default_rng(1), 20_000),
        "histories": numpy.array(list(snippet["histories"].values())),
        "runs": numpy.array(list(snippet["RUNS"].values())),
        "rounds": numpy.array([snippet["SHORT"], snippet["LONG"]]),
        "untrained_losses": numpy.array(untrained_losses),
        "generator_alone": only_generator[0],
        "generator_meanwhile": only_discriminator[0],
        "discriminator_alone": only_discriminator[1],
        "discriminator_meanwhile": only_generator[1],
    }


def _replies(snippet):
    with patch.dict(snippet["play"].__globals__, STEPS=10):  # a snapshot after each of them
        after_one_step = snippet["play"](snippet["start"], 1)[0]
    return {
        "histories": numpy.array(list(snippet["histories"].values())),
        "start": snippet["start"],
        "after_one_step": after_one_step,
    }


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    """Measures the networks that a script of the topic trained, and what its functions do to new ones."""
    name = Path(snippet["__file__"]).stem.partition("_")[0]
    return {"collapse": _collapse, "replies": _replies}[name](snippet)
