# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

SEED = 0
ROUNDS = 800
BATCH_SIZE = 256
MEAN, DEVIATION = 3.0, 0.5  # of the data
# --8<-- [end:imports]


# --8<-- [start:model]
def build_generator() -> keras.Model:
    layer = keras.layers.Dense(1, kernel_initializer="ones")  # deviation times noise, plus mean
    return keras.Sequential([keras.Input(shape=(1,)), layer])


def build_discriminator() -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(1,)),
        keras.layers.Dense(16, activation="tanh"),
        keras.layers.Dense(16, activation="tanh"),
        keras.layers.Dense(1),
    ])


def describe(generator) -> tuple[float, float]:
    kernel, bias = generator.get_weights()
    return float(bias[0]), abs(float(kernel[0, 0]))  # mean, deviation
# --8<-- [end:model]


# --8<-- [start:train]
def train(generator, discriminator, rounds, generator_moves) -> np.ndarray:
    optimizer_g = keras.optimizers.Adam(2e-2, beta_1=0.5)
    optimizer_d = keras.optimizers.Adam(1e-2, beta_1=0.5)
    loss_function = keras.losses.BinaryCrossentropy(from_logits=True)
    ones, zeros = tf.ones((BATCH_SIZE, 1)), tf.zeros((BATCH_SIZE, 1))

    @tf.function
    def update():
        real = MEAN + DEVIATION * tf.random.normal((BATCH_SIZE, 1))
        noise = tf.random.normal((BATCH_SIZE, 1))
        fake = generator(noise)
        with tf.GradientTape() as tape:
            real_logits, fake_logits = discriminator(real), discriminator(fake)
            loss = loss_function(ones, real_logits) + loss_function(zeros, fake_logits)
        gradients = tape.gradient(loss, discriminator.trainable_variables)
        optimizer_d.apply(gradients, discriminator.trainable_variables)
        if generator_moves:
            with tf.GradientTape() as tape:
                loss = loss_function(ones, discriminator(generator(noise)))
            gradients = tape.gradient(loss, generator.trainable_variables)
            optimizer_g.apply(gradients, generator.trainable_variables)

    path = []
    for _ in range(rounds):
        update()
        path.append(describe(generator))
    return np.array(path)  # (rounds, 2)
# --8<-- [end:train]


# --8<-- [start:judge]
def judge(discriminator, x) -> np.ndarray:  # (N,): how likely it takes x for real
    logits = discriminator(x.astype("float32")[:, np.newaxis])
    return keras.ops.convert_to_numpy(keras.ops.sigmoid(logits))[:, 0]


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
    keras.utils.set_random_seed(SEED)
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
