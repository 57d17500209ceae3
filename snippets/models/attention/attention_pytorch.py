# --8<-- [start:imports]
import numpy as np
import torch
from torch import nn

SEED = 0
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:attention]
def attention(queries, keys, values, allowed):
    scores = queries @ keys.swapaxes(-1, -2) / np.sqrt(keys.shape[-1])  # (..., T, T)
    scores = np.where(allowed, scores, -np.inf)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)  # each row adds up to 1
    return shares @ values, shares  # (..., T, K), (..., T, T)
# --8<-- [end:attention]


# --8<-- [start:heads]
def split(x, heads):
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)  # (N, T, D) to (N, H, T, K)


def multi_head_attention(x, weights, biases, heads, allowed):
    queries, keys, values = (split(x @ weights[i] + biases[i], heads) for i in range(3))
    mixed, _ = attention(queries, keys, values, allowed[:, np.newaxis])
    return mixed.swapaxes(1, 2).reshape(x.shape) @ weights[3] + biases[3]  # (N, T, D)
# --8<-- [end:heads]


# --8<-- [start:masks]
def make_masks(lengths, size):
    there = np.arange(size) < np.array(lengths)[:, np.newaxis]  # (N, T)
    padding = np.broadcast_to(there[:, np.newaxis], (len(lengths), size, size))  # (N, T, T)
    causal = np.tril(np.ones((size, size), dtype=bool))  # row: looks, column: is looked at
    return padding, np.broadcast_to(causal, padding.shape)
# --8<-- [end:masks]


# --8<-- [start:layer]
@torch.inference_mode()
def compare_attention(x, allowed) -> float:
    expected, _ = attention(x, x, x, allowed)
    x, allowed = torch.tensor(x, device=DEVICE), torch.tensor(allowed, device=DEVICE)
    actual = nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=allowed)
    return float(np.abs(actual.cpu().numpy() - expected).max())


@torch.inference_mode()
def run_layer(x, weights, biases, heads, allowed) -> np.ndarray:
    layer = nn.MultiheadAttention(x.shape[2], heads, batch_first=True, dtype=torch.float64)
    layer.load_state_dict({
        "in_proj_weight": torch.tensor(np.concatenate([weight.T for weight in weights[:3]])),
        "in_proj_bias": torch.tensor(biases[:3].ravel()),
        "out_proj.weight": torch.tensor(weights[3].T),
        "out_proj.bias": torch.tensor(biases[3]),
    })
    x = torch.tensor(x, device=DEVICE)
    blocked = torch.tensor(~allowed, device=DEVICE).repeat_interleave(heads, dim=0)  # (N * H, T, T)
    return layer.to(DEVICE)(x, x, x, attn_mask=blocked, need_weights=False)[0].cpu().numpy()
# --8<-- [end:layer]


# --8<-- [start:main]
if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    x = generator.normal(size=(2, 6, 8))  # two sequences of six tokens, eight numbers each
    weights, biases = generator.normal(size=(4, 8, 8)) / 3, generator.normal(size=(4, 8)) / 3
    padding, causal = make_masks([6, 4], 6)  # the last two tokens of the second are padding
    everything = np.ones_like(padding)

    attention_difference = compare_attention(x, padding & causal)
    print(f"scaled dot-product attention: difference {attention_difference:.0e}")
    layer_differences = []
    for name, allowed in (("no", everything), ("padding", padding), ("causal", causal)):
        by_hand = multi_head_attention(x, weights, biases, 2, allowed)
        difference = np.abs(run_layer(x, weights, biases, 2, allowed) - by_hand).max()
        layer_differences.append(float(difference))
        print(f"multi-head attention, {name} mask: difference {difference:.0e}")

    other = x.copy()
    other[1, 4:] += 1  # another padding; and another future for the first four tokens
    changes = []
    for name, allowed in (("no", everything), ("padding", padding), ("causal", causal)):
        before, after = (run_layer(each, weights, biases, 2, allowed)[1, :4] for each in (x, other))
        changes.append(float(np.abs(after - before).max()))
        print(f"{name} mask: the first four outputs change by {changes[-1]:.1g}")
# --8<-- [end:main]
