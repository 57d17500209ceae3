# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 3
LINEAR_EPOCHS = 1
BATCH_SIZE = 128
LEARNING_RATE = 3e-3
CODE_SIZE = 32
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, _), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 784).astype("float32") / 255  # (60000, 784)
    test_images = test_images.reshape(-1, 784).astype("float32") / 255  # (10000, 784)
    return images, test_images, test_labels
# --8<-- [end:load]


# --8<-- [start:model]
def build_model(hidden="relu", output="sigmoid") -> gluon.Block:
    encoder = nn.HybridSequential()
    encoder.add(
        nn.Dense(128, activation=hidden),  # (N, 128)
        nn.Dense(CODE_SIZE),  # (N, 32) the code
    )
    decoder = nn.HybridSequential()
    decoder.add(
        nn.Dense(128, activation=hidden),  # (N, 128)
        nn.Dense(784, activation=output),  # (N, 784)
    )
    model = nn.HybridSequential()
    model.add(encoder, decoder)
    model.initialize(mx.init.Xavier(), ctx=CONTEXT)
    model.hybridize()
    return model
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, epochs) -> list[float]:
    images = mx.nd.array(images, ctx=CONTEXT)
    loss_function = gluon.loss.L2Loss(weight=2)  # mean of squares; the default halves it
    adam = mx.optimizer.Adam(LEARNING_RATE)
    trainer = gluon.Trainer(model.collect_params(), adam)
    training_errors = []
    for epoch in range(1, epochs + 1):
        order = mx.nd.array(np.random.permutation(len(images)), ctx=CONTEXT)
        total_error = 0.0
        for start in range(0, len(images), BATCH_SIZE):
            batch = images.take(order[start : start + BATCH_SIZE])  # (B, 784)
            with autograd.record():
                losses = loss_function(model(batch), batch)  # (B,), the input is the target
            losses.backward()
            trainer.step(len(batch))
            total_error += losses.sum()
        training_errors.append(float(total_error.asscalar()) / len(images))
        print(f"epoch {epoch}: training error {training_errors[-1]:.4f}")
    return training_errors
# --8<-- [end:train]


# --8<-- [start:reconstruct]
def reconstruct(model, images) -> np.ndarray:
    return model(mx.nd.array(images, ctx=CONTEXT)).asnumpy()  # (N, 784)


def error(images, others) -> float:
    return float(np.mean((images - others) ** 2))
# --8<-- [end:reconstruct]


# --8<-- [start:pca]
def fit_pca(images):
    mean = images.mean(axis=0)  # (784,)
    centred = images - mean
    _, _, directions = np.linalg.svd(centred.T @ centred)  # by falling variance, one a row
    return mean, directions[:CODE_SIZE]  # (784,), (32, 784)


def apply_pca(mean, directions, images) -> np.ndarray:
    codes = (images - mean) @ directions.T  # (N, 32)
    return mean + codes @ directions  # (N, 784)
# --8<-- [end:pca]


# --8<-- [start:draw]
def draw(labels, rows):
    picked = [np.flatnonzero(labels == digit)[0] for digit in range(10)]
    _, grid = plt.subplots(len(rows), 10, num="reconstructions", clear=True, figsize=(8, 2.7))
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
    model = build_model()
    training_errors = train(model, images, EPOCHS)
    linear_model = build_model(hidden=None, output=None)
    train(linear_model, images, LINEAR_EPOCHS)
    mean, directions = fit_pca(images)

    rows = {
        "original": test_images,
        "autoencoder": reconstruct(model, test_images),
        "PCA": apply_pca(mean, directions, test_images),
    }
    test_error = error(test_images, rows["autoencoder"])
    pca_test_error = error(test_images, rows["PCA"])
    linear_test_error = error(test_images, reconstruct(linear_model, test_images))
    error_ratio = test_error / pca_test_error
    linear_ratio = linear_test_error / pca_test_error
    print(f"test error of the autoencoder: {test_error:.4f}, of PCA: {pca_test_error:.4f}")
    print(f"without activations: {linear_test_error:.4f}")
    draw(test_labels, rows)
    plt.show()
# --8<-- [end:main]
