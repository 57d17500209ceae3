# --8<-- [start:imports]
import numpy as np
import tensorflow as tf

SEED = 0
CALLS = 3
LOGITS = np.array([[2, -1, 0], [0, 3, 1], [1, 1, 1], [-2, 0, 4]], "float32")  # (4, 3)
LABELS = np.array([0, 1, 2, 2])  # (4,)
# --8<-- [end:imports]


# --8<-- [start:model]
seen = []


class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(tf.random.normal((784, 10)))

    def __call__(self, x):
        seen.append(type(x).__name__)  # happens only when Python runs this method
        return x @ self.kernel
# --8<-- [end:model]


# --8<-- [start:graph]
def count_runs(function, rows: int, how: str = "plain") -> int:
    seen.clear()
    for _ in range(CALLS):
        function(tf.zeros((rows, 784)))
    print(f"{how}: {CALLS} calls, {rows} rows, Python saw {seen}")
    return len(seen)
# --8<-- [end:graph]


# --8<-- [start:device]
def accepts_other_device() -> int:
    kernel = tf.Variable(tf.ones((3, 3)))
    with tf.device("CPU:1"):
        x = tf.ones((1, 3))
    print("weights on", kernel.device[-5:], "and data on", x.device[-5:])
    return int((x @ kernel).shape == (1, 3))
# --8<-- [end:device]


# --8<-- [start:loss]
def gradient_sizes() -> list[float]:
    logits, sizes = tf.Variable(LOGITS), []
    for _ in range(2):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, logits)  # (4,)
        sizes.append(float(np.abs(tape.gradient(losses, logits)).sum()))
    return sizes
# --8<-- [end:loss]


# --8<-- [start:main]
if __name__ == "__main__":
    cpu, *_ = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    tf.random.set_seed(SEED)
    model = Model()
    graph = tf.function(model)
    python_runs = [count_runs(model, 64)]
    python_runs += [count_runs(graph, 64, "graph"), count_runs(graph, 32, "graph")]
    other_device = accepts_other_device()
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, LOGITS)  # (4,)
    loss_values = np.size(losses)
    loss = np.mean(losses)
    probabilities = tf.nn.softmax(LOGITS)
    loss_misread = np.mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, probabilities))
    gradients = gradient_sizes()
    print(f"loss {loss:.4f}; with a softmax before it {loss_misread:.4f}")
    print(f"size of the gradient {gradients[0]:.4f}, computed once more {gradients[1]:.4f}")
# --8<-- [end:main]
