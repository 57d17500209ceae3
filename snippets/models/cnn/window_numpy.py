# --8<-- [start:convolve]
import numpy as np

picture = np.array([  # a small seven: 1 is white
    [0, 0, 0, 0, 0, 0],
    [0, 1, 1, 1, 1, 0],
    [0, 0, 0, 0, 1, 0],
    [0, 0, 0, 1, 0, 0],
    [0, 0, 1, 0, 0, 0],
    [0, 0, 1, 0, 0, 0],
])
kernel = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]])


def convolve(picture, kernel):
    height, width = len(picture) - 2, len(picture[0]) - 2
    windows = [picture[i : i + 3, j : j + 3] for i in range(height) for j in range(width)]
    return np.array([np.sum(window * kernel) for window in windows]).reshape(height, width)


feature_map = convolve(picture, kernel)
positive = np.maximum(0, feature_map)  # ReLU
pooled = positive.reshape(2, 2, 2, 2).max(axis=(1, 3))  # the largest of each 2 × 2
for name, numbers in (("map", feature_map), ("ReLU", positive), ("max pooling", pooled)):
    print(f"{name}:\n{numbers}")
# --8<-- [end:convolve]

# --8<-- [start:move]
roomy = np.pad(picture, 2)
there = convolve(roomy, kernel)
moved = convolve(np.roll(roomy, 2, axis=1), kernel)  # the seven two pixels to the right
print("the map has moved along:", np.array_equal(moved[:, 2:], there[:, :-2]))

weights = there.ravel()  # of a dense neuron that has learned this map
answers = [int(weights @ there.ravel()), int(weights @ moved.ravel())]
print("the dense neuron's answer, before and after:", answers)


def pool(feature_map):  # the largest of each 2 × 2
    half = len(feature_map) // 2
    return feature_map.reshape(half, 2, half, 2).max(axis=(1, 3))


wide = np.pad(picture, 4)  # so that nothing meets the border
maps = [np.maximum(0, convolve(np.roll(wide, shift, axis=1), kernel)) for shift in (0, 1, 2)]
pooled_maps = [pool(each) for each in maps]
relu_answers = [int(np.sum(maps[0] * each)) for each in maps]
pooled_answers = [int(np.sum(pooled_maps[0] * each)) for each in pooled_maps]
print("the same behind ReLU, moved by 0, 1, 2:", relu_answers)
print("behind ReLU and pooling:", pooled_answers)
pooled_sums = [int(each.sum()) for each in pooled_maps]
print("sum of the pooled map:", pooled_sums)
# --8<-- [end:move]

# --8<-- [start:cost]
parameters = [3 * 3 * 1 * 32 + 32, 3 * 3 * 32 * 64 + 64, 1600 * 128 + 128, 128 * 10 + 10]
# A convolution uses each weight once at every place of its output, a dense layer once.
multiplications = [26 * 26 * 3 * 3 * 1 * 32, 11 * 11 * 3 * 3 * 32 * 64, 1600 * 128, 128 * 10]
names = ("convolution 1", "convolution 2", "dense 1", "dense 2")
for name, held, done in zip(names, parameters, multiplications):
    print(f"{name:13} {held:8,} parameters {done:10,} multiplications")
# --8<-- [end:cost]
