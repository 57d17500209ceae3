# --8<-- [start:imports]
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:flatten]
height, width, channels = 2, 2, 3
places = np.arange(12).reshape(height, width, channels)  # of the rows of Keras' kernel
order = places.transpose(2, 0, 1).ravel()  # the same rows by channel, height and width
print("row of Keras' kernel that comes next:", *order)

features, column = places + 1, places.ravel() % 5 - 2  # 12 features, one unit's 12 weights
by_place, by_channel = features.ravel(), features.transpose(2, 0, 1).ravel()
right = int(by_place @ column)
carried, ignored = int(by_channel @ column[order]), int(by_channel @ column)
print(f"Keras {right}, rows reordered {carried}, rows as they were {ignored}")
# --8<-- [end:flatten]


# --8<-- [start:gates]
z, r, n = np.split(np.array([10, 11, 20, 21, 30, 31]), 3)  # 2 units
gates = np.concatenate([r, z, n])
print("z, r, n to r, z, n:", *gates)
# --8<-- [end:gates]
