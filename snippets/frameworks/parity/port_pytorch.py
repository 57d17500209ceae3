# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from mnist_data import load_mnist
from weights_pytorch import (
    batch_norm_to_pytorch,
    conv2d_to_pytorch,
    dense_to_pytorch,
    flatten_dense_to_pytorch,
    gru_to_pytorch,
    load,
    swap_gates,
)

SEED = 0
IMAGES = 6_000
# --8<-- [end:imports]


# --8<-- [start:keras]
def picture_reader() -> keras.Model:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(8, 3, strides=2, padding="same"),  # (N, 14, 14, 8)
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Flatten(),  # (N, 1568)
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10),  # (N, 10) logits
    ])


def row_reader() -> keras.Model:
    layers = keras.layers
    return keras.Sequential([keras.Input((28, 28)), layers.GRU(64), layers.Dense(10)])
# --8<-- [end:keras]


# --8<-- [start:train]
def trained(model, images, labels) -> keras.Model:
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(images, labels, batch_size=64, epochs=4, verbose=0)
    return model
# --8<-- [end:train]


# --8<-- [start:pytorch]
class PictureReader(nn.Module):
    def __init__(self, padding=(0, 1, 0, 1), epsilon=1e-3):  # left, right, top, bottom
        super().__init__()
        self.padding = nn.ZeroPad2d(padding)
        self.convolution = nn.Conv2d(1, 8, 3, stride=2)
        self.norm = nn.BatchNorm2d(8, eps=epsilon)
        self.hidden, self.middle = nn.Linear(1568, 64), nn.Linear(64, 64)
        self.output = nn.Linear(64, 10)

    def forward(self, x):  # (N, 28, 28)
        x = self.convolution(self.padding(x.unsqueeze(1)))  # (N, 8, 14, 14)
        x = self.norm(x).relu().flatten(start_dim=1)
        return self.output(self.middle(self.hidden(x).relu()).relu())


class RowReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.output = nn.GRU(28, 64, batch_first=True), nn.Linear(64, 10)

    def forward(self, x):  # (N, 28, 28)
        _, state = self.gru(x)
        return self.output(state[-1])
# --8<-- [end:pytorch]


# --8<-- [start:carry]
def with_weights(module, states):
    for name, state in states.items():
        load(module.get_submodule(name), state)
    return module.eval()


def weights_of(model) -> list:
    return [layer.get_weights() for layer in model.layers if layer.weights]


def carry_pictures(model) -> dict:
    convolution, norm, hidden, middle, output = weights_of(model)
    return {
        "convolution": conv2d_to_pytorch(convolution),
        "norm": batch_norm_to_pytorch(norm),
        "hidden": flatten_dense_to_pytorch(hidden, height=14, width=14),
        "middle": dense_to_pytorch(middle),
        "output": dense_to_pytorch(output),
    }


def carry_rows(model) -> dict:
    gru, output = weights_of(model)
    return {"gru": gru_to_pytorch(gru), "output": dense_to_pytorch(output)}
# --8<-- [end:carry]


# --8<-- [start:slips]
def slips(pictures, picture_states, rows, row_states) -> dict:
    *_, hidden, middle, _ = weights_of(pictures)
    gru = [swap_gates(weight) for weight in weights_of(rows)[0]]  # swapped twice: not at all
    norm = picture_states["norm"] | {"running_mean": np.zeros(8), "running_var": np.ones(8)}

    def reader(changed=None, **options):
        return with_weights(PictureReader(**options), picture_states | (changed or {}))

    return {
        "epsilon by default": reader(epsilon=1e-5),
        "padding on all sides": reader(padding=(1, 1, 1, 1)),
        "statistics forgotten": reader({"norm": norm}),
        "order after Flatten": reader({"hidden": dense_to_pytorch(hidden)}),
        "kernel not transposed": reader({"middle": {"weight": middle[0], "bias": middle[1]}}),
        "gates not swapped": with_weights(RowReader(), row_states | {"gru": gru_to_pytorch(gru)}),
    }
# --8<-- [end:slips]


# --8<-- [start:judge]
@torch.inference_mode()
def judge(module, images, labels, expected) -> tuple[float, float, int]:
    logits = module(torch.tensor(images)).numpy()
    answers = logits.argmax(axis=1)
    distance = float(np.abs(logits - expected).max())
    others = int(np.sum(answers != expected.argmax(axis=1)))
    return float(np.mean(answers == labels)), distance, others
# --8<-- [end:judge]


# --8<-- [start:draw]
def draw(names, accuracies, distances):
    figure, (left, right) = plt.subplots(1, 2, num="slips", clear=True, sharey=True, layout="tight")
    figure.set_size_inches(8, 3.2)
    left.barh(names, accuracies)
    left.set(xlabel="test accuracy", xlim=(0, 1))
    left.invert_yaxis()
    right.plot(distances, names, "o")
    right.set(xlabel="largest difference of a logit", xscale="log")
    right.grid()
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    (images, labels), (test_images, test_labels) = load_mnist()
    images = images[:IMAGES].astype("float32") / 255  # (6000, 28, 28)
    test_images = test_images.astype("float32") / 255  # (10000, 28, 28)
    pictures = trained(picture_reader(), images[..., np.newaxis], labels[:IMAGES])
    rows = trained(row_reader(), images, labels[:IMAGES])
    picture_states, row_states = carry_pictures(pictures), carry_rows(rows)
    of_pictures = pictures.predict(test_images[..., np.newaxis], batch_size=1000, verbose=0)
    of_rows = rows.predict(test_images, batch_size=1000, verbose=0)

    modules = {
        "picture reader": with_weights(PictureReader(), picture_states),
        "row reader": with_weights(RowReader(), row_states),
        **slips(pictures, picture_states, rows, row_states),
    }
    found = []
    for module in modules.values():
        expected = of_rows if isinstance(module, RowReader) else of_pictures
        found.append(judge(module, test_images, test_labels, expected))
    print(f"{'carried to PyTorch':21}  accuracy  largest difference  other answers")
    for name, (accuracy, distance, others) in zip(modules, found):
        print(f"{name:21}  {accuracy:8.2%}  {distance:18.1e}  {others:13d}")
    accuracies, distances, other_answers = zip(*found)
    keras_accuracies = [
        float(np.mean(logits.argmax(axis=1) == test_labels)) for logits in (of_pictures, of_rows)
    ]
    carried_accuracies, slip_accuracies = accuracies[:2], accuracies[2:]
    carried_distances, slip_distances = distances[:2], distances[2:]
    carried_other_answers, slip_other_answers = other_answers[:2], other_answers[2:]
    draw(list(modules), accuracies, distances)
    plt.show()
# --8<-- [end:main]
