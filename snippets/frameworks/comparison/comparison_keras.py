# --8<-- [start:imports]
import keras

from mnist_data import load_mnist

SEED = 0
EPOCHS = 4
BATCH_SIZE = 64
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 784).astype("float32") / 255  # (60000, 784)
    test_images = test_images.reshape(-1, 784).astype("float32") / 255  # (10000, 784)
    return (images, labels), (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
def build_model() -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(784,)),
        keras.layers.Dense(64, activation="relu"),  # (N, 64)
        keras.layers.Dense(10),  # (N, 10) logits
    ])
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels) -> list[float]:
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(images, labels, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2)
    return history.history["loss"]
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> float:
    _, accuracy = model.evaluate(images, labels, batch_size=1000, verbose=0)
    return accuracy
# --8<-- [end:evaluate]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    training, test = load()
    model = build_model()
    training_losses = train(model, *training)
    test_accuracy = evaluate(model, *test)
    print(f"test accuracy: {test_accuracy:.2%}")
# --8<-- [end:main]
