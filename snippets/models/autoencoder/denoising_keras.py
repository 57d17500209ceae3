# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0
EPOCHS = 3
BATCH_SIZE = 128
LEARNING_RATE = 3e-3
CODE_SIZE = 32
NOISE = 0.5  # standard deviation
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, _), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 784).astype("float32") / 255  # (60000, 784)
    test_images = test_images.reshape(-1, 784).astype("float32") / 255  # (10000, 784)
    return images, test_images, test_labels
# --8<-- [end:load]


# --8<-- [start:noise]
def add_noise(images, generator) -> np.ndarray:
    noise = NOISE * generator.standard_normal(images.shape, dtype="float32")
    return np.clip(images + noise, 0, 1)
# --8<-- [end:noise]


# --8<-- [start:model]
def build_model() -> keras.Model:
    encoder = keras.Sequential([
        keras.Input(shape=(784,)),
        keras.layers.Dense(128, activation="relu"),  # (N, 128)
        keras.layers.Dense(CODE_SIZE),  # (N, 32) the code
    ])
    decoder = keras.Sequential([
        keras.Input(shape=(CODE_SIZE,)),
        keras.layers.Dense(128, activation="relu"),  # (N, 128)
        keras.layers.Dense(784, activation="sigmoid"),  # (N, 784)
    ])
    return keras.Sequential([encoder, decoder])
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, noisy, clean) -> list[float]:
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="mean_squared_error")
    history = model.fit(noisy, clean, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2)
    return history.history["loss"]
# --8<-- [end:train]


# --8<-- [start:denoise]
def denoise(model, images) -> np.ndarray:
    return model.predict(images, batch_size=1000, verbose=0)  # (N, 784)


def error(images, others) -> float:
    return float(np.mean((images - others) ** 2))
# --8<-- [end:denoise]


# --8<-- [start:linear]
def fit_linear(noisy, clean, test_noisy) -> tuple[np.ndarray, np.ndarray]:
    noisy_mean, clean_mean = noisy.mean(axis=0), clean.mean(axis=0)  # (784,)
    x, y = noisy - noisy_mean, clean - clean_mean
    products = x.T @ x
    matrix = np.linalg.solve(products, x.T @ y)  # (784, 784) least squares
    centred_outputs = (test_noisy - noisy_mean) @ matrix

    _, _, directions = np.linalg.svd(matrix.T @ products @ matrix)  # of the outputs x @ matrix
    narrow_outputs = centred_outputs @ directions[:CODE_SIZE].T @ directions[:CODE_SIZE]
    return clean_mean + centred_outputs, clean_mean + narrow_outputs
# --8<-- [end:linear]


# --8<-- [start:draw]
def draw(labels, rows):
    picked = [np.flatnonzero(labels == digit)[0] for digit in range(10)]
    _, grid = plt.subplots(len(rows), 10, num="denoised", clear=True, figsize=(7, 3.2))
    for line, (title, images) in zip(grid, rows.items()):
        for axes, i in zip(line, picked):
            axes.imshow(images[i].reshape(28, 28), cmap="gray", vmin=0, vmax=1)
            axes.axis("off")
        line[0].text(-3, 14, title, ha="right", va="center")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    images, test_images, test_labels = load()
    generator = np.random.default_rng(SEED)
    noisy, test_noisy = add_noise(images, generator), add_noise(test_images, generator)
    model = build_model()
    training_errors = train(model, noisy, images)

    free, narrow = fit_linear(noisy, images, test_noisy)
    rows = {
        "clean": test_images,
        "noisy": test_noisy,
        "linear, 32": narrow,
        "autoencoder": denoise(model, test_noisy),
    }
    noisy_error = error(test_images, test_noisy)
    denoised_error = error(test_images, rows["autoencoder"])
    linear_error, narrow_error = error(test_images, free), error(test_images, narrow)
    noise_removed = 1 - denoised_error / noisy_error
    narrow_ratio = denoised_error / narrow_error
    print(f"test error before: {noisy_error:.4f}, after: {denoised_error:.4f}")
    print(f"noise removed: {noise_removed:.1%}")
    print(f"best linear map: {linear_error:.4f}, through 32 numbers: {narrow_error:.4f}")
    draw(test_labels, rows)
    plt.show()
# --8<-- [end:main]
