# --8<-- [start:coins]
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

SEED = 0
random = np.random.default_rng(SEED)
rows, labels = random.normal(size=(1000, 20)), random.integers(0, 2, 1000)
fresh_rows, fresh_labels = random.normal(size=(1000, 20)), random.integers(0, 2, 1000)


def train(count, epochs):  # 64 neurons with ReLU, Adam, no weight decay
    network = MLPClassifier(64, alpha=0, batch_size=50, learning_rate_init=1e-2, random_state=SEED)
    for _ in range(epochs):
        network.partial_fit(rows[:count], labels[:count], classes=[0, 1])
    return network, count


trials = {
    "1,000 rows, 20 epochs": train(1000, 20),
    "100 rows, 20 epochs": train(100, 20),
    "100 rows, 200 epochs": train(100, 200),
    "1,000 rows, linear": (LogisticRegression(C=np.inf).fit(rows, labels), 1000),
}
coins_learned, coins_fresh = [], []
for name, (model, count) in trials.items():
    coins_learned.append(model.score(rows[:count], labels[:count]))
    coins_fresh.append(model.score(fresh_rows, fresh_labels))
    print(f"{name:22} learned {coins_learned[-1]:.1%}, fresh {coins_fresh[-1]:.1%}")
# --8<-- [end:coins]
