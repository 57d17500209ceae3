# --8<-- [start:imports]
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from comparison_pytorch import DEVICE, load

SEED = 0
IMAGES = 12_000
BATCH_SIZE = 64
# --8<-- [end:imports]


# --8<-- [start:starts]
def like_keras(layer):
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)


def like_mxnet(layer):
    nn.init.uniform_(layer.weight, -0.07, 0.07)
    nn.init.zeros_(layer.bias)


STARTS = {"Keras": like_keras, "PyTorch": nn.Linear.reset_parameters, "MXNet": like_mxnet}


def started(start: str) -> nn.Module:
    model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    for layer in (model[0], model[2]):
        STARTS[start](layer)
    return model.to(DEVICE)
# --8<-- [end:starts]


# --8<-- [start:train]
def first_epoch(model, images, labels) -> list[float]:
    batches = DataLoader(TensorDataset(images, labels), batch_size=BATCH_SIZE, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters())
    total_loss, means = 0.0, []  # means of the losses so far
    for images, labels in batches:
        loss = nn.functional.cross_entropy(model(images.to(DEVICE)), labels.to(DEVICE))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item()
        means.append(total_loss / (len(means) + 1))
    return means
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(curves):
    _, axes = plt.subplots(num="first_epoch", clear=True, figsize=(6, 3), layout="tight")
    for start, means in curves.items():
        axes.plot(range(1, len(means) + 1), means, label=start)
    axes.set(xlabel="batch", ylabel="mean loss so far")
    axes.legend(title="initial weights of")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    (images, labels), _ = load()
    images, labels = images[:IMAGES], labels[:IMAGES]
    curves = {start: first_epoch(started(start), images, labels) for start in STARTS}
    first_losses = [means[-1] for means in curves.values()]
    for start, loss in zip(STARTS, first_losses):
        print(f"initial weights of {start:8} mean loss of the first epoch {loss:.4f}")
    draw(curves)
    plt.show()
# --8<-- [end:main]
