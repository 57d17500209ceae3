# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from mnist_data import load_mnist

SEED = 0
BATCH_SIZE = 64
LEARNING_RATE = 1e-2
OTHER_LEARNING_RATES = [2e-3, 5e-3]  # for the simple RNN only
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GATE_BIAS = 1.0  # at first, keep what is remembered
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    training = images[:20_000].astype("float32") / 255, labels[:20_000].astype("int64")
    return training, (test_images.astype("float32") / 255, test_labels)
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
        torch.manual_seed(SEED)
        models[cell] = model = Model(cell).to(DEVICE)
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
