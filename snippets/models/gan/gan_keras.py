# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from mnist_data import load_mnist
from scoring_numpy import draw_rows, score, train_judge

SEED = 0
EPOCHS = 4
STEPS = 7500  # in all epochs
BATCH_SIZE = 32
LEARNING_RATE = 3e-3
LATENT_SIZE = 32
SNAPSHOTS = 30, 150, 600, STEPS
# --8<-- [end:imports]


# --8<-- [start:generator]
def norm():
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def build_generator() -> keras.Model:
    double = {"strides": 2, "padding": "same", "use_bias": False}
    return keras.Sequential([
        keras.Input(shape=(LATENT_SIZE,)),
        keras.layers.Reshape((1, 1, LATENT_SIZE)),
        keras.layers.Conv2DTranspose(64, 7, use_bias=False),  # (N, 7, 7, 64)
        norm(),
        keras.layers.ReLU(),
        keras.layers.Conv2DTranspose(32, 4, **double),  # (N, 14, 14, 32)
        norm(),
        keras.layers.ReLU(),
        keras.layers.Conv2DTranspose(32, 4, **double),  # (N, 28, 28, 32)
        norm(),
        keras.layers.ReLU(),
        keras.layers.Conv2D(1, 3, padding="same", activation="tanh"),  # (N, 28, 28, 1)
    ])
# --8<-- [end:generator]


# --8<-- [start:discriminator]
def build_discriminator() -> keras.Model:
    half = {"strides": 2, "padding": "same"}
    return keras.Sequential([
        keras.Input(shape=(28, 28, 1)),
        keras.layers.Conv2D(32, 4, **half),  # (N, 14, 14, 32)
        keras.layers.LeakyReLU(0.25),
        keras.layers.Conv2D(64, 4, use_bias=False, **half),  # (N, 7, 7, 64)
        norm(),
        keras.layers.LeakyReLU(0.25),
        keras.layers.Conv2D(128, 3, use_bias=False, **half),  # (N, 4, 4, 128)
        norm(),
        keras.layers.LeakyReLU(0.25),
        keras.layers.Flatten(),  # (N, 2048)
        keras.layers.Dense(1),  # one logit
    ])
# --8<-- [end:discriminator]


# --8<-- [start:train]
def train(generator, discriminator, images, noise) -> tuple[np.ndarray, dict]:
    images = tf.constant(images[..., np.newaxis] * 2 - 1)  # (N, 28, 28, 1), from -1 to 1
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS)
    optimizer_g, optimizer_d = (keras.optimizers.Adam(schedule, beta_1=0.5) for _ in range(2))
    optimizer_g.build(generator.trainable_variables)
    optimizer_d.build(discriminator.trainable_variables)
    loss_function = keras.losses.BinaryCrossentropy(from_logits=True)
    ones, zeros = tf.ones((BATCH_SIZE, 1)), tf.zeros((BATCH_SIZE, 1))

    @tf.function
    def update(real):
        with tf.GradientTape() as tape_g:
            fake = generator(tf.random.normal((BATCH_SIZE, LATENT_SIZE)), training=True)
            with tf.GradientTape() as tape_d:
                real_loss = loss_function(ones, discriminator(real, training=True))
                fake_logits = discriminator(tf.stop_gradient(fake), training=True)
                fake_loss = loss_function(zeros, fake_logits)
                discriminator_loss = real_loss + fake_loss
            gradients = tape_d.gradient(discriminator_loss, discriminator.trainable_variables)
            optimizer_d.apply(gradients, discriminator.trainable_variables)
            generator_loss = loss_function(ones, discriminator(fake, training=True))
        gradients = tape_g.gradient(generator_loss, generator.trainable_variables)
        optimizer_g.apply(gradients, generator.trainable_variables)
        return discriminator_loss, generator_loss

    losses, snapshots = [], {}
    order = np.concatenate([np.random.permutation(len(images)) for _ in range(EPOCHS)])
    for step in range(1, len(order) // BATCH_SIZE + 1):
        real = tf.gather(images, order[(step - 1) * BATCH_SIZE : step * BATCH_SIZE])
        losses.append([float(loss) for loss in update(real)])
        if step in SNAPSHOTS:
            snapshots[f"step {step}"] = generate(generator, noise)
    return np.array(losses), snapshots
# --8<-- [end:train]


# --8<-- [start:generate]
def generate(generator, noise) -> np.ndarray:
    images = generator(noise, training=False).numpy()  # batch norm with running statistics
    return (images[..., 0] + 1) / 2  # (N, 28, 28), from 0 to 1
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
    keras.utils.set_random_seed(SEED)
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
