# --8<-- [start:imports]
import numpy as np

from mnist_data import load_mnist
# --8<-- [end:imports]


# --8<-- [start:error]
def error(points, others) -> float:
    return float(np.mean((points - others) ** 2))
# --8<-- [end:error]


# --8<-- [start:curve]
points = np.array([[-1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])  # on the curve y = x**2
mean = points.mean(axis=0)
_, sizes, directions = np.linalg.svd(points - mean)
codes = (points - mean) @ directions[0]  # one number for each point
flat = mean + np.outer(codes, directions[0])
bent = np.stack([points[:, 0], points[:, 0] ** 2], axis=1)  # from one number as well
flat_error, bent_error = error(points, flat), error(points, bent)
left_out = float(sizes[1] ** 2) / points.size
print(f"error of PCA {flat_error:.4f}, of the curve {bent_error:.4f}")
# --8<-- [end:curve]


# --8<-- [start:average]
(images, _), (test_images, _) = load_mnist()
average_error = error(test_images / 255, images.mean(axis=0) / 255)
print(f"error of the average picture {average_error:.4f}")
# --8<-- [end:average]
