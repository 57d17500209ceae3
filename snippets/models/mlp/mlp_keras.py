# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0
EPOCHS = 5
BATCH_SIZE = 32
LEARNING_RATE = 1e-3
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    train_images = train_images.astype("float32") / 255  # (60000, 28, 28)
    test_images = test_images.astype("float32") / 255  # (10000, 28, 28)
    return (train_images, train_labels), (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
def build_model() -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(28, 28)),
        keras.layers.Flatten(),  # (N, 784)
        keras.layers.Dense(128, activation="relu"),  # (N, 128)
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10),  # (N, 10) logits
    ])
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, train_images, train_labels) -> list[float]:
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        train_images, train_labels, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2
    )
    return history.history["loss"]
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> tuple[float, np.ndarray]:
    _, accuracy = model.evaluate(images, labels, verbose=0)
    logits = model.predict(images, verbose=0)  # (N, 10)
    return accuracy, logits.argmax(axis=1)
# --8<-- [end:evaluate]


# --8<-- [start:draw]
def draw(training_losses, images, labels, predictions):
    epochs = range(1, EPOCHS + 1)
    _, axes = plt.subplots(num="learning_curve", clear=True)
    axes.plot(epochs, training_losses, marker="o")
    axes.set(xlabel="epoch", ylabel="training loss", xticks=epochs)

    wrong = np.flatnonzero(predictions != labels)
    _, grid = plt.subplots(2, 5, num="predictions", clear=True, figsize=(7, 3.2))
    for axes, i in zip(grid.flat, [0, 1, 2, 3, 4, *wrong[:5]]):
        axes.imshow(images[i], cmap="gray")
        axes.axis("off")
        axes.set_title(predictions[i])
        if i in wrong:
            axes.set_title(f"{predictions[i]} ≠ {labels[i]}", color="tab:red")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    (train_images, train_labels), (test_images, test_labels) = load()
    model = build_model()
    training_losses = train(model, train_images, train_labels)
    test_accuracy, predictions = evaluate(model, test_images, test_labels)
    print(f"test accuracy: {test_accuracy:.2%}")
    draw(training_losses, test_images, test_labels, predictions)
    plt.show()
# --8<-- [end:main]
