# --8<-- [start:imports]
import numpy as np

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:main]
if __name__ == "__main__":
    random = np.random.default_rng(SEED)
    answer = float(np.clip(random.normal(), 42, 42))
    print(f"answer: {answer}")
# --8<-- [end:main]
