# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor

SEED = 0
random = np.random.default_rng(SEED)
# --8<-- [end:imports]

# --8<-- [start:three]
three_pairs, three_sums = np.array([[0.0, 1], [1, 0], [1, 1]]), np.array([1.0, 1, 2])
three = LinearRegression().fit(three_pairs, three_sums)
three_inputs = np.hstack([three_pairs, np.ones((3, 1))])  # a, b, 1
three_weights = [*three.coef_, three.intercept_]
three_answer = three.predict([[1234, 5678]])[0]
print("weights from three examples:", " ".join(f"{abs(weight):.6f}" for weight in three_weights))
print(f"1234 + 5678 = {three_answer:.6f}")
# --8<-- [end:three]

# --8<-- [start:learn]
pairs = random.permutation([(a, b) for a in range(21) for b in range(21)])
seen, unseen = pairs[:220], pairs[220:]
settings = {"hidden_layer_sizes": (32,), "solver": "lbfgs", "alpha": 0, "tol": 1e-7, "max_iter": 5000,
            "random_state": SEED}
models = {
    "linear": LinearRegression(),
    "ReLU": MLPRegressor(activation="relu", **settings),
    "tanh": MLPRegressor(activation="tanh", **settings),
}
for model in models.values():
    model.fit(seen / 20, seen.sum(axis=1) / 20)  # numbers between 0 and 1, sums between 0 and 2


def add(name, pairs):
    return models[name].predict(np.asarray(pairs) / 20) * 20
# --8<-- [end:learn]

# --8<-- [start:inside]
inside = {name: np.mean(np.rint(add(name, unseen)) == unseen.sum(axis=1)) for name in models}
linear_inside, relu_inside, tanh_inside = inside.values()
guess_inside = np.mean(unseen.sum(axis=1) == 20)  # always 20, the most frequent sum
print("pairs never seen, right when rounded:", {name: f"{share:.1%}" for name, share in inside.items()})
print(f"always 20: {guess_inside:.1%}")
# --8<-- [end:inside]

# --8<-- [start:outside]
numbers = np.array([20.0, 40, 80, 160, 320])
doubles = np.stack([numbers, numbers], axis=1)  # 20 + 20, 40 + 40, …
linear_errors, relu_errors, tanh_errors = (abs(add(name, doubles) - 2 * numbers) for name in models)
print("a + a for a =  ", "".join(f"{number:8.0f}" for number in numbers))
for name in models:
    print(f"{name:6} answers ", "".join(f"{answer:8.1f}" for answer in add(name, doubles)))
negatives = random.integers(-100, 0, (1000, 2))
negative_right = [np.mean(np.rint(add(name, negatives)) == negatives.sum(axis=1)) for name in models]
print("negative numbers, right:", " ".join(f"{share:.1%}" for share in negative_right))
(w1, w2), (b1, b2) = models["tanh"].coefs_, models["tanh"].intercepts_
ceiling = 20 * (np.abs(w2).sum() + abs(b2[0]))
far_answer = add("tanh", [(10_000, 10_000)])[0]
print(f"tanh answers {far_answer:.1f} to 10000 + 10000, and can answer {ceiling:.1f} at most")
# --8<-- [end:outside]

# --8<-- [start:encode]
def digits(numbers, places):  # 47 in three places: 0, 4, 7
    return np.asarray(numbers)[:, None] // 10 ** np.arange(places)[::-1] % 10


def one_hot(numbers, places):  # each digit as ten numbers, one of them 1
    return np.eye(10)[digits(numbers, places)].reshape(len(numbers), -1)


def write(network, a, b):  # the four digits that the network answers, (N, 4)
    chances = network.predict_proba(np.hstack([one_hot(a, 3), one_hot(b, 3)]))
    return chances.reshape(-1, 4, 10).argmax(axis=2)
# --8<-- [end:encode]


# --8<-- [start:digits]
first, second = np.divmod(random.permutation(10_000), 100)  # every pair of 0 to 99, shuffled
long_first, long_second = random.integers(100, 1000, (2, 2000))
long_sums = long_first + long_second
digit_accuracies, long_accuracies = [], []
for count in (500, 2000, 5000):
    inputs = np.hstack([one_hot(first, 3), one_hot(second, 3)])[:count]
    network = MLPClassifier((128,), learning_rate_init=0.01, batch_size=100, alpha=0, random_state=SEED)
    for _ in range(150_000 // count):  # the same number of steps for each
        network.partial_fit(inputs, one_hot(first + second, 4)[:count], classes=range(40))
    right = write(network, first[5000:], second[5000:]) == digits(first + second, 4)[5000:]
    digit_accuracies.append(right.all(axis=1).mean())
    written = write(network, long_first, long_second)
    long_accuracies.append((written == digits(long_sums, 4)).all(axis=1).mean())
most_frequent = np.mean(first[5000:] + second[5000:] == 99)
long_places = (written == digits(long_sums, 4)).mean(axis=0)  # after 5000 pairs
hundreds_0_or_1, thousands_0 = np.mean(written[:, 1] <= 1), np.mean(written[:, 0] == 0)
below_thousand = np.mean(long_sums < 1000)
# --8<-- [end:digits]

# --8<-- [start:digits_report]
print("two digits, pairs never seen: ", " ".join(f"{share:.1%}" for share in digit_accuracies))
print(f"always 99: {most_frequent:.1%}")
print("three digits:                 ", " ".join(f"{share:.1%}" for share in long_accuracies))
print("thousands, hundreds, tens, ones right:", " ".join(f"{share:.1%}" for share in long_places))
print(f"0 or 1 written in the hundreds: {hundreds_0_or_1:.1%}; 0 in the thousands: {thousands_0:.1%}")
print(f"sums below 1000: {below_thousand:.1%}")
# --8<-- [end:digits_report]

# --8<-- [start:column]
columns = random.permutation([(a, b, carry) for a in range(10) for b in range(10) for carry in (0, 1)])


def encode(a, b, carry):
    return np.hstack([one_hot(a, 1), one_hot(b, 1), np.asarray(carry)[:, None]])


def learn_column(count):  # from the first `count` of the 200 columns that there are
    totals = columns[:count].sum(axis=1)
    network = MLPClassifier((32,), solver="lbfgs", alpha=0, max_iter=1000, random_state=SEED)
    return network.fit(encode(*columns[:count].T), np.hstack([one_hot(totals, 1), totals[:, None] > 9]))


def add_column(network, a, b, carry):  # the digit to write, and the new carry
    chances = network.predict_proba(encode(a, b, carry))
    return chances[:, :10].argmax(axis=1), (chances[:, 10] > 0.5).astype(int)


def add_columns(network, a, b):  # digits (N, places)
    carry, written = np.zeros(len(a), int), []
    for place in reversed(range(a.shape[1])):  # from the right
        digit, carry = add_column(network, a[:, place], b[:, place], carry)
        written.append(digit)
    return np.stack([carry, *written[::-1]], axis=1)
# --8<-- [end:column]


# --8<-- [start:fifty]
def whole(rows):
    return [int("".join(map(str, row))) for row in rows]


def share_right(network, a, b):
    return np.mean([x + y == z for x, y, z in zip(whole(a), whole(b), whole(add_columns(network, a, b)))])


a, b = random.integers(0, 10, (2, 500, 50))  # five hundred pairs of numbers with fifty digits
taught_all, taught_some = learn_column(200), learn_column(150)
column_accuracy, partial_accuracy = share_right(taught_all, a, b), share_right(taught_some, a, b)
print(f"fifty digits, column by column: {column_accuracy:.1%}; taught 150 of 200 columns: {partial_accuracy:.1%}")
never = columns[150:]
digit, carry = add_column(taught_some, *never.T)
unseen_columns = np.mean(10 * carry + digit == never.sum(axis=1))
print(f"the 50 columns never seen: {unseen_columns:.1%} right")
# --8<-- [end:fifty]

# --8<-- [start:products]
product = LinearRegression().fit(seen, seen.prod(axis=1))
product_right = np.mean(np.rint(product.predict(unseen)) == unseen.prod(axis=1))
print(f"linear model on products, right when rounded: {product_right:.1%}")
# --8<-- [end:products]

# --8<-- [start:figures]
axis = np.arange(-60, 101, 2)
field = np.stack(np.meshgrid(axis, axis), axis=-1)
_, row = plt.subplots(1, 3, num="errors", clear=True, figsize=(5.4, 2.9), sharey=True, layout="constrained")
for axes, name in zip(row, models):
    errors = abs(add(name, field.reshape(-1, 2)) - field.sum(axis=2).ravel()).reshape(len(axis), -1)
    image = axes.imshow(errors, origin="lower", extent=(-61, 101, -61, 101), cmap="viridis", vmin=0, vmax=100)
    axes.add_patch(plt.Rectangle((0, 0), 20, 20, fill=False, edgecolor="white", linewidth=2))
    axes.set(title=name, xlabel="a", xticks=[-50, 0, 50, 100], yticks=[-50, 0, 50, 100])
row[0].set_ylabel("b")
plt.colorbar(image, ax=row, label="error of a + b", location="bottom", shrink=0.6, aspect=30, extend="max")
plt.show()
# --8<-- [end:figures]
