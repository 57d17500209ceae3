# --8<-- [start:imports]
import numpy as np

SEED = 0
LENGTH, SYMBOLS, MARKED = 34, 8, 10  # the marked symbol is among the first ten
# --8<-- [end:imports]


# --8<-- [start:sequences]
def make_sequences(count, generator):
    symbols = generator.integers(0, SYMBOLS, size=(count, LENGTH))
    marked = generator.integers(0, MARKED, size=count)
    sequences = np.zeros((count, LENGTH, SYMBOLS + 1))
    sequences[:, :, :SYMBOLS] = np.eye(SYMBOLS)[symbols]
    sequences[np.arange(count), marked, SYMBOLS] = 1  # the mark
    return sequences, symbols[np.arange(count), marked]  # (N, 34, 9), (N,)
# --8<-- [end:sequences]


# --8<-- [start:weights]
W, U, b = np.zeros((9, 17)), np.zeros((17, 17)), np.zeros(17)
select, keep, always = slice(0, 8), slice(8, 16), 16  # 17 units
W[:8, select], W[8, select], b[select] = 10 * np.eye(8), 10, -15  # 10 symbol + 10 mark - 15
U[select, keep], U[keep, keep] = 3 * np.eye(8), 3 * np.eye(8)
U[always, keep], b[always] = 2, 5  # tanh(5) is nearly 1 at every step
# --8<-- [end:weights]


# --8<-- [start:read]
x, answers = make_sequences(2000, np.random.default_rng(SEED))
h = np.zeros((2000, 17))
for t in range(LENGTH):
    h = np.tanh(x[:, t] @ W + h @ U + b)
hand_set_accuracy = float(np.mean(h[:, keep].argmax(axis=1) == answers))
print(f"a simple RNN of 17 units, set by hand: accuracy {hand_set_accuracy:.2%}")
kept = h[:, keep][np.arange(2000), answers]
others = h[:, keep][np.arange(SYMBOLS) != answers[:, np.newaxis]]
print(f"at the end, the unit of the marked symbol: {kept.min():+.3f}; the others: {others.max():+.3f}")
# --8<-- [end:read]
