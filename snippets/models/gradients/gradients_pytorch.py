# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

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
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:settings]


# --8<-- [start:load]
def load():
    (images, labels), _ = load_mnist()
    images, labels = images.astype("float32") / 255, labels.astype("int64")
    return (images[:10_000], labels[:10_000]), (images[-5_000:], labels[-5_000:])
# --8<-- [end:load]


# --8<-- [start:model]
class Model(nn.Module):
    def __init__(self, gain: float = 1.0):
        super().__init__()
        self.rnn = nn.RNN(28, HIDDEN_SIZE, batch_first=True)
        self.output = nn.Linear(HIDDEN_SIZE, 10)
        nn.init.xavier_uniform_(self.rnn.weight_ih_l0)
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)

    def forward(self, images):  # (N, 28, 28)
        _, state = self.rnn(images)
        return self.output(state[-1])
# --8<-- [end:model]


# --8<-- [start:norms]
def gradient_norms(model, images, labels) -> np.ndarray:
    images, labels = torch.tensor(images, device=DEVICE), torch.tensor(labels, device=DEVICE)
    state, states = torch.zeros(1, len(images), HIDDEN_SIZE, device=DEVICE), []
    for t in range(28):
        _, state = model.rnn(images[:, t : t + 1], state)  # one time step: (1, N, 64)
        state.retain_grad()
        states.append(state)
    loss = nn.functional.cross_entropy(model.output(state[-1]), labels, reduction="sum")
    loss.backward()
    gradients = torch.cat([state.grad for state in states])  # (28, N, 64)
    return gradients.norm(dim=2).mean(dim=1).numpy(force=True)  # (28,)
# --8<-- [end:norms]


# --8<-- [start:train]
def train(model, images, labels, learning_rate, clip_norm):
    dataset = TensorDataset(torch.tensor(images), torch.tensor(labels))
    batches = DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for _ in range(EPOCHS):
        for rows, digits in batches:
            loss = loss_function(model(rows.to(DEVICE)), digits.to(DEVICE))
            optimizer.zero_grad()
            loss.backward()
            if clip_norm:
                nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
            optimizer.step()


@torch.inference_mode()
def evaluate(model, images, labels) -> float:
    logits = model(torch.tensor(images, device=DEVICE)).cpu().numpy()
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
    torch.manual_seed(SEED)
    training, validation = load()
    images, labels = training[0][:256], training[1][:256]
    norms = {gain: gradient_norms(Model(gain).to(DEVICE), images, labels) for gain in GAINS}
    magnitudes = [float(np.log10(values[0] / values[-1])) for values in norms.values()]
    for gain, magnitude in zip(GAINS, magnitudes):
        print(f"gain {gain}: gradient at step 1 / at step 28 = {10**magnitude:.0e}")

    unclipped_accuracies, clipped_accuracies = [], []
    for clip_norm, accuracies in ((None, unclipped_accuracies), (CLIP_NORM, clipped_accuracies)):
        for learning_rate in LEARNING_RATES:
            torch.manual_seed(SEED)  # equal settings: the same initial weights
            model = Model(TRAINED_GAIN).to(DEVICE)
            train(model, *training, learning_rate, clip_norm)
            accuracies.append(evaluate(model, *validation))
            print(f"learning rate {learning_rate}, clip {clip_norm}: accuracy {accuracies[-1]:.1%}")
    draw(norms, unclipped_accuracies, clipped_accuracies)
    plt.show()
# --8<-- [end:main]
