# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from mnist_data import load_mnist

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:slide]
def slide(image, size, stride, compute):
    height, width = ((side - size) // stride + 1 for side in image.shape)
    result = np.empty((height, width))
    for row, column in np.ndindex(height, width):
        top, left = row * stride, column * stride
        result[row, column] = compute(image[top : top + size, left : left + size])  # one number
    return result


def convolve(image, kernel, stride=1, padding=0):
    image = np.pad(image, padding)  # a frame of zeros
    return slide(image, len(kernel), stride, lambda window: np.sum(window * kernel))
# --8<-- [end:slide]


# --8<-- [start:matrix]
def as_matrix(kernel) -> np.ndarray:
    pixels = np.eye(784).reshape(784, 28, 28)  # 784 images, each with a single white pixel
    return np.stack([convolve(pixel, kernel).ravel() for pixel in pixels])  # (784, 676)
# --8<-- [end:matrix]


# --8<-- [start:window]
def draw_window(image, kernel, row, column):
    window = image[row : row + 3, column : column + 3]
    products = window * kernel + 0.0  # not -0.0
    titles = ("window", "kernel", f"products, sum {products.sum():.2f}")
    _, panels = plt.subplots(1, 3, num="window", clear=True, figsize=(7, 2.5))
    for axes, numbers, title in zip(panels, (window, kernel, products), titles):
        axes.imshow(numbers, cmap="coolwarm", vmin=-3, vmax=3)
        axes.set(title=title, xticks=[], yticks=[])
        for (i, j), number in np.ndenumerate(numbers):
            axes.text(j, i, f"{number:.2f}", ha="center", va="center", color="black")
# --8<-- [end:window]


# --8<-- [start:steps]
def draw_steps(image, feature_map):
    _, grid = plt.subplots(2, 4, num="sliding", clear=True, figsize=(7, 3.7))
    for (above, below), step in zip(grid.T, (168, 246, 431, 675)):
        row, column = divmod(step, 26)
        done = np.where(np.arange(676).reshape(26, 26) <= step, feature_map, np.nan)
        above.imshow(image, cmap="gray")
        below.imshow(done, cmap="coolwarm", vmin=-4, vmax=4)
        for axes, side in ((above, 3), (below, 1)):
            corner = column - 0.5, row - 0.5
            axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor="red", linewidth=2))
            axes.set(xticks=[], yticks=[])
# --8<-- [end:steps]


# --8<-- [start:shapes]
def draw_shapes(panels):
    _, row = plt.subplots(1, len(panels), num="shapes", clear=True, figsize=(9, 1.9))
    for axes, (title, image) in zip(row, panels.items()):
        axes.imshow(image, cmap="coolwarm", vmin=-4, vmax=4)
        axes.set(title=title, xticks=[], yticks=[], xlabel=f"{len(image)} × {len(image[0])}")
# --8<-- [end:shapes]


# --8<-- [start:main]
if __name__ == "__main__":
    (images, _), _ = load_mnist()
    digit = images[0] / 255  # (28, 28)
    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])  # white on the left, black on the right
    feature_map = convolve(digit, kernel)  # (26, 26)

    shifted_map = convolve(np.roll(digit, 2, axis=1), kernel)  # two pixels to the right
    shift_difference = np.abs(shifted_map[:, 2:] - feature_map[:, :-2]).max()
    print(f"map of the shifted digit against the shifted map: difference {shift_difference:.0e}")

    generator = np.random.default_rng(SEED)
    matrix = as_matrix(generator.normal(size=(3, 3)))
    connections = int(np.count_nonzero(matrix))
    matrix_counts = [matrix.size, connections, len(np.unique(matrix)) - 1]  # without the zero
    print("convolution as a matrix:", matrix.shape)
    print("numbers, not zero, different:", matrix_counts)

    draw_window(digit, kernel, 9, 12)
    draw_steps(digit, feature_map)
    draw_shapes({
        "digit": digit,
        "convolution": feature_map,
        "padding 1": convolve(digit, kernel, padding=1),
        "stride 2": convolve(digit, kernel, stride=2),
        "max pooling": slide(feature_map, 2, 2, np.max),
        "average": slide(feature_map, 2, 2, np.mean),
    })
    plt.show()
# --8<-- [end:main]
