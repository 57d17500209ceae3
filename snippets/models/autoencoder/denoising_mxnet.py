# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 3
BATCH_SIZE = 128
LEARNING_RATE = 3e-3
CODE_SIZE = 32
NOISE = 0.5  # standard deviation
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
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
def build_model() -> gluon.Block:
    encoder = nn.HybridSequential()
    encoder.add(
        nn.Dense(128, activation="relu"),  # (N, 128)
        nn.Dense(CODE_SIZE),  # (N, 32) the code
    )
    decoder = nn.HybridSequential()
    decoder.add(
        nn.Dense(128, activation="relu"),  # (N, 128)
        nn.Dense(784, activation="sigmoid"),  # (N, 784)
    )
    model = nn.HybridSequential()
    model.add(encoder, decoder)
    model.initialize(mx.init.Xavier(), ctx=CONTEXT)
    model.hybridize()
    return model
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, noisy, clean) -> list[float]:
    noisy, clean = mx.nd.array(noisy, ctx=CONTEXT), mx.nd.array(clean, ctx=CONTEXT)
    loss_function = gluon.loss.L2Loss(weight=2)  # mean of squares; the default halves it
    adam = mx.optimizer.Adam(LEARNING_RATE)
    trainer = gluon.Trainer(model.collect_params(), adam)
    training_errors = []
    for epoch in range(1, EPOCHS + 1):
        order = mx.nd.array(np.random.permutation(len(noisy)), ctx=CONTEXT)
        total_error = 0.0
        for start in range(0, len(noisy), BATCH_SIZE):
            picked = order[start : start + BATCH_SIZE]
            inputs, targets = noisy.take(picked), clean.take(picked)  # (B, 784)
            with autograd.record():
                losses = loss_function(model(inputs), targets)  # (B,)
            losses.backward()
            trainer.step(len(inputs))
            total_error += losses.sum()
        training_errors.append(float(total_error.asscalar()) / len(noisy))
        print(f"epoch {epoch}: training error {training_errors[-1]:.4f}")
    return training_errors
# --8<-- [end:train]


# --8<-- [start:denoise]
def denoise(model, images) -> np.ndarray:
    return model(mx.nd.array(images, ctx=CONTEXT)).asnumpy()  # (N, 784)


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
    mx.random.seed(SEED)
    np.random.seed(SEED)
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
