# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:input]
values = np.array([0.9, 0.6, -0.8, 0.3, -0.5, 0.9, -0.9, 0.4])
marks = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])  # remember the second
x = np.stack([values, marks], axis=1)  # (8, 2)
# --8<-- [end:input]


# --8<-- [start:lstm]
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lstm_step(x, h, c, W, U, b):
    i, f, g, o = x @ W + h @ U + b  # (2,) @ (2, 4) + (1,) @ (1, 4) + (4,)
    i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
    c = f * c + i * np.tanh(g)
    h = o * np.tanh(c)
    return h, c, (i, f, o)


W = np.array([[0.0, 0.0, 1.0, 0.0], [10.0, -10.0, 0.0, 0.0]])  # value, mark -> i, f, g, o
U, b = np.zeros((1, 4)), np.array([-5.0, 5.0, 0.0, 5.0])
h, c, memory, gates = np.zeros(1), np.zeros(1), [], []
for t, x_t in enumerate(x):
    h, c, opened = lstm_step(x_t, h, c, W, U, b)
    memory.append(float(c[0]))
    gates.append([float(gate) for gate in opened])
    i, f, _ = gates[t]
    print(f"step {t + 1}: value {values[t]:+.1f}, mark {marks[t]:.0f}, "
          f"i {i:.3f}, f {f:.3f}, memory {memory[t]:+.3f}")
# --8<-- [end:lstm]


# --8<-- [start:gru]
def gru_step(x, h, W, U, b, d):
    xz, xr, xn = x @ W + b  # (3,)
    hz, hr, hn = h @ U + d  # (3,)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    return z * h + (1 - z) * np.tanh(xn + r * hn)


W_gru = np.array([[0.0, 0.0, 1.0], [-10.0, 0.0, 0.0]])  # value, mark -> z, r, n
U_gru, b_gru, d_gru = np.zeros((1, 3)), np.array([5.0, 0.0, 0.0]), np.zeros(3)
h, gru_states = np.zeros(1), []
for x_t in x:
    h = gru_step(x_t, h, W_gru, U_gru, b_gru, d_gru)
    gru_states.append(float(h[0]))
print("GRU:", ", ".join(f"{state:+.3f}" for state in gru_states))
# --8<-- [end:gru]


# --8<-- [start:kept]
kept = [float(sigmoid(bias) ** 24) for bias in (0.0, 1.0, 4.0)]
print("left after 24 steps:", ", ".join(f"{share:.1e}" for share in kept))
# --8<-- [end:kept]


# --8<-- [start:check]
some = np.sin(np.arange(1.0, 27.0))  # any weights will do to hold the formulas to the frameworks
W_any, U_any, b_any = some[:8].reshape(2, 4), some[8:12].reshape(1, 4), some[12:16]
state, cell = np.zeros(1), np.zeros(1)
for x_t in x:
    state, cell, _ = lstm_step(x_t, state, cell, W_any, U_any, b_any)
V_any, Y_any = some[:6].reshape(2, 3), some[6:9].reshape(1, 3)
a_any, d_any = some[9:12], some[12:15]
gru_state = np.zeros(1)
for x_t in x:
    gru_state = gru_step(x_t, gru_state, V_any, Y_any, a_any, d_any)
# --8<-- [end:check]


# --8<-- [start:draw]
steps = np.arange(1, 9)
_, (top, bottom) = plt.subplots(
    2, 1, num="memory", clear=True, figsize=(6.4, 4.4), sharex=True, layout="tight"
)
top.bar(steps, values, color=np.where(marks == 1, "tab:orange", "lightgray"), width=0.5)
top.plot(steps, memory, color="tab:blue", marker="o", label="memory c(t)")
top.annotate("mark", (2, 0.62), ha="center", va="bottom")
top.axhline(0, color="gray", linewidth=0.8)
top.set(ylabel="bars: value x(t)", ylim=(-1.1, 1.1))
top.legend(loc="lower left")
bottom.plot(steps, [gate[0] for gate in gates], marker="s", linestyle="--", label="input gate i")
bottom.plot(steps, [gate[1] for gate in gates], marker="^", label="forget gate f")
bottom.set(xlabel="time step t", ylabel="how far open", ylim=(-0.1, 1.1), xticks=steps)
bottom.legend(loc="center right")
plt.show()
# --8<-- [end:draw]
