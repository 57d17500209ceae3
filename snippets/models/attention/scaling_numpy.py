# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
KEYS, TRIALS = 32, 400
SIZES = (4, 16, 64, 256, 1024)  # numbers in a query, and in a key
# --8<-- [end:imports]


# --8<-- [start:softmax]
def softmax(scores):
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def slope(shares) -> float:
    """The mean over queries of the sum of the derivatives of shares by their own scores."""
    return float((shares * (1 - shares)).sum(axis=1).mean())
# --8<-- [end:softmax]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    deviations = []
    largest = {"plain": [], "scaled": []}
    slopes = {"plain": [], "scaled": []}
    for size in SIZES:
        queries = generator.normal(size=(TRIALS, 1, size))
        keys = generator.normal(size=(TRIALS, size, KEYS))
        scores = (queries @ keys)[:, 0]  # (TRIALS, KEYS)
        deviations.append(float(scores.std()))
        for name, divisor in (("plain", 1), ("scaled", np.sqrt(size))):
            shares = softmax(scores / divisor)
            largest[name].append(float(shares.max(axis=1).mean()))
            slopes[name].append(slope(shares))
        print(f"size {size:4}: scores deviate by {deviations[-1]:.1f}; without and with scaling:")
        print(f"  largest weight {largest['plain'][-1]:.2f}, {largest['scaled'][-1]:.2f}", end="")
        print(f"; slope {slopes['plain'][-1]:.3f}, {slopes['scaled'][-1]:.3f}")
    plain_weights, scaled_weights = largest["plain"], largest["scaled"]
    plain_slopes, scaled_slopes = slopes["plain"], slopes["scaled"]

    _, (left, right) = plt.subplots(
        1, 2, num="scaling", clear=True, figsize=(8, 3.2), layout="tight"
    )
    for name in ("plain", "scaled"):
        left.semilogx(SIZES, largest[name], base=2, label=name)
        right.semilogx(SIZES, slopes[name], base=2, label=name)
    left.set(xlabel="size", ylabel="largest weight", ylim=(0, 1))
    right.set(xlabel="size", ylabel="slope", ylim=(0, 1))
    left.legend()
    plt.show()
# --8<-- [end:main]
