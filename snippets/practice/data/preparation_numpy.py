# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine

from mnist_data import load_mnist

SEED = 0
generator = np.random.default_rng(SEED)
# --8<-- [end:imports]


# --8<-- [start:scale]
def standardise(train, rows):
    varies = train.max(axis=0) > train.min(axis=0)
    return (rows - train.mean(axis=0)) / np.where(varies, train.std(axis=0), 1)


def scale(train, rows):
    low, high = train.min(axis=0), train.max(axis=0)
    return (rows - low) / np.where(high > low, high - low, 1)
# --8<-- [end:scale]


# --8<-- [start:example]
column = np.array([1.0, 2.0, 3.0, 6.0])  # what we learn from
asked = np.append(column, 8.0)  # and a new value
standardised, scaled = standardise(column, asked), scale(column, asked)
print("standardised:", standardised.round(3))
print("scaled:      ", scaled.round(3))
# --8<-- [end:example]


# --8<-- [start:constant]
tenths = np.full(3, 0.1)  # a column that never varies
tenths_deviation = tenths.std()  # the mean is rounded, so this is not 0
tenths_divided = (0.2 - tenths.mean()) / tenths_deviation  # a new value, divided all the same
tenths_standardised = standardise(tenths, np.array([0.1, 0.2]))
print(f"deviation {tenths_deviation:.2g}; divided by it, 0.2 becomes {tenths_divided:.2g}")
print("standardised:", tenths_standardised.round(3))
# --8<-- [end:constant]


# --8<-- [start:one_hot]
def one_hot(codes, classes):
    return (codes[..., None] == np.arange(classes)).astype(float)  # (..., classes)


print(one_hot(np.array([2, 0, 3]), 3))  # there is no class 3
# --8<-- [end:one_hot]


# --8<-- [start:category]
def prices(rows):
    colours = generator.integers(0, 4, rows)  # red, green, blue, grey
    return colours, np.array([5, 1, 4, 2])[colours] + generator.normal(0, 0.5, rows)


def error(encode):
    weights = np.linalg.lstsq(encode(colours), price, rcond=None)[0]
    return ((encode(new_colours) @ weights - new_price) ** 2).mean()


(colours, price), (new_colours, new_price) = prices(200), prices(2000)
category_errors = [
    error(lambda codes: np.ones((len(codes), 1))),  # the same price for all
    error(lambda codes: np.stack([np.ones(len(codes)), codes], axis=1)),  # the code as a number
    error(lambda codes: one_hot(codes, 4)),
]
for name, value in zip(["one price", "code", "one-hot"], category_errors):
    print(f"{name:10} {value:.3f}")
# --8<-- [end:category]


# --8<-- [start:split]
def split(rows):
    order = generator.permutation(rows)
    return np.split(order, [rows * 3 // 5, rows * 4 // 5])  # train, validation, test
# --8<-- [end:split]


# --8<-- [start:neighbours]
def vote(train, labels, rows, k):
    """Return the most frequent label among the k nearest training rows."""
    distances = (train**2).sum(axis=1) - 2 * rows @ train.T  # (N, M), squared, less |row|^2
    nearest = labels[distances.argsort(axis=1)[:, :k]]  # (N, k)
    return one_hot(nearest, 10).sum(axis=1).argmax(axis=1)


def test_accuracy(x, labels, parts):
    train, validation, test = parts

    def accuracy(k, rows):
        return (vote(x[train], labels[train], x[rows], k) == labels[rows]).mean()

    best = max([1, 3, 5, 9, 15], key=lambda k: accuracy(k, validation))
    return accuracy(best, test)
# --8<-- [end:neighbours]


# --8<-- [start:wine]
wine, cultivars = load_wine(return_X_y=True)  # (178, 13), (178,)
HUE, PROLINE = 10, 12
splits = [split(len(wine)) for _ in range(20)]
accuracies = np.zeros(6)
for parts in splits:
    train, _, test = parts
    most_frequent = np.bincount(cultivars[train]).argmax()
    accuracies += [
        test_accuracy(wine, cultivars, parts),
        test_accuracy(scale(wine[train], wine), cultivars, parts),
        test_accuracy(standardise(wine[train], wine), cultivars, parts),
        test_accuracy(standardise(wine, wine), cultivars, parts),  # a leak
        test_accuracy(wine[:, [PROLINE]], cultivars, parts),
        (cultivars[test] == most_frequent).mean(),
    ]
accuracies /= len(splits)
names = ["as they are", "scaled", "standardised", "the same, all rows",
         "proline alone", "most frequent"]
for name, accuracy in zip(names, accuracies):
    print(f"{name:18} {accuracy:.1%}")
# --8<-- [end:wine]


# --8<-- [start:copies]
(images, _), _ = load_mnist()
chosen = images[generator.choice(len(images), 500, replace=False)] / 255
labels = np.tile(generator.integers(0, 10, 500), 4)  # drawn at random: nothing can be learned
shifts = [(0, 0), (0, 1), (1, 0), (0, -1)]
x = np.concatenate([np.roll(chosen, shift, axis=(1, 2)) for shift in shifts]).reshape(2000, 784)
origin = np.tile(np.arange(500), 4)

by_row = split(2000)
by_picture = [np.flatnonzero(np.isin(origin, part)) for part in split(500)]
copy_accuracies = [test_accuracy(x, labels, parts) for parts in (by_row, by_picture)]
print(f"split by row {copy_accuracies[0]:.1%}, by picture {copy_accuracies[1]:.1%}")
# --8<-- [end:copies]


# --8<-- [start:answers]
black_pixel = -images.mean() / images.std()
constant_pixels = int((images.max(axis=0) == images.min(axis=0)).sum())
print(f"a black pixel {black_pixel:.3f}, constant pixels {constant_pixels}")
# --8<-- [end:answers]


# --8<-- [start:draw]
_, panels = plt.subplots(1, 2, num="columns", clear=True, figsize=(8, 3.6), layout="constrained")
for axes, x, title in zip(
    panels, (wine, standardise(wine[splits[0][0]], wine)), ("as they are", "standardised")
):
    for cultivar, marker in enumerate("o^s"):
        here = x[cultivars == cultivar]
        axes.plot(here[:, PROLINE], here[:, HUE], marker, markersize=3, linestyle="none")
    axes.set(title=title, xlabel="proline", ylabel="hue")
    axes.set_aspect("equal", adjustable="datalim")
plt.show()
# --8<-- [end:draw]
