# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

SEED = 0
ROUNDS = 300
BATCH_SIZE = 128
LEARNING_RATE = 2e-3
LATENT_SIZE = 2
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:ring]
ANGLES = np.arange(8) * np.pi / 4
CENTRES = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)  # (8, 2)
DEVIATION = 0.1


def draw_ring(random, count) -> np.ndarray:  # (N, 2)
    points = random.normal(CENTRES[random.integers(8, size=count)], DEVIATION)
    return points.astype("float32")


def mode_shares(points) -> np.ndarray:  # (8,): the share of points near each centre
    distances = np.linalg.norm(points[:, np.newaxis] - CENTRES, axis=2)  # (N, 8)
    near = distances.min(axis=1) < 3 * DEVIATION
    return np.bincount(distances.argmin(axis=1)[near], minlength=8) / len(points)
# --8<-- [end:ring]


# --8<-- [start:model]
def build_generator() -> nn.HybridSequential:
    network = nn.HybridSequential()
    network.add(nn.Dense(64, activation="relu"), nn.Dense(64, activation="relu"), nn.Dense(2))
    return prepare(network)


def build_discriminator() -> nn.HybridSequential:
    network = nn.HybridSequential()
    network.add(
        nn.Dense(64), nn.LeakyReLU(0.25), nn.Dense(64), nn.LeakyReLU(0.25), nn.Dense(1)
    )
    return prepare(network)


def prepare(network):
    network.initialize(mx.init.Xavier(), ctx=CONTEXT)
    network.hybridize()
    return network
# --8<-- [end:model]


# --8<-- [start:train]
def train(random, discriminator_steps, generator_steps) -> list[np.ndarray]:
    generator, discriminator = build_generator(), build_discriminator()
    trainer_g, trainer_d = (
        gluon.Trainer(network.collect_params(), mx.optimizer.Adam(LEARNING_RATE, beta1=0.5))
        for network in (generator, discriminator)
    )
    loss_function = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    ones, zeros = (f((BATCH_SIZE, 1), ctx=CONTEXT) for f in (mx.nd.ones, mx.nd.zeros))
    test_noise = mx.nd.random.normal(shape=(2000, LATENT_SIZE), ctx=CONTEXT)
    snapshots = []
    for step in range(1, ROUNDS + 1):
        for _ in range(discriminator_steps):
            real = mx.nd.array(draw_ring(random, BATCH_SIZE), ctx=CONTEXT)
            fake = generator(mx.nd.random.normal(shape=(BATCH_SIZE, LATENT_SIZE), ctx=CONTEXT))
            with autograd.record():
                real_logits, fake_logits = discriminator(real), discriminator(fake)
                losses = loss_function(real_logits, ones) + loss_function(fake_logits, zeros)
            losses.backward()
            trainer_d.step(BATCH_SIZE)
        for _ in range(generator_steps):
            latent = mx.nd.random.normal(shape=(BATCH_SIZE, LATENT_SIZE), ctx=CONTEXT)
            with autograd.record():
                losses = loss_function(discriminator(generator(latent)), ones)
            losses.backward()
            trainer_g.step(BATCH_SIZE)
        if step % (ROUNDS // 5) == 0:
            snapshots.append(generator(test_noise).asnumpy())
    return snapshots  # 5 of (2000, 2)
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(rows, random):
    ring = draw_ring(random, 1000)
    _, grid = plt.subplots(2, 5, num="points", clear=True, figsize=(7, 3.2), layout="constrained")
    for line, (label, snapshots) in zip(grid, rows.items()):
        line[0].set_title(label, fontsize=9, loc="left")
        for axes, points in zip(line, snapshots):
            axes.scatter(*ring.T, s=2, lw=0, color="gray", alpha=0.5, rasterized=True)
            axes.scatter(*points[:500].T, s=4, lw=0, color="C1", rasterized=True)
            axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    random = np.random.default_rng(SEED)
    collapsed = train(random, discriminator_steps=1, generator_steps=5)
    balanced = train(random, discriminator_steps=5, generator_steps=1)
    collapsed_modes = [int(np.sum(mode_shares(points) >= 0.02)) for points in collapsed]
    balanced_modes = [int(np.sum(mode_shares(points) >= 0.02)) for points in balanced]
    balanced_smallest_share = float(mode_shares(balanced[-1]).min())
    balanced_near_share = float(mode_shares(balanced[-1]).sum())
    jumps = np.diff([points.mean(axis=0) for points in collapsed], axis=0)  # (4, 2)
    largest_jump = float(np.linalg.norm(jumps, axis=1).max())
    print(f"1 to 5: modes {collapsed_modes}, longest jump {largest_jump:.2f}")
    print(f"5 to 1: modes {balanced_modes}")
    print(f"  near a mode {balanced_near_share:.1%}, smallest mode {balanced_smallest_share:.1%}")
    draw({"1 to 5": collapsed, "5 to 1": balanced}, random)
    plt.show()
# --8<-- [end:main]
