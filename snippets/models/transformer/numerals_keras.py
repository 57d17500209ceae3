# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

from task_numpy import CHARACTERS, DIGITS, END, PAD, START, WORDS, decode, draw_attention
from task_numpy import draw_numbers, encode_pairs, encode_positions, exact_share, printable

SEED = 0
EPOCHS = 5
BATCH_SIZE = 64
LEARNING_RATE = 5e-3
SIZE, HEADS, HIDDEN = 64, 4, 128
# --8<-- [end:imports]


# --8<-- [start:layers]
class EncoderLayer(layers.Layer):
    def __init__(self):
        super().__init__()
        self.attention = layers.MultiHeadAttention(HEADS, SIZE // HEADS)
        self.norm_1 = layers.LayerNormalization(epsilon=1e-5)
        self.hidden = layers.Dense(HIDDEN, activation="relu")
        self.project = layers.Dense(SIZE)
        self.norm_2 = layers.LayerNormalization(epsilon=1e-5)

    def call(self, x, there=None):
        x = self.norm_1(x + self.attention(x, x, attention_mask=there))
        return self.norm_2(x + self.project(self.hidden(x)))  # (N, S, D)


class DecoderLayer(layers.Layer):
    def __init__(self):
        super().__init__(name="decoder")
        self.attention = layers.MultiHeadAttention(HEADS, SIZE // HEADS)
        self.norm_1 = layers.LayerNormalization(epsilon=1e-5)
        self.cross_attention = layers.MultiHeadAttention(HEADS, SIZE // HEADS)
        self.norm_2 = layers.LayerNormalization(epsilon=1e-5)
        self.hidden = layers.Dense(HIDDEN, activation="relu")
        self.project = layers.Dense(SIZE)
        self.norm_3 = layers.LayerNormalization(epsilon=1e-5)

    def call(self, x, memory, there):
        x = self.norm_1(x + self.attention(x, x, use_causal_mask=True))
        mixed, shares = self.cross_attention(
            x, memory, attention_mask=there, return_attention_scores=True
        )
        x = self.norm_2(x + mixed)
        x = self.norm_3(x + self.project(self.hidden(x)))
        return x, ops.mean(shares, axis=1)  # (N, T, D), (N, T, S)
# --8<-- [end:layers]


# --8<-- [start:model]
def build_model(with_positions: bool = True) -> keras.Model:
    source = keras.Input(shape=(DIGITS,), dtype="int32")  # (N, S)
    target = keras.Input(shape=(WORDS,), dtype="int32")  # (N, T)
    normal = keras.initializers.RandomNormal(stddev=1)
    embedding = layers.Embedding(len(CHARACTERS), SIZE, embeddings_initializer=normal)
    positions = with_positions * encode_positions(WORDS, SIZE)
    there = ops.expand_dims(ops.not_equal(source, PAD), axis=1)  # (N, 1, S)
    memory = EncoderLayer()(embedding(source) + positions[:DIGITS], there)
    x, _ = DecoderLayer()(embedding(target) + positions, memory, there)
    return keras.Model([source, target], layers.Dense(len(CHARACTERS))(x))  # (N, T, V)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, source, target):
    steps = EPOCHS * -(-len(source) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD),
    )
    inputs, targets = [source, target[:, :-1]], target[:, 1:]  # all but the last, all but the first
    model.fit(inputs, targets, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
# --8<-- [end:train]


# --8<-- [start:translate]
def translate(model, source) -> np.ndarray:
    target = np.full((len(source), WORDS + 1), PAD, dtype="int32")
    target[:, 0] = START
    for place in range(WORDS):
        logits = model([source, target[:, :-1]])  # (N, T, V)
        words = ops.argmax(logits[:, place], axis=1)  # after what was written so far
        target[:, place + 1] = ops.convert_to_numpy(words)
    return target[:, 1:]  # (N, T)


def look(model, source, target) -> tuple[np.ndarray, np.ndarray]:
    _, shares = model.get_layer("decoder").output
    both = keras.Model(model.inputs, [model.output, shares])
    return tuple(ops.convert_to_numpy(x) for x in both([source, target]))  # (N, T, V), (N, T, S)
# --8<-- [end:translate]


# --8<-- [start:main]
if __name__ == "__main__":
    keras.utils.set_random_seed(SEED)
    numbers, test_numbers = draw_numbers(10_000, 2000, np.random.default_rng(SEED))
    source, target = encode_pairs(numbers)
    test_source, test_target = encode_pairs(test_numbers)
    models, accuracies = [], []
    for with_positions in (True, False):
        model = build_model(with_positions)
        train(model, source, target)
        accuracies.append(exact_share(translate(model, test_source), test_target))
        models.append(model)
        print(f"positions: {with_positions}; exactly right {accuracies[-1]:.2%}")
    longest = test_target[:, -1] == END  # no zero, no silent 一: each other word is a digit
    _, shares = look(models[0], test_source[longest], test_target[longest, :-1])
    pointing_share = float(shares[:, range(0, WORDS, 2), range(DIGITS)].mean())
    print(f"weight of a word on its digit {pointing_share:.2f}, of six")
    source, target = encode_pairs([157_105])
    print("157105", printable(decode(translate(models[0], source)[0])))
    draw_attention(source[0], target[0], look(models[0], source, target[:, :-1])[1][0])
    plt.show()
# --8<-- [end:main]
