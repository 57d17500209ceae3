# --8<-- [start:imports]
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 4
BATCH_SIZE = 64
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 784).astype("float32") / 255  # (60000, 784)
    test_images = test_images.reshape(-1, 784).astype("float32") / 255  # (10000, 784)
    return (images, labels.astype("int32")), (test_images, test_labels.astype("int32"))
# --8<-- [end:load]


# --8<-- [start:model]
def build_model() -> gluon.Block:
    model = nn.HybridSequential()
    model.add(
        nn.Dense(64, activation="relu"),  # (N, 64)
        nn.Dense(10),  # (N, 10) logits
    )
    model.initialize(ctx=CONTEXT)
    model.hybridize()
    return model
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, images, labels) -> list[float]:
    dataset = gluon.data.ArrayDataset(images, labels)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(model.collect_params(), "adam")
    training_losses = []
    for epoch in range(1, EPOCHS + 1):
        total_loss = 0.0
        for images, labels in batches:
            with autograd.record():
                logits = model(images.as_in_context(CONTEXT))  # (B, 10)
                losses = loss_function(logits, labels.as_in_context(CONTEXT))  # (B,)
            losses.backward()
            trainer.step(len(images))
            total_loss += losses.mean()
        training_losses.append(float(total_loss.asscalar()) / len(batches))
        print(f"epoch {epoch}: training loss {training_losses[-1]:.4f}")
    return training_losses
# --8<-- [end:train]


# --8<-- [start:evaluate]
def evaluate(model, images, labels) -> float:
    predictions = model(mx.nd.array(images, ctx=CONTEXT)).argmax(axis=1).asnumpy()  # (N,)
    return float(np.mean(predictions == labels))
# --8<-- [end:evaluate]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    np.random.seed(SEED)
    training, test = load()
    model = build_model()
    training_losses = train(model, *training)
    test_accuracy = evaluate(model, *test)
    print(f"test accuracy: {test_accuracy:.2%}")
# --8<-- [end:main]
