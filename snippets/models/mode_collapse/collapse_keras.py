# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

SEED = 0
ROUNDS = 300
BATCH_SIZE = 128
LEARNING_RATE = 2e-3
LATENT_SIZE = 2
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
def build_generator() -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(LATENT_SIZE,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(2),
    ])


def build_discriminator() -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(2,)),
        keras.layers.Dense(64),
        keras.layers.LeakyReLU(0.25),
        keras.layers.Dense(64),
        keras.layers.LeakyReLU(0.25),
        keras.layers.Dense(1),
    ])
# --8<-- [end:model]


# --8<-- [start:train]
def train(random, discriminator_steps, generator_steps) -> list[np.ndarray]:
    generator, discriminator = build_generator(), build_discriminator()
    optimizer_g, optimizer_d = (keras.optimizers.Adam(LEARNING_RATE, beta_1=0.5) for _ in range(2))
    loss_function = keras.losses.BinaryCrossentropy(from_logits=True)
    ones, zeros = tf.ones((BATCH_SIZE, 1)), tf.zeros((BATCH_SIZE, 1))

    @tf.function
    def update_discriminator(real):
        fake = generator(tf.random.normal((BATCH_SIZE, LATENT_SIZE)))
        with tf.GradientTape() as tape:
            real_logits, fake_logits = discriminator(real), discriminator(fake)
            loss = loss_function(ones, real_logits) + loss_function(zeros, fake_logits)
        gradients = tape.gradient(loss, discriminator.trainable_variables)
        optimizer_d.apply(gradients, discriminator.trainable_variables)

    @tf.function
    def update_generator():
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((BATCH_SIZE, LATENT_SIZE)))
            loss = loss_function(ones, discriminator(fake))
        gradients = tape.gradient(loss, generator.trainable_variables)
        optimizer_g.apply(gradients, generator.trainable_variables)

    test_noise = tf.random.normal((2000, LATENT_SIZE))
    snapshots = []
    for step in range(1, ROUNDS + 1):
        for _ in range(discriminator_steps):
            update_discriminator(draw_ring(random, BATCH_SIZE))
        for _ in range(generator_steps):
            update_generator()
        if step % (ROUNDS // 5) == 0:
            snapshots.append(generator(test_noise).numpy())
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
    keras.utils.set_random_seed(SEED)
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
