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

# --8<-- [start:prepare]
(train_images, train_labels), (test_images, test_labels) = load_mnist()
x = torch.tensor(train_images).unsqueeze(1) / 255  # (60000, 1, 28, 28)
y = torch.tensor(train_labels).long()  # (60000,)
x_test = torch.tensor(test_images).unsqueeze(1) / 255  # (10000, 1, 28, 28)
y_test = torch.tensor(test_labels).long()  # (10000,)

held_out = len(y) // 10
x_train, y_train = x[:-held_out], y[:-held_out]
x_validation, y_validation = x[-held_out:], y[-held_out:]
print("images:", tuple(x.shape), x.dtype, "up to", x.max().item())
print("labels:", tuple(y.shape), y.dtype)
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
print(f"CrossEntropyLoss of the logits: {loss_function(logits, labels):.6f}")
print(f"mean of -ln(softmax), by hand:  {-true_probabilities.log().mean():.6f}")

far_apart = torch.tensor([[200.0, 0.0]])  # two classes, and the second is true
print("softmax gives the true class:", far_apart.softmax(dim=1)[0, 1].item())
print("CrossEntropyLoss of the logits:", loss_function(far_apart, torch.tensor([1])).item())
# --8<-- [end:loss]

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

# --8<-- [start:gradient]
bias = model[-1].bias  # ten weights, one added to each logit
loss = loss_function(model(images), labels)
loss.backward()
slope = bias.grad[0].item()

with torch.no_grad():  # change one weight by hand, look, and change it back
    bias[0] += 0.01
    tried_slope = (loss_function(model(images), labels) - loss).item() / 0.01
    bias[0] -= 0.01
print(f"slope from backward: {slope:.3f}, from trying: {tried_slope:.3f}")

loss_function(model(images), labels).backward()
added_slope = bias.grad[0].item()
print(f"after another backward: {added_slope:.3f}")
model.zero_grad()
print("after zero_grad:", bias.grad)
# --8<-- [end:gradient]

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
training_losses, validation_losses, validation_accuracies = [], [], []
for epoch in range(1, 4):
    model.train()
    total_loss = 0.0
    for images, labels in batches:
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        loss = loss_function(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(labels)
    training_losses.append(total_loss / len(y_train))
    validation_loss, validation_accuracy, _ = evaluate(model, x_validation, y_validation)
    validation_losses.append(validation_loss)
    validation_accuracies.append(validation_accuracy)
    print(
        f"epoch {epoch}: loss {training_losses[-1]:.4f},"
        f" val_accuracy {validation_accuracy:.4f}, val_loss {validation_loss:.4f}"
    )
# --8<-- [end:train]

# --8<-- [start:test]
_, test_accuracy, test_logits = evaluate(model, x_test, y_test)
predictions = test_logits.argmax(dim=1).numpy()  # (10000,), and NumPy again
predicted_digit = int(predictions[0])
mistakes = int((predictions != test_labels).sum())
print(f"test accuracy {test_accuracy:.2%}, {mistakes} mistakes")
print("first image read as", predicted_digit, "and labelled", test_labels[0])
# --8<-- [end:test]

# --8<-- [start:logits]
test_probabilities = test_logits.softmax(dim=1)  # (10000, 10)
place = test_probabilities.max(dim=1).values.argmin().item()  # where it is least sure
two_logits, two_digits = test_logits[place].topk(2)
two_probabilities = test_probabilities[place, two_digits]
for digit, logit, probability in zip(two_digits, two_logits, two_probabilities):
    print(f"{digit}: logit {logit:.2f}, probability {probability:.3f}")
print(f"ratio of the probabilities:        {two_probabilities[0] / two_probabilities[1]:.4f}")
print(f"e to the difference of the logits: {(two_logits[0] - two_logits[1]).exp():.4f}")

_, (left, middle, right) = plt.subplots(
    1, 3, num="logits", clear=True, figsize=(8, 2.6), layout="tight"
)
left.imshow(test_images[place], cmap="gray")
left.set_title(f"labelled {test_labels[place]}", size=10)
left.axis("off")
middle.bar(range(10), test_logits[place])
middle.set(xlabel="digit", ylabel="logit", xticks=range(10))
right.bar(range(10), test_probabilities[place])
right.set(xlabel="digit", ylabel="probability", xticks=range(10))
plt.show()
# --8<-- [end:logits]

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
def short_training(loss_function, zero_grad=True) -> tuple[list[float], float]:
    torch.manual_seed(SEED)
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    losses = []
    for images, labels in zip(x_train[:12_800].split(64), y_train[:12_800].split(64)):
        loss = loss_function(model(images.to(DEVICE)), labels.to(DEVICE))
        if zero_grad:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, evaluate(model, x_validation, y_validation)[1]


def softmax_twice(logits, labels):
    return loss_function(logits.softmax(dim=1), labels)
# --8<-- [end:wrong_loop]

# --8<-- [start:wrong_loops]
runs = {
    "as it should be": short_training(loss_function),
    "softmax twice": short_training(softmax_twice),
    "no zero_grad": short_training(loss_function, zero_grad=False),
}
_, axes = plt.subplots(num="wrong_loops", clear=True, figsize=(7, 3.4))
for name, (losses, accuracy) in runs.items():
    print(f"{name:16} last loss {losses[-1]:.3f}, validation accuracy {accuracy:.1%}")
    axes.plot(range(1, len(losses) + 1), losses, label=name)
axes.axhline(np.log(np.e + 9) - 1, color="gray", linewidth=1, linestyle="-")  # 1.46
axes.set(xlabel="step", ylabel="loss of the batch", ylim=(0, 3))
axes.legend(ncols=3)
plt.show()
# --8<-- [end:wrong_loops]

# --8<-- [start:wrong_mode]
restored.train()  # as if one had forgotten restored.eval()
with torch.inference_mode():
    noisy = torch.cat([restored(part.to(DEVICE)) for part in x_validation.split(1000)]).cpu()
train_mode_accuracy = (noisy.argmax(dim=1) == y_validation).float().mean().item()
print(f"validation accuracy in eval mode  {validation_accuracies[-1]:.2%}")
print(f"                    in train mode {train_mode_accuracy:.2%}")
# --8<-- [end:wrong_mode]
