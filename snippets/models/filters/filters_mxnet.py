# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from mnist_data import load_mnist

SEED = 0
BATCH_SIZE = 64
LEARNING_RATE = 6e-3
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images, labels = images[:30_000], labels[:30_000]
    images = images.reshape(-1, 1, 28, 28).astype("float32") / 255  # (30000, 1, 28, 28)
    test_images = test_images.reshape(-1, 1, 28, 28).astype("float32") / 255
    return (images, labels), (mx.nd.array(test_images, ctx=CONTEXT), test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
def build_model(activation="relu", pooling=nn.AvgPool2D) -> gluon.Block:
    model = nn.HybridSequential()
    model.add(
        nn.Conv2D(8, kernel_size=5, activation=activation),  # (N, 8, 24, 24)
        pooling(2),  # (N, 8, 12, 12)
        nn.Conv2D(16, kernel_size=3, activation=activation),  # (N, 16, 10, 10)
        pooling(2),  # (N, 16, 5, 5)
        nn.Flatten(),  # (N, 400)
        nn.Dense(10),  # (N, 10) logits
    )
    model.initialize(mx.init.Xavier(), ctx=CONTEXT)
    model.hybridize()
    return model
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels):
    dataset = gluon.data.ArrayDataset(images, labels)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    schedule = mx.lr_scheduler.CosineScheduler(len(batches), base_lr=LEARNING_RATE)
    adam = mx.optimizer.Adam(LEARNING_RATE, lr_scheduler=schedule)
    trainer = gluon.Trainer(model.collect_params(), adam)
    for images, labels in batches:  # one epoch
        with autograd.record():
            logits = model(images.as_in_context(CONTEXT))
            losses = loss_function(logits, labels.as_in_context(CONTEXT))
        losses.backward()
        trainer.step(len(images))
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> float:
    starts = range(0, len(images), 1000)
    logits = mx.nd.concat(*[model(images[i : i + 1000]) for i in starts], dim=0)  # (N, 10)
    return float(np.mean(logits.argmax(axis=1).asnumpy() == labels))


def additivity_error(model, images) -> float:
    """How far f(a + b) lies from f(a) + f(b) - f(0): zero where f is linear plus a constant."""
    a, b = images[:50], images[50:100]
    logits = model(a + b)
    error = logits - (model(a) + model(b) - model(a.zeros_like()))
    return float((error.abs().max() / logits.abs().max()).asscalar())
# --8<-- [end:evaluate]


# --8<-- [start:filters]
def first_kernels(model) -> np.ndarray:
    return model[0].weight.data().asnumpy()[:, 0]  # (8, 5, 5)


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
def draw_maps(model, image):
    x = image.expand_dims(0)  # (1, 1, 28, 28)
    _, grid = plt.subplots(4, 8, num="feature_maps", clear=True, figsize=(8, 4.4))
    for row, layer in zip(grid, model):
        x = layer(x)  # (1, 8, 24, 24), (1, 8, 12, 12), (1, 16, 10, 10), (1, 16, 5, 5)
        row[0].set_ylabel(f"{x.shape[2]} × {x.shape[3]}")
        for axes, feature_map in zip(row, x[0].asnumpy()):
            axes.imshow(feature_map, cmap="gray")
            axes.set(xticks=[], yticks=[])
# --8<-- [end:maps]


# --8<-- [start:main]
if __name__ == "__main__":
    training, (test_images, test_labels) = load()
    models, starts, accuracies, additivity_errors = [], [], [], []
    for activation, pooling in (
        ("relu", nn.AvgPool2D),
        (None, nn.AvgPool2D),
        (None, nn.MaxPool2D),
        ("relu", nn.MaxPool2D),
    ):
        mx.random.seed(SEED)
        np.random.seed(SEED)
        model = build_model(activation, pooling)
        model(test_images[:1])  # settles the shapes, and with them the weights
        starts.append(first_kernels(model))
        train(model, *training)
        models.append(model)
        accuracies.append(evaluate(model, test_images, test_labels))
        additivity_errors.append(additivity_error(model, test_images))
        print(
            f"{activation} {pooling.__name__} test accuracy {accuracies[-1]:.2%}, "
            f"additivity error {additivity_errors[-1]:.0e}"
        )
    relu_gain = accuracies[0] - accuracies[1]
    print(f"gained by ReLU: {100 * relu_gain:.2f} percentage points")
    mx.random.seed(SEED)
    np.random.seed(SEED)
    softmax_regression = nn.Dense(10)  # flattens its input
    softmax_regression.initialize(mx.init.Xavier(), ctx=CONTEXT)
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
