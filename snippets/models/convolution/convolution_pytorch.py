# --8<-- [start:imports]
import numpy as np
import torch
from torch import nn

SEED = 0
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:convolve]
def convolve(images, kernels, biases, stride=1, padding=0):
    images = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    size = kernels.shape[2]  # kernels: (O, C, K, K)
    height, width = ((side - size) // stride + 1 for side in images.shape[2:])
    maps = np.empty((len(images), len(kernels), height, width))
    for row, column in np.ndindex(height, width):
        top, left = row * stride, column * stride
        window = images[:, :, top : top + size, left : left + size]  # (N, C, K, K)
        sums = np.tensordot(window, kernels, axes=((1, 2, 3), (1, 2, 3)))  # (N, O)
        maps[:, :, row, column] = sums + biases
    return maps  # (N, O, height, width)
# --8<-- [end:convolve]


# --8<-- [start:pool]
def pool(maps, reduce, size, stride):
    height, width = ((side - size) // stride + 1 for side in maps.shape[2:])
    pooled = np.empty((*maps.shape[:2], height, width))
    for row, column in np.ndindex(height, width):
        top, left = row * stride, column * stride
        window = maps[:, :, top : top + size, left : left + size]  # (N, C, K, K)
        pooled[:, :, row, column] = reduce(window, axis=(2, 3))
    return pooled
# --8<-- [end:pool]


# --8<-- [start:compare]
@torch.inference_mode()
def compare(name, layer, images, expected) -> float:
    actual = layer.to(DEVICE)(torch.tensor(images, device=DEVICE)).cpu().numpy()
    difference = np.abs(actual - expected).max()
    print(f"{name:33} {images.shape[1:]} to {actual.shape[1:]}  difference {difference:.0e}")
    return float(difference)


def compare_convolutions(images, kernels, biases) -> list[float]:
    differences = []
    for stride, padding in ((1, 0), (1, 1), (2, 0), (2, 1)):
        layer = nn.Conv2d(3, 4, kernel_size=3, stride=stride, padding=padding, dtype=torch.float64)
        layer.load_state_dict({"weight": torch.tensor(kernels), "bias": torch.tensor(biases)})
        expected = convolve(images, kernels, biases, stride, padding)
        name = f"convolution, stride {stride}, padding {padding}"
        differences.append(compare(name, layer, images, expected))
    return differences


def compare_pooling(images) -> list[float]:
    differences = []
    for size in (2, 3):
        name = f"pooling, {size} x {size}, stride 2"
        largest, mean = (pool(images, reduce, size, stride=2) for reduce in (np.max, np.mean))
        differences.append(compare(f"max {name}", nn.MaxPool2d(size, stride=2), images, largest))
        differences.append(compare(f"average {name}", nn.AvgPool2d(size, stride=2), images, mean))
    return differences
# --8<-- [end:compare]


# --8<-- [start:count]
def count(layer) -> int:
    return sum(parameter.numel() for parameter in layer.parameters())
# --8<-- [end:count]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    images = generator.normal(size=(2, 3, 9, 8))  # two images of three channels, float64
    kernels = generator.normal(size=(4, 3, 3, 3))
    biases = generator.normal(size=4)
    convolution_differences = compare_convolutions(images, kernels, biases)
    pooling_differences = compare_pooling(images)

    turned = convolve(images, kernels[:, :, ::-1, ::-1], biases)  # convolution in mathematics
    turned_difference = float(np.abs(turned - convolve(images, kernels, biases)).max())
    print(f"with the kernels turned by half a turn: difference {turned_difference:.1f}")

    dense = nn.Linear(28 * 28, 8 * 26 * 26)
    parameter_counts = [count(dense), count(nn.Conv2d(1, 8, kernel_size=3))]
    print("parameters, dense against convolution:", parameter_counts)
# --8<-- [end:main]
