# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:momentum]
def sgd(weight, gradient, state, rate):
    return weight - rate * gradient


def momentum(weight, gradient, state, rate, mu=0.9, nesterov=False):
    state["v"] = mu * state.get("v", 0) + gradient  # PyTorch: the rate stays outside
    return weight - rate * (gradient + mu * state["v"] if nesterov else state["v"])


def momentum_keras(weight, gradient, state, rate, mu=0.9):
    state["v"] = mu * state.get("v", 0) - rate * gradient  # Keras, MXNet: the rate goes in
    return weight + state["v"]
# --8<-- [end:momentum]


# --8<-- [start:adam]
def rmsprop(weight, gradient, state, rate, rho=0.9, epsilon=1e-7):
    state["s"] = rho * state.get("s", 0) + (1 - rho) * gradient**2
    return weight - rate * gradient / np.sqrt(state["s"] + epsilon)


def adam(weight, gradient, state, rate, beta_1=0.9, beta_2=0.999,
         epsilon=1e-8, decay=0.0, corrected=True):
    t = state["t"] = state.get("t", 0) + 1
    state["m"] = beta_1 * state.get("m", 0) + (1 - beta_1) * gradient
    state["s"] = beta_2 * state.get("s", 0) + (1 - beta_2) * gradient**2
    m, s = state["m"], state["s"]
    if corrected:
        m, s = m / (1 - beta_1**t), s / (1 - beta_2**t)
    return (1 - rate * decay) * weight - rate * m / (np.sqrt(s) + epsilon)
# --8<-- [end:adam]


# --8<-- [start:steps]
def steps(rule, gradients, rate=1.0, **options):
    state = {}
    return np.array([-rule(0.0, gradient, state, rate, **options) for gradient in gradients])


along = steps(momentum, np.ones(50))  # every gradient 1
across = steps(momentum, (-1.0) ** np.arange(50))  # 1, -1, 1, -1, ...
print("same sign:      ", *along[:4].round(3), "... ->", along[-1].round(3))
print("alternating:    ", *across[:4].round(3), "... ->", across[-1].round(3))
# --8<-- [end:steps]


# --8<-- [start:bias]
corrected = steps(adam, np.ones(100))
uncorrected = steps(adam, np.ones(100), corrected=False)
first_steps = [steps(adam, [size])[0] for size in (1e-3, 1.0, 1e3)]
largest_at = int(uncorrected.argmax()) + 1
print("first step, gradient 0.001, 1, 1000:", *np.round(first_steps, 4))
print(f"uncorrected: first step {uncorrected[0]:.2f}, step {largest_at}: {uncorrected.max():.2f}")
# --8<-- [end:bias]


# --8<-- [start:decay]
def decayed(rule, decay, coupled, number=200, rate=0.01):
    weight, state = np.ones(2), {}
    for t in range(number):
        noise = np.array([10.0, 0.1]) * (-1) ** t  # it says nothing about where to go
        if coupled:  # L2: the gradient of decay / 2 · weight²
            weight = rule(weight, noise + decay * weight, state, rate)
        else:
            weight = rule((1 - rate * decay) * weight, noise, state, rate)
    return weight


sgd_coupled, sgd_decoupled = decayed(sgd, 0.5, True), decayed(sgd, 0.5, False)
decayed_coupled, decayed_decoupled = decayed(adam, 0.5, True), decayed(adam, 0.5, False)
sgd_decay_difference = np.abs(sgd_coupled - sgd_decoupled).max()
print("noisy, quiet weight: SGD, L2   ", *sgd_coupled.round(3))
print("                     SGD, decay", *sgd_decoupled.round(3))
print("                     Adam, L2  ", *decayed_coupled.round(3))
print("                     AdamW     ", *decayed_decoupled.round(3))
# --8<-- [end:decay]


# --8<-- [start:race]
RATES = 10 ** np.linspace(-4, 1.25, 211).reshape(-1, 1, 1)  # 211 rates, all tried at once


def race(rule, hessian, starts, number):
    weights, state = np.broadcast_to(starts, (len(RATES), *starts.shape)), {}
    path = [weights]
    for _ in range(number):
        weights = rule(weights, weights @ hessian, state, RATES)
        path.append(weights)
    path = np.array(path)  # (number + 1, rates, starts, 2)
    losses = (path @ hessian * path).sum(-1).mean(-1) / 2  # (number + 1, rates)
    scores = losses[-20:].mean(axis=0)  # a mean, for a single step may be lucky
    best = np.nanargmin(scores)
    coarse = np.nanmin(scores[::10])  # if only every tenth rate had been tried
    return RATES[best, 0, 0], scores[best], losses[:, best], path[:, best], coarse


valley = np.diag([1.0, 100.0])
rules = {"SGD": sgd, "momentum": momentum, "RMSProp": rmsprop, "Adam": adam}
with np.errstate(over="ignore", invalid="ignore"):  # too large a rate ends in infinity
    races = {name: race(rule, valley, np.array([[-4.0, 1.0]]), 100) for name, rule in rules.items()}
best_rates, race_losses = zip(*[result[:2] for result in races.values()])
for name, rate, loss in zip(races, best_rates, race_losses):
    print(f"{name:8}  rate {rate:.4f}, loss {loss:.1e}")
# --8<-- [end:race]


# --8<-- [start:spike]
weight, state, across_rates = np.array([-4.0, 1.0]), {}, []
for _ in range(100):  # RMSProp once more, at its best rate
    weight = rmsprop(weight, valley @ weight, state, best_rates[2])
    across_rates.append(best_rates[2] / np.sqrt(state["s"][1] + 1e-7))
above_at = int(np.argmax(np.array(across_rates) > 2 / 100)) + 1
lowest_after, last_across_rate = min(across_rates[above_at - 1 :]), across_rates[-1]
print(f"RMSProp's rate across: above 2/100 from step {above_at} on, {last_across_rate:.4f} at step 100")
# --8<-- [end:spike]


# --8<-- [start:turned]
angle = np.arange(16) * np.pi / 8 + np.pi / 16
circle = 4 * np.stack([np.cos(angle), np.sin(angle)], axis=1)  # 16 starts
straight = np.diag([1.0, 2500.0])
turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)  # by 45°
duel_rates, duel_losses, coarse_losses = [], [], []
with np.errstate(over="ignore", invalid="ignore"):
    for place, hessian in {"along the axes": straight, "turned": turn @ straight @ turn.T}.items():
        for name, rule in rules.items():
            rate, loss, _, _, coarse = race(rule, hessian, circle, 200)
            duel_rates.append(rate)
            duel_losses.append(loss)
            coarse_losses.append(coarse)
            print(f"{place:14}  {name:8}  rate {rate:.4f}, loss {loss:.1e}")
straight_losses, turned_losses = duel_losses[:4], duel_losses[4:]
# --8<-- [end:turned]


# --8<-- [start:crossings]
narrow_path = race(momentum, straight, circle, 200)[3]
sides = [np.sign(path[:, 0, 1]) for path in (races["momentum"][3], narrow_path)]
crossings = [int((side[1:] != side[:-1]).sum()) for side in sides]
print("momentum changes sides:", *crossings)
# --8<-- [end:crossings]


# --8<-- [start:defaults]
settings = ["SGD rate", "RMSProp rate", "RMSProp rho", "RMSProp epsilon", "Adam rate",
            "Adam beta_1", "Adam beta_2", "Adam epsilon", "AdamW rate", "AdamW decay"]
keras_defaults = [0.01, 0.001, 0.9, 1e-7, 0.001, 0.9, 0.999, 1e-7, 0.001, 0.004]
pytorch_defaults = [0.001, 0.01, 0.99, 1e-8, 0.001, 0.9, 0.999, 1e-8, 0.001, 0.01]
mxnet_defaults = [0.01, 0.001, 0.9, 1e-8, 0.001, 0.9, 0.999, 1e-8]  # it has no AdamW
print(f"{'default':16}{'Keras':>8}{'PyTorch':>9}{'MXNet':>8}")
for name, *row in zip(settings, keras_defaults, pytorch_defaults, [*mxnet_defaults, "none", "none"]):
    print(f"{name:16}{row[0]:>8}{row[1]:>9}{row[2]:>8}")
# --8<-- [end:defaults]


# --8<-- [start:variants]
def rmsprop_pytorch(weight, gradient, state, rate, rho=0.99, epsilon=1e-8):
    state["s"] = rho * state.get("s", 0) + (1 - rho) * gradient**2
    return weight - rate * gradient / (np.sqrt(state["s"]) + epsilon)


def adam_keras(weight, gradient, state, rate, beta_2=0.999, epsilon=1e-7, **options):
    t = state.get("t", 0) + 1  # epsilon joins before s is corrected, as in MXNet
    epsilon = epsilon / np.sqrt(1 - beta_2**t)
    return adam(weight, gradient, state, rate, beta_2=beta_2, epsilon=epsilon, **options)
# --8<-- [end:variants]


# --8<-- [start:differences]
def after_drop(rule, before=50):
    state = {}
    for rate in [1.0] * before + [0.1]:  # the last step has a tenth of the rate
        step = -rule(0.0, 1.0, state, rate)
    return step


steps_after_drop = [after_drop(momentum), after_drop(momentum_keras)]
tiny_steps = [steps(adam, [1e-6])[0], steps(adam_keras, [1e-6])[0]]
place_alone = steps(adam_keras, [1e-6], epsilon=1e-8)[0]  # Keras's place, PyTorch's size
size_alone = steps(adam, [1e-6], epsilon=1e-7)[0]  # Keras's size, PyTorch's place
first_rmsprop = [-rmsprop(0.0, 1.0, {}, rate=0.001), -rmsprop_pytorch(0.0, 1.0, {}, rate=0.01)]
print("step after the drop, PyTorch and Keras:", *np.round(steps_after_drop, 2))
print("first step for a gradient of 0.000001: ", *np.round(tiny_steps, 2))
print(f"Keras's place alone {place_alone:.3f}, its size alone {size_alone:.3f}")
print("RMSProp by default, gradient 1, Keras and PyTorch:", *np.round(first_rmsprop, 4))
# --8<-- [end:differences]


# --8<-- [start:walk]
start, curvature = np.array([-4.0, 1.0]), np.array([1.0, 25.0])
flat = curvature * 1e-6  # slopes so small that epsilon counts


def walk(rule, rate, slope=curvature, drop=1.0, **options):
    weight, state = start, {}
    for step in range(20):
        rate_now = rate if step < 10 else rate * drop
        weight = rule(weight, slope * weight, state, rate_now, **options)
    return weight
# --8<-- [end:walk]


# --8<-- [start:draw]
_, panels = plt.subplots(2, 2, num="paths", clear=True, figsize=(7, 4.6), sharex=True, sharey=True)
x, y = np.meshgrid(np.linspace(-4.5, 2.2, 151), np.linspace(-1.5, 1.5, 121))
levels = np.geomspace(0.05, 100, 9)
for index, (axes, (name, (_, loss, _, path, _))) in enumerate(zip(panels.flat, races.items())):
    axes.contour(x, y, (x**2 + 100 * y**2) / 2, levels, colors="0.6", linewidths=0.7)
    axes.plot(*path[:, 0].T, "o-", color=f"C{index}", markersize=3, linewidth=1)
    axes.plot(0, 0, "k+", markersize=12)
    axes.set_title(f"{name}: {loss:.1e}")

_, axes = plt.subplots(num="losses", clear=True)
for name, (_, _, losses, *_) in races.items():
    axes.semilogy(losses, label=name)
axes.set(xlabel="step", ylabel="loss")
axes.legend()

_, axes = plt.subplots(num="first_steps", clear=True, figsize=(6.4, 2.8))
axes.plot(np.arange(1, 101), corrected, label="corrected")
axes.plot(np.arange(1, 101), uncorrected, label="uncorrected")
axes.set(xlabel="step", ylabel="step size / rate", ylim=(0, 7))
axes.legend()
plt.show()
# --8<-- [end:draw]
