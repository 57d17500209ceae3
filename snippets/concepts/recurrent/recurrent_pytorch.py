# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
EPOCHS = 20
BATCH_SIZE = 50
LEARNING_RATE = 3e-3
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:model]
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(20, 64, batch_first=True)
        nn.init.orthogonal_(self.rnn.weight_hh_l0)  # as Keras does
        self.output = nn.Linear(64, 1)

    def forward(self, x):  # (N, 10, 20): time steps, numbers in each
        _, state = self.rnn(x)  # (1, N, 64): the last hidden state
        return torch.sigmoid(self.output(state[-1]))  # (N, 1), between 0 and 1


def build_control() -> nn.Module:
    return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid())
# --8<-- [end:model]


# --8<-- [start:data]
def make_data(count, generator):
    rows = generator.normal(scale=0.5, size=(count, 10, 20)).astype("float32")
    random_labels = generator.integers(0, 2, size=(count, 1)).astype("float32")
    first, last = generator.choice([-1, 1], size=(2, count, 1))
    rows[:, 0] += first  # all 20 numbers of the first step, up or down by 1
    rows[:, -1] += last
    labels = (first == last).astype("float32")  # the rule
    return rows, random_labels, labels
# --8<-- [end:data]


# --8<-- [start:train]
def right(answers, labels):
    return ((answers > 0.5) == (labels > 0.5)).sum().item()


def train(model, rows, labels, fresh_rows, fresh_labels) -> tuple[list[float], list[float]]:
    dataset = TensorDataset(torch.tensor(rows), torch.tensor(labels))
    batches = DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    fresh_rows = torch.tensor(fresh_rows, device=DEVICE)
    fresh_labels = torch.tensor(fresh_labels, device=DEVICE)
    loss_function = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    training, fresh = [], []
    for _ in range(EPOCHS):
        number = 0
        for x, y in batches:
            x, y = x.to(DEVICE), y.to(DEVICE)
            answers = model(x)
            loss = loss_function(answers, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            number += right(answers, y)
        training.append(number / len(rows))
        with torch.inference_mode():
            fresh.append(right(model(fresh_rows), fresh_labels) / len(fresh_rows))
    return training, fresh
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(curves):
    _, panels = plt.subplots(
        1, 3, num="accuracy", clear=True, figsize=(6.4, 3), sharey=True, layout="tight"
    )
    for axes, (title, (training, fresh)) in zip(panels, curves.items()):
        axes.plot(range(1, EPOCHS + 1), training, label="training rows")
        axes.plot(range(1, EPOCHS + 1), fresh, "--", label="fresh rows")
        axes.axhline(0.5, color="gray", linestyle=":")  # guessing
        axes.set(title=title, xlabel="epoch", xticks=(1, 10, 20), ylim=(0.4, 1.03))
    panels[0].set_ylabel("accuracy")
    panels[1].legend(loc="center right")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    rows, random_labels, labels = make_data(1000, generator)
    fresh_rows, fresh_random_labels, fresh_labels = make_data(1000, generator)
    torch.manual_seed(SEED)
    curves = {
        "random labels": train(
            Model().to(DEVICE), rows, random_labels, fresh_rows, fresh_random_labels
        ),
        "labels with a rule": train(Model().to(DEVICE), rows, labels, fresh_rows, fresh_labels),
        "rule, last step only": train(
            build_control().to(DEVICE), rows[:, -1], labels, fresh_rows[:, -1], fresh_labels
        ),
    }
    for title, (training, fresh) in curves.items():
        print(f"{title:20} training {training[-1]:.1%}, fresh {fresh[-1]:.1%}")
    training_accuracies = [training[-1] for training, _ in curves.values()]
    fresh_accuracies = [fresh[-1] for _, fresh in curves.values()]
    draw(curves)
    plt.show()
# --8<-- [end:main]
