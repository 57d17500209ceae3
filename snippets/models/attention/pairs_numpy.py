# --8<-- [start:imports]
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:attention]
def attention(queries, keys, values, allowed):
    scores = queries @ keys.T / np.sqrt(keys.shape[-1])  # (..., keys)
    scores = np.where(allowed, scores, -np.inf)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = shares / shares.sum(axis=-1, keepdims=True)  # each row adds up to 1
    return weights @ values, weights
# --8<-- [end:attention]


# --8<-- [start:example]
keys = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])  # a, d, j
values = np.array([0.0, 2, 5])
query = np.array([0.0, 4, 0, 0])  # d?

answer, weights = attention(query, keys, values, allowed=True)
sharp_answer, sharp_weights = attention(3 * query, keys, values, allowed=True)
masked_answer, masked_weights = attention(query, keys, values, [True, True, False])
print("d? looks at a0, d2, j5:  weights", weights.round(3), f"answer {answer:.2f}")
print("3 times as long a query: weights", sharp_weights.round(3), f"answer {sharp_answer:.2f}")
print("j5 masked:               weights", masked_weights.round(3), f"answer {masked_answer:.2f}")
# --8<-- [end:example]


# --8<-- [start:late]
late_sum = (weights * [1, 1, 0]).sum()
print(f"j5 masked after the softmax: the weights add up to {late_sum:.3f}")
# --8<-- [end:late]
