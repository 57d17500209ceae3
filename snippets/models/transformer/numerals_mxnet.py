# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from task_numpy import CHARACTERS, DIGITS, END, PAD, START, WORDS, decode, draw_attention
from task_numpy import draw_numbers, encode_pairs, encode_positions, exact_share, printable

SEED = 0
EPOCHS = 5
BATCH_SIZE = 64
LEARNING_RATE = 5e-3
SIZE, HEADS, HIDDEN = 64, 4, 128
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:attention]
class MultiHeadAttention(nn.Block):  # Gluon has none
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.project = nn.Dense(3 * SIZE, flatten=False, in_units=SIZE, prefix="in_")
            self.output = nn.Dense(SIZE, flatten=False, in_units=SIZE, prefix="out_")

    def split(self, x):  # (N, T, D) to queries, keys and values, (N, H, T, K) each
        return self.project(x).reshape((0, 0, 3 * HEADS, -1)).swapaxes(1, 2).split(3, axis=1)

    def forward(self, x, memory, allowed):  # (N, T, D), (N, S, D), (N, T, S) of ones and zeros
        parts = self.split(x)
        queries, (_, keys, values) = parts[0], parts if memory is x else self.split(memory)
        scores = mx.nd.linalg.gemm2(queries, keys, transpose_b=True) / keys.shape[3] ** 0.5
        shares = (scores + (allowed.expand_dims(1) - 1) * 1e9).softmax()  # (N, H, T, S)
        mixed = mx.nd.linalg.gemm2(shares, values).swapaxes(1, 2)  # (N, T, H, K)
        return self.output(mixed.reshape((0, 0, -1))), shares  # (N, T, D), (N, H, T, S)
# --8<-- [end:attention]


# --8<-- [start:layers]
class Layer(nn.Block):
    def __init__(self, decoder: bool):
        super().__init__()
        self.attention = MultiHeadAttention()
        self.norm_1 = nn.LayerNorm(in_channels=SIZE)
        if decoder:
            self.cross_attention = MultiHeadAttention()
            self.norm_2 = nn.LayerNorm(in_channels=SIZE)
        self.hidden = nn.Dense(HIDDEN, activation="relu", flatten=False, in_units=SIZE)
        self.project = nn.Dense(SIZE, flatten=False, in_units=HIDDEN)
        self.norm_3 = nn.LayerNorm(in_channels=SIZE)

    def forward(self, x, allowed, memory=None, there=None):
        mixed, shares = self.attention(x, x, allowed)
        x = self.norm_1(x + mixed)
        if memory is not None:
            mixed, shares = self.cross_attention(x, memory, there)
            x = self.norm_2(x + mixed)
        return self.norm_3(x + self.project(self.hidden(x))), shares
# --8<-- [end:layers]


# --8<-- [start:model]
class Model(nn.Block):
    def __init__(self, with_positions: bool = True):
        super().__init__()
        self.embedding = nn.Embedding(len(CHARACTERS), SIZE, weight_initializer=mx.init.Normal(1))
        self.encoder, self.decoder = Layer(decoder=False), Layer(decoder=True)
        self.output = nn.Dense(len(CHARACTERS), flatten=False, in_units=SIZE)
        self.positions = with_positions * encode_positions(WORDS, SIZE)
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)

    def embed(self, tokens):
        x = self.embedding(tokens)  # (N, T, D)
        positions = mx.nd.array(self.positions[: tokens.shape[1]], dtype=x.dtype, ctx=x.context)
        return x + positions.expand_dims(0)

    def attend(self, source, target):
        x, y = self.embed(source), self.embed(target)
        there = (source != PAD).expand_dims(1).astype(x.dtype)  # (N, 1, S)
        past = mx.nd.array(np.tri(target.shape[1])[np.newaxis], dtype=x.dtype, ctx=x.context)
        memory, _ = self.encoder(x, there)
        y, shares = self.decoder(y, past, memory, there)  # past: (1, T, T)
        return self.output(y), shares.mean(axis=1)  # (N, T, V), (N, T, S)

    def forward(self, source, target):
        return self.attend(source, target)[0]
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, source, target):
    dataset = gluon.data.ArrayDataset(source, target)
    batches = gluon.data.DataLoader(dataset, BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    schedule = mx.lr_scheduler.CosineScheduler(EPOCHS * len(batches), base_lr=LEARNING_RATE)
    adam = mx.optimizer.Adam(LEARNING_RATE, lr_scheduler=schedule)
    trainer = gluon.Trainer(model.collect_params(), adam)
    for _ in range(EPOCHS):
        for source, target in batches:
            source, target = source.as_in_context(CONTEXT), target.as_in_context(CONTEXT)
            targets = target[:, 1:]  # all but the first
            with autograd.record():
                logits = model(source, target[:, :-1])  # (B, T, V), from all but the last token
                counts = (targets != PAD).astype("float32").expand_dims(2)
                losses = loss_function(logits, targets, counts)  # (B,)
            losses.backward()
            trainer.step(len(source))
# --8<-- [end:train]


# --8<-- [start:translate]
def translate(model, source) -> np.ndarray:
    source = mx.nd.array(source, ctx=CONTEXT)
    target = mx.nd.full((len(source), 1), START, ctx=CONTEXT)
    for _ in range(WORDS):
        logits = model(source, target)[:, -1]  # (N, V), after what was written so far
        target = mx.nd.concat(target, logits.argmax(axis=1, keepdims=True), dim=1)
    return target[:, 1:].asnumpy().astype(int)  # (N, T)


def look(model, source, target) -> tuple[np.ndarray, np.ndarray]:
    inputs = (mx.nd.array(tokens, ctx=CONTEXT) for tokens in (source, target))
    return tuple(x.asnumpy() for x in model.attend(*inputs))  # (N, T, V), (N, T, S)
# --8<-- [end:translate]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    np.random.seed(SEED)
    numbers, test_numbers = draw_numbers(10_000, 2000, np.random.default_rng(SEED))
    source, target = encode_pairs(numbers)
    test_source, test_target = encode_pairs(test_numbers)
    models, accuracies = [], []
    for with_positions in (True, False):
        model = Model(with_positions)
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
