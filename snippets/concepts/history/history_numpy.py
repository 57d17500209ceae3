# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
random = np.random.default_rng(SEED)
# --8<-- [end:imports]

# --8<-- [start:perceptron]
def perceptron(points, answers, passes):  # (N, D) with a last column of ones; answers +1 or −1
    weights, mistakes = np.zeros(points.shape[1]), []
    for _ in range(passes):
        mistakes.append(0)
        for x, y in zip(points, answers):
            if y * (weights @ x) <= 0:  # wrong, or undecided
                weights = weights + y * x
                mistakes[-1] += 1
        if mistakes[-1] == 0:
            break
    return weights, mistakes
# --8<-- [end:perceptron]


# --8<-- [start:four]
corners = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])  # two inputs, and a one
both, either = np.array([-1, -1, -1, 1]), np.array([-1, 1, 1, -1])  # AND, exclusive OR
and_weights, and_mistakes = perceptron(corners, both, passes=1000)
_, xor_mistakes = perceptron(corners, either, passes=1000)
xor_fewest = min(xor_mistakes)
print("AND: mistakes in each pass", and_mistakes, "weights", and_weights)
print(f"XOR: {len(xor_mistakes)} passes, never fewer than {xor_fewest} mistakes in one")
# --8<-- [end:four]

# --8<-- [start:line]
line = np.array([1, 2, -0.3])  # the border between the two kinds of points


def separate(margin):  # points that keep this distance from the border
    points = np.hstack([random.uniform(-1, 1, (300, 2)), np.ones((300, 1))])
    points = points[abs(points @ line) / np.linalg.norm(line) > margin]
    distances = points @ line / np.linalg.norm(line)
    learned, mistakes = perceptron(points, np.sign(distances), passes=1000)
    bound = (points**2).sum(axis=1).max() / abs(distances).min() ** 2
    print(f"{len(points)} points: {sum(mistakes)} corrections, none from pass {len(mistakes)}; bound {bound:.0f}")
    return points, np.sign(distances), learned, mistakes, float(bound)


points, sides, learned, mistakes, line_bound = separate(margin=0.05)
line_passes, line_mistakes = len(mistakes), sum(mistakes)
_, _, _, mistakes, close_bound = separate(margin=0.01)
close_last, close_mistakes = mistakes[-1], sum(mistakes)
# --8<-- [end:line]

# --8<-- [start:backpropagation]
targets = np.array([0.0, 1.0, 1.0, 0.0])  # exclusive OR, as probabilities


def forward(first, second):
    hidden = np.hstack([np.tanh(corners @ first), np.ones((4, 1))])  # (4, hidden neurons + 1)
    return hidden, 1 / (1 + np.exp(-hidden @ second))  # (4,) between 0 and 1


def loss(first, second):
    _, outputs = forward(first, second)
    return -np.sum(targets * np.log(outputs) + (1 - targets) * np.log(1 - outputs))


def gradients(first, second):
    hidden, outputs = forward(first, second)
    error = outputs - targets  # dL / d (hidden @ second)
    hidden_error = np.outer(error, second[:-1]) * (1 - hidden[:, :-1] ** 2)  # one layer further back
    return corners.T @ hidden_error, hidden.T @ error
# --8<-- [end:backpropagation]


# --8<-- [start:train]
def train(neurons):
    first, second = random.normal(size=(3, neurons)), random.normal(size=neurons + 1)
    for _ in range(2000):
        first_slope, second_slope = gradients(first, second)
        first, second = first - 0.2 * first_slope, second - 0.2 * second_slope
    return first, second, int(np.sum((forward(first, second)[1] > 0.5) == targets))


start_first, start_second = random.normal(size=(3, 8)), random.normal(size=9)
first, second, xor_right = train(neurons=8)
outputs = forward(first, second)[1]
two_neurons = np.mean([train(neurons=2)[2] == 4 for _ in range(10)])
print("XOR, eight hidden neurons:", outputs.round(3), f"{xor_right} of 4 right")
print(f"XOR, two hidden neurons: all four right from {two_neurons:.0%} of ten random starts")
# --8<-- [end:train]

# --8<-- [start:growth]
parameters = {  # year, model: adjustable numbers, as its paper states
    (1989, "LeNet 1989"): 9760, (1998, "LeNet-5"): 60e3, (2012, "AlexNet"): 60e6,
    (2017, "Transformer"): 213e6, (2019, "GPT-2"): 1.5e9, (2020, "GPT-3"): 175e9,
    (2024, "DeepSeek-V3"): 671e9}
pictures = {  # year, collection: training pictures
    (1989, "postal codes"): 7291, (1998, "MNIST"): 60e3, (2012, "ImageNet"): 1.28e6,
    (2017, "JFT-300M"): 300e6, (2021, "CLIP"): 400e6, (2022, "LAION-5B"): 5.85e9}
single = {  # year, GPU: most operations a second in single precision, by NVIDIA's figures
    (2010, "GTX 580"): 1.581e12, (2017, "V100"): 15.7e12, (2020, "A100"): 19.5e12,
    (2022, "H100"): 67e12}
sixteen = {(2017, ""): 125e12, (2020, ""): 312e12, (2022, ""): 989e12}  # 16 bits, matrix units
parameter_growth = parameters[2020, "GPT-3"] / parameters[1989, "LeNet 1989"]
picture_growth = pictures[2012, "ImageNet"] / pictures[1998, "MNIST"]
speed_growth = single[2022, "H100"] / single[2010, "GTX 580"]
print(f"parameters x {parameter_growth:.3g}, pictures x {picture_growth:.3g}, speed x {speed_growth:.3g}")
# --8<-- [end:growth]

# --8<-- [start:figures]
_, panels = plt.subplots(3, 1, num="growth", clear=True, figsize=(5, 7.5), sharex=True, layout="constrained")
for axes, title, series in zip(panels, ("parameters", "training pictures", "operations per second of one GPU"),
                               ({"": parameters}, {"": pictures},
                                {"32 bits": single, "16 bits, matrix units": sixteen})):
    for (label, data), marker in zip(series.items(), "os"):
        years = [year for year, _ in data]
        axes.semilogy(years, list(data.values()), marker=marker, label=label)
        for index, ((year, name), value) in enumerate(data.items()):
            above = index % 2 and index < len(data) - 1
            side = {"xytext": (-6, 4), "ha": "right"} if above else {"xytext": (6, -11), "ha": "left"}
            axes.annotate(name, (year, value), textcoords="offset points", fontsize=9, **side)
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(alpha=0.3)
    axes.margins(0.08, 0.15)
panels[2].legend(loc="upper left")
panels[2].set(xlabel="year", xlim=(1985, 2034))

_, (left, right) = plt.subplots(1, 2, num="borders", clear=True, figsize=(5.4, 2.8), layout="constrained")
left.scatter(*points[sides > 0, :2].T, marker="+", s=22)
left.scatter(*points[sides < 0, :2].T, marker="o", s=12, facecolor="none", edgecolor="C1")
ends = np.array([-1, 1])
left.plot(ends, -(learned[0] * ends + learned[2]) / learned[1], color="C2")
left.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), title="perceptron: a line")
axis = np.linspace(-0.5, 1.5, 81)
field = np.stack(np.meshgrid(axis, axis, [1]), axis=-1).reshape(-1, 3)
hidden = np.hstack([np.tanh(field @ first), np.ones((len(field), 1))])
right.contourf(axis, axis, (hidden @ second).reshape(81, 81), [-1e9, 0, 1e9], colors=["C1", "C0"], alpha=0.25)
right.scatter(*corners[targets == 1, :2].T, marker="+", s=90)
right.scatter(*corners[targets == 0, :2].T, marker="o", s=60, facecolor="none", edgecolor="C1")
right.set(title="two layers: XOR")
plt.show()
# --8<-- [end:figures]
