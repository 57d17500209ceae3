# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn, rnn

SEED = 0
STEPS = 500
BATCH_SIZE = 64
LEARNING_RATE = 5e-3
OTHER_LEARNING_RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 2e-2]  # for the simple RNN only
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GATE_BIAS = 4.0  # at first, keep what is remembered
LENGTH, SYMBOLS, MARKED = 34, 8, 10  # the marked symbol is among the first ten
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
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
class Model(gluon.Block):
    def __init__(self, cell: str = "LSTM"):
        super().__init__()
        orthogonal = mx.init.Orthogonal(scale=1.0)  # as Keras does
        options = {"layout": "NTC", "input_size": SYMBOLS + 1, "h2h_weight_initializer": orthogonal}
        if cell == "RNN":
            options["activation"] = "tanh"
        self.rnn = {"RNN": rnn.RNN, "LSTM": rnn.LSTM, "GRU": rnn.GRU}[cell](HIDDEN_SIZE, **options)
        self.output = nn.Dense(SYMBOLS)
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)
        if cell != "RNN":  # second in both: i, f, g, o and r, z, n
            self.rnn.l0_i2h_bias.data()[HIDDEN_SIZE : 2 * HIDDEN_SIZE] = GATE_BIAS

    def forward(self, x):
        return self.output(self.rnn(x)[:, -1])  # (N, T, 64) to (N, SYMBOLS)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, learning_rate, generator):
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    parameters = model.collect_params()
    trainer = gluon.Trainer(parameters, "adam", {"learning_rate": learning_rate})
    for _ in range(STEPS):
        sequences, symbols = make_sequences(BATCH_SIZE, generator)  # none is seen twice
        x, y = mx.nd.array(sequences, ctx=CONTEXT), mx.nd.array(symbols, ctx=CONTEXT)
        with autograd.record():
            loss = loss_function(model(x), y).mean()
        loss.backward()
        gradients = [parameter.grad() for parameter in parameters.values()]
        gluon.utils.clip_global_norm(gradients, CLIP_NORM, check_isfinite=False)
        trainer.step(1)  # the mean is taken already


def predict(model, sequences) -> np.ndarray:
    return model(mx.nd.array(sequences, ctx=CONTEXT)).asnumpy()
# --8<-- [end:train]


# --8<-- [start:gradients]
def gradient_norms(model, sequences, symbols) -> np.ndarray:
    x = mx.nd.array(sequences, ctx=CONTEXT)
    x.attach_grad()
    with autograd.record():
        right_logits = model(x).pick(mx.nd.array(symbols, ctx=CONTEXT))  # (N,)
    right_logits.backward()
    return x.grad.norm(axis=2).mean(axis=0).asnumpy()  # (34,)
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
        mx.random.seed(SEED)
        np.random.seed(SEED)
        model = Model(cell)
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
