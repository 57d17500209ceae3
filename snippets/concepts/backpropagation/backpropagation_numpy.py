# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:graph]
x, w, b, t = 2.0, 3.0, -4.0, 5.0  # input, weight, bias, target
p = w * x
z = p + b
h = max(0.0, z)
e = h - t
L = e**2 / 2

de = e  # L = e²/2
dh, dt = de * 1, de * -1  # e = h - t
dz = dh * (z > 0)  # h = max(0.0, z)
dp, db = dz * 1, dz * 1  # z = p + b
dw, dx = dp * x, dp * w  # p = w x
print(f"forward:  p {p:g}, z {z:g}, h {h:g}, e {e:g}, L {L:g}")
print(f"backward: de {de:g}, dz {dz:g}, dw {dw:g}, db {db:g}, dx {dx:g}")
# --8<-- [end:graph]


# --8<-- [start:forward]
def forward(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1  # (N, 3)
    H = np.maximum(0, Z1)  # (N, 3)
    Z2 = H @ W2 + b2  # (N, 2)
    S = Z2 - Z2.max(axis=1, keepdims=True)
    log_P = S - np.log(np.exp(S).sum(axis=1, keepdims=True))  # (N, 2)
    return Z1, H, log_P


def loss(X, Y, *parameters):
    return -(Y * forward(X, *parameters)[2]).sum(axis=1).mean()
# --8<-- [end:forward]


# --8<-- [start:backward]
def backward(X, Y, W1, b1, W2, b2):
    Z1, H, log_P = forward(X, W1, b1, W2, b2)
    dZ2 = (np.exp(log_P) - Y) / len(X)  # (N, 2)
    dW2 = H.T @ dZ2  # (3, N) @ (N, 2) -> (3, 2)
    db2 = dZ2.sum(axis=0)  # (2,)
    dH = dZ2 @ W2.T  # (N, 2) @ (2, 3) -> (N, 3)
    dZ1 = dH * (Z1 > 0)  # (N, 3)
    dW1 = X.T @ dZ1  # (2, N) @ (N, 3) -> (2, 3)
    db1 = dZ1.sum(axis=0)  # (3,)
    return dW1, db1, dW2, db2
# --8<-- [end:backward]


# --8<-- [start:example]
X = np.array([[1.0, 1], [-1, 1], [3, 2], [7, -1]])  # (4, 2): the points A, B, C, D
Y = np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])  # (4, 2): C is to lie inside from now on
W1, b1 = np.array([[-1.0, 0, 1], [0, -1, 2]]), np.array([0.0, 0, -4])
W2, b2 = np.array([[-2.0, 2], [-2, 2], [-2, 2]]), np.array([1.0, 0])
start = W1, b1, W2, b2
L4, (dW1, db1, dW2, db2) = loss(X, Y, *start), backward(X, Y, *start)
print(f"loss {L4:.4f}")
for name, gradient in (("dW1", dW1), ("db1", db1), ("dW2", dW2), ("db2", db2)):
    print(name, gradient.shape, gradient.round(3).tolist())
# --8<-- [end:example]


# --8<-- [start:numerical]
def numerical(step, central=True, dtype=float):
    estimates, batch = [], (X.astype(dtype), Y.astype(dtype))
    for k, values in enumerate(start):
        for place in np.ndindex(values.shape):
            above, below = ([v.astype(dtype) for v in start] for _ in range(2))
            above[k][place] += step
            below[k][place] -= step if central else 0
            difference = loss(*batch, *above) - loss(*batch, *below)
            estimates.append(difference / (2 * step if central else step))
    return np.array(estimates)  # (17,)


exact = np.concatenate([gradient.ravel() for gradient in (dW1, db1, dW2, db2)])  # (17,)
steps = 10.0 ** np.arange(-1, -14, -1)
central_gaps = [float(np.abs(numerical(step) - exact).max()) for step in steps]
forward_gaps = [float(np.abs(numerical(step, central=False) - exact).max()) for step in steps]
# --8<-- [end:numerical]


# --8<-- [start:train]
def train(parameters, rate=0.1, updates=300, divide=True):
    losses, snapshots = [loss(G, T, *parameters)], [parameters]
    for update in range(updates):
        gradients = backward(G, T, *parameters)
        if not divide:
            gradients = [gradient * len(G) for gradient in gradients]  # the sum over the batch
        parameters = [values - rate * gradient for values, gradient in zip(parameters, gradients)]
        losses.append(loss(G, T, *parameters))
        snapshots.append(parameters)
    return np.array(losses), snapshots


across, up = np.meshgrid(np.arange(-1.75, 10, 0.5), np.arange(-1.75, 6, 0.5))
G = np.stack([across.ravel(), up.ravel()], axis=1)  # (384, 2): a grid of points
inside = (G[:, 0] > 0) & (G[:, 1] > 0) & (G[:, 0] + 2 * G[:, 1] < 8)  # the larger triangle
T = np.stack([inside, ~inside], axis=1).astype(float)  # (384, 2)
losses, snapshots = train(start)
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}")
# --8<-- [end:train]


# --8<-- [start:starts]
zeros, halves = ([np.full(v.shape, value) for v in start] for value in (0.0, 0.5))
nudged = [v.copy() for v in halves]
nudged[0][0, 0] += 0.01  # one weight of one neuron
begin = {"all zero": zeros, "all one half": halves, "one nudged": nudged}
trials = {name: train(parameters, updates=3000) for name, parameters in begin.items()}
for name, (curve, path) in trials.items():
    print(f"start {name:12} loss {curve[-1]:.3f}, W1 {path[-1][0].round(3).tolist()}")
# --8<-- [end:starts]


# --8<-- [start:random]
def accuracy(parameters):
    return float(((forward(G, *parameters)[2].argmax(axis=1) == 0) == inside).mean())


generator = np.random.default_rng(0)
random_right, quiet = [], []  # quiet: hidden neurons that are active at no point
for trial in range(10):
    begin_W1, begin_W2 = generator.normal(0, np.sqrt(2 / 2), (2, 3)), generator.normal(0, np.sqrt(2 / 3), (3, 2))
    path = train((begin_W1, np.zeros(3), begin_W2, np.zeros(2)), updates=3000)[1]
    random_right.append(accuracy(path[-1]))
    quiet.append(int((forward(G, *path[-1])[0] <= 0).all(axis=0).sum()))
nudged_right = accuracy(trials["one nudged"][1][-1])
print(f"one nudged: {nudged_right:.3f} right; random:", *(f"{share:.3f}" for share in sorted(random_right)))
# --8<-- [end:random]


# --8<-- [start:mistakes]
summed, path = train(start, divide=False)
mended = train(start, rate=0.1 / len(G), divide=False)[0]
print("sum in place of mean:", " ".join(f"{value:.3g}" for value in summed[:9]))
print(f"after update 12: {summed[12]:.3g}; after update 17: {summed[17]:.3g}")
summed_inside = int((forward(G, *path[8])[2].argmax(axis=1) == 0).sum())
active = np.array([(forward(G, *parameters)[0] > 0).sum(axis=0) for parameters in path])  # (301, 3)
silent_from = int(np.flatnonzero(active[:, 2]).max()) + 1
print(f"after update 8: {summed_inside} points called inside")
print(f"each hidden neuron is active at {active[8].tolist()} of {len(G)} points")
print(f"the third hidden neuron is silent from update {silent_from} to the end")
# --8<-- [end:mistakes]


# --8<-- [start:transpose]
dZ2 = (np.exp(forward(X, *start)[2]) - Y) / len(X)  # (4, 2)
square = W2[:2]  # (2, 2): as if there were two hidden neurons
with_transpose, without_transpose = np.abs(dZ2 @ square.T).max(), np.abs(dZ2 @ square).max()
print(f"first update with the transpose: {with_transpose:.2f}; without: {without_transpose:.2f}")

two = W1[:, :2], b1[:2], W2[:2], b2  # two hidden neurons
straight, crooked, crooked_losses, lengths = train(two)[0], two, [], []
for update in range(300):
    Z1, H, log_P = forward(G, *crooked)
    dZ1 = (np.exp(log_P) - T) / len(G) @ crooked[2] * (Z1 > 0)  # (384, 2), W2 not transposed
    true = backward(G, T, *crooked)
    wrong = G.T @ dZ1, dZ1.sum(axis=0), *true[2:]
    lengths.append(np.linalg.norm(wrong[0]) / np.linalg.norm(true[0]))
    crooked = [values - 0.1 * gradient for values, gradient in zip(crooked, wrong)]
    crooked_losses.append(loss(G, T, *crooked))

frozen = two
for update in range(300):  # the hidden layer does not move at all
    last = backward(G, T, *frozen)[2:]
    frozen = *two[:2], *(values - 0.1 * gradient for values, gradient in zip(frozen[2:], last))
frozen_loss = loss(G, T, *frozen)
print(f"gradient of W1 without the transpose: at most {max(lengths):.4f} of its true length")
print(f"loss {straight[0]:.3f} -> {straight[-1]:.3f} with it, {crooked_losses[-1]:.3f} without")
print(f"with the hidden layer frozen: {frozen_loss:.3f}")
# --8<-- [end:transpose]


# --8<-- [start:trials]
single_gaps = [float(np.abs(numerical(s, dtype=np.float32) - exact).max()) for s in steps[:6]]
print("smallest error in float32:", f"{min(single_gaps):.1e}", "in float64:", f"{min(central_gaps):.1e}")
rest = [0, 1, 3]  # without C
without_C = float(np.abs(backward(X[rest], Y[rest], *start)[0]).max())
print(f"largest entry of dW1: {np.abs(dW1).max():.3f}, without C {without_C:.3f}")
spreads = []  # how far the hidden neurons' weights lie apart in the end
for k in range(4):
    parameters = [v.copy() for v in halves]
    parameters[k].flat[0] += 0.01  # in W1, b1, W2 or b2
    spreads.append(float(np.ptp(train(parameters, updates=3000)[1][-1][0], axis=1).max()))
print("apart after a nudge in W1, b1, W2, b2:", np.round(spreads, 3).tolist())
# --8<-- [end:trials]


# --8<-- [start:results]
example_loss, example_gradients = float(L4), exact.tolist()
training_losses, summed_losses = losses.tolist(), summed[:18].tolist()
mended_difference = float(np.abs(mended - losses).max())
right = [accuracy(snapshots[update]) for update in (0, 300)]
log_P = forward(G, *start)[2]
undecided = int((log_P[:, 0] == log_P[:, 1]).sum())  # points on the border at the start
right_outside = float(((log_P[:, 0] > log_P[:, 1]) == inside).mean())  # if these count so
frozen_loss = float(frozen_loss)
inside_share = float(inside.mean())
final_weights = [float(v) for curve, path in trials.values() for v in path[-1][0].ravel()]
start_losses = [float(curve[-1]) for curve, path in trials.values()]
zero_movements = [float(np.abs(values).max()) for values in trials["all zero"][1][-1]]
equal_spread = float(np.ptp(trials["all one half"][1][-1][0], axis=1).max())
broken_spreads, kept_spread = spreads[:3], spreads[3]
with_transpose, without_transpose = float(with_transpose), float(without_transpose)
longest_wrong = float(max(lengths))
two_losses = [float(v) for v in (straight[0], straight[-1], crooked_losses[-1])]
rising = int(np.sum(np.diff(crooked_losses) > 0))
graph_values, graph_loss, graph_gradients = [p, z, h, e], L, [de, dz, dw, db, dx]
# --8<-- [end:results]


# --8<-- [start:draw_borders]
_, grid = plt.subplots(2, 2, num="borders", figsize=(5.4, 4), layout="tight", clear=True)
across, up = np.meshgrid(np.linspace(-2, 10, 121), np.linspace(-2, 6, 81))
plane = np.stack([across.ravel(), up.ravel()], axis=1)
for axes, update in zip(grid.flat, (0, 10, 50, 300)):
    shares = np.exp(forward(plane, *snapshots[update])[2][:, 0]).reshape(across.shape)
    axes.contourf(across, up, shares, levels=[0.5, 1], colors="#0077bb", alpha=0.3)
    axes.contour(across, up, shares, levels=[0.5], colors="#0077bb", linewidths=2)
    axes.plot([0, 8, 0, 0], [0, 0, 4, 0], "--", color="#cc5500", linewidth=1.5)
    axes.set(title=f"update {update}, loss {losses[update]:.2f}", aspect="equal")
    axes.set(xticks=[0, 8], yticks=[0, 4])
# --8<-- [end:draw_borders]


# --8<-- [start:draw_graph]
_, axes = plt.subplots(num="graph", figsize=(5.4, 5), layout="tight", clear=True)
nodes = {
    "x": (0, 5, "$x$", x, dx), "w": (2, 5, "$w$", w, dw), "b": (2, 4, "$b$", b, db),
    "p": (1, 4, "$p = wx$", p, dp), "z": (1, 3, "$z = p + b$", z, dz),
    "h": (1, 2, "$h = \\max(0, z)$", h, dh), "t": (2, 2, "$t$", t, dt),
    "e": (1, 1, "$e = h - t$", e, de), "L": (1, 0, "$L = e^2/2$", L, 1),
}
for tail, head in ("xp", "wp", "pz", "bz", "zh", "he", "te", "eL"):
    (column, above), (chain, below) = nodes[tail][:2], nodes[head][:2]
    arrow = {"arrowstyle": "->", "color": "#888888"}
    place = chain + 0.15 * (column - chain), below + 0.28
    axes.annotate("", place, (column, above - 0.3), arrowprops=arrow)
for column, row, formula, value, gradient in nodes.values():
    axes.text(column, row + 0.12, formula, ha="center", va="center", fontsize=12)
    value, gradient = f"{value:g}".replace("-", "−"), f"[{gradient:g}]".replace("-", "−")
    axes.text(column - 0.03, row - 0.16, value, ha="right", va="center", color="#0077bb")
    axes.text(column + 0.03, row - 0.16, gradient, ha="left", va="center", color="#cc5500")
axes.set(xlim=(-0.4, 2.4), ylim=(-0.4, 5.4))
axes.axis("off")
# --8<-- [end:draw_graph]


# --8<-- [start:draw_curves]
_, axes = plt.subplots(num="steps", figsize=(5.4, 3.4), layout="tight", clear=True)
axes.loglog(steps, central_gaps, "o-", label="central")
axes.loglog(steps, forward_gaps, "s--", label="forward")
axes.set(xlabel="step $\\epsilon$", ylabel="largest error")
axes.legend()

_, axes = plt.subplots(num="starts", figsize=(5.4, 3.2), layout="tight", clear=True)
for name, (curve, path) in trials.items():
    axes.plot(curve, label=name)
axes.set(xlabel="update", ylabel="loss", ylim=(0.2, 0.7))
axes.legend()
plt.show()
# --8<-- [end:draw_curves]
