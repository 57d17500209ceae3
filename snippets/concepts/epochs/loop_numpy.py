# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
random = np.random.default_rng(SEED)
# --8<-- [end:imports]


# --8<-- [start:data]
def make_data(count):
    X = random.normal(size=(count, 2))  # (count, 2)
    rule = X[:, :1] * X[:, 1:] > 0  # (count, 1): the signs are the same
    flipped = random.random((count, 1)) < 0.1  # a tenth of the labels is wrong
    return X, rule, (rule ^ flipped).astype(float)  # labels (count, 1), not (count,)


X, _, y = make_data(2000)
X_val, rule_val, y_val = make_data(2000)
# --8<-- [end:data]


# --8<-- [start:loop]
def forward(x):  # (B, 2)
    Z1 = x @ W1 + b1  # (B, 2) @ (2, 16) + (16,) -> (B, 16)
    H = np.maximum(0, Z1)  # (B, 16)
    return Z1, H, H @ W2 + b2  # (B, 16) @ (16, 1) + (1,) -> (B, 1)


def judge(x, t):  # mean loss, accuracy
    z = forward(x)[2]
    return np.mean(np.logaddexp(0, z) - t * z), np.mean((z > 0) == t)


W1, b1 = random.normal(size=(2, 16)) * np.sqrt(2 / 2), np.zeros(16)
W2, b2 = random.normal(size=(16, 1)) * np.sqrt(2 / 16), np.zeros(1)
history = [(*judge(X, y), *judge(X_val, y_val))]
for epoch in range(1, 31):
    order = random.permutation(len(X))  # another one in each epoch
    for first in range(0, len(X), 32):
        rows = order[first : first + 32]
        x, t = X[rows], y[rows]  # (B, 2), (B, 1)
        Z1, H, z = forward(x)
        dz = (1 / (1 + np.exp(-z)) - t) / len(rows)  # (B, 1): (sigmoid(z) - y) / B
        dW2, db2 = H.T @ dz, dz.sum(axis=0)  # (16, B) @ (B, 1) -> (16, 1); (1,)
        dZ1 = dz @ W2.T * (Z1 > 0)  # (B, 1) @ (1, 16) -> (B, 16)
        dW1, db1 = x.T @ dZ1, dZ1.sum(axis=0)  # (2, B) @ (B, 16) -> (2, 16); (16,)
        W1, b1, W2, b2 = W1 - 0.2 * dW1, b1 - 0.2 * db1, W2 - 0.2 * dW2, b2 - 0.2 * db2
    history.append((*judge(X, y), *judge(X_val, y_val)))
    if epoch in (1, 3, 10, 30):
        numbers = "training {:.3f}, {:.1%}; validation {:.3f}, {:.1%}".format(*history[-1])
        print(f"epoch {epoch:2}: {numbers}")
# --8<-- [end:loop]

# --8<-- [start:best]
training_losses, _, validation_losses, accuracies = np.array(history).T  # (31,)
validation_accuracy = accuracies[-1]
best_loss = -np.log(np.where(y_val == rule_val, 0.9, 0.1)).mean()
best_accuracy = np.mean(rule_val == y_val)
print(f"knowing the rule: validation {best_loss:.3f}, {best_accuracy:.1%}")
# --8<-- [end:best]

# --8<-- [start:shapes]
z = forward(X_val)[2]  # (2000, 1)
flat = y_val[:, 0]  # (2000,): one axis is missing
print("shape of z - y:", (z - y_val).shape, "and with flat labels:", (z - flat).shape)
flat_accuracy = np.mean((z > 0) == flat)
print(f"accuracy with flat labels: {flat_accuracy:.1%}")
# --8<-- [end:shapes]

# --8<-- [start:figure]
_, axes = plt.subplots(num="learning", clear=True, figsize=(5.6, 3.2), layout="constrained")
axes.plot(training_losses, "o-", markersize=3, label="training")
axes.plot(validation_losses, "s--", markersize=3, label="validation")
axes.axhline(best_loss, color="0.4", linestyle=":", label="knowing the rule")
axes.set(xlabel="epoch", ylabel="mean loss", ylim=(0.25, 0.9))
axes.legend()
plt.show()
# --8<-- [end:figure]
