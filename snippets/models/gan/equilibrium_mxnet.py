# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

SEED = 0
ROUNDS = 800
BATCH_SIZE = 256
MEAN, DEVIATION = 3.0, 0.5  # of the data
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:model]
def build_generator() -> nn.Dense:
    layer = nn.Dense(1, in_units=1)  # deviation times noise, plus mean
    layer.initialize(mx.init.One(), ctx=CONTEXT)  # kernel 1, bias 0
    return layer


def build_discriminator() -> nn.HybridSequential:
    network = nn.HybridSequential()
    network.add(nn.Dense(16, activation="tanh"), nn.Dense(16, activation="tanh"), nn.Dense(1))
    network.initialize(mx.init.Xavier(), ctx=CONTEXT)
    network.hybridize()
    return network


def describe(generator) -> tuple[float, float]:
    mean, kernel = generator.bias.data().asscalar(), generator.weight.data().asscalar()
    return float(mean), abs(float(kernel))  # mean, deviation
# --8<-- [end:model]


# --8<-- [start:train]
def train(generator, discriminator, rounds, generator_moves) -> np.ndarray:
    trainer_g, trainer_d = (
        gluon.Trainer(network.collect_params(), mx.optimizer.Adam(learning_rate, beta1=0.5))
        for network, learning_rate in ((generator, 2e-2), (discriminator, 1e-2))
    )
    loss_function = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    ones, zeros = (f((BATCH_SIZE, 1), ctx=CONTEXT) for f in (mx.nd.ones, mx.nd.zeros))
    path = []
    for _ in range(rounds):
        real = MEAN + DEVIATION * mx.nd.random.normal(shape=(BATCH_SIZE, 1), ctx=CONTEXT)
        noise = mx.nd.random.normal(shape=(BATCH_SIZE, 1), ctx=CONTEXT)
        fake = generator(noise)
        with autograd.record():
            losses = loss_function(discriminator(real), ones)
            losses = losses + loss_function(discriminator(fake), zeros)
        losses.backward()
        trainer_d.step(BATCH_SIZE)
        if generator_moves:
            with autograd.record():
                losses = loss_function(discriminator(generator(noise)), ones)
            losses.backward()
            trainer_g.step(BATCH_SIZE)
        path.append(describe(generator))
    return np.array(path)  # (rounds, 2)
# --8<-- [end:train]


# --8<-- [start:judge]
def judge(discriminator, x) -> np.ndarray:  # (N,): how likely it takes x for real
    x = mx.nd.array(x[:, np.newaxis], dtype="float32", ctx=CONTEXT)
    return discriminator(x).sigmoid().asnumpy()[:, 0]


def examine(generator, discriminator) -> tuple[float, list[float]]:
    noise = np.random.default_rng(SEED).normal(size=(2, 10_000))
    mean, deviation = describe(generator)
    on_real = judge(discriminator, MEAN + DEVIATION * noise[0])
    on_fake = judge(discriminator, mean + deviation * noise[1])
    accuracy = (np.mean(on_real > 0.5) + np.mean(on_fake < 0.5)) / 2
    return float(accuracy), [float(on_real.mean()), float(on_fake.mean())]
# --8<-- [end:judge]


# --8<-- [start:draw]
def density(x, mean, deviation):
    return np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * np.sqrt(2 * np.pi))


def draw_curves(axes, generator, discriminator):
    x = np.linspace(-3, 6, 300)
    real, fake = density(x, MEAN, DEVIATION), density(x, *describe(generator))
    axes.fill_between(x, real, alpha=0.3, color="C0", lw=0, label="data")
    axes.fill_between(x, fake, alpha=0.3, color="C1", lw=0, label="generator")
    axes.plot(x, judge(discriminator, x), color="C2", label="D(x)")
    axes.plot(x, real / (real + fake), color="black", ls=":", label="best D(x)")
    axes.set(xlabel="x", ylim=(0, 1.05))
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    _, panels = plt.subplots(1, 3, num="game", clear=True, figsize=(9, 3), layout="constrained")
    generator, discriminator = build_generator(), build_discriminator()
    train(generator, discriminator, 200, generator_moves=False)
    first_accuracy, first_outputs = examine(generator, discriminator)
    draw_curves(panels[0], generator, discriminator)
    path = train(generator, discriminator, ROUNDS, generator_moves=True)
    generator_mean, generator_deviation = describe(generator)
    accuracy, outputs = examine(generator, discriminator)
    draw_curves(panels[2], generator, discriminator)
    train(generator, discriminator, 200, generator_moves=False)
    last_accuracy, last_outputs = examine(generator, discriminator)

    print(f"generator: mean {generator_mean:.2f}, deviation {generator_deviation:.2f}")
    print("discriminator: accuracy, mean output on data and on the generator's numbers")
    print(f"  before: {first_accuracy:.1%}", *(f"{output:.2f}" for output in first_outputs))
    print(f"  after:  {accuracy:.1%}", *(f"{output:.2f}" for output in outputs))
    print(f"  200 steps later: {last_accuracy:.1%}", *(f"{output:.2f}" for output in last_outputs))
    panels[1].plot(path, label=["mean", "deviation"])
    panels[1].set(xlabel="round")
    panels[0].legend()
    panels[1].legend()
    plt.show()
# --8<-- [end:main]
