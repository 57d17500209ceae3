# --8<-- [start:imports]
import math

import keras
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0
EPOCHS = 8
BATCH_SIZE = 64
PEAK_LEARNING_RATE = 4e-3
LABEL_SMOOTHING = 0.1
SHIFT = 2  # pixels
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 28, 28, 1).astype("float32") / 255  # (60000, 28, 28, 1)
    test_images = test_images.reshape(-1, 28, 28, 1).astype("float32") / 255
    held_out = len(labels) // 12  # 5000
    training = images[:-held_out], labels[:-held_out]
    validation = images[-held_out:], labels[-held_out:]
    return training, validation, (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:look]
def look(images, labels):
    print(f"images: {images.shape}, {images.min():.0f} to {images.max():.0f}")
    _, grid = plt.subplots(2, 8, num="digits", clear=True, figsize=(7, 2.4))
    for axes, image, label in zip(grid.flat, images, labels):
        axes.imshow(image.squeeze(), cmap="gray")
        axes.axis("off")
        axes.set_title(label)
# --8<-- [end:look]


# --8<-- [start:model]
def build_model() -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(28, 28, 1)),
        keras.layers.Conv2D(32, kernel_size=3, activation="relu"),  # (N, 26, 26, 32)
        keras.layers.MaxPooling2D(2),  # (N, 13, 13, 32)
        keras.layers.Conv2D(64, kernel_size=3, activation="relu"),  # (N, 11, 11, 64)
        keras.layers.MaxPooling2D(2),  # (N, 5, 5, 64)
        keras.layers.Flatten(),  # (N, 1600)
        keras.layers.Dense(128, activation="relu"),  # (N, 128)
        keras.layers.Dense(10),  # (N, 10) logits
    ])
# --8<-- [end:model]


# --8<-- [start:shift]
def random_shift() -> keras.layers.Layer:
    factor = (SHIFT + 0.5) / 28  # rounded to whole pixels
    return keras.layers.RandomTranslation(
        factor, factor, fill_mode="constant", interpolation="nearest"
    )
# --8<-- [end:shift]


# --8<-- [start:train]
def train(model, training, validation) -> tuple[list[float], list[float]]:
    (images, labels), (validation_images, validation_labels) = training, validation
    steps = EPOCHS * math.ceil(len(labels) / BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=PEAK_LEARNING_RATE / 25,
        warmup_target=PEAK_LEARNING_RATE,
        warmup_steps=steps // 10,
        decay_steps=steps - steps // 10,
    )
    shifted = keras.Sequential([random_shift(), model])
    shifted.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING),
        metrics=["accuracy"],
    )
    history = shifted.fit(
        images,
        keras.utils.to_categorical(labels),  # (N, 10)
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_data=(validation_images, keras.utils.to_categorical(validation_labels)),
        validation_batch_size=1000,
        verbose=2,
    )
    return history.history["loss"], history.history["val_accuracy"]
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> tuple[float, np.ndarray]:
    logits = model.predict(images, batch_size=1000, verbose=0)  # (N, 10)
    predictions = logits.argmax(axis=1)  # (N,)
    return float(np.mean(predictions == labels)), predictions
# --8<-- [end:evaluate]


# --8<-- [start:predict]
def predict(model, image) -> int:
    logits = model.predict(image[np.newaxis], verbose=0)[0]  # a batch of one, then (10,)
    print("digit" + "".join(f"{digit:7d}" for digit in range(10)))
    print("logit" + "".join(f"{logit:7.1f}" for logit in logits))
    return int(logits.argmax())
# --8<-- [end:predict]


# --8<-- [start:confusion]
def draw_confusion_matrix(labels, predictions):
    counts = np.zeros((10, 10), dtype=int)  # row: truth, column: prediction
    np.add.at(counts, (labels, predictions), 1)
    _, axes = plt.subplots(num="confusion_matrix", clear=True, figsize=(5.6, 5.6))
    axes.imshow(np.sqrt(counts), cmap="Blues")  # without the root, 1 would look like 0
    axes.set(xlabel="prediction", ylabel="truth", xticks=range(10), yticks=range(10))
    for truth, prediction in np.argwhere(counts):
        color = "white" if truth == prediction else "black"
        count = counts[truth, prediction]
        axes.text(prediction, truth, count, ha="center", va="center", color=color)
# --8<-- [end:confusion]


# --8<-- [start:draw]
def draw(training_losses, validation_accuracies, images, labels, predictions):
    epochs = range(1, EPOCHS + 1)
    _, (left, right) = plt.subplots(1, 2, num="learning_curve", clear=True, layout="tight")
    left.plot(epochs, training_losses, marker="o")
    left.set(xlabel="epoch", ylabel="training loss", xticks=epochs)
    right.plot(epochs, validation_accuracies, marker="o")
    right.set(xlabel="epoch", ylabel="validation accuracy", xticks=epochs)

    _, grid = plt.subplots(2, 5, num="mistakes", clear=True, figsize=(7, 3.2))
    for axes, i in zip(grid.flat, np.flatnonzero(predictions != labels)):
        axes.imshow(images[i].squeeze(), cmap="gray")
        axes.axis("off")
        axes.set_title(f"{predictions[i]} ≠ {labels[i]}", color="tab:red")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    training, validation, (test_images, test_labels) = load()
    look(*training)
    model = build_model()
    training_losses, validation_accuracies = train(model, training, validation)
    test_accuracy, predictions = evaluate(model, test_images, test_labels)
    print(f"test accuracy: {test_accuracy:.2%}")
    predicted_digit = predict(model, test_images[0])
    print(f"predicted digit: {predicted_digit}, truth: {test_labels[0]}")
    draw_confusion_matrix(test_labels, predictions)
    draw(training_losses, validation_accuracies, test_images, test_labels, predictions)
    plt.show()
# --8<-- [end:main]
