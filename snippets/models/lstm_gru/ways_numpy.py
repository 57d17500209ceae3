# --8<-- [start:imports]
import numpy as np

SEED = 0
LENGTH, SYMBOLS, MARKED, SIZE = 34, 8, 10, 64
GATE_BIAS = 4.0
# --8<-- [end:imports]


# --8<-- [start:forward]
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def forward(x, W, U, b):  # (N, T, 9)
    h = c = np.zeros((len(x), SIZE))
    steps = []
    for t in range(LENGTH):
        i, f, g, o = np.split(x[:, t] @ W + h @ U + b, 4, axis=1)  # (N, 64) each
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        old, c = c, f * c + i * g
        h = o * np.tanh(c)
        steps.append((i, f, g, o, old, c))
    return h, steps
# --8<-- [end:forward]


# --8<-- [start:backward]
def backward(steps, dh, W, U):  # dh: (N, 64), the gradient of the last state
    dx, dc = [], 0.0
    for i, f, g, o, old, c in reversed(steps):
        dc = dc + dh * o * (1 - np.tanh(c) ** 2)
        di, df = dc * g * i * (1 - i), dc * old * f * (1 - f)
        dg, do = dc * i * (1 - g**2), dh * np.tanh(c) * o * (1 - o)
        da = np.concatenate([di, df, dg, do], axis=1)  # (N, 256)
        dx.insert(0, da @ W.T)
        dc = dc * f  # one way back: along the memory
        dh = da @ U.T  # the other: through the state and the recurrent weights
    return np.stack(dx, axis=1)  # (N, T, 9)
# --8<-- [end:backward]


# --8<-- [start:draw]
def draw_sequences(count, generator):
    symbols = generator.integers(0, SYMBOLS, size=(count, LENGTH))
    marked = generator.integers(0, MARKED, size=count)
    sequences = np.zeros((count, LENGTH, SYMBOLS + 1))
    sequences[:, :, :SYMBOLS] = np.eye(SYMBOLS)[symbols]
    sequences[np.arange(count), marked, SYMBOLS] = 1  # the mark
    return sequences, symbols[np.arange(count), marked]  # (N, 34, 9), (N,)


def draw_weights(generator):  # as Keras does, but for the bias
    limit = np.sqrt(6 / (SYMBOLS + 1 + 4 * SIZE))
    W = generator.uniform(-limit, limit, size=(SYMBOLS + 1, 4 * SIZE))
    U = np.linalg.qr(generator.normal(size=(4 * SIZE, SIZE)))[0].T  # (64, 256), orthogonal rows
    b = np.repeat([0.0, GATE_BIAS, 0.0, 0.0], SIZE)  # i, f, g, o
    return W, U, b, generator.uniform(-1, 1, size=(SIZE, SYMBOLS))
# --8<-- [end:draw]


# --8<-- [start:main]
generator = np.random.default_rng(SEED)
x, answers = draw_sequences(256, generator)
W, U, b, V = draw_weights(generator)
ratios = []
for recurrent in (U, 0 * U):
    _, steps = forward(x, W, recurrent, b)
    dx = backward(steps, V.T[answers], W, recurrent)  # of the right answer's logit
    lengths = np.linalg.norm(dx, axis=2).mean(axis=0)  # (34,)
    ratios.append(float(lengths[:MARKED].mean() / lengths[-1]))
both_ways, memory_alone = ratios
print(f"gradient at the first ten steps / at the last: {both_ways:.2f}, with U = 0 {memory_alone:.2f}")
# --8<-- [end:main]


# --8<-- [start:check]
few = x[:4]  # enough to hold the gradient to the frameworks' own
# --8<-- [end:check]
