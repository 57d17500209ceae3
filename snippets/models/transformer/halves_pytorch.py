# --8<-- [start:imports]
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from task_numpy import CHARACTERS, DIGITS, PAD, WORDS
from task_numpy import draw_numbers, encode, encode_positions, exact_share, name_number

SEED = 0
EPOCHS = 3
BATCH_SIZE = 32
LEARNING_RATE = 4e-3
SIZE, HEADS, HIDDEN, LAYERS = 64, 4, 128, 2
LENGTH, MASK = DIGITS + WORDS + 1, len(CHARACTERS)  # MASK: a token of its own, for a blank
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:examples]
def make_text(numbers) -> np.ndarray:  # (N, T), each number and its name
    return encode([f"{number}<{name_number(number)}>" for number in numbers], LENGTH)


def make_examples(tokens, kind, generator) -> tuple[np.ndarray, np.ndarray]:
    if kind == "GPT":
        return tokens, np.pad(tokens[:, 1:], ((0, 0), (0, 1)))  # at each token, the next
    blank = (generator.random(tokens.shape) < 0.3) & (tokens != PAD)
    return np.where(blank, MASK, tokens), np.where(blank, tokens, PAD)  # at blanks, what was there
# --8<-- [end:examples]


# --8<-- [start:model]
class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(SIZE, HEADS, batch_first=True)
        self.norm_1 = nn.LayerNorm(SIZE)
        self.hidden = nn.Linear(SIZE, HIDDEN)
        self.project = nn.Linear(HIDDEN, SIZE)
        self.norm_2 = nn.LayerNorm(SIZE)

    def forward(self, x, padding, future):
        mixed, _ = self.attention(
            x, x, x, key_padding_mask=padding, attn_mask=future, need_weights=False
        )
        x = self.norm_1(x + mixed)
        return self.norm_2(x + self.project(self.hidden(x).relu()))  # (N, T, D)


class Model(nn.Module):
    def __init__(self, kind: str = "GPT"):
        super().__init__()
        self.causal = kind == "GPT"
        self.embedding = nn.Embedding(len(CHARACTERS) + 1, SIZE)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.output = nn.Linear(SIZE, len(CHARACTERS))
        positions = torch.tensor(encode_positions(LENGTH, SIZE))
        self.register_buffer("positions", positions, persistent=False)

    def forward(self, tokens):
        places = torch.arange(LENGTH, device=tokens.device)
        future = places > places[:, None] if self.causal else None  # (T, T)
        x = self.embedding(tokens) + self.positions  # (N, T, D)
        for layer in self.layers:
            x = layer(x, tokens == PAD, future)
        return self.output(x)  # (N, T, V)
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, tokens, kind, generator):
    loss_function = nn.CrossEntropyLoss(ignore_index=PAD)
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    steps = EPOCHS * -(-len(tokens) // BATCH_SIZE)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        arrays = make_examples(tokens, kind, generator)  # other blanks in each epoch
        dataset = TensorDataset(*(torch.tensor(array).long() for array in arrays))
        for inputs, targets in DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True):
            logits = model(inputs.to(DEVICE))  # (B, T, V)
            loss = loss_function(logits.flatten(0, 1), targets.flatten().to(DEVICE))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()


@torch.inference_mode()
def predict(model, tokens) -> np.ndarray:  # the likeliest token at each place, (N, T)
    return model(torch.tensor(tokens, device=DEVICE)).argmax(dim=2).cpu().numpy()
# --8<-- [end:train]


# --8<-- [start:use]
def write_on(model, prompt) -> np.ndarray:
    tokens = prompt.copy()
    for place in range(1, LENGTH):
        following = predict(model, tokens)[:, place - 1]
        tokens[:, place] = np.where(prompt[:, place] == PAD, following, prompt[:, place])
    return tokens
# --8<-- [end:use]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    generator = np.random.default_rng(SEED)
    numbers, test_numbers = draw_numbers(7500, 1000, generator)
    tokens, test_tokens = make_text(numbers), make_text(test_numbers)
    models = {}
    for kind in ("GPT", "BERT"):
        models[kind] = Model(kind).to(DEVICE)
        train(models[kind], tokens, kind, generator)

    prompt = encode([f"{number}<" for number in test_numbers], LENGTH)
    written_share = exact_share(write_on(models["GPT"], prompt), test_tokens)
    print(f"GPT writes {written_share:.2%} of the names, from the digits")
    six = test_tokens[test_numbers >= 100_000]
    blank = six.copy()
    blank[:, 2] = MASK  # the third digit
    filled_shares = [float(np.mean(predict(models["BERT"], blank)[:, 2] == six[:, 2]))]
    filled_shares.append(float(np.mean(predict(models["GPT"], six)[:, 1] == six[:, 2])))
    print(f"a blank digit: BERT {filled_shares[0]:.2%} right, GPT {filled_shares[1]:.2%}")
# --8<-- [end:main]
