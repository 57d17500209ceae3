# --8<-- [start:imports]
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from task_numpy import CHARACTERS, DIGITS, PAD, WORDS
from task_numpy import draw_numbers, encode, encode_positions, exact_share, name_number

SEED = 0
EPOCHS = 3
BATCH_SIZE = 32
LEARNING_RATE = 4e-3
SIZE, HEADS, HIDDEN, LAYERS = 64, 4, 128, 2
LENGTH, MASK = DIGITS + WORDS + 1, len(CHARACTERS)  # MASK: a token of its own, for a blank
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
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
class MultiHeadAttention(nn.Block):  # Gluon has none
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.project = nn.Dense(3 * SIZE, flatten=False, in_units=SIZE, prefix="in_")
            self.output = nn.Dense(SIZE, flatten=False, in_units=SIZE, prefix="out_")

    def forward(self, x, allowed):  # (N, T, D), (N, T, T) of ones and zeros
        projected = self.project(x).reshape((0, 0, 3 * HEADS, -1)).swapaxes(1, 2)
        queries, keys, values = projected.split(3, axis=1)  # (N, H, T, K) each
        scores = mx.nd.linalg.gemm2(queries, keys, transpose_b=True) / keys.shape[3] ** 0.5
        shares = (scores + (allowed.expand_dims(1) - 1) * 1e9).softmax()  # (N, H, T, T)
        mixed = mx.nd.linalg.gemm2(shares, values).swapaxes(1, 2)  # (N, T, H, K)
        return self.output(mixed.reshape((0, 0, -1)))  # (N, T, D)


class Layer(nn.Block):
    def __init__(self):
        super().__init__()
        self.attention = MultiHeadAttention()
        self.norm_1 = nn.LayerNorm(in_channels=SIZE)
        self.hidden = nn.Dense(HIDDEN, activation="relu", flatten=False, in_units=SIZE)
        self.project = nn.Dense(SIZE, flatten=False, in_units=HIDDEN)
        self.norm_2 = nn.LayerNorm(in_channels=SIZE)

    def forward(self, x, allowed):
        x = self.norm_1(x + self.attention(x, allowed))
        return self.norm_2(x + self.project(self.hidden(x)))  # (N, T, D)


class Model(nn.Block):
    def __init__(self, kind: str = "GPT"):
        super().__init__()
        self.past = np.tri(LENGTH) if kind == "GPT" else np.ones((LENGTH, LENGTH))
        normal = mx.init.Normal(1)
        self.embedding = nn.Embedding(len(CHARACTERS) + 1, SIZE, weight_initializer=normal)
        self.layers = [Layer() for _ in range(LAYERS)]
        for layer in self.layers:
            self.register_child(layer)
        self.output = nn.Dense(len(CHARACTERS), flatten=False, in_units=SIZE)
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)

    def forward(self, tokens):
        x = self.embedding(tokens)  # (N, T, D)
        positions = encode_positions(LENGTH, SIZE)[np.newaxis]
        x = x + mx.nd.array(positions, dtype=x.dtype, ctx=x.context)
        past = mx.nd.array(self.past[np.newaxis], dtype=x.dtype, ctx=x.context)  # (1, T, T)
        allowed = (tokens != PAD).expand_dims(1).astype(x.dtype) * past  # (N, T, T)
        for layer in self.layers:
            x = layer(x, allowed)
        return self.output(x)  # (N, T, V)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, tokens, kind, generator):
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    steps = EPOCHS * -(-len(tokens) // BATCH_SIZE)
    schedule = mx.lr_scheduler.CosineScheduler(steps, base_lr=LEARNING_RATE)
    adam = mx.optimizer.Adam(LEARNING_RATE, lr_scheduler=schedule)
    trainer = gluon.Trainer(model.collect_params(), adam)
    for _ in range(EPOCHS):
        arrays = make_examples(tokens, kind, generator)  # other blanks in each epoch
        dataset = gluon.data.ArrayDataset(*arrays)
        for batch in gluon.data.DataLoader(dataset, BATCH_SIZE, shuffle=True):
            inputs, targets = (array.as_in_context(CONTEXT) for array in batch)
            with autograd.record():
                counts = (targets != PAD).astype("float32").expand_dims(2)
                losses = loss_function(model(inputs), targets, counts)  # (B,)
            losses.backward()
            trainer.step(len(inputs))


def predict(model, tokens) -> np.ndarray:  # the likeliest token at each place, (N, T)
    return model(mx.nd.array(tokens, ctx=CONTEXT)).argmax(axis=2).asnumpy().astype(int)
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
    mx.random.seed(SEED)
    np.random.seed(SEED)
    generator = np.random.default_rng(SEED)
    numbers, test_numbers = draw_numbers(7500, 1000, generator)
    tokens, test_tokens = make_text(numbers), make_text(test_numbers)
    models = {}
    for kind in ("GPT", "BERT"):
        models[kind] = Model(kind)
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
