# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

SEED = 0
ROUNDS = 800
BATCH_SIZE = 256
MEAN, DEVIATION = 3.0, 0.5  # of the data
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:model]
def build_generator() -> nn.Linear:
    layer = nn.Linear(1, 1)  # deviation times noise, plus mean
    nn.init.ones_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def build_discriminator() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1)
    )


def describe(generator) -> tuple[float, float]:
    return generator.bias.item(), abs(generator.weight.item())  # mean, deviation
# --8<-- [end:model]


# --8<-- [start:train]
def train(generator, discriminator, rounds, generator_moves) -> np.ndarray:
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-2, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=1e-2, betas=(0.5, 0.999))
    loss_function = nn.BCEWithLogitsLoss()
    ones, zeros = (f(BATCH_SIZE, 1, device=DEVICE) for f in (torch.ones, torch.zeros))
    path = []
    for _ in range(rounds):
        real = MEAN + DEVIATION * torch.randn(BATCH_SIZE, 1, device=DEVICE)
        fake = generator(torch.randn(BATCH_SIZE, 1, device=DEVICE))
        loss = loss_function(discriminator(real), ones)
        loss = loss + loss_function(discriminator(fake.detach()), zeros)
        optimizer_d.zero_grad()
        loss.backward()
        optimizer_d.step()
        if generator_moves:
            loss = loss_function(discriminator(fake), ones)
            optimizer_g.zero_grad()
            loss.backward()
            optimizer_g.step()
        path.append(describe(generator))
    return np.array(path)  # (rounds, 2)
# --8<-- [end:train]


# --8<-- [start:judge]
@torch.inference_mode()
def judge(discriminator, x) -> np.ndarray:  # (N,): how likely it takes x for real
    x = torch.from_numpy(x.astype("float32")[:, np.newaxis]).to(DEVICE)
    return discriminator(x).sigmoid().cpu().numpy()[:, 0]


def examine(generator, discriminator) -> tuple[float, list[float]]:
    noise = np.random.default_rng(SEED).normal(size=(2, 10_000))
    mean, deviation = describe(generator)
    on_real = judge(discriminator, MEAN + DEVIATION * noise[0])
    on_fake = judge(discriminator, mean + deviation * noise[1])
    accuracy = (np.mean(on_real > 0.5) + np.mean(on_fake < 0.5)) / 2
    return float(accuracy), [float(on_real.mean()), float(on_fake.mean())]
# --8<-- [end:judge]


# --8<-- [start:draw]
def density(x, mean, deviation):
    return np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * np.sqrt(2 * np.pi))


def draw_curves(axes, generator, discriminator):
    x = np.linspace(-3, 6, 300)
    real, fake = density(x, MEAN, DEVIATION), density(x, *describe(generator))
    axes.fill_between(x, real, alpha=0.3, color="C0", lw=0, label="data")
    axes.fill_between(x, fake, alpha=0.3, color="C1", lw=0, label="generator")
    axes.plot(x, judge(discriminator, x), color="C2", label="D(x)")
    axes.plot(x, real / (real + fake), color="black", ls=":", label="best D(x)")
    axes.set(xlabel="x", ylim=(0, 1.05))
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    _, panels = plt.subplots(1, 3, num="game", clear=True, figsize=(9, 3), layout="constrained")
    generator, discriminator = build_generator().to(DEVICE), build_discriminator().to(DEVICE)
    train(generator, discriminator, 200, generator_moves=False)
    first_accuracy, first_outputs = examine(generator, discriminator)
    draw_curves(panels[0], generator, discriminator)
    path = train(generator, discriminator, ROUNDS, generator_moves=True)
    generator_mean, generator_deviation = describe(generator)
    accuracy, outputs = examine(generator, discriminator)
    draw_curves(panels[2], generator, discriminator)
    train(generator, discriminator, 200, generator_moves=False)
    last_accuracy, last_outputs = examine(generator, discriminator)

    print(f"generator: mean {generator_mean:.2f}, deviation {generator_deviation:.2f}")
    print("discriminator: accuracy, mean output on data and on the generator's numbers")
    print(f"  before: {first_accuracy:.1%}", *(f"{output:.2f}" for output in first_outputs))
    print(f"  after:  {accuracy:.1%}", *(f"{output:.2f}" for output in outputs))
    print(f"  200 steps later: {last_accuracy:.1%}", *(f"{output:.2f}" for output in last_outputs))
    panels[1].plot(path, label=["mean", "deviation"])
    panels[1].set(xlabel="round")
    panels[0].legend()
    panels[1].legend()
    plt.show()
# --8<-- [end:main]
