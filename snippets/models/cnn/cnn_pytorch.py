# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mnist_data import load_mnist

SEED = 0
EPOCHS = 8
BATCH_SIZE = 64
PEAK_LEARNING_RATE = 4e-3
LABEL_SMOOTHING = 0.1
SHIFT = 2  # pixels
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = torch.tensor(images).unsqueeze(1) / 255  # (60000, 1, 28, 28)
    labels = torch.tensor(labels).long()  # (60000,)
    test_images = torch.tensor(test_images).unsqueeze(1) / 255  # (10000, 1, 28, 28)
    test_labels = torch.tensor(test_labels).long()  # (10000,)
    held_out = len(labels) // 12  # 5000
    training = images[:-held_out], labels[:-held_out]
    validation = images[-held_out:], labels[-held_out:]
    return training, validation, (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:look]
def look(images, labels):
    print(f"images: {tuple(images.shape)}, {images.min():.0f} to {images.max():.0f}")
    _, grid = plt.subplots(2, 8, num="digits", clear=True, figsize=(7, 2.4))
    for axes, image, label in zip(grid.flat, images, labels):
        axes.imshow(image.squeeze(), cmap="gray")
        axes.axis("off")
        axes.set_title(int(label))
# --8<-- [end:look]


# --8<-- [start:model]
def build_model() -> nn.Module:
    model = nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3),  # (N, 32, 26, 26)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 32, 13, 13)
        nn.Conv2d(32, 64, kernel_size=3),  # (N, 64, 11, 11)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 64, 5, 5)
        nn.Flatten(),  # (N, 1600)
        nn.Linear(1600, 128),  # (N, 128)
        nn.ReLU(),
        nn.Linear(128, 10),  # (N, 10) logits
    )
    return model.to(DEVICE, memory_format=torch.channels_last)
# --8<-- [end:model]


# --8<-- [start:shift]
class RandomShift(nn.Module):
    def forward(self, images):  # (B, 1, 28, 28)
        padded = nn.functional.pad(images, 4 * [SHIFT])
        windows = padded.unfold(2, 28, 1).unfold(3, 28, 1)  # (B, 1, 5, 5, 28, 28)
        rows, columns = torch.randint(2 * SHIFT + 1, (2, len(images)))
        return windows[torch.arange(len(images)), :, rows, columns]
# --8<-- [end:shift]


# --8<-- [start:train]
def train(model, training, validation) -> tuple[list[float], list[float]]:
    shifted = nn.Sequential(RandomShift(), model)
    batches = DataLoader(TensorDataset(*training), batch_size=BATCH_SIZE, shuffle=True)
    loss_function = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_LEARNING_RATE, total_steps=EPOCHS * len(batches), pct_start=0.1
    )
    training_losses, validation_accuracies = [], []
    for epoch in range(1, EPOCHS + 1):
        model.train()
        total_loss = 0.0
        for images, labels in batches:
            logits = shifted(images.to(DEVICE))  # (B, 10)
            loss = loss_function(logits, labels.to(DEVICE))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total_loss += loss.item()
        training_losses.append(total_loss / len(batches))
        validation_accuracies.append(evaluate(model, *validation)[0])
        print(
            f"epoch {epoch}: training loss {training_losses[-1]:.4f}, "
            f"validation accuracy {validation_accuracies[-1]:.2%}"
        )
    return training_losses, validation_accuracies
# --8<-- [end:train]


# --8<-- [start:evaluate]
@torch.inference_mode()
def evaluate(model, images, labels) -> tuple[float, np.ndarray]:
    model.eval()
    logits = torch.cat([model(batch.to(DEVICE)) for batch in images.split(1000)])
    predictions = logits.argmax(dim=1).cpu()  # (N,)
    accuracy = (predictions == labels).sum().item() / len(labels)
    return accuracy, predictions.numpy()
# --8<-- [end:evaluate]


# --8<-- [start:predict]
@torch.inference_mode()
def predict(model, image) -> int:
    model.eval()
    logits = model(image.unsqueeze(0).to(DEVICE))[0]  # a batch of one, then (10,)
    print("digit" + "".join(f"{digit:7d}" for digit in range(10)))
    print("logit" + "".join(f"{logit:7.1f}" for logit in logits))
    return logits.argmax().item()
# --8<-- [end:predict]


# --8<-- [start:confusion]
def draw_confusion_matrix(labels, predictions):
    counts = np.zeros((10, 10), dtype=int)  # row: truth, column: prediction
    np.add.at(counts, (labels, predictions), 1)
    _, axes = plt.subplots(num="confusion_matrix", clear=True, figsize=(5.6, 5.6))
    axes.imshow(np.sqrt(counts), cmap="Blues")  # without the root, 1 would look like 0
    axes.set(xlabel="prediction", ylabel="truth", xticks=range(10), yticks=range(10))
    for truth, prediction in np.argwhere(counts):
        color = "white" if truth == prediction else "black"
        count = counts[truth, prediction]
        axes.text(prediction, truth, count, ha="center", va="center", color=color)
# --8<-- [end:confusion]


# --8<-- [start:draw]
def draw(training_losses, validation_accuracies, images, labels, predictions):
    epochs = range(1, EPOCHS + 1)
    _, (left, right) = plt.subplots(1, 2, num="learning_curve", clear=True, layout="tight")
    left.plot(epochs, training_losses, marker="o")
    left.set(xlabel="epoch", ylabel="training loss", xticks=epochs)
    right.plot(epochs, validation_accuracies, marker="o")
    right.set(xlabel="epoch", ylabel="validation accuracy", xticks=epochs)

    _, grid = plt.subplots(2, 5, num="mistakes", clear=True, figsize=(7, 3.2))
    for axes, i in zip(grid.flat, np.flatnonzero(predictions != labels)):
        axes.imshow(images[i].squeeze(), cmap="gray")
        axes.axis("off")
        axes.set_title(f"{predictions[i]} ≠ {labels[i]}", color="tab:red")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    training, validation, (test_images, test_labels) = load()
    look(*training)
    model = build_model()
    training_losses, validation_accuracies = train(model, training, validation)
    test_accuracy, predictions = evaluate(model, test_images, test_labels)
    print(f"test accuracy: {test_accuracy:.2%}")
    predicted_digit = predict(model, test_images[0])
    print(f"predicted digit: {predicted_digit}, truth: {test_labels[0]}")
    test_images, test_labels = test_images.numpy(), test_labels.numpy()
    draw_confusion_matrix(test_labels, predictions)
    draw(training_losses, validation_accuracies, test_images, test_labels, predictions)
    plt.show()
# --8<-- [end:main]
