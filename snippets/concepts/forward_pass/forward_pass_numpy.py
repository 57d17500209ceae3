# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:numbers]
X = np.array([[1, 1], [-1, 1], [3, 2], [7, -1]])  # (4, 2): the points A, B, C, D
W1 = np.array([[-1, 0, 1], [0, -1, 2]])  # (2, 3): one column for each hidden neuron
b1 = np.array([0, 0, -4])  # (3,)
W2 = np.array([[-2, 2], [-2, 2], [-2, 2]])  # (3, 2): one column for each output
b2 = np.array([1, 0])  # (2,)
# --8<-- [end:numbers]


# --8<-- [start:softmax]
def softmax(Z):
    powers = np.exp(Z - Z.max(axis=1, keepdims=True))  # the largest exponent is 0: no overflow
    return powers / powers.sum(axis=1, keepdims=True)  # every row adds up to 1
# --8<-- [end:softmax]


# --8<-- [start:hidden]
Z1 = X @ W1 + b1  # (4, 2) @ (2, 3) + (3,) -> (4, 3)
H = np.maximum(0, Z1)  # (4, 3)
print("Z1", Z1.shape, Z1.tolist())
print("H ", H.shape, H.tolist())
# --8<-- [end:hidden]


# --8<-- [start:output]
Z2 = H @ W2 + b2  # (4, 3) @ (3, 2) + (2,) -> (4, 2)
P = softmax(Z2)  # (4, 2)
print("Z2", Z2.shape, Z2.tolist())
print("P ", P.shape, P.round(3).tolist())
# --8<-- [end:output]


# --8<-- [start:loops]
by_loops = np.empty((4, 2))
for n in range(4):  # one example after the other
    h = [max(0, sum(X[n, i] * W1[i, j] for i in range(2)) + b1[j]) for j in range(3)]
    for k in range(2):  # one output after the other
        by_loops[n, k] = sum(h[j] * W2[j, k] for j in range(3)) + b2[k]
print("neuron by neuron the logits are the same:", np.array_equal(by_loops, Z2))
# --8<-- [end:loops]


# --8<-- [start:linear]
linear = (X @ W1 + b1) @ W2 + b2  # both layers, no ReLU between them
W, b = W1 @ W2, b1 @ W2 + b2  # (2, 2), (2,): a single layer
print("two layers without ReLU equal one layer:", np.array_equal(linear, X @ W + b))
# --8<-- [end:linear]


# --8<-- [start:silent]
square = np.array([[1, 2], [3, 4]])  # as many inputs as outputs
layout_error = int(np.abs(X @ square - X @ square.T).max())

column = b1.reshape(3, 1)  # the bias stands up instead of lying down
silent_batches = []
for size in (1, 2, 3, 4):
    try:
        wrong = X[:size] @ W1 + column
    except ValueError as error:
        print(f"batch of {size}: {error}")
    else:
        silent_batches.append(size)
        print(f"batch of {size}: no error, shape {wrong.shape}")
# --8<-- [end:silent]


# --8<-- [start:labels]
z = Z2[:, :1] - Z2[:, 1:]  # (4, 1): one output, positive for inside
y = np.array([1, 0, 0, 0])  # (4,): A lies inside
good, bad = z, z[::-1]  # the outputs of A and D, of B and C, change places
for name, outputs in (("good", good), ("bad", bad)):
    wrong, true = ((outputs > 0) == y).mean(), ((outputs[:, 0] > 0) == y).mean()
    print(f"{name} answers: accuracy {wrong} from {((outputs > 0) == y).shape}, true {true}")
# --8<-- [end:labels]


# --8<-- [start:trials]
def forward(X, W1, b1, W2, b2):
    return softmax(np.maximum(0, X @ W1 + b1) @ W2 + b2)


at_border = float(forward(np.array([[-0.25, 1]]), W1, b1, W2, b2)[0, 0])
rescaled = forward(X, 2 * W1, 2 * b1, W2 / 2, b2)
without_third = forward(X, W1[:, :2], b1[:2], W2[:2], b2)  # (4, 2)
print(f"P(inside) at (-0.25, 1): {at_border}")
print("W1 and b1 doubled, W2 halved:", rescaled[:, 0].round(3).tolist())
print("without the third hidden neuron:", without_third[:, 0].round(3).tolist())
# --8<-- [end:trials]


# --8<-- [start:results]
sums, hidden, logits, shares = (A.ravel().tolist() for A in (Z1, H, Z2, P))
labels = np.array([0, 1, 1, 1])  # A lies inside the triangle, the others outside
right, linear_right = (int((A.argmax(axis=1) == labels).sum()) for A in (Z2, linear))
loop_error = float(np.abs(by_loops - Z2).max())
linear_error = float(np.abs(linear - X @ W - b).max())
rescaled_error = float(np.abs(rescaled - P).max())
inside_without_third = without_third[:, 0].tolist()
true_accuracies = [float(((outputs[:, 0] > 0) == y).mean()) for outputs in (good, bad)]
wrong_accuracies = [float(((outputs > 0) == y).mean()) for outputs in (good, bad)]
parameters, products = W1.size + b1.size + W2.size + b2.size, W1.size + W2.size
# --8<-- [end:results]


# --8<-- [start:map]
_, axes = plt.subplots(num="map", figsize=(5.4, 3.4), layout="tight", clear=True)
across, up = np.meshgrid(np.linspace(-2, 8, 201), np.linspace(-2, 3, 101))
plane = np.stack([across.ravel(), up.ravel()], axis=1)  # (20301, 2): a batch like any other
inside = forward(plane, W1, b1, W2, b2)[:, 0].reshape(across.shape)
levels = np.linspace(0.15, 0.75, 5)
shades = axes.contourf(across, up, inside, levels=levels, cmap="Blues", vmin=0, vmax=1.3)
axes.contour(across, up, inside, levels=[0.5], colors="#cc5500", linewidths=2)
axes.plot([0, 4, 0, 0], [0, 0, 2, 0], "--", color="#1f2328", linewidth=1)
for name, point, marker in zip("ABCD", X, "osss"):
    axes.plot(*point, marker, markerfacecolor="#cc5500", markeredgecolor="#fefefe", markersize=9)
    colour = "black" if name == "A" else None  # A lies on blue, whatever the background
    axes.annotate(name, point, (-17, -5), textcoords="offset points", fontsize=12, color=colour)
axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
plt.colorbar(shades, label="P(inside)", orientation="horizontal", shrink=0.7, pad=0.25)
# --8<-- [end:map]


# --8<-- [start:matrices]
def show(axes, array, title):
    matrix = np.atleast_2d(array)
    axes.imshow(matrix, cmap="coolwarm", vmin=-12, vmax=12)
    axes.set_title(f"{title}\n{' × '.join(map(str, array.shape))}", fontsize=10)
    axes.set(xticks=[], yticks=[])
    for (i, j), number in np.ndenumerate(matrix):
        text, size = (f"{number:.3f}", 8) if array is P else (f"{number}".replace("-", "−"), 9)
        axes.text(j, i, text, ha="center", va="center", color="black", fontsize=size)


first = ((X, "$X$"), (W1, "$W_1$"), (b1, "$b_1$"), (Z1, "$Z_1$"))
second = ((H, "$H$"), (W2, "$W_2$"), (b2, "$b_2$"), (Z2, "$Z_2$"), (P, "$P$"))
for name, row in (("layer1", first), ("layer2", second)):
    widths = [array.shape[-1] for array, _ in row]
    _, panels = plt.subplots(
        1, len(row), num=name, figsize=(5.4, 2.1), width_ratios=widths, layout="tight", clear=True
    )
    for axes, (array, title) in zip(panels, row):
        show(axes, array, title)
plt.show()
# --8<-- [end:matrices]
