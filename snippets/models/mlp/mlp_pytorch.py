# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mnist_data import load_mnist

SEED = 0
EPOCHS = 5
BATCH_SIZE = 32
LEARNING_RATE = 1e-3
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    train_images = torch.tensor(train_images) / 255  # (60000, 28, 28)
    train_labels = torch.tensor(train_labels).long()  # (60000,)
    test_images = torch.tensor(test_images) / 255  # (10000, 28, 28)
    test_labels = torch.tensor(test_labels).long()  # (10000,)
    return (train_images, train_labels), (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
def build_model() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),  # (N, 784)
        nn.Linear(784, 128),  # (N, 128)
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(128, 10),  # (N, 10) logits
    ).to(DEVICE)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, train_images, train_labels) -> list[float]:
    dataset = TensorDataset(train_images, train_labels)
    batches = DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    training_losses = []
    model.train()
    for epoch in range(1, EPOCHS + 1):
        total_loss = 0.0
        for images, labels in batches:
            logits = model(images.to(DEVICE))  # (B, 10)
            loss = loss_function(logits, labels.to(DEVICE))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item()
        training_losses.append(total_loss / len(batches))
        print(f"epoch {epoch}: training loss {training_losses[-1]:.4f}")
    return training_losses
# --8<-- [end:train]


# --8<-- [start:evaluate]
@torch.inference_mode()
def evaluate(model, images, labels) -> tuple[float, np.ndarray]:
    model.eval()
    logits = model(images.to(DEVICE))  # (N, 10)
    predictions = logits.argmax(dim=1).cpu()
    accuracy = (predictions == labels).sum().item() / len(labels)
    return accuracy, predictions.numpy()
# --8<-- [end:evaluate]


# --8<-- [start:draw]
def draw(training_losses, images, labels, predictions):
    epochs = range(1, EPOCHS + 1)
    _, axes = plt.subplots(num="learning_curve", clear=True)
    axes.plot(epochs, training_losses, marker="o")
    axes.set(xlabel="epoch", ylabel="training loss", xticks=epochs)

    wrong = np.flatnonzero(predictions != labels)
    _, grid = plt.subplots(2, 5, num="predictions", clear=True, figsize=(7, 3.2))
    for axes, i in zip(grid.flat, [0, 1, 2, 3, 4, *wrong[:5]]):
        axes.imshow(images[i], cmap="gray")
        axes.axis("off")
        axes.set_title(predictions[i])
        if i in wrong:
            axes.set_title(f"{predictions[i]} ≠ {labels[i]}", color="tab:red")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    (train_images, train_labels), (test_images, test_labels) = load()
    model = build_model()
    training_losses = train(model, train_images, train_labels)
    test_accuracy, predictions = evaluate(model, test_images, test_labels)
    print(f"test accuracy: {test_accuracy:.2%}")
    draw(training_losses, test_images.numpy(), test_labels.numpy(), predictions)
    plt.show()
# --8<-- [end:main]
