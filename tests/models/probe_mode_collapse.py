"""Measures what the scripts of the topic on mode collapse trained, from outside: runs in the process of the script, after it."""

import ast
from pathlib import Path
from unittest.mock import patch

import numpy
from probing import changes


def _steps(snippet):
    """Returns the numbers of steps with which the last section calls `train`, one row a call."""
    last = ast.parse(Path(snippet["__file__"]).read_bytes()).body[-1]
    calls = [node for node in ast.walk(last) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "train"]
    return [[keyword.value.value for keyword in call.keywords] for call in calls]


def _collapse(snippet):
    environment, inputs = snippet["train"].__globals__, numpy.zeros((1, 2), "float32")
    made = {"build_generator": snippet["build_generator"], "build_discriminator": snippet["build_discriminator"]}

    def train(discriminator_steps, generator_steps):
        def with_these(generator, discriminator):
            environment.update(build_generator=lambda: generator, build_discriminator=lambda: discriminator, ROUNDS=5)
            snippet["train"](numpy.random.default_rng(0), discriminator_steps, generator_steps)

        rounds = environment["ROUNDS"]
        moved, _ = changes(snippet, [inputs, inputs], with_these)
        environment.update(made, ROUNDS=rounds)
        return moved

    only_discriminator, only_generator = train(1, 0), train(0, 1)
    return {
        "ring": snippet["draw_ring"](numpy.random.default_rng(1), 20_000),
        "collapsed": numpy.array(snippet["collapsed"]),
        "balanced": numpy.array(snippet["balanced"]),
        "steps": _steps(snippet),
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
