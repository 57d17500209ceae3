# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0
EPOCHS = 3
BATCH_SIZE = 128
LEARNING_RATE = 3e-3
NOISE = 0.5
BOTH = {"ReLU", "sigmoid"}
generator = np.random.default_rng(SEED)
(images, _), (test_images, test_labels) = load_mnist()
images = images.reshape(-1, 784).astype("float32") / 255  # (60000, 784)
test_images = test_images.reshape(-1, 784).astype("float32") / 255  # (10000, 784)
# --8<-- [end:imports]


# --8<-- [start:network]
def build(size):
    widths, layers = [784, 128, size, 128, 784], []
    for a, b in zip(widths, widths[1:]):
        bound = np.sqrt(6 / (a + b))
        weights = generator.uniform(-bound, bound, (a, b)).astype("float32")
        layers.append((weights, np.zeros(b, "float32")))
    return layers


def forward(layers, x, parts):
    """Return x and what each layer makes of it; the decoder alone is the last two layers."""
    values = [x]
    for number, (weights, biases) in enumerate(layers, 4 - len(layers)):
        x = x @ weights + biases
        if number in (0, 2) and "ReLU" in parts:
            x = np.maximum(0, x)
        if number == 3 and "sigmoid" in parts:
            x = 1 / (1 + np.exp(-x))
        values.append(x)
    return values
# --8<-- [end:network]


# --8<-- [start:train]
def gradients(layers, x, parts):
    values = forward(layers, x, parts)
    slope, found = 2 * (values[4] - x) / x.size, []  # of the mean squared error
    for number in (3, 2, 1, 0):
        output = values[number + 1]
        if number == 3 and "sigmoid" in parts:
            slope = slope * output * (1 - output)
        if number in (0, 2) and "ReLU" in parts:
            slope = slope * (output > 0)
        found = [values[number].T @ slope, slope.sum(axis=0), *found]
        if number > 0:
            slope = slope @ layers[number][0].T
    return found


def train(size, parts):
    layers = build(size)
    arrays = [array for layer in layers for array in layer]
    means, squares, step = [0 * a for a in arrays], [0 * a for a in arrays], 0
    for _ in range(EPOCHS):
        order = generator.permutation(len(images))
        for start in range(0, len(images), BATCH_SIZE):
            found = gradients(layers, images[order[start : start + BATCH_SIZE]], parts)
            step += 1
            rate = LEARNING_RATE * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
            for array, mean, square, gradient in zip(arrays, means, squares, found):  # Adam
                mean += 0.1 * (gradient - mean)
                square += 0.001 * (gradient**2 - square)
                array -= rate * mean / (np.sqrt(square) + 1e-8)
    return layers


def test_error(layers, parts) -> float:
    return float(np.mean((forward(layers, test_images, parts)[4] - test_images) ** 2))
# --8<-- [end:train]


# --8<-- [start:parts]
average = images.mean(axis=0)
centred, test_centred = images - average, test_images - average
_, _, directions = np.linalg.svd(centred.T @ centred)  # by falling variance, one a row


def pca_error(size) -> float:
    kept = directions[:size]
    return float(np.mean((test_centred @ kept.T @ kept - test_centred) ** 2))


model = train(32, BOTH)
part_errors = [test_error(model, BOTH), pca_error(32)]
for part in ("ReLU", "sigmoid"):
    part_errors.append(test_error(train(32, {part}), {part}))
for name, value in zip(["both", "PCA", "ReLU alone", "sigmoid alone"], part_errors):
    print(f"{name:13} {value:.4f}, of PCA's {value / part_errors[1]:.1%}")
# --8<-- [end:parts]


# --8<-- [start:sizes]
sizes = [2, 8, 32, 64]
size_errors = [
    part_errors[0] if size == 32 else test_error(train(size, BOTH), BOTH) for size in sizes
]
pca_errors = [pca_error(size) for size in sizes]
for size, value, other in zip(sizes, size_errors, pca_errors):
    print(f"{size:2} numbers: network {value:.4f}, PCA {other:.4f}")
# --8<-- [end:sizes]


# --8<-- [start:free]
def add_noise(pictures):
    noise = generator.standard_normal(pictures.shape, "float32")
    return np.clip(pictures + NOISE * noise, 0, 1)


noisy, test_noisy = add_noise(images), add_noise(test_images)
noisy_average = noisy.mean(axis=0)
noisy -= noisy_average
matrix = np.linalg.solve(noisy.T @ noisy, noisy.T @ centred)  # (784, 784), least squares
freed = average + (test_noisy - noisy_average) @ matrix
free_error = float(np.mean((freed - test_images) ** 2))
print(f"one matrix, without a bottleneck: error {free_error:.4f}")
# --8<-- [end:free]


# --8<-- [start:codes]
codes = forward(model, images, BOTH)[2]  # (60000, 32)
code_deviations = np.sort(codes.std(axis=0))
drawn = {
    "N(0, 1)": generator.standard_normal((1000, 32)),
    "fitted": generator.multivariate_normal(codes.mean(axis=0), np.cov(codes.T), 1000),
}
samples = {
    name: forward(model[2:], code.astype("float32"), BOTH)[-1] for name, code in drawn.items()
}


def distance(pictures) -> float:  # squared, to the nearest of ten thousand training pictures
    lengths = np.sum(images[:10000] ** 2, axis=1) - 2 * pictures @ images[:10000].T
    return float((np.sum(pictures**2, axis=1) + lengths.min(axis=1)).mean())


of_test = distance(test_images[:1000])
standard_ratio, fitted_ratio = (distance(pictures) / of_test for pictures in samples.values())
print(f"deviations of the code's numbers: {code_deviations[0]:.1f} to {code_deviations[-1]:.1f}")
print(f"distance ratio: N(0, 1) {standard_ratio:.2f}, fitted {fitted_ratio:.2f}")
# --8<-- [end:codes]


# --8<-- [start:draw]
def show(name, rows):
    _, grid = plt.subplots(len(rows), 10, num=name, clear=True, figsize=(8, 0.9 * len(rows)))
    for line, (title, pictures) in zip(grid, rows.items()):
        for axes, picture in zip(line, pictures):
            axes.imshow(picture.reshape(28, 28), cmap="gray", vmin=0, vmax=1)
            axes.axis("off")
        line[0].text(-3, 14, title, ha="right", va="center")


first = [np.flatnonzero(test_labels == digit)[0] for digit in range(10)]
pictures = {"original": test_images, "noisy": test_noisy, "one matrix": freed}
show("free", {name: every[first] for name, every in pictures.items()})
show("random_codes", {name: pictures[:10] for name, pictures in samples.items()})
_, axes = plt.subplots(num="sizes", clear=True, figsize=(5, 3), layout="tight")
axes.loglog(sizes, pca_errors, "s--", label="PCA")
axes.loglog(sizes, size_errors, "o-", label="autoencoder")
axes.set(xlabel="numbers in a code", ylabel="test error")
axes.set_xticks(sizes, sizes)
axes.set_yticks([0.01, 0.02, 0.05], [0.01, 0.02, 0.05])
axes.minorticks_off()
axes.legend()
plt.show()
# --8<-- [end:draw]
