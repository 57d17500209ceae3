# --8<-- [start:settings]
import numpy as np
from sliding_numpy import convolve, slide

picture = np.array([  # a small seven: 1 is white
    [0, 0, 0, 0, 0, 0],
    [0, 1, 1, 1, 1, 0],
    [0, 0, 0, 0, 1, 0],
    [0, 0, 0, 1, 0, 0],
    [0, 0, 1, 0, 0, 0],
    [0, 0, 1, 0, 0, 0],
])
kernel = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]])
feature_map = convolve(picture, kernel)
for name, numbers in {
    "no padding, stride 1": feature_map,
    "padding 1": convolve(picture, kernel, padding=1),
    "stride 2": convolve(picture, kernel, stride=2),
    "max pooling of the first": slide(feature_map, 2, 2, np.max),
    "average pooling of the first": slide(feature_map, 2, 2, np.mean),
}.items():
    print(f"{name}: {len(numbers)} x {len(numbers[0])}\n{numbers}")
# --8<-- [end:settings]

# --8<-- [start:receptive]
LAYERS = (("convolution", 3, 1), ("pooling", 2, 2), ("convolution", 3, 1), ("pooling", 2, 2))
field, step = 1, 1  # what one number sees, and how far apart neighbours see, both in pixels
maps = [np.repeat(column[None], 28, axis=0) for column in np.eye(28)]  # one white column each
fields, counted = [], []
for name, size, stride in LAYERS:
    field, step = field + (size - 1) * step, stride * step
    maps = [slide(each, size, stride, np.sum) for each in maps]  # all weights 1: nothing cancels out
    middle = len(maps[0]) // 2
    fields.append(field)
    counted.append(sum(bool(each[middle, middle]) for each in maps))  # columns that reach the middle
    print(f"{name:11} sees {field:2} x {field:2} pixels, counted {counted[-1]:2}")
seen_columns = sum(bool(each.any()) for each in maps)  # by any number of the last map
print(f"columns that some number of the last map sees: {seen_columns} of 28")
# --8<-- [end:receptive]
