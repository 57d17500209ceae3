# --8<-- [start:imports]
import math
from statistics import NormalDist

import keras
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0
EPOCHS = 10
BATCH_SIZE = 128
PEAK_LEARNING_RATE = 6e-3
HIDDEN_SIZE = 128
LATENT_SIZE = 2
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, _), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 784).astype("float32") / 255  # (60000, 784)
    test_images = test_images.reshape(-1, 784).astype("float32") / 255  # (10000, 784)
    return images, test_images, test_labels
# --8<-- [end:load]


# --8<-- [start:model]
class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([
            keras.Input(shape=(784,)),
            keras.layers.Dense(HIDDEN_SIZE, activation="relu"),
            keras.layers.Dense(HIDDEN_SIZE, activation="relu"),
            keras.layers.Dense(2 * LATENT_SIZE),  # mean and log variance
        ])
        self.decoder = keras.Sequential([
            keras.Input(shape=(LATENT_SIZE,)),
            keras.layers.Dense(HIDDEN_SIZE, activation="relu"),
            keras.layers.Dense(HIDDEN_SIZE, activation="relu"),
            keras.layers.Dense(784),  # logits
        ])
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images, noise=None):
        mean, log_variance = keras.ops.split(self.encoder(images), 2, axis=1)  # (N, 2) each
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
def train(model, images) -> list[float]:
    steps = EPOCHS * math.ceil(len(images) / BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=PEAK_LEARNING_RATE / 25,
        warmup_target=PEAK_LEARNING_RATE,
        warmup_steps=steps // 10,
        decay_steps=steps - steps // 10,
    )
    model.compile(optimizer=keras.optimizers.Adam(schedule))
    history = model.fit(images, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2)
    return [-loss for loss in history.history["loss"]]
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


# --8<-- [start:map]
def agreement(codes, labels) -> float:
    distances = np.sum((codes[:, np.newaxis] - codes) ** 2, axis=2)  # (N, N)
    np.fill_diagonal(distances, np.inf)  # a code is not its own neighbour
    return float(np.mean(labels[distances.argmin(axis=1)] == labels))
# --8<-- [end:map]


# --8<-- [start:draw]
def draw_map(codes, labels):
    _, axes = plt.subplots(num="map", clear=True, figsize=(6.4, 5.6))
    for digit in range(10):
        x, y = codes[labels == digit].T
        color = plt.cm.tab10(digit)
        axes.scatter(x, y, s=24, lw=0, color=color, marker=f"${digit}$", rasterized=True)
    axes.set(xlabel="$z_1$", ylabel="$z_2$")


def draw_plane(model):
    quantiles = [NormalDist().inv_cdf((i + 0.5) / 12) for i in range(12)]
    codes = np.array([(x, y) for y in quantiles[::-1] for x in quantiles], dtype="float32")
    images = decode(model, codes).reshape(12, 12, 28, 28)  # row, column, height, width
    _, axes = plt.subplots(num="plane", clear=True, figsize=(4.8, 4.8))
    axes.imshow(images.swapaxes(1, 2).reshape(336, 336), cmap="gray")
    axes.axis("off")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    images, test_images, test_labels = load()
    model = Model()
    training_elbos = train(model, images)
    map_reconstruction, map_divergence, means = evaluate(model, test_images)
    map_elbo = -(map_reconstruction + map_divergence)
    map_agreement = agreement(means[:2000], test_labels[:2000])
    print(f"test ELBO {map_elbo:.2f} nats")
    print(f"nearest neighbour on the map is the same digit: {map_agreement:.1%}")
    draw_map(means[:2000], test_labels[:2000])
    draw_plane(model)
    plt.show()
# --8<-- [end:main]
