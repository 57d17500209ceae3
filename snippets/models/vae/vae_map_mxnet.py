# --8<-- [start:imports]
import math
from statistics import NormalDist

import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 10
BATCH_SIZE = 128
PEAK_LEARNING_RATE = 6e-3
HIDDEN_SIZE = 128
LATENT_SIZE = 2
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
class Model(nn.Block):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.HybridSequential(), nn.HybridSequential()
        self.encoder.add(
            nn.Dense(HIDDEN_SIZE, activation="relu"),
            nn.Dense(HIDDEN_SIZE, activation="relu"),
            nn.Dense(2 * LATENT_SIZE),  # mean and log variance
        )
        self.decoder.add(
            nn.Dense(HIDDEN_SIZE, activation="relu"),
            nn.Dense(HIDDEN_SIZE, activation="relu"),
            nn.Dense(784),  # logits
        )
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)
        self.hybridize()

    def forward(self, images, noise=None):
        mean, log_variance = self.encoder(images).split(2, axis=1)  # (N, 2) each
        if noise is None:
            noise = mx.nd.random.normal(shape=mean.shape, ctx=CONTEXT)
        codes = mean + mx.nd.exp(log_variance / 2) * noise
        return self.decoder(codes), mean, log_variance
# --8<-- [end:model]


# --8<-- [start:loss]
def loss_terms(images, logits, mean, log_variance):
    cross_entropy = gluon.loss.SigmoidBinaryCrossEntropyLoss(weight=784)  # sum, not mean
    reconstruction = cross_entropy(logits, images)  # (N,)
    terms = mean.square() + log_variance.exp() - 1 - log_variance
    divergence = terms.sum(axis=1) / 2  # (N,) from the prior
    return reconstruction, divergence
# --8<-- [end:loss]


# --8<-- [start:train]
def train(model, images) -> list[float]:
    images = mx.nd.array(images, ctx=CONTEXT)
    steps = EPOCHS * math.ceil(len(images) / BATCH_SIZE)
    schedule = mx.lr_scheduler.CosineScheduler(
        max_update=steps,
        base_lr=PEAK_LEARNING_RATE,
        warmup_steps=steps // 10,
        warmup_begin_lr=PEAK_LEARNING_RATE / 25,
    )
    adam = mx.optimizer.Adam(PEAK_LEARNING_RATE, lr_scheduler=schedule)
    trainer = gluon.Trainer(model.collect_params(), adam)
    training_elbos = []
    for epoch in range(1, EPOCHS + 1):
        total_loss = 0.0
        order = mx.nd.array(np.random.permutation(len(images)), ctx=CONTEXT)
        for start in range(0, len(images), BATCH_SIZE):
            batch = images.take(order[start : start + BATCH_SIZE])  # (B, 784)
            with autograd.record():
                reconstruction, divergence = loss_terms(batch, *model(batch))
                losses = reconstruction + divergence  # (B,) the negative ELBO
            losses.backward()
            trainer.step(len(batch))
            total_loss += losses.sum()
        training_elbos.append(-float(total_loss.asscalar()) / len(images))
        print(f"epoch {epoch}: training ELBO {training_elbos[-1]:.2f}")
    return training_elbos
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images) -> tuple[float, float, np.ndarray]:
    images = mx.nd.array(images, ctx=CONTEXT)
    logits, means, log_variances = model(images)
    reconstruction, divergence = loss_terms(images, logits, means, log_variances)
    return reconstruction.mean().asscalar(), divergence.mean().asscalar(), means.asnumpy()


def decode(model, codes) -> np.ndarray:
    logits = model.decoder(mx.nd.array(codes, ctx=CONTEXT))
    return logits.sigmoid().asnumpy()  # (N, 784)
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
    mx.random.seed(SEED)
    np.random.seed(SEED)
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
