# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
EPOCHS = 4
BATCH_SIZE = 64
LEARNING_RATE = 1e-2
SHORTEST, LONGEST = 5, 20
FEATURES = 32  # hidden numbers at each step, in one direction or in two
# --8<-- [end:imports]


# --8<-- [start:boards]
def make_boards(count, generator):
    lengths = generator.integers(SHORTEST, LONGEST + 1, size=count)
    real = np.arange(LONGEST) < lengths[:, np.newaxis]  # (N, 20): False in the padding
    mines = generator.integers(0, 2, size=(count, LONGEST)) * real
    counts = np.zeros_like(mines)
    counts[:, 1:] += mines[:, :-1]  # the neighbour on the left
    counts[:, :-1] += mines[:, 1:]  # and on the right
    boards = np.stack([real & (mines == 0), mines == 1], axis=2).astype("float32")
    return boards, counts * real, real  # (N, 20, 2), (N, 20), (N, 20)
# --8<-- [end:boards]


# --8<-- [start:model]
def build_model(bidirectional: bool = True) -> keras.Model:
    units = FEATURES // 2 if bidirectional else FEATURES
    layer = keras.layers.SimpleRNN(units, return_sequences=True, zero_output_for_mask=True)
    return keras.Sequential([
        keras.Input(shape=(None, 2)),  # any number of time steps
        keras.layers.Masking(0.0),  # a step of zeros is padding
        keras.layers.Bidirectional(layer) if bidirectional else layer,  # (N, T, 32)
        keras.layers.Dense(3),  # (N, T, 3) logits, for each step
    ])
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, boards, counts, real) -> list[float]:
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # heeds the mask
    )
    history = model.fit(boards, counts, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
    return history.history["loss"]
# --8<-- [end:train]


# --8<-- [start:predict]
def predict(model, boards) -> np.ndarray:
    return model.predict(boards, batch_size=1000, verbose=0)
# --8<-- [end:predict]


# --8<-- [start:draw]
def draw(boards, counts, real, predictions, losses):
    _, axes = plt.subplots(num="board", clear=True, figsize=(7.5, 2.4), layout="tight")
    names = ["mines", "truth", *predictions]
    rows = [np.where(boards[0, :, 1] == 1, "✸", "·"), counts[0]]
    rows += [guesses[0] for guesses in predictions.values()]
    for y, row in enumerate(rows):
        for x in np.flatnonzero(real[0]):
            wrong = y > 1 and row[x] != counts[0, x]
            color = {"color": "tab:red", "weight": "bold"} if wrong else {}
            axes.text(x, y, row[x], ha="center", va="center", **color)
    axes.set(xlim=(-0.5, real[0].sum() - 0.5), ylim=(3.5, -0.5), xlabel="time step")
    axes.set_yticks(range(4), names)

    epochs = range(1, EPOCHS + 1)
    _, axes = plt.subplots(num="learning_curves", clear=True)
    for name, values in losses.items():
        axes.plot(epochs, values, marker="o", label=name)
    axes.set(xlabel="epoch", ylabel="training loss", ylim=(0, None), xticks=epochs)
    axes.legend()
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    generator = np.random.default_rng(SEED)
    training, (boards, counts, real) = make_boards(4000, generator), make_boards(2000, generator)
    ceiling = 0.5 + 0.5 / ((SHORTEST + LONGEST) / 2)
    print(f"the most that the past can tell: {ceiling:.1%}")
    losses, predictions, accuracies = {}, {}, []
    for name, bidirectional in {"forward only": False, "bidirectional": True}.items():
        model = build_model(bidirectional)
        losses[name] = train(model, *training)
        logits = predict(model, boards)  # (N, 20, 3)
        predictions[name] = logits.argmax(axis=2)
        accuracies.append(float(np.mean(predictions[name][real] == counts[real])))
        print(f"{name:13}: accuracy {accuracies[-1]:.2%}")
    forward_accuracy, bidirectional_accuracy = accuracies
    forward_losses, bidirectional_losses = losses.values()

    padded = np.pad(boards, ((0, 0), (0, 10), (0, 0)))  # (N, 30, 2)
    padding_difference = float(np.abs(predict(model, padded)[:, :LONGEST] - logits)[real].max())
    print(f"ten more steps of padding change the logits by {padding_difference:.0e}")
    draw(boards, counts, real, predictions, losses)
    plt.show()
# --8<-- [end:main]
