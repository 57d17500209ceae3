# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
PLACES = 8
STEPS = 30_000  # of the generator, in every run
WAITS = 1, 10, 3000  # its steps between two answers of the discriminator
# --8<-- [end:imports]

# --8<-- [start:best_reply]
believed = np.array([0.6, 0.5, 0.4, 0.5])  # D of four places
for name, shares in (("evenly", np.full(4, 0.25)), ("all on the first", np.eye(4)[0])):
    print(f"{name:16}  loss of the generator {-shares @ np.log(believed):.3f}")
even_loss, single_loss = -np.log(believed).mean(), -np.log(believed[0])
reply = 0.25 / (0.25 + np.eye(4)[0])
print("answer of the discriminator:", *(f"{value:.2f}" for value in reply))
# --8<-- [end:best_reply]


# --8<-- [start:game]
def softmax(scores) -> np.ndarray:
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def play(scores, wait) -> np.ndarray:  # (10, PLACES): the generator's shares at ten times
    data, snapshots = np.full(PLACES, 1 / PLACES), []
    for step in range(1, STEPS + 1):
        shares = softmax(scores)
        if (step - 1) % wait == 0:
            gains = np.log(data / (data + shares))  # log D, of the best D there is
        scores = scores + shares * (gains - shares @ gains)  # a step along the gradient
        if step % (STEPS // 10) == 0:
            snapshots.append(softmax(scores))
    return np.array(snapshots)
# --8<-- [end:game]


# --8<-- [start:play]
start = np.random.default_rng(SEED).normal(0, 0.5, PLACES)
histories = {wait: play(start, wait) for wait in WAITS}
for wait, history in histories.items():
    favourites = history.argmax(axis=1).tolist()
    print(f"an answer every {wait:<4} steps: largest share {history[-1].max():.1%}, at {favourites}")
*even_shares, single_share = (float(history[-1].max()) for history in histories.values())
visited = len(set(histories[WAITS[-1]].argmax(axis=1)))
# --8<-- [end:play]

# --8<-- [start:draw]
_, panels = plt.subplots(1, 3, num="replies", clear=True, figsize=(7, 2.8), layout="constrained")
for axes, (wait, history) in zip(panels, histories.items()):
    axes.imshow(history, cmap="gray_r", vmin=0, vmax=1)
    axes.set(title=f"{wait} to 1", xlabel="place", xticks=[0, 7], yticks=[])
panels[0].set(ylabel="time", yticks=[0, 9], yticklabels=["first", "last"])
plt.show()
# --8<-- [end:draw]
