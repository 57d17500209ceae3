# --8<-- [start:imports]
import numpy as np
import torch
from torch import nn

SEED = 0
CALLS = 3
LOGITS = torch.tensor([[2.0, -1, 0], [0, 3, 1], [1, 1, 1], [-2, 0, 4]])  # (4, 3)
LABELS = torch.tensor([0, 1, 2, 2])  # (4,)
# --8<-- [end:imports]


# --8<-- [start:model]
seen = []


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(784, 10)

    def forward(self, x):
        seen.append(type(x).__name__)  # happens every time, compiled or not
        return self.dense(x)
# --8<-- [end:model]


# --8<-- [start:graph]
def count_runs(function, rows: int, how: str = "plain") -> int:
    seen.clear()
    for _ in range(CALLS):
        function(torch.zeros(rows, 784))
    print(f"{how}: {CALLS} calls, {rows} rows, Python saw {seen}")
    return len(seen)
# --8<-- [end:graph]


# --8<-- [start:device]
def accepts_other_device() -> int:
    layer = nn.Linear(3, 3)
    x = torch.ones(1, 3, device="meta")  # a device without data, there on every machine
    print("weights on", layer.weight.device, "and data on", x.device)
    try:
        return int(layer(x).shape == (1, 3))
    except RuntimeError as error:
        print("RuntimeError:", error)
        return 0
# --8<-- [end:device]


# --8<-- [start:loss]
def gradient_sizes(loss_function) -> list[float]:
    logits, sizes = LOGITS.clone().requires_grad_(), []
    for _ in range(2):
        loss_function(logits, LABELS).backward()
        sizes.append(float(np.abs(logits.grad.numpy()).sum()))
    return sizes
# --8<-- [end:loss]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    model = Model()
    graph = torch.compile(model, backend="eager")  # captured, and run without a C++ compiler
    python_runs = [count_runs(model, 64)]
    python_runs += [count_runs(graph, 64, "graph"), count_runs(graph, 32, "graph")]
    other_device = accepts_other_device()
    loss_function = nn.CrossEntropyLoss()
    loss = loss_function(LOGITS, LABELS)
    loss_values = loss.numel()
    loss_misread = loss_function(LOGITS.softmax(dim=1), LABELS)
    gradients = gradient_sizes(loss_function)
    print(f"loss {loss:.4f}; with a softmax before it {loss_misread:.4f}")
    print(f"size of the gradient {gradients[0]:.4f}, computed once more {gradients[1]:.4f}")
# --8<-- [end:main]
