# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn, rnn
from mnist_data import load_mnist

SEED = 0
BATCH_SIZE = 64
LEARNING_RATE = 1e-2
OTHER_LEARNING_RATES = [2e-3, 5e-3]  # for the simple RNN only
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GATE_BIAS = 1.0  # at first, keep what is remembered
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    training = images[:20_000].astype("float32") / 255, labels[:20_000].astype("int64")
    return training, (test_images.astype("float32") / 255, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
class Model(gluon.Block):
    def __init__(self, cell: str = "LSTM"):
        super().__init__()
        orthogonal = mx.init.Orthogonal(scale=1.0)  # as Keras does
        options = {"layout": "NTC", "input_size": 28, "h2h_weight_initializer": orthogonal}
        if cell == "RNN":
            options["activation"] = "tanh"
        self.rnn = {"RNN": rnn.RNN, "LSTM": rnn.LSTM, "GRU": rnn.GRU}[cell](HIDDEN_SIZE, **options)
        self.output = nn.Dense(10)
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)
        if cell != "RNN":  # second in both: i, f, g, o and r, z, n
            self.rnn.l0_i2h_bias.data()[HIDDEN_SIZE : 2 * HIDDEN_SIZE] = GATE_BIAS

    def forward(self, x):
        return self.output(self.rnn(x)[:, -1])  # (N, T, 64) to (N, 10)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels, learning_rate):
    dataset = gluon.data.ArrayDataset(images, labels)
    batches = gluon.data.DataLoader(dataset, BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    parameters = model.collect_params()
    schedule = mx.lr_scheduler.CosineScheduler(len(batches), base_lr=learning_rate)
    adam = mx.optimizer.Adam(learning_rate, lr_scheduler=schedule)
    trainer = gluon.Trainer(parameters, adam)
    for x, y in batches:  # one epoch
        with autograd.record():
            loss = loss_function(model(x.as_in_context(CONTEXT)), y.as_in_context(CONTEXT)).mean()
        loss.backward()
        gradients = [parameter.grad() for parameter in parameters.values()]
        gluon.utils.clip_global_norm(gradients, CLIP_NORM, check_isfinite=False)
        trainer.step(1)  # the mean is taken already


def predict(model, images) -> np.ndarray:
    return model(mx.nd.array(images, ctx=CONTEXT)).asnumpy()
# --8<-- [end:train]


# --8<-- [start:lstm]
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(images, kernel, recurrent, bias):
    state = memory = np.zeros((len(images), HIDDEN_SIZE), dtype="float32")
    gates = []
    for row in images.transpose(1, 0, 2):  # 28 time steps of (N, 28)
        i, f, g, o = np.split(row @ kernel + state @ recurrent + bias, 4, axis=1)  # (N, 64) each
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        memory = f * memory + i * np.tanh(g)
        state = o * np.tanh(memory)
        gates.append((i, f, o))
    return state, np.array(gates)  # (N, 64), (28, 3, N, 64)
# --8<-- [end:lstm]


# --8<-- [start:gru]
def gru(images, kernel, recurrent, bias):
    state = np.zeros((len(images), HIDDEN_SIZE), dtype="float32")
    gates = []
    for row in images.transpose(1, 0, 2):
        xr, xz, xn = np.split(row @ kernel + bias[0], 3, axis=1)  # its order
        hr, hz, hn = np.split(state @ recurrent + bias[1], 3, axis=1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        state = z * state + (1 - z) * np.tanh(xn + r * hn)
        gates.append((z, r))
    return state, np.array(gates)  # (N, 64), (28, 2, N, 64)
# --8<-- [end:gru]


# --8<-- [start:weights]
def numpy_weights(model) -> list[np.ndarray]:
    kernel, recurrent, *biases = (p.data().asnumpy() for p in model.rnn.collect_params().values())
    bias = np.stack(biases) if isinstance(model.rnn, rnn.GRU) else sum(biases)
    output = model.output.weight.data().asnumpy().T, model.output.bias.data().asnumpy()
    return [kernel.T, recurrent.T, bias, *output]
# --8<-- [end:weights]


# --8<-- [start:draw]
def draw(image, lstm_gates, gru_gates):
    _, panels = plt.subplots(1, 3, num="gates", clear=True, figsize=(8, 3.2), layout="tight")
    panels[0].imshow(image, cmap="gray")
    for axes, gates, names in (
        (panels[1], lstm_gates, ("input gate i", "forget gate f", "output gate o")),
        (panels[2], gru_gates, ("update gate z", "reset gate r")),
    ):
        for values, name in zip(gates.mean(axis=2).T, names):  # mean over the 64 units
            axes.plot(values, range(28), label=name)
        axes.set(xlabel="how far open", xlim=(0, 1), ylim=(27.5, -0.5))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    training, (test_images, test_labels) = load()
    runs = [("RNN", rate) for rate in OTHER_LEARNING_RATES]
    runs += [(cell, LEARNING_RATE) for cell in ("RNN", "LSTM", "GRU")]
    models, accuracies = {}, []
    for cell, rate in runs:
        mx.random.seed(SEED)
        np.random.seed(SEED)
        models[cell] = model = Model(cell)
        train(model, *training, rate)
        predictions = predict(model, test_images).argmax(axis=1)
        accuracies.append(float(np.mean(predictions == test_labels)))
        print(f"{cell:4} at learning rate {rate}: test accuracy {accuracies[-1]:.2%}")
    *other_rnn_accuracies, rnn_accuracy, lstm_accuracy, gru_accuracy = accuracies
    formula_differences, gates = [], []
    for cell, formula in {"LSTM": lstm, "GRU": gru}.items():
        *layer, output_kernel, output_bias = numpy_weights(models[cell])
        state, opened = formula(test_images[:1000], *layer)
        logits = state @ output_kernel + output_bias
        difference = float(np.abs(logits - predict(models[cell], test_images[:1000])).max())
        formula_differences.append(difference)
        gates.append(opened[:, :, 0])  # of the first image
        print(f"{cell:4}: layer against formula {difference:.0e}")
    draw(test_images[0], *gates)
    plt.show()
# --8<-- [end:main]
