# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist
# --8<-- [end:imports]


# --8<-- [start:describe]
def describe(name, images, labels):
    print(f"{name}: images {images.shape} {images.dtype}, labels {labels.shape} {labels.dtype}")
    print(f"  pixels {images.min()} to {images.max()}, labels {labels.min()} to {labels.max()}")
    print(f"  images of each digit: {np.bincount(labels, minlength=10)}")
# --8<-- [end:describe]


# --8<-- [start:measure]
def measure_pixels(images) -> tuple[float, float]:
    pixels = images / 255  # float64
    return float(pixels.mean()), float(pixels.std())
# --8<-- [end:measure]


# --8<-- [start:draw]
def draw(images, labels):
    _, axes = plt.subplots(num="digit_counts", clear=True)
    axes.bar(range(10), np.bincount(labels, minlength=10))
    axes.set(xlabel="digit", ylabel="training images", xticks=range(10))

    _, grid = plt.subplots(2, 5, num="mean_digits", clear=True, figsize=(7, 3.2))
    for digit, axes in enumerate(grid.flat):
        axes.imshow(images[labels == digit].mean(axis=0), cmap="gray")
        axes.axis("off")
        axes.set_title(digit)
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    (train_images, train_labels), (test_images, test_labels) = load_mnist()
    describe("train", train_images, train_labels)
    describe("test", test_images, test_labels)
    counts = np.bincount(train_labels, minlength=10)
    rarest, most_frequent = counts.min(), counts.max()
    pixel_mean, pixel_deviation = measure_pixels(train_images)
    print(f"mean pixel {pixel_mean:.4f}, standard deviation {pixel_deviation:.4f}")
    draw(train_images, train_labels)
    plt.show()
# --8<-- [end:main]
