# --8<-- [start:imports]
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mnist_data import load_mnist

SEED = 0
EPOCHS = 4
BATCH_SIZE = 64
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = torch.tensor(images).reshape(-1, 784) / 255  # (60000, 784)
    test_images = torch.tensor(test_images).reshape(-1, 784) / 255  # (10000, 784)
    training = images, torch.tensor(labels).long()
    return training, (test_images, torch.tensor(test_labels).long())
# --8<-- [end:load]


# --8<-- [start:model]
def build_model() -> nn.Module:
    return nn.Sequential(
        nn.Linear(784, 64),  # (N, 64)
        nn.ReLU(),
        nn.Linear(64, 10),  # (N, 10) logits
    ).to(DEVICE)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels) -> list[float]:
    batches = DataLoader(TensorDataset(images, labels), batch_size=BATCH_SIZE, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    training_losses = []
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
def evaluate(model, images, labels) -> float:
    predictions = model(images.to(DEVICE)).argmax(dim=1).cpu()  # (N,)
    return (predictions == labels).float().mean().item()
# --8<-- [end:evaluate]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    training, test = load()
    model = build_model()
    training_losses = train(model, *training)
    test_accuracy = evaluate(model, *test)
    print(f"test accuracy: {test_accuracy:.2%}")
# --8<-- [end:main]
