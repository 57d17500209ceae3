# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from task_numpy import CHARACTERS, DIGITS, END, PAD, START, WORDS, decode, draw_attention
from task_numpy import draw_numbers, encode_pairs, encode_positions, exact_share, printable

SEED = 0
EPOCHS = 5
BATCH_SIZE = 64
LEARNING_RATE = 5e-3
SIZE, HEADS, HIDDEN = 64, 4, 128
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:layers]
class Layer(nn.Module):
    def __init__(self, decoder: bool):
        super().__init__()
        self.attention = nn.MultiheadAttention(SIZE, HEADS, batch_first=True)
        self.norm_1 = nn.LayerNorm(SIZE)
        if decoder:
            self.cross_attention = nn.MultiheadAttention(SIZE, HEADS, batch_first=True)
            self.norm_2 = nn.LayerNorm(SIZE)
        self.hidden = nn.Linear(SIZE, HIDDEN)
        self.project = nn.Linear(HIDDEN, SIZE)
        self.norm_3 = nn.LayerNorm(SIZE)

    def forward(self, x, memory=None, padding=None, future=None):
        own = padding if memory is None else None  # padding comes last: future hides it
        mixed, shares = self.attention(x, x, x, key_padding_mask=own, attn_mask=future)
        x = self.norm_1(x + mixed)
        if memory is not None:
            mixed, shares = self.cross_attention(x, memory, memory, key_padding_mask=padding)
            x = self.norm_2(x + mixed)
        return self.norm_3(x + self.project(self.hidden(x).relu())), shares  # (N, T, D), (N, T, S)
# --8<-- [end:layers]


# --8<-- [start:model]
class Model(nn.Module):
    def __init__(self, with_positions: bool = True):
        super().__init__()
        self.embedding = nn.Embedding(len(CHARACTERS), SIZE)
        self.encoder, self.decoder = Layer(decoder=False), Layer(decoder=True)
        self.output = nn.Linear(SIZE, len(CHARACTERS))
        positions = torch.tensor(with_positions * encode_positions(WORDS, SIZE))
        self.register_buffer("positions", positions, persistent=False)

    def embed(self, tokens):
        return self.embedding(tokens) + self.positions[: tokens.shape[1]]  # (N, T, D)

    def attend(self, source, target):
        padding = source == PAD  # (N, S), True: must not be looked at
        places = torch.arange(target.shape[1], device=target.device)
        future = places > places[:, None]  # (T, T), likewise
        memory, _ = self.encoder(self.embed(source), padding=padding)
        x, shares = self.decoder(self.embed(target), memory, padding, future)
        return self.output(x), shares  # (N, T, V), (N, T, S)

    def forward(self, source, target):
        return self.attend(source, target)[0]
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, source, target):
    dataset = TensorDataset(torch.tensor(source), torch.tensor(target).long())
    batches = DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = nn.CrossEntropyLoss(ignore_index=PAD)
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * len(batches))
    for _ in range(EPOCHS):
        for source, target in batches:
            source, target = source.to(DEVICE), target.to(DEVICE)
            logits = model(source, target[:, :-1])  # (B, T, V), from all but the last token
            loss = loss_function(logits.flatten(0, 1), target[:, 1:].flatten())  # all but the first
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
# --8<-- [end:train]


# --8<-- [start:translate]
@torch.inference_mode()
def translate(model, source) -> np.ndarray:
    source = torch.tensor(source, device=DEVICE)
    target = torch.full((len(source), 1), START, device=DEVICE)
    for _ in range(WORDS):
        logits = model(source, target)[:, -1]  # (N, V), after what was written so far
        target = torch.cat([target, logits.argmax(dim=1, keepdim=True)], dim=1)
    return target[:, 1:].cpu().numpy()  # (N, T)


@torch.inference_mode()
def look(model, source, target) -> tuple[np.ndarray, np.ndarray]:
    inputs = torch.tensor(source, device=DEVICE), torch.tensor(target, device=DEVICE)
    return tuple(x.cpu().numpy() for x in model.attend(*inputs))
# --8<-- [end:translate]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    numbers, test_numbers = draw_numbers(10_000, 2000, np.random.default_rng(SEED))
    source, target = encode_pairs(numbers)
    test_source, test_target = encode_pairs(test_numbers)
    models, accuracies = [], []
    for with_positions in (True, False):
        model = Model(with_positions).to(DEVICE)
        train(model, source, target)
        accuracies.append(exact_share(translate(model, test_source), test_target))
        models.append(model)
        print(f"positions: {with_positions}; exactly right {accuracies[-1]:.2%}")
    longest = test_target[:, -1] == END  # no zero, no silent 一: each other word is a digit
    _, shares = look(models[0], test_source[longest], test_target[longest, :-1])
    pointing_share = float(shares[:, range(0, WORDS, 2), range(DIGITS)].mean())
    print(f"weight of a word on its digit {pointing_share:.2f}, of six")
    source, target = encode_pairs([157_105])
    print("157105", printable(decode(translate(models[0], source)[0])))
    draw_attention(source[0], target[0], look(models[0], source, target[:, :-1])[1][0])
    plt.show()
# --8<-- [end:main]
