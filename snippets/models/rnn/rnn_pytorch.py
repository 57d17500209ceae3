# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 24
BATCH_SIZE = 128
LEARNING_RATE = 3e-3
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = images.astype("float32") / 255  # (60000, 28, 28): 28 time steps of 28 pixels
    test_images = test_images.astype("float32") / 255
    labels, test_labels = labels.astype("int64"), test_labels.astype("int64")
    held_out = len(labels) // 12  # 5000
    training = images[:-held_out], labels[:-held_out]
    validation = images[-held_out:], labels[-held_out:]
    return training, validation, (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(28, HIDDEN_SIZE, batch_first=True)
        nn.init.orthogonal_(self.rnn.weight_hh_l0)  # Keras' default
        self.output = nn.Linear(HIDDEN_SIZE, 10)

    def forward(self, images):  # (N, 28, 28): N sequences, time steps, numbers in each
        _, state = self.rnn(images)  # (1, N, 64): the last hidden state of each layer
        return self.output(state[-1])  # (N, 10) logits
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, training, validation) -> tuple[list[float], list[float]]:
    images, labels = (torch.tensor(array, device=DEVICE) for array in training)
    steps = -(-len(labels) // BATCH_SIZE)  # of an epoch
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * steps)
    training_losses, validation_accuracies = [], []
    for epoch in range(1, EPOCHS + 1):
        total_loss = 0.0
        for batch in torch.randperm(len(labels), device=DEVICE).split(BATCH_SIZE):
            loss = loss_function(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
            optimizer.step()
            scheduler.step()
            total_loss += loss.item()
        training_losses.append(total_loss / steps)
        right = predict(model, validation[0]).argmax(axis=1) == validation[1]
        validation_accuracies.append(float(right.mean()))
        print(
            f"epoch {epoch:2d}: training loss {training_losses[-1]:.4f}, "
            f"validation accuracy {validation_accuracies[-1]:.2%}"
        )
    return training_losses, validation_accuracies
# --8<-- [end:train]


# --8<-- [start:predict]
@torch.inference_mode()
def predict(model, images) -> np.ndarray:
    return model(torch.tensor(images, device=DEVICE)).cpu().numpy()
# --8<-- [end:predict]


# --8<-- [start:cell]
def numpy_weights(model) -> list[np.ndarray]:
    w = {name: tensor.numpy(force=True) for name, tensor in model.state_dict().items()}
    bias = w["rnn.bias_ih_l0"] + w["rnn.bias_hh_l0"]  # two biases that act as one, (64,)
    kernels = w["rnn.weight_ih_l0"].T, w["rnn.weight_hh_l0"].T  # (28, 64), (64, 64)
    return [*kernels, bias, w["output.weight"].T, w["output.bias"]]


def unroll(images, kernel, recurrent, bias) -> np.ndarray:
    state = np.zeros((len(images), HIDDEN_SIZE), dtype="float32")  # h_0 = 0
    states = []
    for row in images.transpose(1, 0, 2):  # 28 time steps of (N, 28)
        state = np.tanh(row @ kernel + state @ recurrent + bias)  # (N, 64)
        states.append(state)
    return np.stack(states, axis=1)  # (N, 28, 64)
# --8<-- [end:cell]


# --8<-- [start:draw]
def draw(training_losses, validation_accuracies, images, states, accuracy_by_row):
    epochs = range(1, EPOCHS + 1)
    _, (left, right) = plt.subplots(1, 2, num="learning_curve", clear=True, layout="tight")
    left.plot(epochs, training_losses, marker="o")
    left.set(xlabel="epoch", ylabel="training loss", xticks=range(0, EPOCHS + 1, 4))
    right.plot(epochs, validation_accuracies, marker="o")
    right.set(xlabel="epoch", ylabel="validation accuracy", xticks=range(0, EPOCHS + 1, 4))

    _, (left, right) = plt.subplots(
        1, 2, num="hidden_states", clear=True, width_ratios=(1, 2), layout="tight"
    )
    left.imshow(images[0], cmap="gray")
    left.set(ylabel="row = time step", xlabel="28 pixels")
    right.imshow(states[0], cmap="coolwarm", vmin=-1, vmax=1, aspect="auto")
    right.set(ylabel="time step", xlabel="64 numbers of the hidden state")

    _, axes = plt.subplots(num="accuracy_by_row", clear=True)
    axes.plot(range(1, 29), accuracy_by_row, marker="o")
    axes.axhline(0.1, color="gray", linestyle=":")  # guessing
    axes.set(xlabel="rows read", ylabel="test accuracy", ylim=(0, 1))
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    training, validation, (test_images, test_labels) = load()
    model = Model().to(DEVICE)
    training_losses, validation_accuracies = train(model, training, validation)
    test_logits = predict(model, test_images)  # (N, 10)
    test_accuracy = float(np.mean(test_logits.argmax(axis=1) == test_labels))
    print(f"test accuracy: {test_accuracy:.2%}")

    *cell, output_kernel, output_bias = numpy_weights(model)
    states = unroll(test_images, *cell)
    logits_by_row = states @ output_kernel + output_bias  # (N, 28, 10)
    formula_difference = float(np.abs(logits_by_row[:, -1] - test_logits).max())
    print(f"layer against formula: {formula_difference:.0e}")
    right = logits_by_row.argmax(axis=2) == test_labels[:, np.newaxis]  # (N, 28)
    accuracy_by_row = right.mean(axis=0).tolist()
    for rows in (7, 14, 21, 28):
        print(f"accuracy after {rows:2d} rows: {accuracy_by_row[rows - 1]:.1%}")
    draw(training_losses, validation_accuracies, test_images, states, accuracy_by_row)
    plt.show()
# --8<-- [end:main]
