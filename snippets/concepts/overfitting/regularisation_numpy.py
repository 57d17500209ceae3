# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

SEED = 0
HIDDEN, EPOCHS, RATE = 64, 150, 0.01
DROPOUTS, DECAYS = (0.25, 0.5, 0.75, 0.9), (0.3, 1, 3, 10)
# --8<-- [end:imports]


# --8<-- [start:network]
def predict(weights, images, mask=1.0):
    w1, b1, w2, b2 = weights
    hidden = np.maximum(images @ w1 + b1, 0) * mask  # (N, 64)
    logits = hidden @ w2 + b2
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return hidden, powers / powers.sum(axis=1, keepdims=True)  # (N, 10)


def loss_of(weights, images, labels):
    _, q = predict(weights, images)
    return -np.log(q[np.arange(len(q)), labels] + 1e-12).mean()


def accuracy_of(weights, images, labels):
    return (predict(weights, images)[1].argmax(axis=1) == labels).mean()
# --8<-- [end:network]


# --8<-- [start:train]
def train(generator, images, labels, validation, dropout=0.0, decay=0.0):
    weights = [generator.normal(size=(64, HIDDEN)) / np.sqrt(32), np.zeros(HIDDEN),
               generator.normal(size=(HIDDEN, 10)) / np.sqrt(HIDDEN), np.zeros(10)]
    m, s, losses, best = [0.0] * 4, [0.0] * 4, [], weights
    for t in range(1, EPOCHS + 1):  # one step of AdamW on all images
        kept = generator.random((len(images), HIDDEN)) >= dropout
        mask = kept / (1 - dropout)
        hidden, q = predict(weights, images, mask)
        error = (q - np.eye(10)[labels]) / len(images)
        back = error @ weights[2].T * mask * (hidden > 0)
        gradients = [images.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
        m = [0.9 * old + 0.1 * g for old, g in zip(m, gradients)]
        s = [0.999 * old + 0.001 * g**2 for old, g in zip(s, gradients)]
        size = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weights = [(1 - RATE * decay * (w.ndim == 2)) * w - size * mi / (np.sqrt(si) + 1e-8)
                   for w, mi, si in zip(weights, m, s)]
        losses.append(loss_of(weights, *validation))
        if losses[-1] == min(losses):
            best = weights  # early stopping goes back to these
    return weights, best, losses
# --8<-- [end:train]


# --8<-- [start:experiment]
def lowest(runs):  # strength and run with the lowest last loss on the validation set
    return min(runs.items(), key=lambda item: item[1][2][-1])


def experiment(generator):
    images, labels = load_digits(return_X_y=True)
    order = generator.permutation(len(labels))
    images, labels = images[order] / 16, labels[order]
    given, wrong = labels.copy(), generator.random(len(labels)) < 0.2
    given[wrong] = (given[wrong] + generator.integers(1, 10, wrong.sum())) % 10
    validation, test = [(images[part], labels[part]) for part in (slice(1000, 1300), slice(1300, None))]
    seed = generator.integers(2**32)

    def run(rows=slice(250), labels=given, **options):  # each from the same weights
        generator = np.random.default_rng(seed)
        return train(generator, images[rows], labels[rows], validation, **options)

    def choose(option, strengths, labels=given):
        return lowest({strength: run(labels=labels, **{option: strength}) for strength in strengths})

    control, right = run(), run(labels=labels)
    dropout, dropped = choose("dropout", DROPOUTS)
    decay, decayed = choose("decay", DECAYS)
    runs = {
        "control": control,
        "early stopping": (control[1], None, control[2]),
        "dropout": dropped,
        "weight decay": decayed,
        "4 x the data": run(slice(1000)),
        "no wrong labels": right,
        "right ones only": run(np.flatnonzero(~wrong[:250])),  # about 200 images
        "4 x, all right": run(slice(1000), labels),
        "right, stopped": (right[1], None, right[2]),
        "right, dropout": choose("dropout", DROPOUTS, labels)[1],
        "right, decay": choose("decay", DECAYS, labels)[1],
    }
    mislabelled = images[:250][wrong[:250]], given[:250][wrong[:250]]
    return (dropout, decay), {
        name: (accuracy_of(weights, *test), accuracy_of(weights, *mislabelled), losses)
        for name, (weights, _, losses) in runs.items()}
# --8<-- [end:experiment]


# --8<-- [start:repeat]
generator = np.random.default_rng(SEED)
chosen, experiments = zip(*(experiment(generator) for _ in range(5)))
test_accuracies, learned_mistakes, curves = [], [], {}
for name in experiments[0]:
    tests, mistakes, losses = zip(*(results[name] for results in experiments))
    test_accuracies.append(np.mean(tests))
    learned_mistakes.append(np.mean(mistakes))
    curves[name] = np.array(losses)  # (5, epochs)
    print(f"{name:15} test accuracy {np.mean(tests):6.1%}, from {min(tests):.1%} to {max(tests):.1%};"
          f" wrong labels learned {np.mean(mistakes):6.1%}")
chosen_dropouts, chosen_decays = zip(*chosen)
print("chosen dropout:", *chosen_dropouts, "decay:", *chosen_decays)
# --8<-- [end:repeat]


# --8<-- [start:draw]
_, panels = plt.subplots(2, 2, num="curves", clear=True, figsize=(7, 5), sharex=True, sharey=True)
steps = np.arange(1, EPOCHS + 1)
for axes, name in zip(panels.flat, list(curves)[1:5]):
    for curve, style, color in [("control", "--", "0.5"), (name, "-", "C0")]:
        low, mean, high = (f(curves[curve], axis=0) for f in (np.min, np.mean, np.max))
        axes.fill_between(steps, low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(steps, mean, style, color=color)
    axes.set(title=name, ylim=(0, 2.5))
for losses in curves["early stopping"]:
    panels[0, 0].plot(losses.argmin() + 1, losses.min(), "o", color="C1")
panels[1, 0].set(xlabel="epoch", ylabel="validation loss")
plt.show()
# --8<-- [end:draw]
