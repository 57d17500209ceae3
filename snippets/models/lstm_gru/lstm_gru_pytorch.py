# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from mnist_data import load_mnist

SEED = 0
BATCH_SIZE = 64
LEARNING_RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1]
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GATE_BIAS = 1.0  # at first, keep what is remembered
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images, test_images = images.astype("float32") / 255, test_images.astype("float32") / 255
    labels = labels.astype("int64")
    training, validation = (images[:20_000], labels[:20_000]), (images[-5_000:], labels[-5_000:])
    return training, validation, (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
class Model(nn.Module):
    def __init__(self, cell: str = "LSTM"):
        super().__init__()
        layers = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
        self.rnn = layers[cell](28, HIDDEN_SIZE, batch_first=True)
        self.output = nn.Linear(HIDDEN_SIZE, 10)
        nn.init.xavier_uniform_(self.rnn.weight_ih_l0)  # as Keras does
        nn.init.orthogonal_(self.rnn.weight_hh_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        if cell != "RNN":  # second in both: i, f, g, o and r, z, n
            nn.init.constant_(self.rnn.bias_ih_l0[HIDDEN_SIZE : 2 * HIDDEN_SIZE], GATE_BIAS)

    def forward(self, x):
        states, _ = self.rnn(x)  # (N, T, 64)
        return self.output(states[:, -1])
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels, learning_rate):
    images, labels = torch.tensor(images, device=DEVICE), torch.tensor(labels, device=DEVICE)
    batches = torch.randperm(len(labels), device=DEVICE).split(BATCH_SIZE)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(batches))
    for batch in batches:  # one epoch
        loss = loss_function(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        scheduler.step()


@torch.inference_mode()
def predict(model, images) -> np.ndarray:
    return model(torch.tensor(images, device=DEVICE)).cpu().numpy()
# --8<-- [end:train]


# --8<-- [start:search]
def accuracy(model, images, labels) -> float:
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


def search(cell, training, validation):
    models, accuracies = [], []
    for learning_rate in LEARNING_RATES:
        torch.manual_seed(SEED)  # the same for each rate
        model = Model(cell).to(DEVICE)
        train(model, *training, learning_rate)
        models.append(model)
        accuracies.append(accuracy(model, *validation))
    return models[np.argmax(accuracies)], accuracies
# --8<-- [end:search]


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
    kernel, recurrent, *biases = (p.numpy(force=True) for p in model.rnn.parameters())
    bias = np.stack(biases) if isinstance(model.rnn, nn.GRU) else sum(biases)
    output = model.output.weight.numpy(force=True).T, model.output.bias.numpy(force=True)
    return [kernel.T, recurrent.T, bias, *output]
# --8<-- [end:weights]


# --8<-- [start:draw]
def draw(accuracies, image, lstm_gates, gru_gates):
    _, axes = plt.subplots(num="learning_rates", clear=True)
    for (cell, values), marker in zip(accuracies.items(), "os^"):
        axes.semilogx(LEARNING_RATES, values, marker=marker, label=cell)
    axes.set(xlabel="learning rate", ylabel="validation accuracy", ylim=(0, 1))
    axes.set_xticks(LEARNING_RATES, LEARNING_RATES)
    axes.minorticks_off()
    axes.legend()

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
    training, validation, (test_images, test_labels) = load()
    models, accuracies = {}, {}
    print("validation accuracy at", *(f"{rate:6g}" for rate in LEARNING_RATES))
    for cell in ("RNN", "LSTM", "GRU"):
        models[cell], accuracies[cell] = search(cell, training, validation)
        print(f"{cell:22}", *(f"{value:6.1%}" for value in accuracies[cell]))
    rnn_by_rate, lstm_by_rate, gru_by_rate = accuracies.values()
    test_accuracies = [accuracy(model, test_images, test_labels) for model in models.values()]
    rnn_test_accuracy, lstm_test_accuracy, gru_test_accuracy = test_accuracies
    for cell, value in zip(models, test_accuracies):
        rate = LEARNING_RATES[np.argmax(accuracies[cell])]
        print(f"{cell:4} at learning rate {rate:g}: test accuracy {value:.2%}")
    formula_differences, gates = [], []
    for cell, formula in {"LSTM": lstm, "GRU": gru}.items():
        *layer, output_kernel, output_bias = numpy_weights(models[cell])
        state, opened = formula(test_images[:1000], *layer)
        logits = state @ output_kernel + output_bias
        difference = float(np.abs(logits - predict(models[cell], test_images[:1000])).max())
        formula_differences.append(difference)
        gates.append(opened[:, :, 0])  # of the first image
        print(f"{cell:4}: layer against formula {difference:.0e}")
    draw(accuracies, test_images[0], *gates)
    plt.show()
# --8<-- [end:main]
