# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

from mnist_data import load_mnist

SEED = 0
BATCH_SIZE = 64
LEARNING_RATE = 6e-3
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images, labels = images[:30_000], labels[:30_000]
    images = images.reshape(-1, 28, 28, 1).astype("float32") / 255  # (30000, 28, 28, 1)
    test_images = test_images.reshape(-1, 28, 28, 1).astype("float32") / 255
    return (images, labels), (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
def build_model(activation="relu", pooling=layers.AveragePooling2D) -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, kernel_size=5, activation=activation),  # (N, 24, 24, 8)
        pooling(2),  # (N, 12, 12, 8)
        layers.Conv2D(16, kernel_size=3, activation=activation),  # (N, 10, 10, 16)
        pooling(2),  # (N, 5, 5, 16)
        layers.Flatten(),  # (N, 400)
        layers.Dense(10),  # (N, 10) logits
    ])
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels):
    steps = -(-len(images) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(images, labels, batch_size=BATCH_SIZE, verbose=0)  # one epoch
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> float:
    logits = model.predict(images, batch_size=1000, verbose=0)  # (N, 10)
    return float(np.mean(logits.argmax(axis=1) == labels))


def additivity_error(model, images) -> float:
    """How far f(a + b) lies from f(a) + f(b) - f(0): zero where f is linear plus a constant."""
    a, b = images[:50], images[50:100]
    logits = model.predict(a + b, verbose=0)
    parts = (model.predict(x, verbose=0) for x in (a, b, np.zeros_like(a)))
    error = logits - sum(sign * part for sign, part in zip((1, 1, -1), parts))
    return float(np.abs(error).max() / np.abs(logits).max())
# --8<-- [end:evaluate]


# --8<-- [start:filters]
def first_kernels(model) -> np.ndarray:
    return model.layers[0].get_weights()[0][:, :, 0].transpose(2, 0, 1)  # (8, 5, 5)


def draw_filters(before, after):
    _, grid = plt.subplots(2, 8, num="filters", clear=True, figsize=(8, 2.3))
    for row, name, kernels in zip(grid, ("before", "after"), (before, after)):
        row[0].set_ylabel(name)
        limit = np.abs(kernels).max()  # each row has its own scale
        for axes, kernel in zip(row, kernels):
            axes.imshow(kernel, cmap="coolwarm", vmin=-limit, vmax=limit)
            axes.set(xticks=[], yticks=[])
# --8<-- [end:filters]


# --8<-- [start:maps]
def draw_maps(model, image):
    x = image[np.newaxis]  # (1, 28, 28, 1)
    _, grid = plt.subplots(4, 8, num="feature_maps", clear=True, figsize=(8, 4.4))
    for row, layer in zip(grid, model.layers):
        x = layer(x)  # (1, 24, 24, 8), (1, 12, 12, 8), (1, 10, 10, 16), (1, 5, 5, 16)
        maps = keras.ops.convert_to_numpy(x)[0].transpose(2, 0, 1)
        row[0].set_ylabel(f"{x.shape[1]} × {x.shape[2]}")
        for axes, feature_map in zip(row, maps):
            axes.imshow(feature_map, cmap="gray")
            axes.set(xticks=[], yticks=[])
# --8<-- [end:maps]


# --8<-- [start:main]
if __name__ == "__main__":
    training, (test_images, test_labels) = load()
    models, starts, accuracies, additivity_errors = [], [], [], []
    for activation, pooling in (
        ("relu", layers.AveragePooling2D),
        (None, layers.AveragePooling2D),
        (None, layers.MaxPooling2D),
        ("relu", layers.MaxPooling2D),
    ):
        keras.utils.set_random_seed(SEED)
        model = build_model(activation, pooling)
        starts.append(first_kernels(model))
        train(model, *training)
        models.append(model)
        accuracies.append(evaluate(model, test_images, test_labels))
        additivity_errors.append(additivity_error(model, test_images))
        print(
            f"{activation} {pooling.__name__:16} test accuracy {accuracies[-1]:.2%}, "
            f"additivity error {additivity_errors[-1]:.0e}"
        )
    relu_gain = accuracies[0] - accuracies[1]
    print(f"gained by ReLU: {100 * relu_gain:.2f} percentage points")
    keras.utils.set_random_seed(SEED)
    softmax_regression = keras.Sequential([layers.Flatten(), layers.Dense(10)])
    train(softmax_regression, *training)
    softmax_accuracy = evaluate(softmax_regression, test_images, test_labels)
    print(f"softmax regression: test accuracy {softmax_accuracy:.2%}")
    before, after = starts[0], first_kernels(models[0])
    correlations = [float(np.corrcoef(b.ravel(), a.ravel())[0, 1]) for b, a in zip(before, after)]
    print("kernels before and after, correlations:", *(f"{each:.2f}" for each in correlations))
    draw_filters(before, after)
    draw_maps(models[0], test_images[0])
    plt.show()
# --8<-- [end:main]
