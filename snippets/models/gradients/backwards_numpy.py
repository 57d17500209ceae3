# --8<-- [start:imports]
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:forward]
x = np.array([1.0, 0.0, 0.0])  # three time steps
w, u, target = 1.0, 0.5, 1.0


def forward(w, u):
    states = [0.0]  # h_0
    for x_t in x:
        states.append(float(np.tanh(w * x_t + u * states[-1])))
    return states, (states[-1] - target) ** 2 / 2  # h_0 to h_3, loss
# --8<-- [end:forward]


# --8<-- [start:backward]
h, loss = forward(w, u)
dh = h[3] - target  # dL/dh_3
dw = du = 0.0
arriving = []
for t in (3, 2, 1):
    da = dh * (1 - h[t] ** 2)  # back through tanh
    share = da * h[t - 1]  # what this step says about u
    dw, du = dw + da * x[t - 1], du + share
    arriving.insert(0, dh)
    print(f"step {t}: dh {dh:+.4f}, da {da:+.4f}, share of du {share + 0:+.4f}")
    dh = da * u  # back to the state before
print(f"dw {dw:+.4f}, du {du:+.4f}")
# --8<-- [end:backward]


# --8<-- [start:difference]
step = 1e-5
slope = (forward(w, u + step)[1] - forward(w, u - step)[1]) / (2 * step)
print(f"du by moving u a little: {slope:+.4f}")
# --8<-- [end:difference]


# --8<-- [start:clip]
first, second = np.array([3.0, 4.0]), np.array([12.0])  # gradients of two parameters
gradients = [first, second]
norm = float(np.sqrt(sum((each**2).sum() for each in gradients)))
together = np.concatenate([each * min(1, 1 / norm) for each in gradients])
apart = np.concatenate([each * min(1, 1 / np.linalg.norm(each)) for each in gradients])
direction = np.concatenate(gradients) / norm
print(f"length {norm:g}; clipped together {together.round(3)}, each by itself {apart.round(3)}")
turned = float(np.degrees(np.arccos(apart @ direction / np.linalg.norm(apart))))
print(f"the second has turned by {turned:.1f} degrees")
# --8<-- [end:clip]
