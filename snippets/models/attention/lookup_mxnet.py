# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

SEED = 0
EPOCHS = 2
BATCH_SIZE = 64
LEARNING_RATE = 3e-3
PAIRS, QUESTIONS, LENGTH = 8, 4, 16  # up to 8 pairs, then 4 questions, each with its answer
PAD, PAIR, QUESTION, ANSWER, VOCABULARY = 0, 1, 101, 111, 121  # the first token of each kind
SIZE, HEADS = 64, 2
NAMES = ["·", *(f"{key}{value}" for key in "abcdefghij" for value in range(10))]
NAMES += [*(f"{key}?" for key in "abcdefghij"), *(f"={value}" for value in range(10))]
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
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
        return self.output(mixed.reshape((0, 0, -1))), shares


class Model(nn.Block):
    def __init__(self, causal: bool = True):
        super().__init__()
        self.causal = causal
        self.tokens = nn.Embedding(VOCABULARY, SIZE)
        self.places = nn.Embedding(LENGTH, SIZE)
        self.attention = MultiHeadAttention()
        self.output = nn.Dense(10, flatten=False, in_units=SIZE)
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)

    def attend(self, tokens):
        place = mx.nd.arange(tokens.shape[1], ctx=tokens.context)
        x = self.tokens(tokens) + self.places(place).expand_dims(0)  # (N, T, 64)
        allowed = (tokens != PAD).expand_dims(1).astype(x.dtype)  # (N, 1, T)
        if self.causal:
            past = place.reshape((1, 1, -1)) <= place.reshape((1, -1, 1))  # (1, T, T)
            allowed = allowed * past.astype(x.dtype)  # (N, T, T)
        mixed, shares = self.attention(x, allowed)
        return self.output(x + mixed), shares  # (N, T, 10), (N, H, T, T)

    def forward(self, tokens):
        return self.attend(tokens)[0]
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, tokens, answers):
    dataset = gluon.data.ArrayDataset(tokens, answers)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(model.collect_params(), mx.optimizer.Adam(LEARNING_RATE))
    for _ in range(EPOCHS):
        for tokens, answers in batches:
            with autograd.record():
                logits = model(tokens.as_in_context(CONTEXT))[:, PAIRS::2]  # (B, 4, 10)
                losses = loss_function(logits, answers.as_in_context(CONTEXT))  # (B,)
            losses.backward()
            trainer.step(len(tokens))
# --8<-- [end:train]


# --8<-- [start:answer]
def answer(model, tokens) -> np.ndarray:
    tokens = mx.nd.array(tokens, ctx=CONTEXT)  # a copy, whose answers are overwritten
    for place in range(PAIRS, LENGTH, 2):
        logits = model(tokens[:, : place + 1])[:, -1]  # (N, 10), nothing after the question
        tokens[:, place + 1] = ANSWER + logits.argmax(axis=1)
    return tokens[:, PAIRS + 1 :: 2].asnumpy().astype(int) - ANSWER  # (N, 4)
# --8<-- [end:answer]


# --8<-- [start:look]
def look(model, tokens) -> tuple[np.ndarray, np.ndarray]:
    return tuple(x.asnumpy() for x in model.attend(mx.nd.array(tokens, ctx=CONTEXT)))
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
    mx.random.seed(SEED)
    np.random.seed(SEED)
    generator = np.random.default_rng(SEED)
    tokens, answers, _ = draw_examples(15_000, generator)
    test_tokens, test_answers, test_places = draw_examples(2000, generator)
    following = np.broadcast_to(np.arange(PAIRS + 1, LENGTH, 2), test_places.shape)
    print("an example:", *(NAMES[token] for token in test_tokens[0] if token != PAD))
    models, accuracies, right_shares, following_shares = [], [], [], []
    for causal in (True, False):
        model = Model(causal)
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
