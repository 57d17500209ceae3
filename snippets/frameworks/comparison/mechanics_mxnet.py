# --8<-- [start:imports]
import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon import nn

SEED = 0
CALLS = 3
LOGITS = mx.nd.array([[2, -1, 0], [0, 3, 1], [1, 1, 1], [-2, 0, 4]])  # (4, 3)
LABELS = mx.nd.array([0, 1, 2, 2])  # (4,)
# --8<-- [end:imports]


# --8<-- [start:model]
seen = []


class Model(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(10, in_units=784)

    def hybrid_forward(self, F, x):
        seen.append(type(x).__name__)  # happens only when Python runs this method
        return self.dense(x)
# --8<-- [end:model]


# --8<-- [start:graph]
def count_runs(model, rows: int, how: str = "plain") -> int:
    seen.clear()
    for _ in range(CALLS):
        model(mx.nd.zeros((rows, 784)))
    print(f"{how}: {CALLS} calls, {rows} rows, Python saw {seen}")
    return len(seen)
# --8<-- [end:graph]


# --8<-- [start:device]
def accepts_other_device() -> int:
    layer = nn.Dense(3, in_units=3)
    layer.initialize()
    x = mx.nd.ones((1, 3), ctx=mx.cpu(1))
    print("weights on", layer.weight.data().context, "and data on", x.context)
    try:
        return int(layer(x).shape == (1, 3))
    except RuntimeError as error:
        print("RuntimeError:", str(error).partition(". ")[0])
        return 0
# --8<-- [end:device]


# --8<-- [start:loss]
def gradient_sizes(loss_function) -> list[float]:
    logits, sizes = LOGITS.copy(), []
    logits.attach_grad()
    for _ in range(2):
        with autograd.record():
            losses = loss_function(logits, LABELS)  # (4,)
        losses.backward()
        sizes.append(float(logits.grad.abs().sum().asscalar()))
    return sizes
# --8<-- [end:loss]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    model = Model()
    model.initialize()
    python_runs = [count_runs(model, 64)]
    model.hybridize()
    python_runs += [count_runs(model, 64, "graph"), count_runs(model, 32, "graph")]
    other_device = accepts_other_device()
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    losses = loss_function(LOGITS, LABELS)  # (4,)
    loss_values = losses.size
    loss = float(losses.mean().asscalar())
    misread = gluon.loss.SoftmaxCrossEntropyLoss(from_logits=True)(LOGITS, LABELS)
    loss_misread = float(misread.mean().asscalar())
    gradients = gradient_sizes(loss_function)
    print(f"loss {loss:.4f}; with from_logits=True {loss_misread:.4f}")
    print(f"size of the gradient {gradients[0]:.4f}, computed once more {gradients[1]:.4f}")
# --8<-- [end:main]
