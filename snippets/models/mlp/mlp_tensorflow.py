# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

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
    train_labels = train_labels.astype("int64")  # (60000,)
    test_images = test_images.astype("float32") / 255  # (10000, 28, 28)
    test_labels = test_labels.astype("int64")  # (10000,)
    return (train_images, train_labels), (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
class Dense(tf.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        limit = (6 / (inputs + outputs)) ** 0.5  # Glorot and Bengio (2010)
        self.kernel = tf.Variable(tf.random.uniform((inputs, outputs), -limit, limit))
        self.bias = tf.Variable(tf.zeros(outputs))

    def __call__(self, x):
        return x @ self.kernel + self.bias


class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.hidden = Dense(784, 128)
        self.output = Dense(128, 10)

    def __call__(self, images, training=False):
        x = tf.reshape(images, (-1, 784))  # (N, 784)
        x = tf.nn.relu(self.hidden(x))  # (N, 128)
        if training:
            x = tf.nn.dropout(x, rate=0.2)
        return self.output(x)  # (N, 10) logits
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, train_images, train_labels) -> list[float]:
    batches = (
        tf.data.Dataset.from_tensor_slices((train_images, train_labels))
        .shuffle(len(train_images))
        .batch(BATCH_SIZE)
        .prefetch(tf.data.AUTOTUNE)
    )
    optimizer = tf.keras.optimizers.Adam(LEARNING_RATE)

    @tf.function
    def train_step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)  # (B, 10)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            )
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    training_losses = []
    for epoch in range(1, EPOCHS + 1):
        losses = [train_step(images, labels) for images, labels in batches]
        training_losses.append(float(tf.reduce_mean(losses)))
        print(f"epoch {epoch}: training loss {training_losses[-1]:.4f}")
    return training_losses
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> tuple[float, np.ndarray]:
    logits = model(images)  # (N, 10)
    predictions = tf.argmax(logits, axis=1).numpy()
    return float(np.mean(predictions == labels)), predictions
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
    tf.random.set_seed(SEED)
    (train_images, train_labels), (test_images, test_labels) = load()
    model = Model()
    training_losses = train(model, train_images, train_labels)
    test_accuracy, predictions = evaluate(model, test_images, test_labels)
    print(f"test accuracy: {test_accuracy:.2%}")
    draw(training_losses, test_images, test_labels, predictions)
    plt.show()
# --8<-- [end:main]
