# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from numpy.polynomial import Polynomial

SEED = 0
generator = np.random.default_rng(SEED)
# --8<-- [end:imports]


# --8<-- [start:data]
def truth(x):
    return np.sin(np.pi * x)


def measure(x, noise=0.3):
    return truth(x) + noise * generator.normal(size=x.shape)


x = np.linspace(-1, 1, 15)
y = measure(x)
new_x = generator.uniform(-1, 1, 200)
new_y = measure(new_x)
# --8<-- [end:data]


# --8<-- [start:fit]
def error(model, x, y):
    return np.mean((model(x) - y) ** 2)


models = {degree: Polynomial.fit(x, y, degree) for degree in (1, 3, 14)}
for degree, model in models.items():
    print(f"degree {degree:2}: training {error(model, x, y):8.4f}, new points {error(model, new_x, new_y):8.4f}")
# --8<-- [end:fit]


# --8<-- [start:memorise]
dice = generator.normal(size=15)  # nothing to learn: y does not depend on x
training_error_on_dice = error(Polynomial.fit(x, dice, 14), x, dice)
print(f"degree 14 on pure noise: training {training_error_on_dice:.4f}")
# --8<-- [end:memorise]


# --8<-- [start:sizes]
degrees = range(15)
training, validation = np.empty((2, 100, 15))
for repeat in range(100):
    y_again, new_y_again = measure(x), measure(new_x)
    for degree in degrees:
        model = Polynomial.fit(x, y_again, degree)
        training[repeat, degree] = error(model, x, y_again)
        validation[repeat, degree] = error(model, new_x, new_y_again)
training_errors = np.median(training, axis=0)
validation_errors = np.median(validation, axis=0)
best_degree = int(validation_errors.argmin())
print("lowest error on new points: degree", best_degree)
everywhere = np.linspace(-1, 1, 2001)
line = Polynomial.fit(x, truth(x), 1)  # no noise: what is left is that a line is no sine
line_errors = [float(error(line, points, truth(points))) for points in (x, x[1:-1], everywhere)]
print(f"a line fitted without noise: error {line_errors[0]:.3f} at the {len(x)} points,")
print(f"{line_errors[1]:.3f} without the outermost two, {line_errors[2]:.3f} over the whole range")
# --8<-- [end:sizes]


# --8<-- [start:draw]
_, panels = plt.subplots(1, 3, num="fits", clear=True, figsize=(7.5, 2.8), sharey=True)
fine = np.linspace(-1, 1, 400)
for axes, (degree, model) in zip(panels, models.items()):
    axes.plot(fine, truth(fine), ":", color="0.5")
    axes.plot(fine, model(fine), "-")
    axes.plot(x, y, "o", color="C1", markersize=4)
    axes.set(title=f"degree {degree}", ylim=(-2.2, 2.2), xlabel="x")

_, axes = plt.subplots(num="sizes", clear=True)
for name, errors, style in [("training", training, "o-"), ("new points", validation, "s--")]:
    axes.plot(degrees, np.median(errors, axis=0), style, markersize=4, label=name)
    axes.fill_between(degrees, *np.quantile(errors, [0.1, 0.9], axis=0), alpha=0.2)
axes.set(yscale="log", ylim=(1e-3, 1e3), xlabel="degree", ylabel="mean squared error")
axes.legend()
plt.show()
# --8<-- [end:draw]
