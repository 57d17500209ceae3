# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn, rnn

from mnist_data import load_mnist
# --8<-- [end:imports]

# --8<-- [start:settings]
SEED = 0
EPOCHS = 2
BATCH_SIZE = 64
LEARNING_RATES = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GAINS = [0.5, 1.0, 1.5, 2.0]  # of the recurrent matrix: gain times an orthogonal one
TRAINED_GAIN = 1.5
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:settings]


# --8<-- [start:load]
def load():
    (images, labels), _ = load_mnist()
    images, labels = images.astype("float32") / 255, labels.astype("int64")
    return (images[:10_000], labels[:10_000]), (images[-5_000:], labels[-5_000:])
# --8<-- [end:load]


# --8<-- [start:model]
class Model(gluon.Block):
    def __init__(self, gain: float = 1.0):
        super().__init__()
        orthogonal = mx.init.Orthogonal(scale=gain)
        self.rnn = rnn.RNN(
            HIDDEN_SIZE, activation="tanh", layout="NTC", h2h_weight_initializer=orthogonal
        )
        self.output = nn.Dense(10)
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)

    def forward(self, images):  # (N, 28, 28)
        return self.output(self.rnn(images)[:, -1])
# --8<-- [end:model]


# --8<-- [start:norms]
def gradient_norms(model, images, labels) -> np.ndarray:
    images, labels = mx.nd.array(images, ctx=CONTEXT), mx.nd.array(labels, ctx=CONTEXT)
    zeros = mx.nd.zeros((28, 1, len(images), HIDDEN_SIZE), ctx=CONTEXT)
    zeros.attach_grad()
    state = mx.nd.zeros((1, len(images), HIDDEN_SIZE), ctx=CONTEXT)
    with autograd.record():
        for t in range(28):
            _, (state,) = model.rnn(images[:, t : t + 1], [state])  # one time step: (1, N, 64)
            state = state + zeros[t]  # changes nothing, and has the gradient of the state
        loss = gluon.loss.SoftmaxCrossEntropyLoss()(model.output(state[0]), labels).sum()
    loss.backward()
    return zeros.grad.norm(axis=3).mean(axis=(1, 2)).asnumpy()  # (28,)
# --8<-- [end:norms]


# --8<-- [start:train]
def train(model, images, labels, learning_rate, clip_norm):
    dataset = gluon.data.ArrayDataset(images, labels)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    parameters = model.collect_params()
    trainer = gluon.Trainer(parameters, "sgd", {"learning_rate": learning_rate})
    for _ in range(EPOCHS):
        for rows, digits in batches:
            with autograd.record():
                outputs = model(rows.as_in_context(CONTEXT))
                loss = loss_function(outputs, digits.as_in_context(CONTEXT)).mean()
            loss.backward()
            if clip_norm:
                gradients = [parameter.grad() for parameter in parameters.values()]
                gluon.utils.clip_global_norm(gradients, clip_norm, check_isfinite=False)
            trainer.step(1)  # the mean is taken already


def evaluate(model, images, labels) -> float:
    logits = model(mx.nd.array(images, ctx=CONTEXT)).asnumpy()
    return float(np.mean(logits.argmax(axis=1) == labels))
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(norms, unclipped_accuracies, clipped_accuracies):
    _, axes = plt.subplots(num="gradient_norms", clear=True)
    steps = np.arange(1, 29)
    for gain, values in norms.items():
        axes.semilogy(steps, values, label=f"gain {gain}")
        bound = values[-1] * gain ** (28.0 - steps)  # tanh can only make it smaller
        axes.semilogy(steps, bound, color="gray", linestyle=":", linewidth=1)
    axes.set(xlabel="time step t", ylabel="norm of dL / dh(t)", ylim=(1e-10, 1e10))
    axes.legend()

    _, axes = plt.subplots(num="clipping", clear=True)
    axes.semilogx(LEARNING_RATES, clipped_accuracies, marker="o", label=f"clipped to {CLIP_NORM}")
    axes.semilogx(LEARNING_RATES, unclipped_accuracies, marker="s", label="not clipped")
    axes.set(xlabel="learning rate", ylabel="validation accuracy", ylim=(0, 1))
    axes.set_xticks(LEARNING_RATES, LEARNING_RATES)
    axes.minorticks_off()
    axes.legend()
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    np.random.seed(SEED)
    training, validation = load()
    images, labels = training[0][:256], training[1][:256]
    norms = {gain: gradient_norms(Model(gain), images, labels) for gain in GAINS}
    magnitudes = [float(np.log10(values[0] / values[-1])) for values in norms.values()]
    for gain, magnitude in zip(GAINS, magnitudes):
        print(f"gain {gain}: gradient at step 1 / at step 28 = {10**magnitude:.0e}")

    unclipped_accuracies, clipped_accuracies = [], []
    for clip_norm, accuracies in ((None, unclipped_accuracies), (CLIP_NORM, clipped_accuracies)):
        for learning_rate in LEARNING_RATES:
            mx.random.seed(SEED)  # equal settings: the same initial weights
            np.random.seed(SEED)
            model = Model(TRAINED_GAIN)
            train(model, *training, learning_rate, clip_norm)
            accuracies.append(evaluate(model, *validation))
            print(f"learning rate {learning_rate}, clip {clip_norm}: accuracy {accuracies[-1]:.1%}")
    draw(norms, unclipped_accuracies, clipped_accuracies)
    plt.show()
# --8<-- [end:main]
