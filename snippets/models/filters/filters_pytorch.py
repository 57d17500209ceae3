# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mnist_data import load_mnist

SEED = 0
BATCH_SIZE = 64
LEARNING_RATE = 6e-3
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images, labels = images[:30_000], labels[:30_000]
    images = torch.tensor(images).unsqueeze(1) / 255  # (30000, 1, 28, 28)
    test_images = torch.tensor(test_images).unsqueeze(1) / 255  # (10000, 1, 28, 28)
    return (images, torch.tensor(labels).long()), (test_images, torch.tensor(test_labels).long())
# --8<-- [end:load]


# --8<-- [start:model]
def build_model(activation=nn.ReLU, pooling=nn.AvgPool2d) -> nn.Module:
    model = nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=5),  # (N, 8, 24, 24)
        activation(),
        pooling(2),  # (N, 8, 12, 12)
        nn.Conv2d(8, 16, kernel_size=3),  # (N, 16, 10, 10)
        activation(),
        pooling(2),  # (N, 16, 5, 5)
        nn.Flatten(),  # (N, 400)
        nn.Linear(400, 10),  # (N, 10) logits
    )
    return model.to(DEVICE, memory_format=torch.channels_last)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels):
    batches = DataLoader(TensorDataset(images, labels), batch_size=BATCH_SIZE, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(batches))
    for images, labels in batches:  # one epoch
        loss = loss_function(model(images.to(DEVICE)), labels.to(DEVICE))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
# --8<-- [end:train]


# --8<-- [start:evaluate]
@torch.inference_mode()
def evaluate(model, images, labels) -> float:
    logits = torch.cat([model(batch.to(DEVICE)) for batch in images.split(1000)])  # (N, 10)
    return (logits.argmax(dim=1).cpu() == labels).sum().item() / len(labels)


@torch.inference_mode()
def additivity_error(model, images) -> float:
    """How far f(a + b) lies from f(a) + f(b) - f(0): zero where f is linear plus a constant."""
    a, b = images[:50].to(DEVICE), images[50:100].to(DEVICE)
    logits = model(a + b)
    error = logits - (model(a) + model(b) - model(torch.zeros_like(a)))
    return (error.abs().max() / logits.abs().max()).item()
# --8<-- [end:evaluate]


# --8<-- [start:filters]
def first_kernels(model) -> np.ndarray:
    return model[0].weight.detach().cpu().numpy()[:, 0].copy()  # (8, 5, 5)


def draw_filters(before, after):
    _, grid = plt.subplots(2, 8, num="filters", clear=True, figsize=(8, 2.3))
    for row, name, kernels in zip(grid, ("before", "after"), (before, after)):
        row[0].set_ylabel(name)
        limit = np.abs(kernels).max()  # each row has its own scale
        for axes, kernel in zip(row, kernels):
            axes.imshow(kernel, cmap="coolwarm", vmin=-limit, vmax=limit)
            axes.set(xticks=[], yticks=[])
# --8<-- [end:filters]


# --8<-- [start:maps]
@torch.inference_mode()
def draw_maps(model, image):
    x = image.unsqueeze(0).to(DEVICE)  # (1, 1, 28, 28)
    _, grid = plt.subplots(4, 8, num="feature_maps", clear=True, figsize=(8, 4.4))
    for row, layer in zip(grid, (model[:2], model[2], model[3:5], model[5])):
        x = layer(x)  # (1, 8, 24, 24), (1, 8, 12, 12), (1, 16, 10, 10), (1, 16, 5, 5)
        row[0].set_ylabel(f"{x.shape[2]} × {x.shape[3]}")
        for axes, feature_map in zip(row, x[0].cpu()):
            axes.imshow(feature_map, cmap="gray")
            axes.set(xticks=[], yticks=[])
# --8<-- [end:maps]


# --8<-- [start:main]
if __name__ == "__main__":
    training, (test_images, test_labels) = load()
    models, starts, accuracies, additivity_errors = [], [], [], []
    for activation, pooling in (
        (nn.ReLU, nn.AvgPool2d),
        (nn.Identity, nn.AvgPool2d),
        (nn.Identity, nn.MaxPool2d),
        (nn.ReLU, nn.MaxPool2d),
    ):
        torch.manual_seed(SEED)
        model = build_model(activation, pooling)
        starts.append(first_kernels(model))
        train(model, *training)
        models.append(model)
        accuracies.append(evaluate(model, test_images, test_labels))
        additivity_errors.append(additivity_error(model, test_images))
        print(
            f"{activation.__name__:8} {pooling.__name__:9} test accuracy {accuracies[-1]:.2%}, "
            f"additivity error {additivity_errors[-1]:.0e}"
        )
    relu_gain = accuracies[0] - accuracies[1]
    print(f"gained by ReLU: {100 * relu_gain:.2f} percentage points")
    torch.manual_seed(SEED)
    softmax_regression = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(DEVICE)
    train(softmax_regression, *training)
    softmax_accuracy = evaluate(softmax_regression, test_images, test_labels)
    print(f"softmax regression: test accuracy {softmax_accuracy:.2%}")
    before, after = starts[0], first_kernels(models[0])
    correlations = [float(np.corrcoef(b.ravel(), a.ravel())[0, 1]) for b, a in zip(before, after)]
    print("kernels before and after, correlations:", *(f"{each:.2f}" for each in correlations))
    draw_filters(before, after)
    draw_maps(models[0], test_images[0])
    plt.show()
# --8<-- [end:main]
