# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

SEED = 0
ROUNDS = 300
BATCH_SIZE = 128
LEARNING_RATE = 2e-3
LATENT_SIZE = 2
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:ring]
ANGLES = np.arange(8) * np.pi / 4
CENTRES = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)  # (8, 2)
DEVIATION = 0.1


def draw_ring(random, count) -> np.ndarray:  # (N, 2)
    points = random.normal(CENTRES[random.integers(8, size=count)], DEVIATION)
    return points.astype("float32")


def mode_shares(points) -> np.ndarray:  # (8,): the share of points near each centre
    distances = np.linalg.norm(points[:, np.newaxis] - CENTRES, axis=2)  # (N, 8)
    near = distances.min(axis=1) < 3 * DEVIATION
    return np.bincount(distances.argmin(axis=1)[near], minlength=8) / len(points)
# --8<-- [end:ring]


# --8<-- [start:model]
def build_generator() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(LATENT_SIZE, 64), nn.ReLU(),
        nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, 2),
    )


def build_discriminator() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2, 64), nn.LeakyReLU(0.25),
        nn.Linear(64, 64), nn.LeakyReLU(0.25),
        nn.Linear(64, 1),
    )
# --8<-- [end:model]


# --8<-- [start:train]
def train(random, discriminator_steps, generator_steps) -> list[np.ndarray]:
    generator, discriminator = build_generator().to(DEVICE), build_discriminator().to(DEVICE)
    optimizer_g, optimizer_d = (
        torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=(0.5, 0.999))
        for network in (generator, discriminator)
    )
    loss_function = nn.BCEWithLogitsLoss()
    ones, zeros = (f(BATCH_SIZE, 1, device=DEVICE) for f in (torch.ones, torch.zeros))
    test_noise = torch.randn(2000, LATENT_SIZE, device=DEVICE)
    snapshots = []
    for step in range(1, ROUNDS + 1):
        for _ in range(discriminator_steps):
            real = torch.from_numpy(draw_ring(random, BATCH_SIZE)).to(DEVICE)
            fake = generator(torch.randn(BATCH_SIZE, LATENT_SIZE, device=DEVICE)).detach()
            real_logits, fake_logits = discriminator(real), discriminator(fake)
            loss = loss_function(real_logits, ones) + loss_function(fake_logits, zeros)
            optimizer_d.zero_grad()
            loss.backward()
            optimizer_d.step()
        for _ in range(generator_steps):
            fake = generator(torch.randn(BATCH_SIZE, LATENT_SIZE, device=DEVICE))
            loss = loss_function(discriminator(fake), ones)
            optimizer_g.zero_grad()
            loss.backward()
            optimizer_g.step()
        if step % (ROUNDS // 5) == 0:
            snapshots.append(generator(test_noise).detach().cpu().numpy())
    return snapshots  # 5 of (2000, 2)
# --8<-- [end:train]


# --8<-- [start:draw]
def draw(rows, random):
    ring = draw_ring(random, 1000)
    _, grid = plt.subplots(2, 5, num="points", clear=True, figsize=(7, 3.2), layout="constrained")
    for line, (label, snapshots) in zip(grid, rows.items()):
        line[0].set_title(label, fontsize=9, loc="left")
        for axes, points in zip(line, snapshots):
            axes.scatter(*ring.T, s=2, lw=0, color="gray", alpha=0.5, rasterized=True)
            axes.scatter(*points[:500].T, s=4, lw=0, color="C1", rasterized=True)
            axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    collapsed = train(random, discriminator_steps=1, generator_steps=5)
    balanced = train(random, discriminator_steps=5, generator_steps=1)
    collapsed_modes = [int(np.sum(mode_shares(points) >= 0.02)) for points in collapsed]
    balanced_modes = [int(np.sum(mode_shares(points) >= 0.02)) for points in balanced]
    balanced_smallest_share = float(mode_shares(balanced[-1]).min())
    balanced_near_share = float(mode_shares(balanced[-1]).sum())
    jumps = np.diff([points.mean(axis=0) for points in collapsed], axis=0)  # (4, 2)
    largest_jump = float(np.linalg.norm(jumps, axis=1).max())
    print(f"1 to 5: modes {collapsed_modes}, longest jump {largest_jump:.2f}")
    print(f"5 to 1: modes {balanced_modes}")
    print(f"  near a mode {balanced_near_share:.1%}, smallest mode {balanced_smallest_share:.1%}")
    draw({"1 to 5": collapsed, "5 to 1": balanced}, random)
    plt.show()
# --8<-- [end:main]
