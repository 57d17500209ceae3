"""What the benchmark compares: two public recipes, written anew from their facts, and the scripts of this site, cut short.

Each function prepares data and model for one seed, outside the clock, and returns a `Recipe`. Frameworks are imported where they
are needed: MXNet lives in an environment of its own.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

# The scripts train on, to be as good as they can; here they have to be good enough, and soon.
CUT_SHORT = {"EPOCHS": 2, "SHIFT": 0}
SNIPPETS = Path(__file__).resolve().parents[2] / "snippets"
sys.path.insert(0, str(SNIPPETS))  # for mnist_data


@dataclass(frozen=True)
class Recipe:
    """A recipe that is ready to be trained.

    `advance` trains until the next point at which the recipe may be judged, which takes `epochs` epochs; `accuracy` returns the share
    of the 10,000 test images that are classified rightly, and is not timed; `points` is how often the recipe advances until it ends;
    `model` is the framework's own object.
    """

    model: Any
    advance: Callable[[], None]
    accuracy: Callable[[], float]
    points: int
    epochs: int = 1


def keras_convnet(seed: int) -> Recipe:
    """Return the recipe of the Keras convnet example: one judgement an epoch, for its 15 epochs.

    Two convolutions of 32 and 64 kernels, each pooled, dropout 0.5, one dense softmax layer; Adam, batches of 128, a tenth held out for validation.
    Source: https://keras.io/examples/vision/mnist_convnet/
    """
    import keras
    from mnist_data import load_mnist

    keras.utils.set_random_seed(seed)
    (images, labels), (test_images, test_labels) = load_mnist()
    images, test_images = (array[..., None].astype("float32") / 255 for array in (images, test_images))
    labels = keras.utils.to_categorical(labels, 10)
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

    def advance() -> None:
        model.fit(images, labels, batch_size=128, epochs=1, validation_split=0.1, verbose=0)

    def accuracy() -> float:
        return float((model.predict(test_images, batch_size=1000, verbose=0).argmax(axis=1) == test_labels).mean())

    return Recipe(model, advance, accuracy, points=15)


def pytorch_mnist(seed: int) -> Recipe:
    """Return the recipe of the MNIST script among the PyTorch examples: one judgement an epoch, for its 14 epochs.

    Two convolutions of 32 and 64 kernels, one pooling, dropouts 0.25 and 0.5, 128 hidden units; Adadelta with a learning rate of 1.0 that
    shrinks by 0.7 an epoch, batches of 64, pixels standardised. In its favour: batches are shuffled, images are prepared once and not
    each time they are drawn, and its test after every epoch is not timed.
    Source: https://github.com/pytorch/examples/tree/main/mnist
    """
    import torch
    from mnist_data import load_mnist
    from torch import nn

    torch.manual_seed(seed)
    (images, labels), (test_images, test_labels) = load_mnist()
    images, test_images = (
        (torch.tensor(array).unsqueeze(1) / 255 - 0.1307) / 0.3081 for array in (images, test_images)
    )
    labels, test_labels = torch.tensor(labels).long(), torch.tensor(test_labels).long()
    dataset = torch.utils.data.TensorDataset(images, labels)
    batches = torch.utils.data.DataLoader(dataset, batch_size=64, shuffle=True)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
        nn.LogSoftmax(dim=1),
    )
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)

    def advance() -> None:
        model.train()
        for batch, targets in batches:
            optimizer.zero_grad()
            nn.functional.nll_loss(model(batch), targets).backward()
            optimizer.step()
        scheduler.step()

    @torch.inference_mode()
    def accuracy() -> float:
        model.eval()
        predictions = torch.cat([model(batch).argmax(dim=1) for batch in test_images.split(1000)])
        return (predictions == test_labels).double().mean().item()

    return Recipe(model, advance, accuracy, points=14)


def cnn_keras(seed: int, **constants: int) -> Recipe:
    """Return this site's CNN in Keras."""
    import keras

    keras.utils.set_random_seed(seed)
    return _snippet("cnn_keras", constants)


def cnn_pytorch(seed: int, **constants: int) -> Recipe:
    """Return this site's CNN in PyTorch."""
    import torch

    torch.manual_seed(seed)
    return _snippet("cnn_pytorch", constants)


def cnn_mxnet(seed: int, **constants: int) -> Recipe:
    """Return this site's CNN in MXNet Gluon."""
    import mxnet
    import numpy

    mxnet.random.seed(seed)
    numpy.random.seed(seed)
    return _snippet("cnn_mxnet", constants)


def one_epoch(recipe: Callable[..., Recipe], seed: int) -> Recipe:
    """Return a CNN of this site cut shorter still: every image is seen once, in smaller batches."""
    return recipe(seed, EPOCHS=1, BATCH_SIZE=32)


RECIPES: dict[str, Callable[[int], Recipe]] = {
    "cnn_keras": cnn_keras,
    "cnn_keras_one_epoch": partial(one_epoch, cnn_keras),
    "keras_convnet": keras_convnet,
    "cnn_pytorch": cnn_pytorch,
    "cnn_pytorch_one_epoch": partial(one_epoch, cnn_pytorch),
    "pytorch_mnist": pytorch_mnist,
    "cnn_mxnet": cnn_mxnet,
    "cnn_mxnet_one_epoch": partial(one_epoch, cnn_mxnet),
}


def _snippet(stem: str, constants: Mapping[str, int]) -> Recipe:
    """Return a script's own functions as a recipe that is judged once, at its end: its learning rate is planned for the whole run.

    `constants` replace the script's own, beside those of `CUT_SHORT`; raises `KeyError` for one that it does not have.

    Its clock includes the validation after every epoch.
    """
    snippet = _load(SNIPPETS / "models" / "cnn" / f"{stem}.py")
    constants = {**CUT_SHORT, **constants}
    if missing := constants.keys() - vars(snippet).keys():
        raise KeyError(*missing)
    vars(snippet).update(constants)
    training, validation, test = snippet.load()
    model = snippet.build_model()
    return Recipe(
        model,
        advance=lambda: snippet.train(model, training, validation),
        accuracy=lambda: float(snippet.evaluate(model, *test)[0]),
        points=1,
        epochs=snippet.EPOCHS,
    )


def _load(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
