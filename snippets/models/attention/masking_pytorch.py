# --8<-- [start:imports]
import numpy as np
import torch
from torch import nn

DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:empty]
x = torch.randn(2, 6, 8, device=DEVICE)  # two sequences of six tokens
layer = nn.MultiheadAttention(8, 2, batch_first=True, device=DEVICE)
nothing = torch.zeros(6, 6, dtype=torch.bool, device=DEVICE)  # no token may look anywhere

_, weights = layer(x, x, x, attn_mask=~nothing)  # the layer's True: must not be looked at
ones = torch.ones_like(x)  # values of 1: the output is the sum of the weights
sums = nn.functional.scaled_dot_product_attention(x, x, ones, attn_mask=nothing)
found = weights[0, 0].sum().item(), sums[0, 0, 0].item()
# --8<-- [end:empty]


# --8<-- [start:neighbour]
forgetful = nn.MultiheadAttention(8, 2, device=DEVICE)  # without batch_first=True
other = x.clone()
other[1] += 1  # the second sequence alone
change = forgetful(other, other, other)[0] - forgetful(x, x, x)[0]
neighbour_matters = int(change[0].abs().max() > 1e-3)
# --8<-- [end:neighbour]


# --8<-- [start:print]
for name, total in zip(("layer", "function"), found):
    print(f"weights of an empty row, {name}:", "not a number" if np.isnan(total) else f"sum {total:.1f}")
print("another neighbour in the batch changes a sequence:", bool(neighbour_matters))
empty_sums = [-1 if np.isnan(total) else total for total in found]  # -1: not a number
# --8<-- [end:print]
