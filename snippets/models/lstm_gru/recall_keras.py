# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

SEED = 0
STEPS = 500
BATCH_SIZE = 64
LEARNING_RATE = 5e-3
OTHER_LEARNING_RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 2e-2]  # for the simple RNN only
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GATE_BIAS = 4.0  # at first, keep what is remembered
LENGTH, SYMBOLS, MARKED = 34, 8, 10  # the marked symbol is among the first ten
# --8<-- [end:imports]


# --8<-- [start:sequences]
def make_sequences(count, generator):
    symbols = generator.integers(0, SYMBOLS, size=(count, LENGTH))
    marked = generator.integers(0, MARKED, size=count)
    sequences = np.zeros((count, LENGTH, SYMBOLS + 1), dtype="float32")
    sequences[:, :, :SYMBOLS] = np.eye(SYMBOLS)[symbols]
    sequences[np.arange(count), marked, SYMBOLS] = 1  # the mark
    return sequences, symbols[np.arange(count), marked]  # (N, 34, 9), (N,)
# --8<-- [end:sequences]


# --8<-- [start:model]
def build_model(cell: str = "LSTM") -> keras.Model:
    layers = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}
    layer = layers[cell](HIDDEN_SIZE)
    output = keras.layers.Dense(SYMBOLS)
    model = keras.Sequential([keras.Input(shape=(None, SYMBOLS + 1)), layer, output])
    bias = keras.ops.convert_to_numpy(layer.cell.bias).copy()
    if cell == "LSTM":  # (256,): input, forget, candidate, output
        bias[HIDDEN_SIZE : 2 * HIDDEN_SIZE] = GATE_BIAS
    elif cell == "GRU":  # (2, 192): update, reset, candidate
        bias[0, :HIDDEN_SIZE] = GATE_BIAS
    layer.cell.bias.assign(bias)
    return model
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, learning_rate, generator):
    sequences, symbols = make_sequences(STEPS * BATCH_SIZE, generator)  # none is seen twice
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=CLIP_NORM),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(sequences, symbols, batch_size=BATCH_SIZE, verbose=0)


def predict(model, sequences) -> np.ndarray:
    return model.predict(sequences, batch_size=1000, verbose=0)
# --8<-- [end:train]


# --8<-- [start:gradients]
def gradient_norms(model, sequences, symbols) -> np.ndarray:
    x = tf.constant(sequences)
    with tf.GradientTape() as tape:
        tape.watch(x)
        right_logits = tf.gather(model(x), symbols, batch_dims=1)  # (N,)
    return np.linalg.norm(tape.gradient(right_logits, x), axis=2).mean(axis=0)  # (34,)
# --8<-- [end:gradients]


# --8<-- [start:draw]
def draw(before, after):
    _, panels = plt.subplots(
        1, 2, num="gradients", clear=True, figsize=(8, 3.2), sharey=True, layout="tight"
    )
    for axes, norms, title in zip(panels, (before, after), ("before training", "after training")):
        for cell, values in norms.items():
            axes.semilogy(range(1, LENGTH + 1), values, label=cell)
        axes.axvline(MARKED + 0.5, color="gray", linestyle=":")  # marks are on the left
        axes.set(xlabel="time step t", title=title)
    panels[0].set(ylabel="norm of d logit / d x(t)")
    panels[0].legend()
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    runs = [("RNN", rate) for rate in OTHER_LEARNING_RATES]
    runs += [(cell, LEARNING_RATE) for cell in ("RNN", "LSTM", "GRU")]
    test, test_symbols = make_sequences(2000, np.random.default_rng(SEED + 1000))
    before, after, accuracies = {}, {}, []
    for cell, rate in runs:
        keras.utils.set_random_seed(SEED)
        model = build_model(cell)
        before[cell] = gradient_norms(model, test[:256], test_symbols[:256])
        train(model, rate, np.random.default_rng(SEED))
        predictions = predict(model, test).argmax(axis=1)
        accuracies.append(float(np.mean(predictions == test_symbols)))
        after[cell] = gradient_norms(model, test[:256], test_symbols[:256])
        print(f"{cell:4} at learning rate {rate}: accuracy {accuracies[-1]:.2%}")
    print(f"chance: {1 / SYMBOLS:.2%}")
    *other_rnn_accuracies, rnn_accuracy, lstm_accuracy, gru_accuracy = accuracies
    cells = ("RNN", "LSTM", "GRU")
    early_before = [float(np.log10(before[c][:MARKED].mean() / before[c][-1])) for c in cells]
    early_after = [float(np.log10(after[c][:MARKED].mean() / after[c][-1])) for c in cells]
    draw(before, after)
    plt.show()
# --8<-- [end:main]
