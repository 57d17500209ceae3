# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
EPOCHS = 4
BATCH_SIZE = 64
LEARNING_RATE = 1e-2
SHORTEST, LONGEST = 5, 20
FEATURES = 32  # hidden numbers at each step, in one direction or in two
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
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
class Model(nn.Module):
    def __init__(self, bidirectional: bool = True):
        super().__init__()
        units = FEATURES // 2 if bidirectional else FEATURES
        self.rnn = nn.RNN(2, units, batch_first=True, bidirectional=bidirectional)
        self.output = nn.Linear(FEATURES, 3)

    def forward(self, boards):  # (N, T, 2)
        lengths = (boards != 0).any(dim=2).sum(dim=1)  # a step of zeros is padding
        packed = pack_padded_sequence(
            boards, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        packed_states, _ = self.rnn(packed)
        states, _ = pad_packed_sequence(
            packed_states, batch_first=True, total_length=boards.shape[1]
        )
        return self.output(states)  # (N, T, 32) to (N, T, 3) logits, for each step
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, boards, counts, real) -> list[float]:
    batches = DataLoader(
        TensorDataset(*map(torch.tensor, (boards, counts, real))), BATCH_SIZE, shuffle=True
    )
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    training_losses = []
    for _ in range(EPOCHS):
        total_loss = 0.0
        for x, y, mask in batches:
            logits = model(x.to(DEVICE))  # (B, 20, 3)
            loss = loss_function(logits[mask], y[mask].to(DEVICE))  # no loss in the padding
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item()
        training_losses.append(total_loss / len(batches))
    return training_losses
# --8<-- [end:train]


# --8<-- [start:predict]
@torch.inference_mode()
def predict(model, boards) -> np.ndarray:
    return model(torch.tensor(boards, device=DEVICE)).cpu().numpy()
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
    torch.manual_seed(SEED)
    generator = np.random.default_rng(SEED)
    training, (boards, counts, real) = make_boards(4000, generator), make_boards(2000, generator)
    ceiling = 0.5 + 0.5 / ((SHORTEST + LONGEST) / 2)
    print(f"the most that the past can tell: {ceiling:.1%}")
    losses, predictions, accuracies = {}, {}, []
    for name, bidirectional in {"forward only": False, "bidirectional": True}.items():
        model = Model(bidirectional).to(DEVICE)
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
