# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

from comparison_mxnet import CONTEXT, load

SEED = 0
IMAGES = 12_000
BATCH_SIZE = 64
# --8<-- [end:imports]


# --8<-- [start:starts]
STARTS = {  # inputs to the initialisers of weight and bias
    "Keras": lambda inputs: (mx.init.Xavier(), "zeros"),
    "PyTorch": lambda inputs: 2 * [mx.init.Uniform(inputs**-0.5)],
    "MXNet": lambda inputs: (mx.init.Uniform(0.07), "zeros"),
}


def started(start: str) -> gluon.Block:
    hidden, output = STARTS[start](784), STARTS[start](64)
    model = nn.HybridSequential()
    model.add(
        nn.Dense(64, "relu", weight_initializer=hidden[0], bias_initializer=hidden[1]),
        nn.Dense(10, weight_initializer=output[0], bias_initializer=output[1]),
    )
    model.initialize(ctx=CONTEXT)
    model.hybridize()
    return model
# --8<-- [end:starts]


# --8<-- [start:train]
def first_epoch(model, images, labels) -> list[float]:
    dataset = gluon.data.ArrayDataset(images, labels)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(model.collect_params(), "adam")
    total_loss, means = 0.0, []  # means of the losses so far
    for images, labels in batches:
        with autograd.record():
            logits = model(images.as_in_context(CONTEXT))
            losses = loss_function(logits, labels.as_in_context(CONTEXT))
        losses.backward()
        trainer.step(len(images))
        total_loss += float(losses.mean().asscalar())
        means.append(total_loss / (len(means) + 1))
    return means
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(curves):
    _, axes = plt.subplots(num="first_epoch", clear=True, figsize=(6, 3), layout="tight")
    for start, means in curves.items():
        axes.plot(range(1, len(means) + 1), means, label=start)
    axes.set(xlabel="batch", ylabel="mean loss so far")
    axes.legend(title="initial weights of")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    np.random.seed(SEED)
    (images, labels), _ = load()
    images, labels = images[:IMAGES], labels[:IMAGES]
    curves = {start: first_epoch(started(start), images, labels) for start in STARTS}
    first_losses = [means[-1] for means in curves.values()]
    for start, loss in zip(STARTS, first_losses):
        print(f"initial weights of {start:8} mean loss of the first epoch {loss:.4f}")
    draw(curves)
    plt.show()
# --8<-- [end:main]
