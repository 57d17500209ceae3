# --8<-- [start:imports]
import numpy as np

from layers_numpy import gru
# --8<-- [end:imports]


# --8<-- [start:layer]
X, TARGET = np.array([[1.0, 2.0]]), np.zeros((1, 2))
KERNEL, BIAS = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])


def stages(kernel=KERNEL, divisor=2, biases=1):
    output = X @ kernel + BIAS  # (1, 2)
    error = 2 * (output - TARGET) / divisor  # of the mean of 2 squares, or of their sum
    gradient, bias_gradient = X.T @ error, error[0]
    after = kernel - 0.1 * gradient, BIAS - biases * 0.1 * bias_gradient  # each bias takes a step
    return [output], [gradient, bias_gradient], after
# --8<-- [end:layer]


# --8<-- [start:compare]
def distances(right, wrong) -> list[float]:
    return [float(max(np.abs(a - b).max() for a, b in zip(*pair))) for pair in zip(right, wrong)]


wrong = {
    "kernel not transposed": stages(kernel=KERNEL.T),
    "sum for a mean": stages(divisor=1),
    "a second bias": stages(biases=2),
}
found = {name: distances(stages(), results) for name, results in wrong.items()}
seen_forward, seen_gradient, seen_step = zip(*found.values())
print(f"{'':21}  forward  gradient  step")
for name, (forward, gradient, step) in found.items():
    print(f"{name:21}  {forward:7.2f}  {gradient:8.2f}  {step:4.2f}")
# --8<-- [end:compare]


# --8<-- [start:biases]
x, weights = np.array([[[1.0], [-1.0]]]), [np.array([[0.5, -0.5, 1.0]])] * 2  # 2 steps, 1 unit
random_like = np.array([[0.3, -0.2, 0.1], [-0.4, 0.5, 0.6]])  # a GRU's two rows of biases
exchanged = [
    float(np.abs(gru(x, *weights, bias) - gru(x, *weights, bias[::-1])).max())
    for bias in (np.zeros((2, 3)), random_like)
]
print(f"a GRU's rows of biases exchanged: {exchanged[0]:.3f} if zero, {exchanged[1]:.3f} if not")
# --8<-- [end:biases]
