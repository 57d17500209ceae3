# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
SIZES = (4, 16, 64, 256, 1024)  # numbers in a query, and in a key
KEYS = 32  # of each query
RATES = (0.01, 0.1, 1, 10, 100)
generator = np.random.default_rng(SEED)
# --8<-- [end:imports]


# --8<-- [start:gradient]
def attend(queries, keys, divisor):
    scores = (keys @ queries[:, :, np.newaxis])[:, :, 0] / divisor  # (N, KEYS)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores, shares / shares.sum(axis=1, keepdims=True)


def through_softmax(weights, gradient):
    return weights * (gradient - (weights * gradient).sum(axis=1, keepdims=True))


def to_query(gradient, keys, divisor):
    return (gradient[:, np.newaxis] @ keys)[:, 0] / divisor  # (N, size)
# --8<-- [end:gradient]


# --8<-- [start:measure]
def measure(queries, keys, upstream, divisor):
    _, weights = attend(queries, keys, divisor)
    gradients = to_query(through_softmax(weights, upstream), keys, divisor)
    lengths = np.linalg.norm(gradients, axis=1)  # one for each query
    return weights.max(axis=1).mean(), lengths.mean(), np.median(lengths)


deviations, plain, scaled = [], [], []
for size in SIZES:
    queries = generator.normal(size=(400, size))
    keys = generator.normal(size=(400, KEYS, size))
    upstream = generator.normal(size=(400, KEYS))  # the gradient that reaches the weights
    deviations.append(attend(queries, keys, 1)[0].std())
    plain.append(measure(queries, keys, upstream, 1))
    scaled.append(measure(queries, keys, upstream, np.sqrt(size)))
    print(f"{size:4} numbers: scores deviate by {deviations[-1]:.1f}, largest weight", end=" ")
    print(f"{plain[-1][0]:.2f} without the root, {scaled[-1][0]:.2f} with it")
# --8<-- [end:measure]


# --8<-- [start:learn]
def learn(divisor, rate, length=1, squared=True, steps=100):
    generator = np.random.default_rng(SEED)
    keys = generator.normal(size=(100, KEYS, 64))
    queries = length * generator.normal(size=(100, 64))
    wanted = np.eye(KEYS)[:1]  # the first key
    for _ in range(steps):
        _, weights = attend(queries, keys, divisor)
        gradient = weights - wanted
        if squared:  # the loss is half of |weights - wanted|²
            gradient = through_softmax(weights, gradient)
        queries = queries - rate * to_query(gradient, keys, divisor)
    return np.mean(attend(queries, keys, divisor)[1][:, 0] > 0.5)


plain_found = [learn(1, rate) for rate in RATES]
scaled_found = [learn(8, rate) for rate in RATES]
short_found = [learn(1, rate / 64, length=1 / 8) for rate in RATES]
entropy_found = [learn(1, rate, squared=False) for rate in RATES]
print("the right key is found, without the root:", *(f"{share:.0%}" for share in plain_found))
print("                           with the root:", *(f"{share:.0%}" for share in scaled_found))
# --8<-- [end:learn]


# --8<-- [start:later]
later_found = [learn(1, rate, steps=2000) for rate in RATES]
print("after 2000 steps, without the root:     ", *(f"{share:.0%}" for share in later_found))
# --8<-- [end:later]


# --8<-- [start:results]
plain_weights, plain_means, plain_medians = zip(*plain)
scaled_weights, scaled_means, scaled_medians = zip(*scaled)
# --8<-- [end:results]


# --8<-- [start:draw]
_, (left, right) = plt.subplots(1, 2, num="scaling", clear=True, figsize=(7, 3.4), layout="tight")
left.semilogx(SIZES, plain_weights, "o-", base=2, label="without √d")
left.semilogx(SIZES, scaled_weights, "s--", base=2, label="with √d")
left.set(xlabel="d", ylabel="largest weight", ylim=(0, 1))
left.legend()
right.loglog(SIZES, plain_means, "^:", color="C0", label="mean without √d")
right.loglog(SIZES, plain_medians, "o-", color="C0", label="median without √d")
right.loglog(SIZES, scaled_means, "v:", color="C1", label="mean with √d")
right.loglog(SIZES, scaled_medians, "s--", color="C1", label="median with √d")
right.set_xscale("log", base=2)
right.set(xlabel="d", ylabel="length of a query's gradient")
right.legend(fontsize=7)

_, axes = plt.subplots(num="found", clear=True, figsize=(5.5, 3.4), layout="tight")
axes.semilogx(RATES, plain_found, "o-", label="without √d")
axes.semilogx(RATES, scaled_found, "s--", label="with √d")
axes.set(xlabel="learning rate", ylabel="queries that find their key", ylim=(-0.05, 1.05))
axes.legend()
plt.show()
# --8<-- [end:draw]
