# --8<-- [start:imports]
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:limit]
def entropy(p):  # nats: the least mean loss of predicting what happens with probability p
    return -sum(q * np.log(q) for q in (p, 1 - p) if q > 0)


lengths = range(5, 21)  # of a board, each as likely as any other
cells = right = loss = 0
for step in range(1, 21):
    reached = sum(length >= step for length in lengths)
    longer = sum(length > step for length in lengths)  # there is a cell on the right
    mine = 0.5 * longer / reached  # the chance of a mine there
    cells += reached
    right += reached * (1 - mine)  # guess that there is none
    loss += reached * entropy(mine)
highest_accuracy, least_loss = float(right / cells), float(loss / cells)
constant_loss = float(entropy(highest_accuracy))  # the same chance at every step
print(f"reading forward only: accuracy {highest_accuracy:.1%} at most, loss {least_loss:.4f} at least")
print(f"with the same chance at every step: loss {constant_loss:.4f}")
# --8<-- [end:limit]
