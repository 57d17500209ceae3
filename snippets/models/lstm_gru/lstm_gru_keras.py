# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0
BATCH_SIZE = 64
LEARNING_RATE = 1e-2
OTHER_LEARNING_RATES = [2e-3, 5e-3]  # for the simple RNN only
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GATE_BIAS = 1.0  # at first, keep what is remembered
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    training = images[:20_000].astype("float32") / 255, labels[:20_000].astype("int64")
    return training, (test_images.astype("float32") / 255, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
def build_model(cell: str = "LSTM") -> keras.Model:
    layers = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}
    layer = layers[cell](HIDDEN_SIZE)
    output = keras.layers.Dense(10)
    model = keras.Sequential([keras.Input(shape=(28, 28)), layer, output])
    bias = keras.ops.convert_to_numpy(layer.cell.bias).copy()
    if cell == "LSTM":  # (256,): input, forget, candidate, output
        bias[HIDDEN_SIZE : 2 * HIDDEN_SIZE] = GATE_BIAS
    elif cell == "GRU":  # (2, 192): update, reset, candidate
        bias[0, :HIDDEN_SIZE] = GATE_BIAS
    layer.cell.bias.assign(bias)
    return model
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels, learning_rate):
    steps = -(-len(images) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule, global_clipnorm=CLIP_NORM),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(images, labels, batch_size=BATCH_SIZE, verbose=0)  # one epoch


def predict(model, images) -> np.ndarray:
    return model.predict(images, batch_size=1000, verbose=0)
# --8<-- [end:train]


# --8<-- [start:lstm]
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(images, kernel, recurrent, bias):
    state = memory = np.zeros((len(images), HIDDEN_SIZE), dtype="float32")
    gates = []
    for row in images.transpose(1, 0, 2):  # 28 time steps of (N, 28)
        i, f, g, o = np.split(row @ kernel + state @ recurrent + bias, 4, axis=1)  # (N, 64) each
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        memory = f * memory + i * np.tanh(g)
        state = o * np.tanh(memory)
        gates.append((i, f, o))
    return state, np.array(gates)  # (N, 64), (28, 3, N, 64)
# --8<-- [end:lstm]


# --8<-- [start:gru]
def gru(images, kernel, recurrent, bias):
    state = np.zeros((len(images), HIDDEN_SIZE), dtype="float32")
    gates = []
    for row in images.transpose(1, 0, 2):
        xz, xr, xn = np.split(row @ kernel + bias[0], 3, axis=1)  # Keras' order
        hz, hr, hn = np.split(state @ recurrent + bias[1], 3, axis=1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        state = z * state + (1 - z) * np.tanh(xn + r * hn)
        gates.append((z, r))
    return state, np.array(gates)  # (N, 64), (28, 2, N, 64)
# --8<-- [end:gru]


# --8<-- [start:weights]
def numpy_weights(model) -> list[np.ndarray]:
    return model.get_weights()  # kernel, recurrent, bias; kernel, bias of the output layer
# --8<-- [end:weights]


# --8<-- [start:draw]
def draw(image, lstm_gates, gru_gates):
    _, panels = plt.subplots(1, 3, num="gates", clear=True, figsize=(8, 3.2), layout="tight")
    panels[0].imshow(image, cmap="gray")
    for axes, gates, names in (
        (panels[1], lstm_gates, ("input gate i", "forget gate f", "output gate o")),
        (panels[2], gru_gates, ("update gate z", "reset gate r")),
    ):
        for values, name in zip(gates.mean(axis=2).T, names):  # mean over the 64 units
            axes.plot(values, range(28), label=name)
        axes.set(xlabel="how far open", xlim=(0, 1), ylim=(27.5, -0.5))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    training, (test_images, test_labels) = load()
    runs = [("RNN", rate) for rate in OTHER_LEARNING_RATES]
    runs += [(cell, LEARNING_RATE) for cell in ("RNN", "LSTM", "GRU")]
    models, accuracies = {}, []
    for cell, rate in runs:
        keras.utils.set_random_seed(SEED)
        models[cell] = model = build_model(cell)
        train(model, *training, rate)
        predictions = predict(model, test_images).argmax(axis=1)
        accuracies.append(float(np.mean(predictions == test_labels)))
        print(f"{cell:4} at learning rate {rate}: test accuracy {accuracies[-1]:.2%}")
    *other_rnn_accuracies, rnn_accuracy, lstm_accuracy, gru_accuracy = accuracies
    formula_differences, gates = [], []
    for cell, formula in {"LSTM": lstm, "GRU": gru}.items():
        *layer, output_kernel, output_bias = numpy_weights(models[cell])
        state, opened = formula(test_images[:1000], *layer)
        logits = state @ output_kernel + output_bias
        difference = float(np.abs(logits - predict(models[cell], test_images[:1000])).max())
        formula_differences.append(difference)
        gates.append(opened[:, :, 0])  # of the first image
        print(f"{cell:4}: layer against formula {difference:.0e}")
    draw(test_images[0], *gates)
    plt.show()
# --8<-- [end:main]
