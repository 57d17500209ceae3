# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from mnist_data import load_mnist
# --8<-- [end:imports]

# --8<-- [start:settings]
SEED = 0
EPOCHS = 2
BATCH_SIZE = 64
LEARNING_RATES = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GAINS = [0.5, 1.0, 1.5, 2.0]  # of the recurrent matrix: gain times an orthogonal one
TRAINED_GAIN = 1.5
# --8<-- [end:settings]


# --8<-- [start:load]
def load():
    (images, labels), _ = load_mnist()
    images, labels = images.astype("float32") / 255, labels.astype("int64")
    return (images[:10_000], labels[:10_000]), (images[-5_000:], labels[-5_000:])
# --8<-- [end:load]


# --8<-- [start:model]
def build_model(gain: float = 1.0) -> keras.Model:
    orthogonal = keras.initializers.Orthogonal(gain)
    return keras.Sequential([
        keras.Input(shape=(28, 28)),
        keras.layers.SimpleRNN(HIDDEN_SIZE, recurrent_initializer=orthogonal),
        keras.layers.Dense(10),
    ])
# --8<-- [end:model]


# --8<-- [start:norms]
def gradient_norms(model, images, labels) -> np.ndarray:
    layer, output = model.layers
    loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    state, states = tf.zeros((len(images), HIDDEN_SIZE)), []
    with tf.GradientTape() as tape:
        for t in range(28):
            state, _ = layer.cell(images[:, t], [state])  # (N, 64)
            states.append(state)
        loss = loss_function(labels, output(state))
    gradients = tape.gradient(loss, states)  # 28 of (N, 64)
    return np.linalg.norm(gradients, axis=2).mean(axis=1)  # (28,)
# --8<-- [end:norms]


# --8<-- [start:train]
def train(model, images, labels, learning_rate, clip_norm):
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate, global_clipnorm=clip_norm),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(images, labels, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)


def evaluate(model, images, labels) -> float:
    logits = model.predict(images, batch_size=1000, verbose=0)
    return float(np.mean(logits.argmax(axis=1) == labels))
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(norms, unclipped_accuracies, clipped_accuracies):
    _, axes = plt.subplots(num="gradient_norms", clear=True)
    steps = np.arange(1, 29)
    for gain, values in norms.items():
        axes.semilogy(steps, values, label=f"gain {gain}")
        bound = values[-1] * gain ** (28.0 - steps)  # tanh can only make it smaller
        axes.semilogy(steps, bound, color="gray", linestyle=":", linewidth=1)
    axes.set(xlabel="time step t", ylabel="norm of dL / dh(t)", ylim=(1e-10, 1e10))
    axes.legend()

    _, axes = plt.subplots(num="clipping", clear=True)
    axes.semilogx(LEARNING_RATES, clipped_accuracies, marker="o", label=f"clipped to {CLIP_NORM}")
    axes.semilogx(LEARNING_RATES, unclipped_accuracies, marker="s", label="not clipped")
    axes.set(xlabel="learning rate", ylabel="validation accuracy", ylim=(0, 1))
    axes.set_xticks(LEARNING_RATES, LEARNING_RATES)
    axes.minorticks_off()
    axes.legend()
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    training, validation = load()
    images, labels = training[0][:256], training[1][:256]
    norms = {gain: gradient_norms(build_model(gain), images, labels) for gain in GAINS}
    magnitudes = [float(np.log10(values[0] / values[-1])) for values in norms.values()]
    for gain, magnitude in zip(GAINS, magnitudes):
        print(f"gain {gain}: gradient at step 1 / at step 28 = {10**magnitude:.0e}")

    unclipped_accuracies, clipped_accuracies = [], []
    for clip_norm, accuracies in ((None, unclipped_accuracies), (CLIP_NORM, clipped_accuracies)):
        for learning_rate in LEARNING_RATES:
            keras.utils.set_random_seed(SEED)  # equal settings: the same initial weights
            model = build_model(TRAINED_GAIN)
            train(model, *training, learning_rate, clip_norm)
            accuracies.append(evaluate(model, *validation))
            print(f"learning rate {learning_rate}, clip {clip_norm}: accuracy {accuracies[-1]:.1%}")
    draw(norms, unclipped_accuracies, clipped_accuracies)
    plt.show()
# --8<-- [end:main]
