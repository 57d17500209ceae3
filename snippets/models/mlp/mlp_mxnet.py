# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 5
BATCH_SIZE = 32
LEARNING_RATE = 1e-3
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    train_images = mx.nd.array(train_images, dtype="float32") / 255  # (60000, 28, 28)
    train_labels = mx.nd.array(train_labels, dtype="int32")  # (60000,)
    test_images = mx.nd.array(test_images, dtype="float32") / 255  # (10000, 28, 28)
    test_labels = mx.nd.array(test_labels, dtype="int32")  # (10000,)
    return (train_images, train_labels), (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
def build_model() -> gluon.Block:
    model = nn.HybridSequential()
    model.add(
        nn.Flatten(),  # (N, 784)
        nn.Dense(128, activation="relu"),  # (N, 128)
        nn.Dropout(0.2),
        nn.Dense(10),  # (N, 10) logits
    )
    model.initialize(mx.init.Xavier(), ctx=CONTEXT)
    model.hybridize()
    return model
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, train_images, train_labels) -> list[float]:
    dataset = gluon.data.ArrayDataset(train_images, train_labels)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    adam = mx.optimizer.Adam(learning_rate=LEARNING_RATE)
    trainer = gluon.Trainer(model.collect_params(), adam)
    training_losses = []
    for epoch in range(1, EPOCHS + 1):
        total_loss = 0.0
        for images, labels in batches:
            with autograd.record():
                logits = model(images.as_in_context(CONTEXT))  # (B, 10)
                losses = loss_function(logits, labels.as_in_context(CONTEXT))
            losses.backward()
            trainer.step(len(images))
            total_loss += losses.mean()
        training_losses.append(float(total_loss.asscalar()) / len(batches))
        print(f"epoch {epoch}: training loss {training_losses[-1]:.4f}")
    return training_losses
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> tuple[float, np.ndarray]:
    logits = model(images.as_in_context(CONTEXT))  # (N, 10)
    predictions = logits.argmax(axis=1).astype("int32").asnumpy()
    return float(np.mean(predictions == labels.asnumpy())), predictions
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
    mx.random.seed(SEED)
    np.random.seed(SEED)
    (train_images, train_labels), (test_images, test_labels) = load()
    model = build_model()
    training_losses = train(model, train_images, train_labels)
    test_accuracy, predictions = evaluate(model, test_images, test_labels)
    print(f"test accuracy: {test_accuracy:.2%}")
    draw(training_losses, test_images.asnumpy(), test_labels.asnumpy(), predictions)
    plt.show()
# --8<-- [end:main]
