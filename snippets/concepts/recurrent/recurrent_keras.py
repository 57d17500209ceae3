# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
EPOCHS = 20
BATCH_SIZE = 50
LEARNING_RATE = 3e-3
# --8<-- [end:imports]


# --8<-- [start:model]
def build_model() -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(10, 20)),  # time steps, numbers in each
        keras.layers.SimpleRNN(64),  # (N, 64): the last hidden state
        keras.layers.Dense(1, activation="sigmoid"),  # (N, 1), between 0 and 1
    ])


def build_control() -> keras.Model:
    return keras.Sequential([
        keras.Input(shape=(20,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
# --8<-- [end:model]


# --8<-- [start:data]
def make_data(count, generator):
    rows = generator.normal(scale=0.5, size=(count, 10, 20)).astype("float32")
    random_labels = generator.integers(0, 2, size=(count, 1)).astype("float32")
    first, last = generator.choice([-1, 1], size=(2, count, 1))
    rows[:, 0] += first  # all 20 numbers of the first step, up or down by 1
    rows[:, -1] += last
    labels = (first == last).astype("float32")  # the rule
    return rows, random_labels, labels
# --8<-- [end:data]


# --8<-- [start:train]
def train(model, rows, labels, fresh_rows, fresh_labels) -> tuple[list[float], list[float]]:
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    history = model.fit(
        rows, labels, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0,
        validation_data=(fresh_rows, fresh_labels), validation_batch_size=len(fresh_rows),
    )
    return history.history["accuracy"], history.history["val_accuracy"]
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(curves):
    _, panels = plt.subplots(
        1, 3, num="accuracy", clear=True, figsize=(6.4, 3), sharey=True, layout="tight"
    )
    for axes, (title, (training, fresh)) in zip(panels, curves.items()):
        axes.plot(range(1, EPOCHS + 1), training, label="training rows")
        axes.plot(range(1, EPOCHS + 1), fresh, "--", label="fresh rows")
        axes.axhline(0.5, color="gray", linestyle=":")  # guessing
        axes.set(title=title, xlabel="epoch", xticks=(1, 10, 20), ylim=(0.4, 1.03))
    panels[0].set_ylabel("accuracy")
    panels[1].legend(loc="center right")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    rows, random_labels, labels = make_data(1000, generator)
    fresh_rows, fresh_random_labels, fresh_labels = make_data(1000, generator)
    keras.utils.set_random_seed(SEED)
    curves = {
        "random labels": train(
            build_model(), rows, random_labels, fresh_rows, fresh_random_labels
        ),
        "labels with a rule": train(build_model(), rows, labels, fresh_rows, fresh_labels),
        "rule, last step only": train(
            build_control(), rows[:, -1], labels, fresh_rows[:, -1], fresh_labels
        ),
    }
    for title, (training, fresh) in curves.items():
        print(f"{title:20} training {training[-1]:.1%}, fresh {fresh[-1]:.1%}")
    training_accuracies = [training[-1] for training, _ in curves.values()]
    fresh_accuracies = [fresh[-1] for _, fresh in curves.values()]
    draw(curves)
    plt.show()
# --8<-- [end:main]
