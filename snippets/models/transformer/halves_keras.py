# --8<-- [start:imports]
import keras
import numpy as np
from keras import layers, ops

from task_numpy import CHARACTERS, DIGITS, PAD, WORDS
from task_numpy import draw_numbers, encode, encode_positions, exact_share, name_number

SEED = 0
EPOCHS = 3
BATCH_SIZE = 32
LEARNING_RATE = 4e-3
SIZE, HEADS, HIDDEN, LAYERS = 64, 4, 128, 2
LENGTH, MASK = DIGITS + WORDS + 1, len(CHARACTERS)  # MASK: a token of its own, for a blank
# --8<-- [end:imports]


# --8<-- [start:examples]
def make_text(numbers) -> np.ndarray:  # (N, T), each number and its name
    return encode([f"{number}<{name_number(number)}>" for number in numbers], LENGTH)


def make_examples(tokens, kind, generator) -> tuple[np.ndarray, np.ndarray]:
    if kind == "GPT":
        return tokens, np.pad(tokens[:, 1:], ((0, 0), (0, 1)))  # at each token, the next
    blank = (generator.random(tokens.shape) < 0.3) & (tokens != PAD)
    return np.where(blank, MASK, tokens), np.where(blank, tokens, PAD)  # at blanks, what was there
# --8<-- [end:examples]


# --8<-- [start:model]
class Layer(layers.Layer):
    def __init__(self):
        super().__init__()
        uniform = keras.initializers.RandomUniform(-0.15, 0.15)  # as the others begin
        self.attention = layers.MultiHeadAttention(HEADS, SIZE // HEADS, kernel_initializer=uniform)
        self.norm_1 = layers.LayerNormalization(epsilon=1e-5)
        self.hidden = layers.Dense(HIDDEN, activation="relu")
        self.project = layers.Dense(SIZE)
        self.norm_2 = layers.LayerNormalization(epsilon=1e-5)

    def call(self, x, there, causal):
        mixed = self.attention(x, x, attention_mask=there, use_causal_mask=causal)
        x = self.norm_1(x + mixed)
        return self.norm_2(x + self.project(self.hidden(x)))  # (N, T, D)


def build_model(kind: str = "GPT") -> keras.Model:
    tokens = keras.Input(shape=(LENGTH,), dtype="int32")  # (N, T)
    there = ops.expand_dims(ops.not_equal(tokens, PAD), axis=1)  # (N, 1, T)
    normal = keras.initializers.RandomNormal(stddev=1)
    embedding = layers.Embedding(len(CHARACTERS) + 1, SIZE, embeddings_initializer=normal)
    x = embedding(tokens) + encode_positions(LENGTH, SIZE)  # (N, T, D)
    for _ in range(LAYERS):
        x = Layer()(x, there, causal=kind == "GPT")
    return keras.Model(tokens, layers.Dense(len(CHARACTERS))(x))  # (N, T, V)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, tokens, kind, generator):
    steps = EPOCHS * -(-len(tokens) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD),
    )
    for _ in range(EPOCHS):
        inputs, targets = make_examples(tokens, kind, generator)  # other blanks in each epoch
        model.fit(inputs, targets, batch_size=BATCH_SIZE, verbose=0)


def predict(model, tokens) -> np.ndarray:  # the likeliest token at each place, (N, T)
    return model.predict(tokens, batch_size=1000, verbose=0).argmax(axis=2)
# --8<-- [end:train]


# --8<-- [start:use]
def write_on(model, prompt) -> np.ndarray:
    tokens = prompt.copy()
    for place in range(1, LENGTH):
        following = predict(model, tokens)[:, place - 1]
        tokens[:, place] = np.where(prompt[:, place] == PAD, following, prompt[:, place])
    return tokens
# --8<-- [end:use]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    generator = np.random.default_rng(SEED)
    numbers, test_numbers = draw_numbers(7500, 1000, generator)
    tokens, test_tokens = make_text(numbers), make_text(test_numbers)
    models = {}
    for kind in ("GPT", "BERT"):
        models[kind] = build_model(kind)
        train(models[kind], tokens, kind, generator)

    prompt = encode([f"{number}<" for number in test_numbers], LENGTH)
    written_share = exact_share(write_on(models["GPT"], prompt), test_tokens)
    print(f"GPT writes {written_share:.2%} of the names, from the digits")
    six = test_tokens[test_numbers >= 100_000]
    blank = six.copy()
    blank[:, 2] = MASK  # the third digit
    filled_shares = [float(np.mean(predict(models["BERT"], blank)[:, 2] == six[:, 2]))]
    filled_shares.append(float(np.mean(predict(models["GPT"], six)[:, 1] == six[:, 2])))
    print(f"a blank digit: BERT {filled_shares[0]:.2%} right, GPT {filled_shares[1]:.2%}")
# --8<-- [end:main]
