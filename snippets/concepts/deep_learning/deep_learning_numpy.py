# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

SEED = 0
random = np.random.default_rng(SEED)
# --8<-- [end:imports]

# --8<-- [start:smallest]
x, y = 2.0, 6.0  # one example: a known input and its answer
w = 1.0  # the program is "multiply by w"; nobody has typed the right w
guesses = []
for _ in range(12):
    guesses.append(w * x)
    w += 0.1 * (y - w * x) * x  # correct w by a part of the mistake
print("guesses for x = 2:", " ".join(f"{guess:.2f}" for guess in guesses))
# --8<-- [end:smallest]

# --8<-- [start:rule]
DRAWN = """
..####.. ...##... .#####.. .#####.. ....##.. .######. ...###.. .######. ..####.. ..####..
.######. ..###... .##.###. .##.###. ...##... .######. ..###... .######. .##..##. .######.
.##..##. .####... .....##. .....##. ..##.... .##..... .##..... .....##. .##..##. .##..##.
.##..##. ...##... ....##.. ...###.. .##.##.. .#####.. .#####.. ....##.. ..####.. .######.
.##..##. ...##... ...##... ....###. .######. .....##. .######. ...##... ..####.. ..#####.
.##..##. ...##... ..##.... .....##. .######. .....##. .##..##. ...##... .##..##. .....##.
.######. ..####.. .######. .##.###. ....##.. .##.###. .######. ..##.... .##..##. ....##..
..####.. ..####.. .######. .#####.. ....##.. .#####.. ..####.. ..##.... ..####.. .####...
"""
rows = [line.split() for line in DRAWN.split("\n") if line]
drawings = np.array([[[mark == "#" for mark in row[d]] for row in rows] for d in range(10)])
# --8<-- [end:rule]

# --8<-- [start:data]
digits = load_digits()  # 1,797 pictures of 8 × 8 pixels, written by 13 people
train_pictures, test_pictures, train_answers, test_answers = train_test_split(
    digits.images / 16, digits.target, train_size=1000, stratify=digits.target, random_state=SEED)


def place(pictures, most):  # on a field of 12 × 12, up to `most` pixels off the centre
    fields = np.zeros((len(pictures), 12, 12))
    corners = random.integers(2 - most, 3 + most, (len(pictures), 2))
    for field, picture, (row, column) in zip(fields, pictures, corners):
        field[row : row + 8, column : column + 8] = picture
    return fields.reshape(-1, 144)


neat, scattered = place(test_pictures, 0), place(test_pictures, 2)
neat_train = place(train_pictures, 0), train_answers
scattered_train = place(np.tile(train_pictures, (5, 1, 1)), 2), np.tile(train_answers, 5)
# --8<-- [end:data]

# --8<-- [start:learn]
def learn_linear(pictures, answers):
    return LogisticRegression(max_iter=1000).fit(pictures, answers)


def learn_network(pictures, answers, sizes=(64, 32)):
    network = MLPClassifier(sizes, learning_rate_init=0.003, random_state=SEED)
    for _ in range(60):  # read all the examples sixty times
        network.partial_fit(pictures, answers, classes=range(10))
    return network


def compare(learn):
    from_neat, from_scattered = learn(*neat_train), learn(*scattered_train)
    pairs = (from_neat, neat), (from_neat, scattered), (from_scattered, scattered)
    return from_neat, from_scattered, [model.score(x, test_answers) for model, x in pairs]
# --8<-- [end:learn]

# --8<-- [start:compare]
templates = place(drawings, 0)
templates -= templates.mean(axis=1, keepdims=True)  # ink where there should be none counts against
templates /= np.linalg.norm(templates, axis=1, keepdims=True)
rule_accuracies = [np.mean((x @ templates.T).argmax(1) == test_answers) for x in (neat, scattered)]
linear, _, linear_accuracies = compare(learn_linear)
neat_network, network, network_accuracies = compare(learn_network)
print("learned from     neat  neat       scattered")
print("tested on        neat  scattered  scattered")
print("drawn rule      {:5.1%}      {:5.1%}".format(*rule_accuracies))
print("linear model    {:5.1%}      {:5.1%}      {:5.1%}".format(*linear_accuracies))
print("network         {:5.1%}      {:5.1%}      {:5.1%}".format(*network_accuracies))
# --8<-- [end:compare]


# --8<-- [start:controls]
def learn_one_layer(pictures, answers):  # 11,635 parameters where (64, 32) has 11,690
    return learn_network(pictures, answers, sizes=(75,))


def learn_above_random(pictures, answers):  # random hidden weights, never changed
    weights = np.random.default_rng(SEED).normal(size=(144, 75)) / 12
    hidden = FunctionTransformer(lambda x: np.maximum(0, x @ weights))
    return make_pipeline(hidden, LogisticRegression(max_iter=1000)).fit(pictures, answers)


_, _, one_layer_accuracies = compare(learn_one_layer)
_, _, random_layer_accuracies = compare(learn_above_random)
print("learned layer   {:5.1%}      {:5.1%}      {:5.1%}".format(*one_layer_accuracies))
print("random layer    {:5.1%}      {:5.1%}      {:5.1%}".format(*random_layer_accuracies))
# --8<-- [end:controls]

# --8<-- [start:examples]
counts = [10, 30, 100, 300, 1000]
curve = [learn_network(neat_train[0][:n], train_answers[:n]).score(neat, test_answers) for n in counts]
print("learned from", counts, "examples:", " ".join(f"{share:.1%}" for share in curve))
# --8<-- [end:examples]

# --8<-- [start:layers]
def layers(network, pictures):
    values = [pictures]
    for weights, biases in zip(network.coefs_[:-1], network.intercepts_[:-1]):
        values.append(np.maximum(0, values[-1] @ weights + biases))
    return values  # (N, 144), (N, 64), (N, 32)


def share_between(values):  # of all differences, the part between the ten digits' means
    means = np.array([values[test_answers == digit].mean(axis=0) for digit in test_answers])
    return np.sum((means - values.mean(axis=0)) ** 2) / np.sum((values - values.mean(axis=0)) ** 2)


(w1, w2, w3), (b1, b2, b3) = network.coefs_, network.intercepts_
sample = scattered[:20]
shuffled = learn_network(scattered_train[0], np.tile(random.permutation(train_answers), 5))
shuffled_accuracy = shuffled.score(scattered, test_answers)
shares = [share_between(values) for values in layers(network, scattered)]
shuffled_shares = [share_between(values) for values in layers(shuffled, scattered)]
print("share between digits:", " ".join(f"{share:.1%}" for share in shares))
print("answers shuffled:    ", " ".join(f"{share:.1%}" for share in shuffled_shares))
# --8<-- [end:layers]

# --8<-- [start:beyond]
inverted, noise = 1 - neat, random.random((1000, 144))
inverted_accuracy = neat_network.score(inverted, test_answers)
confidences = [neat_network.predict_proba(x).max(axis=1).mean() for x in (neat, inverted, noise)]
print(f"inverted pictures: {inverted_accuracy:.1%} right")
print("mean confidence on neat, inverted, noise:", " ".join(f"{c:.1%}" for c in confidences))
# --8<-- [end:beyond]

# --8<-- [start:figures]
def paint(axes, picture, title=""):
    axes.imshow(picture.reshape(12, 12), cmap="gray_r", vmin=0, vmax=1)
    axes.set_title(title, fontsize=9)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)


_, grid = plt.subplots(3, 10, num="digits", clear=True, figsize=(5.4, 1.9), layout="constrained")
written = [np.flatnonzero(test_answers == digit)[0] for digit in range(10)]  # the first of each
rows = {"drawn": place(drawings, 0), "neat": neat[written], "scattered": scattered[written]}
for (label, pictures), row in zip(rows.items(), grid):
    for axes, picture in zip(row, pictures):
        paint(axes, picture)
    row[0].set_ylabel(label)

_, pair = plt.subplots(1, 2, num="layers", clear=True, figsize=(5.4, 2.9), layout="constrained")
for axes, values, title in zip(pair, layers(network, scattered)[::2], ("pixels", "second hidden layer")):
    centred = (values - values.mean(axis=0))[:350]
    flat = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T  # the two widest directions
    for digit in range(10):
        dots = flat[test_answers[:350] == digit].T
        axes.scatter(*dots, marker=f"${digit}$", s=28, linewidth=0.3, color=f"C{digit % 5}")
    axes.set(xticks=[], yticks=[], title=title)

_, row = plt.subplots(1, 4, num="beyond", clear=True, figsize=(5.4, 1.9), layout="constrained")
for axes, label, picture in zip(row, ("neat", "scattered", "inverted", "noise"),
                                (neat[0], scattered[0], inverted[0], noise[0])):
    chances = neat_network.predict_proba([picture])[0]
    paint(axes, picture, f"{label}\n“{chances.argmax()}”, {chances.max():.0%}")
plt.show()
# --8<-- [end:figures]
