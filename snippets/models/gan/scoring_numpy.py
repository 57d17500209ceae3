# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0  # the judge's too: always this one for whoever imports it
EPOCHS = 4
BATCH_SIZE = 100
LEARNING_RATE = 0.02
HIDDEN_SIZE = 128
# --8<-- [end:imports]


# --8<-- [start:judge]
def standardise(images) -> np.ndarray:  # (N, 28, 28) to (N, 784)
    if images.min() < 0 or images.max() > 1:
        raise ValueError("the judge wants pixels between 0 and 1")
    return (images.reshape(-1, 784).astype("float32") - 0.13) / 0.31  # mean 0, deviation 1


def find_features(judge, pixels) -> np.ndarray:  # (N, 128)
    return np.maximum(0, pixels @ judge[0] + judge[1])


def classify(judge, features) -> np.ndarray:  # (N, 10), rows add up to 1
    logits = features @ judge[2] + judge[3]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
# --8<-- [end:judge]


# --8<-- [start:train]
def train_judge(images, labels) -> list[np.ndarray]:
    random = np.random.default_rng(SEED)
    pixels, targets = standardise(images), np.eye(10, dtype="float32")[labels]
    shapes = (784, HIDDEN_SIZE), HIDDEN_SIZE, (HIDDEN_SIZE, 10), 10
    judge = [random.normal(0, 0.05, shape).astype("float32") for shape in shapes]
    velocities = [np.zeros_like(weights) for weights in judge]
    steps = EPOCHS * len(images) // BATCH_SIZE
    for step in range(steps):
        picked = random.integers(len(images), size=BATCH_SIZE)
        features = find_features(judge, pixels[picked])
        error = (classify(judge, features) - targets[picked]) / BATCH_SIZE  # dL / d logits
        hidden_error = error @ judge[2].T * (features > 0)
        gradients = (pixels[picked].T @ hidden_error, hidden_error.sum(axis=0),
                     features.T @ error, error.sum(axis=0))
        for weights, velocity, gradient in zip(judge, velocities, gradients):
            velocity *= 0.9
            velocity += gradient
            weights -= LEARNING_RATE * (1 - step / steps) * velocity
    return judge
# --8<-- [end:train]


# --8<-- [start:score]
def score(judge, samples, real) -> tuple[float, float, float]:
    features, real_features = (find_features(judge, standardise(x)) for x in (samples, real))
    shares = classify(judge, features)
    divergences = np.sum(shares * np.log((shares + 1e-12) / (shares.mean(axis=0) + 1e-12)), axis=1)
    inception_score = np.exp(divergences.mean())
    counts = np.bincount(shares.argmax(axis=1), minlength=10)
    return float(inception_score), counts.min() / len(samples), distance(features, real_features)


def distance(features, real_features) -> float:  # between two normal distributions
    covariance, real_covariance = np.cov(features.T), np.cov(real_features.T)  # (128, 128)
    eigenvalues = np.linalg.eigvals(covariance @ real_covariance).real
    root_trace = np.sqrt(np.maximum(0, eigenvalues)).sum()
    shift = np.sum((features.mean(axis=0) - real_features.mean(axis=0)) ** 2)
    return float(shift + np.trace(covariance) + np.trace(real_covariance) - 2 * root_trace)
# --8<-- [end:score]


# --8<-- [start:draw]
def draw_rows(name, rows):  # label -> at least 10 images
    figure = dict(figsize=(4.8, 0.7 * len(rows)), layout="constrained")
    _, grid = plt.subplots(len(rows), num=name, clear=True, squeeze=False, **figure)
    for axes, (label, images) in zip(grid.flat, rows.items()):
        axes.imshow(np.concatenate(images[:10], axis=1), cmap="gray", vmin=0, vmax=1)
        axes.set_title(label, fontsize=9, loc="left")
        axes.axis("off")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = load_mnist()
    images, test_images = images / np.float32(255), test_images / np.float32(255)
    judge = train_judge(images, labels)
    guesses = classify(judge, find_features(judge, standardise(test_images))).argmax(axis=1)
    judge_accuracy = float(np.mean(guesses == test_labels))
    print(f"test accuracy of the judge {judge_accuracy:.2%}")

    random = np.random.default_rng(SEED)
    means = np.array([images[labels == digit].mean(axis=0) for digit in range(10)])
    candidates = {
        "real digits": test_images[random.permutation(len(test_images))[:2000]],
        "noise": random.random((2000, 28, 28)),
        "class means": means[random.integers(10, size=2000)],
        "only ones": images[labels == 1][:2000],
    }
    scores = {}
    for name, samples in candidates.items():
        scores[name] = score(judge, samples, images[:10_000])
        inception, share, frechet = scores[name]
        print(f"{name:11}  inception {inception:.2f}  smallest {share:.1%}  Frechet {frechet:.1f}")
    real_inception_score, real_smallest_share, real_distance = scores.pop("real digits")
    columns = map(list, zip(*scores.values()))
    false_inception_scores, false_smallest_shares, false_distances = columns
    draw_rows("candidates", candidates)
    plt.show()
# --8<-- [end:main]
