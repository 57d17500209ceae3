# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
# --8<-- [end:imports]

# --8<-- [start:squared]
targets = np.array([[2.0, 1.0], [3.0, 0.0], [4.0, 5.0]])  # (examples, outputs)
predictions = np.array([[3.0, 1.0], [3.0, 2.0], [1.0, 5.0]])
example_errors = np.mean((predictions - targets) ** 2, axis=1)  # (examples,)
squared_error = np.mean(example_errors)
print(f"squared error of each example: {example_errors}, their mean: {squared_error:.4f}")

prices = np.array([2.0, 3.0, 4.0, 15.0])
guesses = np.arange(0, 20, 0.5)
best_guess = guesses[np.argmin([np.mean((guess - prices) ** 2) for guess in guesses])]
print(f"prices {prices}: the one guess with the least squared error is {best_guess}")
# --8<-- [end:squared]


# --8<-- [start:cross_entropy]
def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def cross_entropy(logits, labels):  # (N, K) and (N,), to (N,)
    largest = logits.max(axis=1)
    log_sum_exp = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    return log_sum_exp - logits[np.arange(len(labels)), labels.astype(int)]


logits = np.array([[2.0, 1.0, 0.0], [2.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
labels = np.array([0, 2, 1])
one_hot = np.eye(3)[labels]  # (N, K)
probabilities = softmax(logits)
losses = cross_entropy(logits, labels)  # sparse: a label is a number
categorical_losses = -np.sum(one_hot * np.log(probabilities), axis=1)  # a label is a row
for row, label, loss in zip(probabilities, labels, losses):
    print("probabilities", row.round(3), "label", label, f"loss {loss:.4f}")
# --8<-- [end:cross_entropy]


# --8<-- [start:binary]
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def binary_cross_entropy(z, y):
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))


scores = np.array([3.0, -2.0, 0.5, -30.0])  # logits
answers = np.array([1.0, 0.0, 1.0, 1.0])
binary_losses = binary_cross_entropy(scores, answers)
as_two_classes = cross_entropy(np.stack([np.zeros(4), scores], axis=1), answers)
print("binary:        ", binary_losses.round(4))
print("as two classes:", as_two_classes.round(4))
# --8<-- [end:binary]

# --8<-- [start:stability]
hard_logits = np.array([[2.0, 1.0, 0.0], [0.0, -800.0, 0.0], [1000.0, 0.0, 0.0]])
hard_labels = np.array([0, 1, 1])
picked = np.arange(3), hard_labels
with np.errstate(all="ignore"):
    powers = np.exp(hard_logits)
    through_probabilities = -np.log((powers / powers.sum(axis=1, keepdims=True))[picked])
    without_maximum = np.log(powers.sum(axis=1)) - hard_logits[picked]
stable = cross_entropy(hard_logits, hard_labels)
forms = through_probabilities, without_maximum, stable
for name, values in zip(("probabilities", "log-sum-exp", "maximum out"), forms):
    print(f"{name:13}", *(f"{v:10.4f}" if np.isfinite(v) else "      FAILS" for v in values))
finite_counts = [int(np.isfinite(values).sum()) for values in forms]
largest_exponents = [np.log(np.finfo(t).max) for t in (np.float16, np.float32, np.float64)]
# --8<-- [end:stability]

# --8<-- [start:gradient]
gradient = probabilities - one_hot  # (N, K)
step = 1e-5
measured = np.empty_like(logits)
for k, nudge in enumerate(step * np.eye(3)):
    change = cross_entropy(logits + nudge, labels) - cross_entropy(logits - nudge, labels)
    measured[:, k] = change / (2 * step)
gradient_difference = np.max(np.abs(gradient - measured))
print("second example, p - y:   ", gradient[1].round(4))
print("second example, measured:", measured[1].round(4))
# --8<-- [end:gradient]


# --8<-- [start:escape]
def squared_slope(z):  # of (q - 1)^2
    q = sigmoid(z)
    return 2 * (q - 1) * q * (1 - q)


def entropy_slope(z):  # of -ln q
    return sigmoid(z) - 1


def steps_until_right(z, slope):
    steps = 0
    while z <= 0:
        z, steps = z - slope(z), steps + 1  # learning rate 1
    return steps


starts = np.array([-2.0, -4.0, -6.0, -8.0, -10.0])
entropy_slopes, squared_slopes = entropy_slope(starts), squared_slope(starts)
entropy_steps = [steps_until_right(z, entropy_slope) for z in starts]
squared_steps = [steps_until_right(z, squared_slope) for z in starts]
print("first logit:  ", *(f"{start:6.0f}" for start in starts))
print("cross-entropy:", *(f"{steps:6}" for steps in entropy_steps), "steps")
print("squared error:", *(f"{steps:6}" for steps in squared_steps), "steps")
# --8<-- [end:escape]

# --8<-- [start:twice]
first_class = np.array([0])
twice_losses = []
for classes in (2, 10, 1000):
    certain_and_right = np.eye(classes)[:1]  # probabilities (1, K), taken for logits
    twice_losses.append(cross_entropy(certain_and_right, first_class)[0])
    print(f"{classes:4} classes, certain and right, softmax twice: loss {twice_losses[-1]:.4f}")
# --8<-- [end:twice]

# --8<-- [start:answers]
far_steps = steps_until_right(-12.0, squared_slope)
print("squared error from a logit of -12:", far_steps, "steps")
ten_probabilities = np.eye(10)[:1]
certain_logits = np.array([[50.0, 0.0, 0.0]])
# --8<-- [end:answers]

# --8<-- [start:figures]
z = np.linspace(-10, 4, 300)
_, panels = plt.subplots(1, 2, num="slopes", clear=True, figsize=(7, 3.2), layout="constrained")
curves = {"cross-entropy": (binary_cross_entropy(z, 1), entropy_slope(z))}
curves["squared error"] = ((sigmoid(z) - 1) ** 2, squared_slope(z))
for name, values in curves.items():
    for panel, curve in zip(panels, values):
        panel.plot(z, curve, label=name)
panels[0].set(title="loss", xlabel="logit of the right answer")
panels[1].set(title="slope of the loss", xlabel="logit of the right answer")
panels[0].legend()

_, axes = plt.subplots(num="escape", clear=True, figsize=(5, 3.4), layout="constrained")
axes.plot(starts, entropy_steps, "o-", label="cross-entropy")
axes.plot(starts, squared_steps, "s--", label="squared error")
axes.set(yscale="log", xlabel="first logit of the right answer", ylabel="steps until it is right")
axes.legend()
plt.show()
# --8<-- [end:figures]
