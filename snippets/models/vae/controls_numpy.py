# --8<-- [start:imports]
import numpy as np

from mnist_data import load_mnist
# --8<-- [end:imports]


# --8<-- [start:scatter]
points, weights = np.polynomial.hermite_e.hermegauss(10)  # integrates polynomials exactly
weights /= weights.sum()  # of a standard normal number
mean, deviation = 1.0, 0.5
codes = mean + deviation * points
path_slopes = codes * points  # of codes**2 / 2 by the deviation, through the code
score_slopes = codes**2 / 2 * (points**2 - 1) / deviation  # through the density alone


def moments(values) -> tuple[float, float]:
    average = values @ weights
    return float(average), float((values - average) ** 2 @ weights)


path_mean, path_variance = moments(path_slopes)
score_mean, score_variance = moments(score_slopes)
print(f"slope through the code:    mean {path_mean:.2f}, variance {path_variance:.2f}")
print(f"slope through the density: mean {score_mean:.2f}, variance {score_variance:.2f}")
# --8<-- [end:scatter]


# --8<-- [start:score]
def score(samples, images, labels) -> tuple[float, float]:
    lengths = np.sum(images**2, axis=1) - 2 * samples @ images.T  # (S, N)
    distances = np.sum(samples**2, axis=1, keepdims=True) + lengths
    counts = np.bincount(labels[distances.argmin(axis=1)], minlength=10)
    return float(distances.min(axis=1).mean()), counts.min() / len(samples)


(images, labels), (test_images, test_labels) = load_mnist()
images = images.reshape(-1, 784).astype("float32") / 255
test_images = test_images.reshape(-1, 784).astype("float32") / 255
training = images[:10000], labels[:10000]
means = np.array([images[labels == digit].mean(axis=0) for digit in range(10)])
test_distance, _ = score(test_images[:2000], *training)
mean_distance, mean_share = score(means, *training)
black_distance, _ = score(np.zeros((1, 784), "float32"), *training)
mean_ratio, black_ratio = mean_distance / test_distance, black_distance / test_distance
mean_share = float(mean_share)
print(f"ten class means: distance ratio {mean_ratio:.2f}, rarest digit {mean_share:.1%}")
print(f"a black picture: distance ratio {black_ratio:.2f}")
# --8<-- [end:score]


# --8<-- [start:map]
def agreement(codes, labels) -> float:
    distances = np.sum((codes[:, np.newaxis] - codes) ** 2, axis=2)  # (N, N)
    np.fill_diagonal(distances, np.inf)  # a code is not its own neighbour
    return float(np.mean(labels[distances.argmin(axis=1)] == labels))


centred = images - images.mean(axis=0)
_, _, directions = np.linalg.svd(centred.T @ centred)  # by falling variance, one a row
pca_agreement = agreement(test_images[:2000] @ directions[:2].T, test_labels[:2000])
shares = np.bincount(test_labels[:2000], minlength=10) / 2000
chance_agreement = float(shares @ shares)  # of two pictures drawn at random
print(f"neighbours alike: two components {pca_agreement:.1%}, by chance {chance_agreement:.1%}")
# --8<-- [end:map]
