# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn, rnn

SEED = 0
EPOCHS = 4
BATCH_SIZE = 64
LEARNING_RATE = 1e-2
SHORTEST, LONGEST = 5, 20
FEATURES = 32  # hidden numbers at each step, in one direction or in two
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
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
class Model(gluon.Block):
    def __init__(self, bidirectional: bool = True):
        super().__init__()
        units = FEATURES // 2 if bidirectional else FEATURES
        self.forward_rnn = rnn.RNN(units, activation="tanh")
        self.backward_rnn = rnn.RNN(units, activation="tanh") if bidirectional else None
        self.output = nn.Dense(3, flatten=False)
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)

    def forward(self, boards):  # (N, T, 2)
        boards = boards.swapaxes(0, 1)  # (T, N, 2), which the following functions want
        lengths = (boards != 0).max(axis=2).sum(axis=0)  # a step of zeros is padding
        mask = {"sequence_length": lengths, "use_sequence_length": True}
        states = self.forward_rnn(boards)  # (T, N, U)
        if self.backward_rnn:
            backward = self.backward_rnn(mx.nd.SequenceReverse(boards, **mask))
            states = mx.nd.concat(states, mx.nd.SequenceReverse(backward, **mask), dim=2)
        states = mx.nd.SequenceMask(states, **mask)  # zeros in the padding
        return self.output(states.swapaxes(0, 1))  # (N, T, 3) logits, for each step
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, boards, counts, real) -> list[float]:
    dataset = gluon.data.ArrayDataset(boards, counts, real.astype("float32"))
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    trainer = gluon.Trainer(model.collect_params(), "adam", {"learning_rate": LEARNING_RATE})
    training_losses = []
    for _ in range(EPOCHS):
        total_loss = 0.0
        for batch in batches:
            x, y, mask = (array.as_in_context(CONTEXT) for array in batch)
            with autograd.record():
                losses = -mx.nd.pick(mx.nd.log_softmax(model(x)), y)  # (B, 20)
                loss = (losses * mask).sum() / mask.sum()  # no loss in the padding
            loss.backward()
            trainer.step(1)  # the mean is taken already
            total_loss += loss
        training_losses.append(float(total_loss.asscalar()) / len(batches))
    return training_losses
# --8<-- [end:train]


# --8<-- [start:predict]
def predict(model, boards) -> np.ndarray:
    return model(mx.nd.array(boards, ctx=CONTEXT)).asnumpy()
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
    mx.random.seed(SEED)
    np.random.seed(SEED)
    generator = np.random.default_rng(SEED)
    training, (boards, counts, real) = make_boards(4000, generator), make_boards(2000, generator)
    ceiling = 0.5 + 0.5 / ((SHORTEST + LONGEST) / 2)
    print(f"the most that the past can tell: {ceiling:.1%}")
    losses, predictions, accuracies = {}, {}, []
    for name, bidirectional in {"forward only": False, "bidirectional": True}.items():
        model = Model(bidirectional)
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
