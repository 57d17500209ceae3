# --8<-- [start:imports]
import keras
import numpy as np

SEED = 0
keras.config.set_floatx("float64")
# --8<-- [end:imports]


# --8<-- [start:convolve]
def same_padding(side, size, stride) -> tuple[int, int]:
    total = max((-(-side // stride) - 1) * stride + size - side, 0)
    return total // 2, total - total // 2  # an odd zero goes below, or to the right


def convolve(images, kernels, biases, stride=1, padding="valid"):
    size = len(kernels)  # kernels: (K, K, C, O)
    if padding == "same":
        sides = images.shape[1:3]
        frame = [same_padding(side, size, stride) for side in sides]
        images = np.pad(images, ((0, 0), *frame, (0, 0)))
    height, width = ((side - size) // stride + 1 for side in images.shape[1:3])
    maps = np.empty((len(images), height, width, len(biases)))
    for row, column in np.ndindex(height, width):
        top, left = row * stride, column * stride
        window = images[:, top : top + size, left : left + size]  # (N, K, K, C)
        maps[:, row, column] = np.tensordot(window, kernels, axes=3) + biases  # (N, O)
    return maps  # (N, height, width, O)
# --8<-- [end:convolve]


# --8<-- [start:pool]
def pool(maps, reduce, size, stride):
    height, width = ((side - size) // stride + 1 for side in maps.shape[1:3])
    pooled = np.empty((len(maps), height, width, maps.shape[3]))
    for row, column in np.ndindex(height, width):
        top, left = row * stride, column * stride
        window = maps[:, top : top + size, left : left + size]  # (N, K, K, C)
        pooled[:, row, column] = reduce(window, axis=(1, 2))
    return pooled
# --8<-- [end:pool]


# --8<-- [start:compare]
def compare(name, layer, images, expected) -> float:
    actual = keras.ops.convert_to_numpy(layer(images))
    difference = np.abs(actual - expected).max()
    print(f"{name:36} {images.shape[1:]} to {actual.shape[1:]}  difference {difference:.0e}")
    return float(difference)


def compare_convolutions(images, kernels, biases) -> list[float]:
    differences = []
    for stride, padding in ((1, "valid"), (1, "same"), (2, "valid"), (2, "same")):
        layer = keras.layers.Conv2D(4, kernel_size=3, strides=stride, padding=padding)
        layer.build(images.shape)
        layer.set_weights([kernels, biases])
        expected = convolve(images, kernels, biases, stride, padding)
        name = f"convolution, stride {stride}, padding {padding}"
        differences.append(compare(name, layer, images, expected))
    return differences


def compare_pooling(images) -> list[float]:
    differences = []
    for size in (2, 3):
        name = f"pooling, {size} x {size}, stride 2"
        largest, mean = (pool(images, reduce, size, stride=2) for reduce in (np.max, np.mean))
        layer = keras.layers.MaxPooling2D(size, strides=2)
        differences.append(compare(f"max {name}", layer, images, largest))
        layer = keras.layers.AveragePooling2D(size, strides=2)
        differences.append(compare(f"average {name}", layer, images, mean))
    return differences
# --8<-- [end:compare]


# --8<-- [start:count]
def count(layer, shape) -> int:
    layer.build(shape)
    return layer.count_params()
# --8<-- [end:count]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    images = generator.normal(size=(2, 9, 8, 3))  # two images of three channels, float64
    kernels = generator.normal(size=(3, 3, 3, 4))
    biases = generator.normal(size=4)
    convolution_differences = compare_convolutions(images, kernels, biases)
    pooling_differences = compare_pooling(images)

    turned = convolve(images, kernels[::-1, ::-1], biases)  # convolution in mathematics
    turned_difference = float(np.abs(turned - convolve(images, kernels, biases)).max())
    print(f"with the kernels turned by half a turn: difference {turned_difference:.1f}")

    dense = count(keras.layers.Dense(26 * 26 * 8), (None, 28 * 28))
    convolution = count(keras.layers.Conv2D(8, kernel_size=3), (None, 28, 28, 1))
    parameter_counts = [dense, convolution]
    print("parameters, dense against convolution:", parameter_counts)
# --8<-- [end:main]
