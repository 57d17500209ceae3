# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

SEED = 0
SHORT = 300  # rounds
LONG = 1500
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


# --8<-- [start:runs]
RUNS = {  # rounds, steps of the discriminator and of the generator in each, the generator's rate
    "1 to 5, short": (SHORT, 1, 5, LEARNING_RATE),
    "5 to 1, short": (SHORT, 5, 1, LEARNING_RATE),
    "1 to 1, short": (SHORT, 1, 1, LEARNING_RATE),
    "1 to 1, long": (LONG, 1, 1, LEARNING_RATE),
    "1 to 5, long": (LONG, 1, 5, LEARNING_RATE),
    "1 to 5, short, slow": (SHORT, 1, 5, LEARNING_RATE / 10),
}
# --8<-- [end:runs]


# --8<-- [start:train]
def train(random, rounds, discriminator_steps, generator_steps, generator_rate):
    generator, discriminator = build_generator(), build_discriminator()
    trainer_g, trainer_d = (
        gluon.Trainer(network.collect_params(), mx.optimizer.Adam(rate, beta1=0.5))
        for network, rate in ((generator, generator_rate), (discriminator, LEARNING_RATE))
    )
    loss_function = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    ones, zeros = (f((BATCH_SIZE, 1), ctx=CONTEXT) for f in (mx.nd.ones, mx.nd.zeros))
    test_noise = mx.nd.random.normal(shape=(2000, LATENT_SIZE), ctx=CONTEXT)
    snapshots, losses_d, losses_g = [], [], []
    for step in range(1, rounds + 1):
        for _ in range(discriminator_steps):
            real = mx.nd.array(draw_ring(random, BATCH_SIZE), ctx=CONTEXT)
            fake = generator(mx.nd.random.normal(shape=(BATCH_SIZE, LATENT_SIZE), ctx=CONTEXT))
            with autograd.record():
                real_logits, fake_logits = discriminator(real), discriminator(fake)
                losses = loss_function(real_logits, ones) + loss_function(fake_logits, zeros)
            losses.backward()
            trainer_d.step(BATCH_SIZE)
            losses_d.append(losses.mean().asscalar())
        for _ in range(generator_steps):
            latent = mx.nd.random.normal(shape=(BATCH_SIZE, LATENT_SIZE), ctx=CONTEXT)
            with autograd.record():
                losses = loss_function(discriminator(generator(latent)), ones)
            losses.backward()
            trainer_g.step(BATCH_SIZE)
            losses_g.append(losses.mean().asscalar())
        if step % (rounds // 5) == 0:
            snapshots.append(generator(test_noise).asnumpy())
    last = slice(-rounds // 5, None)
    return snapshots, (float(np.mean(losses_d[last])), float(np.mean(losses_g[last])))
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(rows, random):
    ring = draw_ring(random, 500)
    size = len(rows), 5
    _, grid = plt.subplots(*size, num="points", clear=True, figsize=(7, 6.2), layout="constrained")
    for line, (label, snapshots) in zip(grid, rows.items()):
        line[0].set_title(label, fontsize=9, loc="left")
        for axes, points in zip(line, snapshots):
            axes.scatter(*ring.T, s=2, lw=0, color="0.75", rasterized=True)
            axes.scatter(*points[:300].T, s=4, lw=0, color="C1", rasterized=True)
            axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    random = np.random.default_rng(SEED)
    histories, losses = {}, {}
    for name, run in RUNS.items():
        histories[name], losses[name] = train(random, *run)
    shares = {name: mode_shares(history[-1]) for name, history in histories.items()}
    modes = [int(np.sum(each >= 0.02)) for each in shares.values()]
    near_shares = [float(each.sum()) for each in shares.values()]
    smallest_shares = [float(each.min()) for each in shares.values()]
    discriminator_losses, generator_losses = zip(*losses.values())
    for row in zip(RUNS, modes, near_shares, discriminator_losses, generator_losses):
        print("{:19}  modes {}, near a mode {:5.1%}, losses {:.2f} {:.2f}".format(*row))

    angles = random.uniform(0, 2 * np.pi, 20_000)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # knows of no clusters
    circle_near_share = float(mode_shares(circle).sum())
    data_near_share = float(mode_shares(draw_ring(random, 20_000)).sum())
    print(f"near a mode: a circle {circle_near_share:.1%}, the data {data_near_share:.1%}")

    collapsed = histories["1 to 5, long"]
    collapsed_modes = [int(np.sum(mode_shares(points) >= 0.02)) for points in collapsed]
    collapsed_near_shares = [float(mode_shares(points).sum()) for points in collapsed]
    centres = [np.mean(history, axis=1) for history in histories.values()]  # 6 of (5, 2)
    jumps = [float(np.linalg.norm(np.diff(each, axis=0), axis=1).max()) for each in centres]
    near = " ".join(f"{each:.0%}" for each in collapsed_near_shares)
    print(f"1 to 5, long, at five times: modes {collapsed_modes}, near a mode {near}")
    shown = "1 to 5, long", "1 to 1, long", "5 to 1, short", "1 to 5, short, slow"
    draw({name: histories[name] for name in shown}, random)
    plt.show()
# --8<-- [end:main]
