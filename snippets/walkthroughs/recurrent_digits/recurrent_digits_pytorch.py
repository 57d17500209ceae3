# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mnist_data import load_mnist

SEED = 0
HIDDEN_SIZE = 64
BATCH_SIZE = 64
LEARNING_RATE = 3e-3
CLIP_NORM = 1.0
CELLS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]

# --8<-- [start:load]
(train_images, train_labels), (test_images, test_labels) = load_mnist()
x = torch.tensor(train_images) / 255  # (60000, 28, 28): images, rows, pixels
y = torch.tensor(train_labels).long()
x_test = torch.tensor(test_images) / 255  # (10000, 28, 28)
y_test = torch.tensor(test_labels).long()
held_out = len(y) // 10
x_train, y_train = x[:-held_out], y[:-held_out]
x_validation, y_validation = x[-held_out:], y[-held_out:]
print("one image:", tuple(x[0].shape), "= 28 steps of 28 numbers")
print("step 1: ", (x[0, 0] * 255).int().tolist())
print("step 15:", (x[0, 14] * 255).int().tolist())
# --8<-- [end:load]

# --8<-- [start:look]
_, grid = plt.subplots(2, 5, num="reading", clear=True, figsize=(7, 3.2))
for panels, place in zip(grid, (0, 1)):
    for axes, rows in zip(panels, (6, 10, 14, 20, 28)):
        seen = np.where(np.arange(28)[:, np.newaxis] < rows, test_images[place], 0)
        axes.imshow(seen, cmap="gray")
        axes.axhline(rows - 0.5, color="tab:orange", linestyle="-")
        axes.set_title(f"{rows} rows", size=10)
        axes.axis("off")
plt.show()
# --8<-- [end:look]

# --8<-- [start:cell]
torch.manual_seed(SEED)
layer = nn.RNN(28, HIDDEN_SIZE, batch_first=True)
W, U, b, c = (parameter.detach() for parameter in layer.parameters())
print("W", tuple(W.shape), " U", tuple(U.shape), " b", tuple(b.shape), " c", tuple(c.shape))

state = torch.zeros(HIDDEN_SIZE)
by_hand = []
for row in x_test[0]:  # 28 steps
    state = torch.tanh(W @ row + b + U @ state + c)  # (64,)
    by_hand.append(state)
states, last = layer(x_test[:1])
formula_difference = (states[0] - torch.stack(by_hand)).abs().max().item()
print("states:", tuple(states.shape), " last state:", tuple(last.shape))
print(f"largest difference between layer and loop: {formula_difference:.0e}")
# --8<-- [end:cell]

# --8<-- [start:model]
class Model(nn.Module):
    def __init__(self, cell: str):
        super().__init__()
        self.rnn = CELLS[cell](28, HIDDEN_SIZE, batch_first=True)
        self.output = nn.Linear(HIDDEN_SIZE, 10)

    def forward(self, x):
        states, _ = self.rnn(x)  # (N, 28, 64)
        return self.output(states)  # (N, 28, 10): logits after every row


for cell in CELLS:
    print(f"{cell:4} {sum(p.numel() for p in Model(cell).rnn.parameters()):6,} weights in the layer")
# --8<-- [end:model]

# --8<-- [start:judge]
def last_row_loss(logits, labels) -> torch.Tensor:
    return nn.functional.cross_entropy(logits[:, -1], labels)  # asked once, at the end


@torch.inference_mode()
def predict(model, x) -> torch.Tensor:
    return torch.cat([model(part.to(DEVICE)).cpu() for part in x.split(1000)])  # (N, 28, 10)


def accuracy(logits, y) -> float:
    return (logits.argmax(dim=1) == y).float().mean().item()
# --8<-- [end:judge]


# --8<-- [start:train]
def train(cell, loss_function=last_row_loss):
    torch.manual_seed(SEED)
    model = Model(cell).to(DEVICE)
    batches = DataLoader(TensorDataset(x_train, y_train), batch_size=BATCH_SIZE, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses, accuracies = [], []
    for images, labels in batches:  # one epoch
        loss = loss_function(model(images.to(DEVICE)), labels.to(DEVICE))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        losses.append(loss.item())
        if len(losses) % (len(batches) // 4) == 0:  # four times
            accuracies.append(accuracy(predict(model, x_validation)[:, -1], y_validation))
            print(
                f"{cell:4} {len(losses):4} updates: loss {np.mean(losses[-50:]):.3f},"
                f" validation accuracy {accuracies[-1]:.1%}"
            )
    return model, losses, accuracies
# --8<-- [end:train]

# --8<-- [start:rnn]
rnn, rnn_losses, rnn_accuracies = train("RNN")
# --8<-- [end:rnn]

# --8<-- [start:lstm]
lstm, lstm_losses, lstm_accuracies = train("LSTM")
# --8<-- [end:lstm]

# --8<-- [start:gru]
gru, gru_losses, gru_accuracies = train("GRU")
# --8<-- [end:gru]

# --8<-- [start:curves]
_, (left, right) = plt.subplots(1, 2, num="curves", clear=True, figsize=(8, 3.4), layout="tight")
for cell, losses, accuracies in (
    ("RNN", rnn_losses, rnn_accuracies),
    ("LSTM", lstm_losses, lstm_accuracies),
    ("GRU", gru_losses, gru_accuracies),
):
    window = min(50, len(losses))  # batches to take the mean of
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    left.plot(range(window, len(losses) + 1), smooth, label=cell)
    quarter = len(losses) // 4
    right.plot(range(quarter, 4 * quarter + 1, quarter), accuracies, marker="o", label=cell)
left.axhline(np.log(10), color="gray", linewidth=1, linestyle="-")  # one who guesses
left.set(xlabel="updates", ylabel="training loss", ylim=(0, None))
right.set(xlabel="updates", ylabel="validation accuracy")
right.legend()
plt.show()
# --8<-- [end:curves]

# --8<-- [start:test]
rnn_logits, lstm_logits, gru_logits = (predict(model, x_test) for model in (rnn, lstm, gru))
rnn_accuracy = accuracy(rnn_logits[:, -1], y_test)
lstm_accuracy = accuracy(lstm_logits[:, -1], y_test)
gru_accuracy = accuracy(gru_logits[:, -1], y_test)
print(f"test accuracy: RNN {rnn_accuracy:.1%}, LSTM {lstm_accuracy:.1%}, GRU {gru_accuracy:.1%}")
# --8<-- [end:test]

# --8<-- [start:as_it_is_read]
_, panels = plt.subplots(1, 4, num="as_it_is_read", clear=True, figsize=(8, 3.6), layout="tight")
panels[0].imshow(test_images[0], cmap="gray", aspect="auto")
panels[0].set(title="image", ylabel="row", xticks=[])
for axes, name, logits in zip(
    panels[1:], ("RNN", "LSTM", "GRU"), (rnn_logits, lstm_logits, gru_logits)
):
    probabilities = logits[0].softmax(dim=1)  # (28, 10)
    axes.imshow(probabilities, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set(title=name, xlabel="digit", xticks=range(10), yticks=[])
    print(f"{name:4} after each row:", *probabilities.argmax(dim=1).tolist())
plt.show()
# --8<-- [end:as_it_is_read]

# --8<-- [start:every_row]
def every_row_loss(logits, labels) -> torch.Tensor:
    every = labels.repeat_interleave(28)  # the same label for each of the 28 rows
    return nn.functional.cross_entropy(logits.flatten(0, 1), every)


asked, _, _ = train("GRU", every_row_loss)
# --8<-- [end:every_row]

# --8<-- [start:by_row]
def accuracy_by_row(model) -> list[float]:
    predictions = predict(model, x_validation).argmax(dim=2)  # (6000, 28)
    return (predictions == y_validation[:, None]).float().mean(dim=0).tolist()


gru_by_row, asked_by_row = accuracy_by_row(gru), accuracy_by_row(asked)
for rows in (7, 14, 21, 28):
    print(
        f"after {rows:2} rows: asked at the end {gru_by_row[rows - 1]:.1%},"
        f" asked after every row {asked_by_row[rows - 1]:.1%}"
    )

_, axes = plt.subplots(num="accuracy_by_row", clear=True, figsize=(6.4, 3.4))
axes.plot(range(1, 29), gru_by_row, label="asked at the end")
axes.plot(range(1, 29), asked_by_row, label="asked after every row")
axes.axhline(0.1, color="gray", linewidth=1, linestyle="-")  # one who guesses
axes.set(xlabel="rows read", ylabel="validation accuracy", ylim=(0, 1))
axes.legend()
plt.show()
# --8<-- [end:by_row]

# --8<-- [start:asked]
asked_probabilities = predict(asked, x_test[:4]).softmax(dim=2)  # (4, 28, 10)
_, panels = plt.subplots(
    2, 4, num="asked_after_every_row", clear=True, figsize=(8, 5), layout="tight"
)
for place, (above, below) in enumerate(panels.T):
    above.imshow(test_images[place], cmap="gray", aspect="auto")
    above.set(xticks=[], yticks=[])
    below.imshow(asked_probabilities[place], cmap="Blues", vmin=0, vmax=1, aspect="auto")
    below.set(xlabel="digit", xticks=range(10), yticks=[])
panels[1, 0].set_ylabel("rows, downwards")
plt.show()
# --8<-- [end:asked]

# --8<-- [start:wrong_axis]
torch.manual_seed(SEED)
model = Model("GRU").to(DEVICE)
model.rnn.batch_first = False  # as nn.GRU is by default
optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
for images, labels in zip(x_train.split(BATCH_SIZE)[:200], y_train.split(BATCH_SIZE)):
    loss = last_row_loss(model(images.to(DEVICE)), labels.to(DEVICE))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
wrong_axis_accuracy = accuracy(predict(model, x_validation)[:, -1], y_validation)
print(f"without an error: loss {loss.item():.3f}, validation accuracy {wrong_axis_accuracy:.1%}")
# --8<-- [end:wrong_axis]
