# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 0
generator = np.random.default_rng(SEED)
TRAIN, TEST = slice(0, 50), slice(50, 100)
# --8<-- [end:imports]


# --8<-- [start:noise]
def noise(rows=100, columns=5000):
    return generator.normal(size=(rows, columns)), generator.integers(0, 2, rows)
# --8<-- [end:noise]


# --8<-- [start:select]
def leaky(x, labels):
    chosen = SelectKBest(k=20).fit_transform(x, labels)  # has seen the test labels
    model = LogisticRegression().fit(chosen[TRAIN], labels[TRAIN])
    return model.score(chosen[TEST], labels[TEST])


def clean(x, labels):
    model = make_pipeline(SelectKBest(k=20), LogisticRegression())
    return model.fit(x[TRAIN], labels[TRAIN]).score(x[TEST], labels[TEST])
# --8<-- [end:select]


# --8<-- [start:others]
def scaled_first(x, labels):
    return clean(StandardScaler().fit_transform(x), labels)  # has seen the test inputs only


def best_of_200(x, labels):
    rules = generator.normal(size=(200, 5000))  # nothing is trained
    accuracies = ((rules @ x[TEST].T > 0) == labels[TEST]).mean(axis=1)
    new_x, new_labels = noise(200)
    again = ((new_x @ rules[accuracies.argmax()] > 0) == new_labels).mean()
    return accuracies.max(), again
# --8<-- [end:others]


# --8<-- [start:repeat]
results = np.array([[leaky(*data), clean(*data), scaled_first(*data), *best_of_200(*data)]
                    for data in (noise() for _ in range(20))])  # (20, 5)
names = ["selected before the split", "selected inside", "scaled before the split",
         "best of 200 on the test set", "the same, on new data"]
accuracies = results.mean(axis=0)
for name, accuracy in zip(names, accuracies):
    print(f"{name:28} {accuracy:.1%}")
# --8<-- [end:repeat]


# --8<-- [start:draw]
_, axes = plt.subplots(num="leaks", clear=True, figsize=(6.4, 3.2))
for row, (values, marker) in enumerate(zip(results.T, "osD^v")):
    height = row + np.linspace(-0.2, 0.2, len(values))
    axes.plot(values, height, marker, markersize=4, linestyle="none", color=f"C{row}")
axes.axvline(0.5, color="0.5", linestyle=":")
axes.set(yticks=range(5), yticklabels=names, xlabel="accuracy on pure noise", xlim=(0.25, 1))
axes.invert_yaxis()
plt.show()
# --8<-- [end:draw]
