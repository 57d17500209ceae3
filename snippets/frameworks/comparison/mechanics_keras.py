# --8<-- [start:imports]
import keras
import numpy as np
import tensorflow as tf  # the backend: gradients and devices are its business

SEED = 0
CALLS = 3
LOGITS = np.array([[2, -1, 0], [0, 3, 1], [1, 1, 1], [-2, 0, 4]], "float32")  # (4, 3)
LABELS = np.array([0, 1, 2, 2])  # (4,)
# --8<-- [end:imports]


# --8<-- [start:model]
seen = []


class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(10)

    def call(self, x):
        seen.append(type(x).__name__)  # happens only when Python runs this method
        return self.dense(x)
# --8<-- [end:model]


# --8<-- [start:graph]
def count_eager_runs(model, rows: int) -> int:
    seen.clear()
    for _ in range(CALLS):
        model(np.zeros((rows, 784), "float32"))
    print(f"plain: {CALLS} calls, {rows} rows, Python saw {seen}")
    return len(seen)


def count_fit_runs(model, rows: int) -> int:
    seen.clear()
    images, labels = np.zeros((CALLS * rows, 784), "float32"), np.zeros(CALLS * rows)
    model.fit(images, labels, batch_size=rows, verbose=0)
    print(f"fit: {CALLS} batches, {rows} rows, Python saw {seen}")
    return len(seen)
# --8<-- [end:graph]


# --8<-- [start:device]
def accepts_other_device() -> int:
    layer = keras.layers.Dense(3)
    layer.build((1, 3))
    with keras.device("cpu:1"):
        x = keras.ops.ones((1, 3))
    print("weights on", layer.kernel.value.device[-5:], "and data on", x.device[-5:])
    return int(layer(x).shape == (1, 3))
# --8<-- [end:device]


# --8<-- [start:loss]
def gradient_sizes(loss_function) -> list[float]:
    logits, sizes = tf.Variable(LOGITS), []
    for _ in range(2):
        with tf.GradientTape() as tape:
            loss = loss_function(LABELS, logits)
        sizes.append(float(np.abs(tape.gradient(loss, logits)).sum()))
    return sizes
# --8<-- [end:loss]


# --8<-- [start:main]
if __name__ == "__main__":
    cpu, *_ = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    keras.utils.set_random_seed(SEED)
    loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = Model()
    model.compile(loss=loss_function)
    model(np.zeros((1, 784), "float32"))  # the first call makes the weights
    python_runs = [count_eager_runs(model, 64)]
    python_runs += [count_fit_runs(model, 64), count_fit_runs(model, 32)]
    other_device = accepts_other_device()
    loss = loss_function(LABELS, LOGITS)
    loss_values = np.size(loss)
    loss_misread = keras.losses.SparseCategoricalCrossentropy()(LABELS, LOGITS)
    gradients = gradient_sizes(loss_function)
    print(f"loss {loss:.4f}; without from_logits=True {loss_misread:.4f}")
    print(f"size of the gradient {gradients[0]:.4f}, computed once more {gradients[1]:.4f}")
# --8<-- [end:main]
