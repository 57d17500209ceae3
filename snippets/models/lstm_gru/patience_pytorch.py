# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch

from recall_pytorch import DEVICE, STEPS, Model, make_sequences, predict, train

SEED = 0
ROUNDS = 12
LEARNING_RATE = 1e-3
# --8<-- [end:imports]


# --8<-- [start:rounds]
torch.manual_seed(SEED)
model = Model("RNN").to(DEVICE)
generator = np.random.default_rng(SEED)
test, test_symbols = make_sequences(2000, np.random.default_rng(SEED + 1000))
patient_accuracies = []
for _ in range(ROUNDS):  # of 500 steps, each with an optimizer of its own
    train(model, LEARNING_RATE, generator)
    patient_accuracies.append(float(np.mean(predict(model, test).argmax(axis=1) == test_symbols)))
print(f"after {STEPS} steps {patient_accuracies[0]:.2%}, after {ROUNDS * STEPS} {patient_accuracies[-1]:.2%}")
# --8<-- [end:rounds]


# --8<-- [start:draw]
_, axes = plt.subplots(num="patience", clear=True, figsize=(6.4, 3), layout="constrained")
axes.plot(STEPS * np.arange(1, ROUNDS + 1), patient_accuracies, marker="o", label="simple RNN")
axes.axhline(1 / 8, color="gray", linestyle=":", label="chance")
axes.set(xlabel="step", ylabel="test accuracy", ylim=(0, 1.05))
axes.legend(loc="center right")
plt.show()
# --8<-- [end:draw]
