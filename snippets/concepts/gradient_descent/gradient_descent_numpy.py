# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:one_weight]
def walk(learning_rate, steps):  # down (w - 3)², from w = 0
    w, path = 0.0, [0.0]
    for _ in range(steps):
        w = w - learning_rate * 2 * (w - 3)
        path.append(w)
    return path


small_walks = {rate: walk(rate, 6) for rate in (0.1, 0.5, 0.9, 1.0, 1.1)}
for rate, path in small_walks.items():
    print(f"learning rate {rate}:", *(f"{w:6.3f}" for w in path))
# --8<-- [end:one_weight]

# --8<-- [start:problem]
random = np.random.default_rng(SEED)
x = random.uniform(0, 2, 200)
features = np.stack([x, np.ones(200)], axis=1)  # (200, 2)
targets = 2 * x - 1 + random.normal(0, 0.5, 200)  # (200,)
start = np.array([-1.0, 2.0])  # slope and intercept


def gradient(weights, rows=slice(None)):
    errors = features[rows] @ weights - targets[rows]
    return 2 * features[rows].T @ errors / len(errors)


best = np.linalg.lstsq(features, targets, rcond=None)[0]
hessian = 2 * features.T @ features / 200  # (2, 2)
smallest_curvature, largest_curvature = np.linalg.eigvalsh(hessian)
edge = 2 / largest_curvature


def excess(weights):  # loss above that of the best line
    return np.sum((weights - best) @ hessian * (weights - best), axis=-1) / 2


print(f"curvatures {smallest_curvature:.3f} and {largest_curvature:.3f}, edge {edge:.3f}")
# --8<-- [end:problem]


# --8<-- [start:descend]
def descend(learning_rate, batch_size, passes):
    path = [start]
    for _ in range(passes):
        order = random.permutation(200)
        for first in range(0, 200, batch_size):
            rows = order[first : first + batch_size]
            path.append(path[-1] - learning_rate * gradient(path[-1], rows))
    return np.array(path)  # (updates + 1, 2)


batch_sizes = {"full batch": 200, "mini-batch": 20, "stochastic": 1}
paths = {name: descend(0.1, size, 60) for name, size in batch_sizes.items()}
# Each (passes, updates in a pass)
losses = {name: excess(path[1:]).reshape(60, -1) for name, path in paths.items()}
in_the_second_pass = [loss[1].mean() for loss in losses.values()]
in_the_last_pass = [loss[-1].mean() for loss in losses.values()]
print("loss above the least, mean over a pass")
for name, second, last in zip(paths, in_the_second_pass, in_the_last_pass):
    print(f"{name:11} second pass {second:.4f}, last pass {last:.4f}")
# --8<-- [end:descend]

# --8<-- [start:rates]
shares = (0.02, 0.9, 1.15)  # of the edge
rate_paths = {f"{share} of the edge": descend(share * edge, 200, 12) for share in shares}
step_factors = []
for share in (0.98, 1.02):
    path = descend(share * edge, 200, 200)
    step_factors.append(np.sqrt(excess(path[-1]) / excess(path[-2])))
    growth = excess(path[-1]) / excess(start)
    print(f"{share} of the edge: excess times {growth:.1e}, last step times {step_factors[-1]:.4f}")
# --8<-- [end:rates]

# --8<-- [start:floor]
settled = [excess(descend(rate, 1, 60)[-6000:]).mean() for rate in (0.1, 0.01)]
print("stochastic, last 30 passes: rate 0.1 {:.4f}, rate 0.01 {:.4f}".format(*settled))
# --8<-- [end:floor]


# --8<-- [start:own_rates]
tried = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
with np.errstate(over="ignore", invalid="ignore"):  # too large a rate ends in infinity
    ends = {name: [excess(descend(rate, size, 60)[-200 // size :]).mean() for rate in tried]
            for name, size in batch_sizes.items()}  # each the mean of the sixtieth pass
lowest_ends = [np.nanmin(end) for end in ends.values()]
for name, end in ends.items():
    print(f"{name:11} best of seven rates {tried[np.nanargmin(end)]}, lowest end {np.nanmin(end):.1e}")
# --8<-- [end:own_rates]


# --8<-- [start:conditioning]
def updates_needed(column):  # until the excess is a millionth
    inputs = np.stack([column, np.ones(200)], axis=1)
    curvature = 2 * inputs.T @ inputs / 200
    low, high = np.linalg.eigvalsh(curvature)
    distance, updates = start - np.linalg.lstsq(inputs, targets, rcond=None)[0], 0
    first = last = distance @ curvature @ distance
    while last > 1e-6 * first:
        distance = distance - 2 / (low + high) * curvature @ distance
        last, updates = distance @ curvature @ distance, updates + 1
    return high / low, updates


columns = [(x - x.mean()) / x.std(), x - x.mean(), x, x + 1, x + 2, x + 4]
condition_numbers, updates = np.array([updates_needed(column) for column in columns]).T
for condition, count in zip(condition_numbers, updates):
    print(f"condition number {condition:7.1f}: {count:5.0f} updates")
# --8<-- [end:conditioning]

# --8<-- [start:answers]
start_excess = excess(start)
last_pass = excess(descend(0.9 * edge, 1, 10)[-200:]).mean()
orders = np.log10(last_pass / start_excess)
targets = features @ best  # the same best line, and every point on it
without_noise = excess(descend(0.9 * edge, 1, 10)[-200:]).mean()
print(f"one point at a time, long steps: excess {start_excess:.2f} becomes {last_pass:.1e}")
print(f"without noise: {without_noise:.1e}")
# --8<-- [end:answers]

# --8<-- [start:figures]
hessian_entries = hessian.ravel()  # (4,), row by row
slopes, intercepts = np.meshgrid(np.linspace(-1.6, 3.6, 80), np.linspace(-2.6, 2.8, 80))
grid = excess(np.stack([slopes, intercepts], axis=-1))


def draw(name, paths, updates):
    figure, panels = plt.subplots(1, 3, num=name, clear=True, figsize=(7.2, 2.9), sharey=True)
    figure.set_layout_engine("constrained")
    levels = np.geomspace(0.02, 30, 10)
    for panel, (title, path) in zip(panels, paths.items()):
        panel.contour(slopes, intercepts, grid, levels, colors="gray", linewidths=0.6)
        panel.plot(*path[: updates + 1].T, "o-", markersize=2.5, linewidth=1)
        panel.plot(*best, "r*", markersize=10)
        panel.set(title=title, xlabel="slope", xlim=(-1.6, 3.6), ylim=(-2.6, 2.8))
    panels[0].set_ylabel("intercept")


draw("paths", paths, 60)
draw("rates", rate_paths, 12)

figure, panels = plt.subplots(1, 2, num="curves", clear=True, figsize=(7.2, 3.2), sharey=True)
figure.set_layout_engine("constrained")
for (name, loss), marker in zip(losses.items(), "os^"):
    panels[0].plot(excess(paths[name][:61]), label=name)
    panels[1].plot(np.arange(1, 61), loss.mean(axis=1), marker=marker, markersize=3)
panels[0].set(yscale="log", xlabel="updates", ylabel="loss above the least")
panels[0].legend()
panels[1].set(xlabel="passes over the data, mean of each")

_, axes = plt.subplots(num="conditioning", clear=True, figsize=(5, 3.4), layout="constrained")
axes.loglog(condition_numbers, updates, "o", label="measured")
predicted = condition_numbers / 4 * np.log(1e6)
axes.loglog(condition_numbers, predicted, "--", label="κ / 4 · ln 10⁶")
axes.legend()
axes.set(xlabel="condition number κ", ylabel="updates needed")
plt.show()
# --8<-- [end:figures]
