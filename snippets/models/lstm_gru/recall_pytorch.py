# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

SEED = 0
STEPS = 500
BATCH_SIZE = 64
LEARNING_RATE = 5e-3
OTHER_LEARNING_RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 2e-2]  # for the simple RNN only
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
GATE_BIAS = 4.0  # at first, keep what is remembered
LENGTH, SYMBOLS, MARKED = 34, 8, 10  # the marked symbol is among the first ten
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
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
class Model(nn.Module):
    def __init__(self, cell: str = "LSTM"):
        super().__init__()
        layers = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
        self.rnn = layers[cell](SYMBOLS + 1, HIDDEN_SIZE, batch_first=True)
        self.output = nn.Linear(HIDDEN_SIZE, SYMBOLS)
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
def train(model, learning_rate, generator):
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    for _ in range(STEPS):
        sequences, symbols = make_sequences(BATCH_SIZE, generator)  # none is seen twice
        logits = model(torch.tensor(sequences, device=DEVICE))
        loss = loss_function(logits, torch.tensor(symbols, device=DEVICE))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()


@torch.inference_mode()
def predict(model, sequences) -> np.ndarray:
    return model(torch.tensor(sequences, device=DEVICE)).cpu().numpy()
# --8<-- [end:train]


# --8<-- [start:gradients]
def gradient_norms(model, sequences, symbols) -> np.ndarray:
    x = torch.tensor(sequences, device=DEVICE, requires_grad=True)
    right_logits = model(x)[torch.arange(len(x)), torch.tensor(symbols)]  # (N,)
    (gradient,) = torch.autograd.grad(right_logits.sum(), x)
    return gradient.norm(dim=2).mean(dim=0).numpy(force=True)  # (34,)
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
        torch.manual_seed(SEED)
        model = Model(cell).to(DEVICE)
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
