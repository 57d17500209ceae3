# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

SEED = 0
EPOCHS = 20
BATCH_SIZE = 50
LEARNING_RATE = 1e-2
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:model]
def build_model() -> nn.HybridSequential:
    model = nn.HybridSequential()
    model.add(
        nn.Dense(64, activation="relu"),  # (N, 64)
        nn.Dense(1, activation="sigmoid"),  # (N, 1), between 0 and 1
    )
    model.initialize(mx.init.Xavier(), ctx=CONTEXT)
    model.hybridize()
    return model
# --8<-- [end:model]


# --8<-- [start:data]
def make_data(count, generator):
    rows = generator.normal(size=(count, 20)).astype("float32")
    random_labels = generator.integers(0, 2, size=(count, 1)).astype("float32")
    labels = (rows.sum(axis=1, keepdims=True) > 0).astype("float32")  # the rule
    return rows, random_labels, labels
# --8<-- [end:data]


# --8<-- [start:train]
def right(answers, labels):
    return float(((answers > 0.5) == (labels > 0.5)).sum().asscalar())


def train(model, rows, labels, fresh_rows, fresh_labels) -> tuple[list[float], list[float]]:
    dataset = gluon.data.ArrayDataset(rows, labels)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    fresh_rows = mx.nd.array(fresh_rows, ctx=CONTEXT)
    fresh_labels = mx.nd.array(fresh_labels, ctx=CONTEXT)
    loss_function = gluon.loss.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True)
    trainer = gluon.Trainer(model.collect_params(), "adam", {"learning_rate": LEARNING_RATE})
    training, fresh = [], []
    for _ in range(EPOCHS):
        number = 0
        for x, y in batches:
            x, y = x.as_in_context(CONTEXT), y.as_in_context(CONTEXT)
            with autograd.record():
                answers = model(x)
                losses = loss_function(answers, y)
            losses.backward()
            trainer.step(len(x))
            number += right(answers, y)
        training.append(number / len(rows))
        fresh.append(right(model(fresh_rows), fresh_labels) / len(fresh_rows))
    return training, fresh
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(curves):
    _, panels = plt.subplots(
        1, 2, num="accuracy", clear=True, figsize=(6, 3), sharey=True, layout="tight"
    )
    for axes, (title, (training, fresh)) in zip(panels, curves.items()):
        axes.plot(range(1, EPOCHS + 1), training, label="training rows")
        axes.plot(range(1, EPOCHS + 1), fresh, "--", label="fresh rows")
        axes.axhline(0.5, color="gray", linestyle=":")  # guessing
        axes.set(title=title, xlabel="epoch", xticks=(1, 10, 20), ylim=(0.4, 1.03))
    panels[0].set_ylabel("accuracy")
    panels[1].legend(loc="center right")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    rows, random_labels, labels = make_data(1000, generator)
    fresh_rows, fresh_random_labels, fresh_labels = make_data(1000, generator)
    mx.random.seed(SEED)
    np.random.seed(SEED)
    curves = {
        "random labels": train(
            build_model(), rows, random_labels, fresh_rows, fresh_random_labels
        ),
        "labels with a rule": train(build_model(), rows, labels, fresh_rows, fresh_labels),
    }
    for title, (training, fresh) in curves.items():
        print(f"{title:20} training {training[-1]:.1%}, fresh {fresh[-1]:.1%}")
    training_accuracies = [training[-1] for training, _ in curves.values()]
    fresh_accuracies = [fresh[-1] for _, fresh in curves.values()]
    draw(curves)
    plt.show()
# --8<-- [end:main]
