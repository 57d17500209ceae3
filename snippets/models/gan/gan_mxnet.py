# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from mnist_data import load_mnist
from scoring_numpy import draw_rows, score, train_judge

SEED = 0
EPOCHS = 4
STEPS = 7500  # in all epochs
BATCH_SIZE = 32
LEARNING_RATE = 3e-3
LATENT_SIZE = 32
SNAPSHOTS = 30, 150, 600, STEPS
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:generator]
def build_generator() -> nn.HybridSequential:
    network = nn.HybridSequential()
    network.add(
        nn.HybridLambda(lambda F, noise: F.reshape(noise, (0, -1, 1, 1))),
        nn.Conv2DTranspose(64, 7, use_bias=False),  # (N, 64, 7, 7)
        nn.BatchNorm(),
        nn.Activation("relu"),
        nn.Conv2DTranspose(32, 4, strides=2, padding=1, use_bias=False),  # (N, 32, 14, 14)
        nn.BatchNorm(),
        nn.Activation("relu"),
        nn.Conv2DTranspose(32, 4, strides=2, padding=1, use_bias=False),  # (N, 32, 28, 28)
        nn.BatchNorm(),
        nn.Activation("relu"),
        nn.Conv2D(1, 3, padding=1, activation="tanh"),  # (N, 1, 28, 28)
    )
    return prepare(network)


def prepare(network):
    network.initialize(mx.init.Xavier(), ctx=CONTEXT)
    network.hybridize()
    return network
# --8<-- [end:generator]


# --8<-- [start:discriminator]
def build_discriminator() -> nn.HybridSequential:
    network = nn.HybridSequential()
    network.add(
        nn.Conv2D(32, 4, strides=2, padding=1),  # (N, 32, 14, 14)
        nn.LeakyReLU(0.25),
        nn.Conv2D(64, 4, strides=2, padding=1, use_bias=False),  # (N, 64, 7, 7)
        nn.BatchNorm(),
        nn.LeakyReLU(0.25),
        nn.Conv2D(128, 3, strides=2, padding=1, use_bias=False),  # (N, 128, 4, 4)
        nn.BatchNorm(),
        nn.LeakyReLU(0.25),
        nn.Dense(1),  # one logit, of (N, 2048)
    )
    return prepare(network)
# --8<-- [end:discriminator]


# --8<-- [start:train]
def train(generator, discriminator, images, noise) -> tuple[np.ndarray, dict]:
    images = mx.nd.array(images[:, np.newaxis] * 2 - 1, ctx=CONTEXT)  # (N, 1, 28, 28), -1 to 1
    schedule = mx.lr_scheduler.CosineScheduler(STEPS, base_lr=LEARNING_RATE)
    adam_g, adam_d = (
        mx.optimizer.Adam(LEARNING_RATE, beta1=0.5, lr_scheduler=schedule) for _ in range(2)
    )
    trainer_g = gluon.Trainer(generator.collect_params(), adam_g)
    trainer_d = gluon.Trainer(discriminator.collect_params(), adam_d)
    loss_function = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    losses, snapshots = [], {}
    orders = [np.random.permutation(len(images)) for _ in range(EPOCHS)]
    order = mx.nd.array(np.concatenate(orders), ctx=CONTEXT)
    for step in range(1, len(order) // BATCH_SIZE + 1):
        real = images.take(order[(step - 1) * BATCH_SIZE : step * BATCH_SIZE])
        noise_batch = mx.nd.random.normal(shape=(BATCH_SIZE, LATENT_SIZE), ctx=CONTEXT)
        ones, zeros = (f((BATCH_SIZE, 1), ctx=CONTEXT) for f in (mx.nd.ones, mx.nd.zeros))
        with autograd.record():
            fake = generator(noise_batch)
            real_loss = loss_function(discriminator(real), ones)
            fake_loss = loss_function(discriminator(fake.detach()), zeros)
            discriminator_loss = real_loss + fake_loss  # (B,)
        discriminator_loss.backward()
        trainer_d.step(BATCH_SIZE)

        with autograd.record():
            generator_loss = loss_function(discriminator(fake), ones)  # (B,)
        generator_loss.backward()
        trainer_g.step(BATCH_SIZE)

        losses.append([discriminator_loss.mean().asscalar(), generator_loss.mean().asscalar()])
        if step in SNAPSHOTS:
            snapshots[f"step {step}"] = generate(generator, noise)
    return np.array(losses), snapshots
# --8<-- [end:train]


# --8<-- [start:generate]
def generate(generator, noise) -> np.ndarray:
    images = generator(mx.nd.array(noise, ctx=CONTEXT)).asnumpy()  # running statistics
    return (images[:, 0] + 1) / 2  # (N, 28, 28), from 0 to 1
# --8<-- [end:generate]


# --8<-- [start:draw]
def draw_losses(losses):
    _, axes = plt.subplots(num="losses", clear=True, figsize=(6.4, 3.6), layout="constrained")
    means = losses[: len(losses) // 20 * 20].reshape(-1, 20, 2).mean(axis=1)  # of 20 steps each
    axes.plot(20 * np.arange(len(means)) + 10, means, label=["discriminator", "generator"])
    axes.axhline(np.log(4), color="C0", ls=":")  # if it always said 50 %
    axes.axhline(np.log(2), color="C1", ls=":")
    axes.set(xlabel="step", ylabel="loss", ylim=(0, 5))
    axes.legend()
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    np.random.seed(SEED)
    (images, labels), _ = load_mnist()
    images = images / np.float32(255)  # (60000, 28, 28), from 0 to 1
    noise = np.random.default_rng(SEED).standard_normal((2000, LATENT_SIZE), dtype="float32")
    generator, discriminator = build_generator(), build_discriminator()
    losses, snapshots = train(generator, discriminator, images[: STEPS * BATCH_SIZE // EPOCHS], noise[:10])
    samples = generate(generator, noise)
    judge = train_judge(images, labels)
    inception_score, smallest_share, frechet_distance = score(judge, samples, images[:10_000])
    final_losses = losses[-100:].mean(axis=0).tolist()
    print(f"losses of the last 100 steps: {final_losses[0]:.2f} and {final_losses[1]:.2f}")
    print(f"inception score {inception_score:.2f}, smallest share {smallest_share:.1%}")
    print(f"Frechet distance {frechet_distance:.1f}")
    draw_rows("progress", snapshots | {"other noise": samples[10:]})
    draw_losses(losses)
    plt.show()
# --8<-- [end:main]
