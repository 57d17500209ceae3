# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mnist_data import load_mnist

SEED = 0
torch.manual_seed(SEED)
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]

# --8<-- [start:load]
(train_images, train_labels), (test_images, test_labels) = load_mnist()
print("train_images", train_images.shape, train_images.dtype)
print("train_labels", train_labels.shape, train_labels.dtype)
# --8<-- [end:load]

# --8<-- [start:look]
_, grid = plt.subplots(2, 10, num="twenty_digits", clear=True, figsize=(8, 2.2))
for axes, image, label in zip(grid.flat, train_images, train_labels):
    axes.imshow(image, cmap="gray")
    axes.set_title(label)
    axes.axis("off")
plt.show()
# --8<-- [end:look]

# --8<-- [start:prepare]
x = torch.tensor(train_images).unsqueeze(1) / 255  # (60000, 1, 28, 28)
y = torch.tensor(train_labels).long()  # (60000,)
x_test = torch.tensor(test_images).unsqueeze(1) / 255  # (10000, 1, 28, 28)
y_test = torch.tensor(test_labels).long()  # (10000,)
print("images:", tuple(x.shape), x.dtype, "up to", x.max().item())
print("labels:", tuple(y.shape), y.dtype)

held_out = len(y) // 10
x_train, y_train = x[:-held_out], y[:-held_out]
x_validation, y_validation = x[-held_out:], y[-held_out:]
print("training:", len(y_train), " validation:", len(y_validation))
# --8<-- [end:prepare]

# --8<-- [start:batches]
batches = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True)
images, labels = next(iter(batches))
print(len(batches), "batches; the first:", tuple(images.shape), tuple(labels.shape))
# --8<-- [end:batches]

# --8<-- [start:model]
def make_model() -> nn.Module:
    model = nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(800, 128),
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(128, 10),  # logits: no softmax here
    )
    return model.to(DEVICE)
# --8<-- [end:model]

# --8<-- [start:shapes]
model = make_model()
images, labels = images.to(DEVICE), labels.to(DEVICE)
array = images
for layer in model:
    array = layer(array)
    count = sum(parameter.numel() for parameter in layer.parameters())
    print(f"{type(layer).__name__:10} {str(tuple(array.shape)):18} {count:8,}")
print("all parameters:", sum(parameter.numel() for parameter in model.parameters()))
# --8<-- [end:shapes]

# --8<-- [start:loss]
loss_function = nn.CrossEntropyLoss()
logits = model(images)  # (64, 10)
probabilities = logits.softmax(dim=1)  # (64, 10)
true_probabilities = probabilities[range(64), labels]  # (64,)
print("ten logits:", logits[0].detach().cpu().numpy().round(2))
print(f"CrossEntropyLoss of the logits:     {loss_function(logits, labels):.6f}")
print(f"mean of -ln(softmax), by hand:      {-true_probabilities.log().mean():.6f}")
# --8<-- [end:loss]

# --8<-- [start:gradient]
weight = model[0].weight  # of the first convolution, (16, 1, 3, 3)
print("before backward:", weight.grad)
loss_function(logits, labels).backward()
once = weight.grad.norm().item()
loss_function(model(images), labels).backward()
twice = weight.grad.norm().item()
print(f"length of the gradient after one backward: {once:.4f}, after another: {twice:.4f}")
model.zero_grad()
print("after zero_grad:", weight.grad)
# --8<-- [end:gradient]

# --8<-- [start:modes]
def spread(model):
    return (model(images) - model(images)).abs().max().item()


model.train()
training_spread = spread(model)
model.eval()
evaluation_spread = spread(model)
print(f"the same images twice differ by {training_spread:.4f} in train mode")
print(f"                           and {evaluation_spread:.4f} in eval mode")
# --8<-- [end:modes]

# --8<-- [start:evaluate]
@torch.inference_mode()
def evaluate(model, x, y) -> tuple[float, float, torch.Tensor]:
    model.eval()
    logits = torch.cat([model(part.to(DEVICE)) for part in x.split(1000)]).cpu()  # (N, 10)
    accuracy = (logits.argmax(dim=1) == y).float().mean().item()
    return loss_function(logits, y).item(), accuracy, logits


untrained_loss, untrained_accuracy, _ = evaluate(model, x[:6000], y[:6000])
print(f"loss {untrained_loss:.3f}, accuracy {untrained_accuracy:.1%}")
print(f"loss of one who says 1/10 to everything: {np.log(10):.3f}")
# --8<-- [end:evaluate]

# --8<-- [start:train]
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
training_losses, training_accuracies = [], []
validation_losses, validation_accuracies = [], []
for epoch in range(1, 4):
    model.train()
    total_loss = total_correct = 0
    for images, labels in batches:
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(labels)
        total_correct += (logits.argmax(dim=1) == labels).sum().item()
    training_losses.append(total_loss / len(y_train))
    training_accuracies.append(total_correct / len(y_train))
    validation_loss, validation_accuracy, _ = evaluate(model, x_validation, y_validation)
    validation_losses.append(validation_loss)
    validation_accuracies.append(validation_accuracy)
    print(
        f"epoch {epoch}: accuracy {training_accuracies[-1]:.4f}, loss {training_losses[-1]:.4f},"
        f" val_accuracy {validation_accuracy:.4f}, val_loss {validation_loss:.4f}"
    )
# --8<-- [end:train]

# --8<-- [start:curves]
epochs = range(1, len(training_losses) + 1)
_, (left, right) = plt.subplots(1, 2, num="curves", clear=True, figsize=(8, 3.2), layout="tight")
left.plot(epochs, training_losses, marker="o", label="training")
left.plot(epochs, validation_losses, marker="o", label="validation")
left.set(xlabel="epoch", ylabel="loss", xticks=epochs)
left.legend()
right.plot(epochs, training_accuracies, marker="o", label="training")
right.plot(epochs, validation_accuracies, marker="o", label="validation")
right.set(xlabel="epoch", ylabel="accuracy", xticks=epochs)
right.legend()
plt.show()
# --8<-- [end:curves]

# --8<-- [start:test]
_, test_accuracy, test_logits = evaluate(model, x_test, y_test)
print(f"test accuracy {test_accuracy:.2%}")
# --8<-- [end:test]

# --8<-- [start:predict]
ten = test_logits[0].softmax(dim=0)  # (10,)
predicted_digit = ten.argmax().item()
for digit in range(10):
    print(f"{digit}: logit {test_logits[0, digit]:7.2f}, probability {ten[digit]:.6f}")
print("argmax:", predicted_digit, " true label:", test_labels[0])

_, (left, right) = plt.subplots(
    1, 2, num="one_prediction", clear=True, figsize=(7, 2.8), layout="tight"
)
left.imshow(test_images[0], cmap="gray")
left.axis("off")
right.bar(range(10), ten)
right.set(xlabel="digit", ylabel="probability", xticks=range(10), ylim=(0, 1))
plt.show()
# --8<-- [end:predict]

# --8<-- [start:confusion]
predictions = test_logits.argmax(dim=1).numpy()  # (10000,)
counts = np.zeros((10, 10), dtype=int)  # row: truth, column: prediction
np.add.at(counts, (test_labels, predictions), 1)

_, axes = plt.subplots(num="confusion", clear=True, figsize=(5.6, 5.6))
axes.imshow(np.sqrt(counts), cmap="Blues")  # without the root, 1 would look like 0
axes.set(xlabel="prediction", ylabel="truth", xticks=range(10), yticks=range(10))
for truth, prediction in np.argwhere(counts):
    color = "white" if truth == prediction else "black"
    count = counts[truth, prediction]
    axes.text(prediction, truth, count, ha="center", va="center", color=color)
plt.show()
# --8<-- [end:confusion]

# --8<-- [start:mistakes]
test_probabilities = test_logits.softmax(dim=1).numpy()  # (10000, 10)
wrong = np.flatnonzero(predictions != test_labels)
mistakes = len(wrong)
surest = wrong[test_probabilities[wrong].max(axis=1).argsort()[::-1]]  # most confident first
print(mistakes, "mistakes")

_, grid = plt.subplots(2, 5, num="surest_mistakes", clear=True, figsize=(7.5, 3.6), layout="tight")
for axes, i in zip(grid.flat, surest):
    axes.imshow(test_images[i], cmap="gray")
    title = f"{predictions[i]} ({test_probabilities[i].max():.0%}) ≠ {test_labels[i]}"
    axes.set_title(title, size=10)
    axes.axis("off")
plt.show()
# --8<-- [end:mistakes]

# --8<-- [start:save]
torch.save(model.state_dict(), "digits.pt")
restored = make_model()
state = torch.load("digits.pt", map_location=DEVICE, weights_only=True)
restored.load_state_dict(state)
_, _, restored_logits = evaluate(restored, x_test, y_test)
reload_difference = (restored_logits - test_logits).abs().max().item()
print("in the file:", list(state))
print(f"largest difference in {test_logits.numel()} logits: {reload_difference}")
# --8<-- [end:save]

# --8<-- [start:wrong_loop]
def short_training(loss_function, zero_grad=True) -> tuple[float, float]:
    torch.manual_seed(SEED)
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    model.train()
    for images, labels in zip(x_train[:6_400].split(64), y_train[:6_400].split(64)):
        loss = loss_function(model(images.to(DEVICE)), labels.to(DEVICE))
        if zero_grad:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item(), evaluate(model, x_validation, y_validation)[1]


def softmax_twice(logits, labels):
    return loss_function(logits.softmax(dim=1), labels)


short_accuracies = []
for name, result in {
    "as it should be": short_training(loss_function),
    "softmax twice": short_training(softmax_twice),
    "no zero_grad": short_training(loss_function, zero_grad=False),
}.items():
    short_accuracies.append(result[1])
    print(f"{name:16} last loss {result[0]:.3f}, validation accuracy {result[1]:.1%}")
# --8<-- [end:wrong_loop]

# --8<-- [start:wrong_mode]
restored.train()  # as if one had forgotten restored.eval()
with torch.inference_mode():
    noisy = torch.cat([restored(part.to(DEVICE)) for part in x_validation.split(1000)]).cpu()
train_mode_accuracy = (noisy.argmax(dim=1) == y_validation).float().mean().item()
print(f"validation accuracy in eval mode  {validation_accuracies[-1]:.2%}")
print(f"                    in train mode {train_mode_accuracy:.2%}")
# --8<-- [end:wrong_mode]
