# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

SEED = 0
EPOCHS = 2
BATCH_SIZE = 64
LEARNING_RATE = 3e-3
PAIRS, QUESTIONS, LENGTH = 8, 4, 16  # up to 8 pairs, then 4 questions, each with its answer
PAD, PAIR, QUESTION, ANSWER, VOCABULARY = 0, 1, 101, 111, 121  # the first token of each kind
SIZE, HEADS = 64, 2
NAMES = ["·", *(f"{key}{value}" for key in "abcdefghij" for value in range(10))]
NAMES += [*(f"{key}?" for key in "abcdefghij"), *(f"={value}" for value in range(10))]
# --8<-- [end:imports]


# --8<-- [start:task]
def draw_examples(number, generator):
    keys = generator.random((number, 10)).argsort(axis=1)[:, :PAIRS]  # (N, 8), no key twice
    values = generator.integers(10, size=(number, PAIRS))
    there = np.arange(PAIRS) < generator.integers(QUESTIONS, PAIRS + 1, size=(number, 1))
    places = (generator.random((number, PAIRS)) - there).argsort(axis=1)[:, :QUESTIONS]  # (N, 4)
    answers = np.take_along_axis(values, places, axis=1)
    tokens = np.full((number, LENGTH), PAD)
    tokens[:, :PAIRS] = np.where(there, PAIR + 10 * keys + values, PAD)
    tokens[:, PAIRS::2] = QUESTION + np.take_along_axis(keys, places, axis=1)
    tokens[:, PAIRS + 1 :: 2] = ANSWER + answers
    return tokens, answers, places  # (N, 16), (N, 4), (N, 4)
# --8<-- [end:task]


# --8<-- [start:model]
def build_model(causal: bool = True) -> keras.Model:
    tokens = keras.Input(shape=(None,), dtype="int32")  # (N, T)
    places = ops.cumsum(ops.ones_like(tokens), axis=1) - 1  # 0, 1, 2, ...
    x = layers.Embedding(VOCABULARY, SIZE)(tokens) + layers.Embedding(LENGTH, SIZE)(places)
    attention = layers.MultiHeadAttention(HEADS, SIZE // HEADS, name="attention")
    mixed, _ = attention(
        x, x,
        attention_mask=ops.expand_dims(ops.not_equal(tokens, PAD), axis=1),  # (N, 1, T)
        use_causal_mask=causal,
        return_attention_scores=True,
    )
    return keras.Model(tokens, layers.Dense(10)(x + mixed))  # (N, T, 10)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, tokens, answers):
    targets = np.full(tokens.shape, -1)  # -1: counts for nothing
    targets[:, PAIRS::2] = answers
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
    )
    model.fit(tokens, targets, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
# --8<-- [end:train]


# --8<-- [start:answer]
def answer(model, tokens) -> np.ndarray:
    tokens = tokens.copy()  # whose answers are overwritten
    for place in range(PAIRS, LENGTH, 2):
        logits = model(tokens[:, : place + 1])[:, -1]  # (N, 10), nothing after the question
        tokens[:, place + 1] = ANSWER + ops.convert_to_numpy(logits).argmax(axis=1)
    return tokens[:, PAIRS + 1 :: 2] - ANSWER  # (N, 4)
# --8<-- [end:answer]


# --8<-- [start:look]
def look(model, tokens) -> tuple[np.ndarray, np.ndarray]:
    _, shares = model.get_layer("attention").output  # (N, H, T, T)
    both = keras.Model(model.input, [model.output, shares])
    logits, shares = both.predict(tokens, batch_size=1000, verbose=0)
    return logits, shares
# --8<-- [end:look]


# --8<-- [start:draw]
def weight_at(shares, places) -> float:
    asking = shares.mean(axis=1)[:, PAIRS::2]  # (N, 4, T), mean of the heads, rows of the questions
    return float(np.take_along_axis(asking, places[..., np.newaxis], axis=2).mean())


def draw_maps(models, tokens, places):
    names = [NAMES[token] for token in tokens[0]]
    _, panels = plt.subplots(
        1, 2, num="attention_maps", clear=True, figsize=(9, 4.8), layout="tight"
    )
    for axes, model, title in zip(panels, models, ("causal mask", "no causal mask")):
        _, shares = look(model, tokens)
        axes.imshow(shares[0].mean(axis=0), cmap="Blues", vmin=0, vmax=1)
        axes.plot(places, range(PAIRS, LENGTH, 2), "o", color="tab:red", fillstyle="none")
        axes.set(title=title, xlabel="looked at", ylabel="looking")
        axes.set_xticks(range(LENGTH), names, fontsize=7)
        axes.set_yticks(range(LENGTH), names, fontsize=7)
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    generator = np.random.default_rng(SEED)
    tokens, answers, _ = draw_examples(15_000, generator)
    test_tokens, test_answers, test_places = draw_examples(2000, generator)
    following = np.broadcast_to(np.arange(PAIRS + 1, LENGTH, 2), test_places.shape)
    print("an example:", *(NAMES[token] for token in test_tokens[0] if token != PAD))
    models, accuracies, right_shares, following_shares = [], [], [], []
    for causal in (True, False):
        model = build_model(causal)
        train(model, tokens, answers)
        logits, shares = look(model, test_tokens)
        accuracies.append(np.mean(logits[:, PAIRS::2].argmax(axis=2) == test_answers))
        accuracies.append(np.mean(answer(model, test_tokens) == test_answers))
        right_shares.append(weight_at(shares, test_places))
        following_shares.append(weight_at(shares, following))
        models.append(model)
        print(f"causal mask: {causal}")
        print(f"  right: all in sight {accuracies[-2]:.2%}, one by one {accuracies[-1]:.2%}")
        print(f"  weight: the pair {right_shares[-1]:.2f}, next answer {following_shares[-1]:.2f}")
    draw_maps(models, test_tokens[:1], test_places[0])
    plt.show()
# --8<-- [end:main]
