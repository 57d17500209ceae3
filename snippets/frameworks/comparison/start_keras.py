# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
from keras import initializers

from comparison_keras import load

SEED = 0
IMAGES = 12_000
BATCH_SIZE = 64
# --8<-- [end:imports]


# --8<-- [start:starts]
STARTS = {  # inputs to the initialisers of kernel and bias
    "Keras": lambda inputs: ("glorot_uniform", "zeros"),
    "PyTorch": lambda inputs: 2 * [initializers.RandomUniform(-(inputs**-0.5), inputs**-0.5)],
    "MXNet": lambda inputs: (initializers.RandomUniform(-0.07, 0.07), "zeros"),
}


def started(start: str) -> keras.Model:
    hidden, output = STARTS[start](784), STARTS[start](64)
    return keras.Sequential([
        keras.Input(shape=(784,)),
        keras.layers.Dense(64, "relu", kernel_initializer=hidden[0], bias_initializer=hidden[1]),
        keras.layers.Dense(10, kernel_initializer=output[0], bias_initializer=output[1]),
    ])
# --8<-- [end:starts]


# --8<-- [start:train]
def first_epoch(model, images, labels) -> list[float]:
    means = []  # of the losses so far
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: means.append(logs["loss"])
    )
    model.fit(images, labels, batch_size=BATCH_SIZE, verbose=0, callbacks=[note])
    return means
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(curves):
    _, axes = plt.subplots(num="first_epoch", clear=True, figsize=(6, 3), layout="tight")
    for start, means in curves.items():
        axes.plot(range(1, len(means) + 1), means, label=start)
    axes.set(xlabel="batch", ylabel="mean loss so far")
    axes.legend(title="initial weights of")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    (images, labels), _ = load()
    images, labels = images[:IMAGES], labels[:IMAGES]
    curves = {start: first_epoch(started(start), images, labels) for start in STARTS}
    first_losses = [means[-1] for means in curves.values()]
    for start, loss in zip(STARTS, first_losses):
        print(f"initial weights of {start:8} mean loss of the first epoch {loss:.4f}")
    draw(curves)
    plt.show()
# --8<-- [end:main]
