# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 8
BATCH_SIZE = 64
PEAK_LEARNING_RATE = 4e-3
LABEL_SMOOTHING = 0.1
SHIFT = 2  # pixels
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 1, 28, 28).astype("float32") / 255  # (60000, 1, 28, 28)
    test_images = test_images.reshape(-1, 1, 28, 28).astype("float32") / 255
    held_out = len(labels) // 12  # 5000
    training = images[:-held_out], labels[:-held_out]
    validation = images[-held_out:], labels[-held_out:]
    return training, validation, (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:look]
def look(images, labels):
    print(f"images: {images.shape}, {images.min():.0f} to {images.max():.0f}")
    _, grid = plt.subplots(2, 8, num="digits", clear=True, figsize=(7, 2.4))
    for axes, image, label in zip(grid.flat, images, labels):
        axes.imshow(image.squeeze(), cmap="gray")
        axes.axis("off")
        axes.set_title(label)
# --8<-- [end:look]


# --8<-- [start:model]
def build_model() -> gluon.Block:
    model = nn.HybridSequential()
    model.add(
        nn.Conv2D(32, kernel_size=3, activation="relu"),  # (N, 32, 26, 26)
        nn.MaxPool2D(2),  # (N, 32, 13, 13)
        nn.Conv2D(64, kernel_size=3, activation="relu"),  # (N, 64, 11, 11)
        nn.MaxPool2D(2),  # (N, 64, 5, 5)
        nn.Flatten(),  # (N, 1600)
        nn.Dense(128, activation="relu"),  # (N, 128)
        nn.Dense(10),  # (N, 10) logits
    )
    model.initialize(mx.init.Xavier(), ctx=CONTEXT)
    model.hybridize()
    return model
# --8<-- [end:model]


# --8<-- [start:shift]
class RandomShift(gluon.Block):
    def forward(self, images):  # (B, 1, 28, 28)
        padded = np.pad(images.asnumpy(), 2 * [(0, 0)] + 2 * [(SHIFT, SHIFT)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, (28, 28), axis=(2, 3))
        rows, columns = np.random.randint(2 * SHIFT + 1, size=(2, len(images)))
        shifted = windows[np.arange(len(images)), :, rows, columns]
        return mx.nd.array(shifted, ctx=images.context)
# --8<-- [end:shift]


# --8<-- [start:train]
def train(model, training, validation) -> tuple[list[float], list[float]]:
    shifted = nn.Sequential()
    shifted.add(RandomShift(), model)
    dataset = gluon.data.ArrayDataset(*training)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)
    steps = EPOCHS * len(batches)
    schedule = mx.lr_scheduler.CosineScheduler(
        max_update=steps,
        base_lr=PEAK_LEARNING_RATE,
        warmup_steps=steps // 10,
        warmup_begin_lr=PEAK_LEARNING_RATE / 25,
    )
    adam = mx.optimizer.Adam(PEAK_LEARNING_RATE, lr_scheduler=schedule)
    trainer = gluon.Trainer(model.collect_params(), adam)
    training_losses, validation_accuracies = [], []
    for epoch in range(1, EPOCHS + 1):
        total_loss = 0.0
        for images, labels in batches:
            targets = mx.nd.one_hot(  # (B, 10)
                labels.as_in_context(CONTEXT),
                depth=10,
                on_value=1 - LABEL_SMOOTHING * 9 / 10,
                off_value=LABEL_SMOOTHING / 10,
            )
            with autograd.record():
                logits = shifted(images.as_in_context(CONTEXT))  # (B, 10)
                losses = loss_function(logits, targets)
            losses.backward()
            trainer.step(len(images))
            total_loss += losses.mean()
        training_losses.append(float(total_loss.asscalar()) / len(batches))
        validation_accuracies.append(evaluate(model, *validation)[0])
        print(
            f"epoch {epoch}: training loss {training_losses[-1]:.4f}, "
            f"validation accuracy {validation_accuracies[-1]:.2%}"
        )
    return training_losses, validation_accuracies
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> tuple[float, np.ndarray]:
    starts = range(0, len(images), 1000)
    batches = [mx.nd.array(images[i : i + 1000], ctx=CONTEXT) for i in starts]
    logits = mx.nd.concat(*[model(batch) for batch in batches], dim=0)  # (N, 10)
    predictions = logits.argmax(axis=1).astype("int32").asnumpy()  # (N,)
    return float(np.mean(predictions == labels)), predictions
# --8<-- [end:evaluate]


# --8<-- [start:predict]
def predict(model, image) -> int:
    batch = mx.nd.array(image[np.newaxis], ctx=CONTEXT)  # (1, 1, 28, 28)
    logits = model(batch)[0].asnumpy()  # (10,)
    print("digit" + "".join(f"{digit:7d}" for digit in range(10)))
    print("logit" + "".join(f"{logit:7.1f}" for logit in logits))
    return int(logits.argmax())
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
    mx.random.seed(SEED)
    np.random.seed(SEED)
    training, validation, (test_images, test_labels) = load()
    look(*training)
    model = build_model()
    training_losses, validation_accuracies = train(model, training, validation)
    test_accuracy, predictions = evaluate(model, test_images, test_labels)
    print(f"test accuracy: {test_accuracy:.2%}")
    predicted_digit = predict(model, test_images[0])
    print(f"predicted digit: {predicted_digit}, truth: {test_labels[0]}")
    draw_confusion_matrix(test_labels, predictions)
    draw(training_losses, validation_accuracies, test_images, test_labels, predictions)
    plt.show()
# --8<-- [end:main]
