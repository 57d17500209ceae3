# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:network]
across, up = np.meshgrid(np.arange(-1.75, 10, 0.5), np.arange(-1.75, 6, 0.5))
X = np.stack([across.ravel(), up.ravel()], axis=1)  # (384, 2): a grid of points
inside = (X[:, 0] > 0) & (X[:, 1] > 0) & (X[:, 0] + 2 * X[:, 1] < 8)
Y = np.stack([inside, ~inside], axis=1).astype(float)  # (384, 2)
start = np.array([-1.0, 0, 1, 0, -1, 2, 0, 0, -4, -2, 2, -2, 2, -2, 2, 1, 0])  # (17,)


def forward(weights):
    W1, b1 = weights[:6].reshape(2, 3), weights[6:9]
    W2, b2 = weights[9:15].reshape(3, 2), weights[15:]
    H = np.maximum(0, X @ W1 + b1)  # (384, 3)
    S = H @ W2 + b2  # (384, 2)
    S = S - S.max(axis=1, keepdims=True)
    return H, W2, S - np.log(np.exp(S).sum(axis=1, keepdims=True))


def loss(weights):
    return -(Y * forward(weights)[2]).sum(axis=1).mean()


def gradient(weights):  # (17,)
    H, W2, log_P = forward(weights)
    dZ2 = (np.exp(log_P) - Y) / len(X)  # (384, 2)
    dZ1 = dZ2 @ W2.T * (H > 0)  # (384, 3)
    parts = X.T @ dZ1, dZ1.sum(axis=0), H.T @ dZ2, dZ2.sum(axis=0)
    return np.concatenate([part.ravel() for part in parts])
# --8<-- [end:network]


# --8<-- [start:curvature]
def largest_curvature(weights, step=1e-5):
    v = np.ones(len(weights))
    for _ in range(100):
        v = v / np.linalg.norm(v)
        Hv = (gradient(weights + step * v) - gradient(weights - step * v)) / (2 * step)
        curvature, v = v @ Hv, Hv
    return curvature


start_curvature = largest_curvature(start)
start_edge = 2 / start_curvature
print(f"curvature at the start {start_curvature:.3f}, edge {start_edge:.3f}")
# --8<-- [end:curvature]


# --8<-- [start:rates]
def train(rate, updates=300):
    path = [start]
    for _ in range(updates):
        path.append(path[-1] - rate * gradient(path[-1]))
    return path, np.array([loss(weights) for weights in path])


def share_right(weights):
    return np.mean((forward(weights)[2].argmax(axis=1) == 0) == inside)


rates = (0.03, 0.3, 3, 0.1 * 384)  # the last: 0.1, and a sum in place of the mean
paths, curves = zip(*[train(rate) for rate in rates])
highest_losses = [curve.max() for curve in curves]
right = [max(map(share_right, path[-100:])) for path in paths]
silent = [int(np.sum(forward(path[-1])[0].max(axis=0) == 0)) for path in paths]
for rate, *row in zip(rates, highest_losses, right, silent):
    print("rate {:4.3g}: highest loss {:8.3g}, {:6.1%} right, silent {}".format(rate, *row))
# --8<-- [end:rates]

# --8<-- [start:after]
end_losses = [curve[-1] for curve in curves[:2]]
rises = [int(np.sum(np.diff(curve) > 0)) for curve in curves[:2]]
end_curvature = largest_curvature(paths[1][-1])
end_edge = 2 / end_curvature
back_at = int(np.argmax(curves[3][5:] < 10)) + 5  # the first update after the peak
inside_share = np.mean(inside)
end_answers = [int(np.sum(forward(path[-1])[2].argmax(axis=1) == 0)) for path in paths[:3]]
rows = [gradient(start + row) - gradient(start - row) for row in np.eye(17) * 1e-5]
whole_matrix = np.linalg.eigvalsh(np.array(rows) / 2e-5)[-1]  # the largest of all 17 eigenvalues
print("points called inside after the last update, at the first three rates:", *end_answers)
print(f"rate 0.3: curvature in the end {end_curvature:.3f}, edge {end_edge:.3f}")
print(f"the largest eigenvalue of the whole matrix at the start: {whole_matrix:.3f}")
# --8<-- [end:after]

# --8<-- [start:figure]
_, axes = plt.subplots(num="beyond", clear=True, figsize=(6, 3.4), layout="constrained")
for rate, curve, style in zip(rates, curves, ("-", "--", "-.", ":")):
    axes.semilogy(curve[:61], style, label=f"rate {rate:.3g}")
axes.set(xlabel="updates", ylabel="loss")
axes.legend()
plt.show()
# --8<-- [end:figure]
