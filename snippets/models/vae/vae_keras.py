# --8<-- [start:imports]
import math

import keras
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0
EPOCHS = 10
BATCH_SIZE = 128
PEAK_LEARNING_RATE = 6e-3
HIDDEN_SIZE = 400
LATENT_SIZE = 20
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 784).astype("float32") / 255  # (60000, 784)
    test_images = test_images.reshape(-1, 784).astype("float32") / 255  # (10000, 784)
    held_out = len(images) // 12  # 5000
    training = images[:-held_out], labels[:-held_out]
    return training, images[-held_out:], (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([
            keras.Input(shape=(784,)),
            keras.layers.Dense(HIDDEN_SIZE, activation="relu"),
            keras.layers.Dense(2 * LATENT_SIZE),  # mean and log variance
        ])
        self.decoder = keras.Sequential([
            keras.Input(shape=(LATENT_SIZE,)),
            keras.layers.Dense(HIDDEN_SIZE, activation="relu"),
            keras.layers.Dense(784),  # logits
        ])
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images, noise=None):
        mean, log_variance = keras.ops.split(self.encoder(images), 2, axis=1)  # (N, 20) each
        if noise is None:
            noise = keras.random.normal(keras.ops.shape(mean), seed=self.seed_generator)
        codes = mean + keras.ops.exp(log_variance / 2) * noise
        return self.decoder(codes), mean, log_variance

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction, divergence = loss_terms(x, *y_pred)
        return keras.ops.mean(reconstruction + divergence)  # the negative ELBO
# --8<-- [end:model]


# --8<-- [start:loss]
def loss_terms(images, logits, mean, log_variance):
    losses = keras.ops.binary_crossentropy(images, logits, from_logits=True)  # (N, 784)
    reconstruction = keras.ops.sum(losses, axis=1)  # (N,)
    terms = keras.ops.square(mean) + keras.ops.exp(log_variance) - 1 - log_variance
    divergence = keras.ops.sum(terms, axis=1) / 2  # (N,) from the prior
    return reconstruction, divergence
# --8<-- [end:loss]


# --8<-- [start:train]
def train(model, images, validation_images) -> list[float]:
    steps = EPOCHS * math.ceil(len(images) / BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=PEAK_LEARNING_RATE / 25,
        warmup_target=PEAK_LEARNING_RATE,
        warmup_steps=steps // 10,
        decay_steps=steps - steps // 10,
    )
    model.compile(optimizer=keras.optimizers.Adam(schedule))
    history = model.fit(
        images,
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_data=(validation_images,),
        validation_batch_size=1000,
        verbose=2,
    )
    return [-loss for loss in history.history["val_loss"]]
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images) -> tuple[float, float, np.ndarray]:
    logits, means, log_variances = model.predict(images, batch_size=1000, verbose=0)
    reconstruction, divergence = loss_terms(images, logits, means, log_variances)
    return float(np.mean(reconstruction)), float(np.mean(divergence)), means


def decode(model, codes) -> np.ndarray:
    logits = model.decoder.predict(codes, batch_size=1000, verbose=0)
    return 1 / (1 + np.exp(-logits))  # (N, 784)
# --8<-- [end:evaluate]


# --8<-- [start:sample]
def sample(model, count) -> np.ndarray:
    generator = np.random.default_rng(SEED)
    codes = generator.standard_normal((count, LATENT_SIZE), dtype="float32")  # from the prior
    return decode(model, codes)
# --8<-- [end:sample]


# --8<-- [start:score]
def score(samples, images, labels) -> tuple[float, float]:
    lengths = np.sum(images**2, axis=1) - 2 * samples @ images.T  # (S, N)
    distances = np.sum(samples**2, axis=1, keepdims=True) + lengths
    counts = np.bincount(labels[distances.argmin(axis=1)], minlength=10)
    return float(distances.min(axis=1).mean()) / 784, counts.min() / len(samples)
# --8<-- [end:score]


# --8<-- [start:walk]
def walk(model, start, end) -> np.ndarray:
    steps = np.linspace(0, 1, 10, dtype="float32")[:, np.newaxis]  # (10, 1)
    return decode(model, (1 - steps) * start + steps * end)  # (10, 784)
# --8<-- [end:walk]


# --8<-- [start:draw]
def draw(name, images):
    _, grid = plt.subplots(
        len(images) // 10, 10, num=name, clear=True, figsize=(7, 0.075 * len(images))
    )
    for axes, image in zip(grid.flat, images):
        axes.imshow(image.reshape(28, 28), cmap="gray", vmin=0, vmax=1)
        axes.axis("off")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    (images, labels), validation_images, (test_images, test_labels) = load()
    model = Model()
    validation_elbos = train(model, images, validation_images)
    test_reconstruction, test_divergence, means = evaluate(model, test_images)
    test_elbo = -(test_reconstruction + test_divergence)
    active_units = int(np.sum(means.var(axis=0) > 0.01))
    print(f"test ELBO {test_elbo:.2f}, divergence {test_divergence:.2f}, active {active_units}")
    samples = sample(model, 2000)
    sample_distance, smallest_share = score(samples, images[:10000], labels[:10000])
    test_distance, _ = score(test_images[:2000], images[:10000], labels[:10000])
    distance_ratio = sample_distance / test_distance
    print(f"distance ratio {distance_ratio:.2f}, rarest digit {smallest_share:.1%}")
    draw("samples", samples[:40])
    first = [means[test_labels == digit][0] for digit in range(10)]  # a code for each digit
    draw("walk", np.concatenate([walk(model, first[i], first[i + 5]) for i in range(5)]))
    plt.show()
# --8<-- [end:main]
