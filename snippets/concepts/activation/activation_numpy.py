# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import erf

SEED = 0
LAYERS, WIDTH = 20, 256
# --8<-- [end:imports]


# --8<-- [start:functions]
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x, slope=0):  # leaky ReLU where slope is not 0
    return np.maximum(x, 0) + slope * np.minimum(x, 0)


def gelu(x):
    return x * (1 + erf(x / np.sqrt(2))) / 2


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
# --8<-- [end:functions]


# --8<-- [start:derivatives]
def sigmoid_slope(x):
    return sigmoid(x) * (1 - sigmoid(x))


def tanh_slope(x):
    return 1 - np.tanh(x) ** 2


def relu_slope(x, slope=0):
    return np.where(x > 0, 1, slope)


def gelu_slope(x):
    return (1 + erf(x / np.sqrt(2))) / 2 + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
# --8<-- [end:derivatives]


# --8<-- [start:numbers]
x = np.linspace(-6, 6, 241)
examples = np.array([-5.0, -1.0, 0.0, 1.0, 5.0])
print("x       ", *(f"{value:6.0f}" for value in examples))
for name, function in (("sigmoid", sigmoid), ("slope", sigmoid_slope), ("tanh", np.tanh), ("ReLU", relu), ("GELU", gelu)):
    print(f"{name:8}", *(f"{value:6.3f}" for value in function(examples)))
scores = np.array([2.0, 1.0, 0.1])
print("softmax of", *scores, "is", *(f"{share:.3f}" for share in softmax(scores)))
sigmoid_slopes, shares = sigmoid_slope(examples), softmax(scores)
highest_slopes = [slope(x).max() for slope in (sigmoid_slope, tanh_slope, gelu_slope)]
# --8<-- [end:numbers]

# --8<-- [start:depth]
generator = np.random.default_rng(SEED)
weights = generator.normal(size=(LAYERS, WIDTH, WIDTH)) / np.sqrt(WIDTH)
batch, arriving = generator.normal(size=(2, 64, WIDTH))


def gradient_sizes(function, slope, gain):
    """Send a batch up through all layers, then a gradient down again; return its mean size below each layer."""
    state, gradient, sums, sizes = batch, arriving, [], []
    for matrix in weights:
        sums.append(state @ matrix * gain)
        state = function(sums[-1])
    for matrix, z in zip(weights[::-1], sums[::-1]):
        gradient = (gradient * slope(z)) @ matrix.T * gain
        sizes.append(np.abs(gradient).mean())
    return sizes


sizes = {
    "no activation": gradient_sizes(lambda z: z, np.ones_like, 1),
    "ReLU": gradient_sizes(relu, relu_slope, np.sqrt(2)),
    "tanh": gradient_sizes(np.tanh, tanh_slope, 1),
    "sigmoid": gradient_sizes(sigmoid, sigmoid_slope, 1),
}
kept = [values[-1] / values[0] for values in sizes.values()]
for name, share in zip(sizes, kept):
    print(f"{name:13} gradient below {LAYERS} layers / below 1: {share:.1e}")
# --8<-- [end:depth]

# --8<-- [start:dying]
inputs = np.linspace(0, 1, 101)


def train(slope, first_rate):
    """Teach one neuron y = x; return its largest weighted sum after the first step, and its loss at each step."""
    weight, bias, losses = 0.5, 0.5, []
    for step in range(5000):
        z = weight * inputs + bias
        error = relu(z, slope) - inputs
        losses.append(np.mean(error**2))
        if step == 1:
            highest = z.max()
        down = 2 * error * relu_slope(z, slope) / len(inputs)
        rate = first_rate if step == 0 else 0.1
        weight, bias = weight - rate * np.sum(down * inputs), bias - rate * np.sum(down)
    return highest, losses


_, gentle = train(slope=0, first_rate=0.1)
highest_sum, dead = train(slope=0, first_rate=2)
_, leaky = train(slope=0.01, first_rate=2)
gentle_loss, dead_loss, leaky_loss = gentle[-1], dead[-1], leaky[-1]
print(f"ReLU: loss {gentle_loss:.3f}; after one long step {dead_loss:.3f}; leaky ReLU after it {leaky_loss:.3f}")
# --8<-- [end:dying]

# --8<-- [start:answers]
exercise_sizes = [
    gradient_sizes(relu, relu_slope, 1),
    gradient_sizes(sigmoid, sigmoid_slope, 4),
    gradient_sizes(np.tanh, tanh_slope, 1.3),
    gradient_sizes(sigmoid, sigmoid_slope, 11),
]
exercise_kept = [values[-1] / values[0] for values in exercise_sizes]
state, flat = batch, []
for matrix in weights:
    z = state @ matrix * 11
    state = sigmoid(z)
    flat.append(np.mean(sigmoid_slope(z) < 0.0025))  # below a hundredth of the steepest
flat_share = np.mean(flat)
steps_back = [int(np.argmax(np.array(train(slope, 2)[1]) < 0.001)) for slope in (0.01, 0.1, 0.3)]
# --8<-- [end:answers]

# --8<-- [start:plots]
figure, axes = plt.subplots(1, 4, num="curves", clear=True, figsize=(8, 2.4), sharey=True, layout="tight")
pairs = ((sigmoid, sigmoid_slope), (np.tanh, tanh_slope), (relu, relu_slope), (gelu, gelu_slope))
for panel, name, (function, slope) in zip(axes, ("sigmoid", "tanh", "ReLU", "GELU"), pairs):
    panel.plot(x, function(x), label="f(x)")
    panel.plot(x, slope(x), label="f'(x)")
    panel.set(title=name, xlim=(-6, 6), ylim=(-1.2, 2.2), xlabel="x")
axes[0].legend(loc="upper left")

figure, panel = plt.subplots(num="depth", clear=True, figsize=(6.4, 3.2), layout="tight")
for (name, values), marker in zip(sizes.items(), "^sod"):
    panel.semilogy(range(1, LAYERS + 1), values, label=name, marker=marker, markersize=4)
panel.set(xlabel="layers passed on the way down", ylabel="mean |gradient|", xticks=range(0, LAYERS + 1, 5))
panel.legend()
plt.show()
# --8<-- [end:plots]
