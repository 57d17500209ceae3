# --8<-- [start:imports]
import numpy as np
from sklearn.datasets import load_digits

SEED = 0
HIDDEN, EPOCHS, BATCH_SIZE, RATE = 32, 200, 32, 0.1
random = np.random.default_rng(SEED)
# --8<-- [end:imports]


# --8<-- [start:data]
images, labels = load_digits(return_X_y=True)  # (1797, 64), from 0 to 16; (1797,), from 0 to 9
train, validation, test = np.split(random.permutation(len(images)), [1000, 1400])  # rows
mean, deviation = images[train].mean(axis=0), images[train].std(axis=0)  # of training rows only
deviation[deviation == 0] = 1  # pixels that are always white
X, Y = (images - mean) / deviation, np.eye(10)[labels]  # (1797, 64), (1797, 10)
# --8<-- [end:data]


# --8<-- [start:network]
def forward(x):  # (B, 64)
    Z1 = x @ W1 + b1  # (B, HIDDEN)
    H = np.maximum(0, Z1)
    Z2 = H @ W2 + b2  # (B, 10)
    Z2 = Z2 - Z2.max(axis=1, keepdims=True)  # so that no power overflows
    return Z1, H, Z2 - np.log(np.exp(Z2).sum(axis=1, keepdims=True))  # ln P


def judge(rows):  # mean loss, accuracy
    log_p = forward(X[rows])[2]
    return -(Y[rows] * log_p).sum(axis=1).mean(), np.mean(log_p.argmax(axis=1) == labels[rows])
# --8<-- [end:network]


# --8<-- [start:loop]
W1, b1 = random.normal(size=(64, HIDDEN)) * np.sqrt(2 / 64), np.zeros(HIDDEN)
W2, b2 = random.normal(size=(HIDDEN, 10)) * np.sqrt(2 / HIDDEN), np.zeros(10)
lowest = np.inf
for epoch in range(1, EPOCHS + 1):
    order = random.permutation(train)
    for first in range(0, len(train), BATCH_SIZE):
        rows = order[first : first + BATCH_SIZE]
        Z1, H, log_p = forward(X[rows])
        dZ2 = (np.exp(log_p) - Y[rows]) / len(rows)  # (B, 10)
        dW2, db2 = H.T @ dZ2, dZ2.sum(axis=0)
        dZ1 = dZ2 @ W2.T * (Z1 > 0)  # (B, HIDDEN)
        dW1, db1 = X[rows].T @ dZ1, dZ1.sum(axis=0)
        W1, b1, W2, b2 = W1 - RATE * dW1, b1 - RATE * db1, W2 - RATE * dW2, b2 - RATE * db2
    loss, accuracy = judge(validation)
    if loss < lowest:
        lowest, best_epoch, best_weights = loss, epoch, (W1, b1, W2, b2)
        accuracy_at_best = accuracy
W1, b1, W2, b2 = best_weights
test_accuracy = judge(test)[1]  # read once, at the end
print(f"best epoch {best_epoch}: validation {accuracy_at_best:.1%}, test {test_accuracy:.1%}")
# --8<-- [end:loop]
