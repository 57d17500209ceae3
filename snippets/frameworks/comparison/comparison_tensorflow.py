# --8<-- [start:imports]
import tensorflow as tf

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
    return (images, labels.astype("int64")), (test_images, test_labels.astype("int64"))
# --8<-- [end:load]


# --8<-- [start:model]
class Dense(tf.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        bound = (6 / (inputs + outputs)) ** 0.5  # Glorot and Bengio (2010)
        self.kernel = tf.Variable(tf.random.uniform((inputs, outputs), -bound, bound))
        self.bias = tf.Variable(tf.zeros(outputs))

    def __call__(self, x):
        return x @ self.kernel + self.bias


class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.hidden = Dense(784, 64)
        self.output = Dense(64, 10)

    def __call__(self, images):
        x = tf.nn.relu(self.hidden(images))  # (N, 64)
        return self.output(x)  # (N, 10) logits
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels) -> list[float]:
    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    batches = dataset.shuffle(len(images)).batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)
    optimizer = tf.keras.optimizers.Adam()

    @tf.function
    def train_step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images)  # (B, 10)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)  # (B,)
            loss = tf.reduce_mean(losses)
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
def evaluate(model, images, labels) -> float:
    predictions = tf.argmax(model(images), axis=1)  # (N,)
    return float(tf.reduce_mean(tf.cast(predictions == labels, tf.float32)))
# --8<-- [end:evaluate]


# --8<-- [start:main]
if __name__ == "__main__":
    tf.random.set_seed(SEED)
    training, test = load()
    model = Model()
    training_losses = train(model, *training)
    test_accuracy = evaluate(model, *test)
    print(f"test accuracy: {test_accuracy:.2%}")
# --8<-- [end:main]
