# --8<-- [start:imports]
import math

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
HIDDEN_SIZE = 400
LATENT_SIZE = 20
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
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
class Model(nn.Block):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.HybridSequential(), nn.HybridSequential()
        self.encoder.add(
            nn.Dense(HIDDEN_SIZE, activation="relu"),
            nn.Dense(2 * LATENT_SIZE),  # mean and log variance
        )
        self.decoder.add(
            nn.Dense(HIDDEN_SIZE, activation="relu"),
            nn.Dense(784),  # logits
        )
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)
        self.hybridize()

    def forward(self, images, noise=None):
        mean, log_variance = self.encoder(images).split(2, axis=1)  # (N, 20) each
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
def train(model, images, validation_images) -> list[float]:
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
    validation_elbos = []
    for epoch in range(1, EPOCHS + 1):
        order = mx.nd.array(np.random.permutation(len(images)), ctx=CONTEXT)
        for start in range(0, len(images), BATCH_SIZE):
            batch = images.take(order[start : start + BATCH_SIZE])  # (B, 784)
            with autograd.record():
                reconstruction, divergence = loss_terms(batch, *model(batch))
                losses = reconstruction + divergence  # (B,) the negative ELBO
            losses.backward()
            trainer.step(len(batch))
        validation_elbos.append(-sum(evaluate(model, validation_images)[:2]))
        print(f"epoch {epoch}: validation ELBO {validation_elbos[-1]:.2f}")
    return validation_elbos
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
    mx.random.seed(SEED)
    np.random.seed(SEED)
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
