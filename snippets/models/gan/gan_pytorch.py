# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from mnist_data import load_mnist
from scoring_numpy import draw_rows, score, train_judge

SEED = 0
EPOCHS = 4
STEPS = 7500  # in all epochs
BATCH_SIZE = 32
LEARNING_RATE = 3e-3
LATENT_SIZE = 32
SNAPSHOTS = 30, 150, 600, STEPS
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:generator]
def build_generator() -> nn.Sequential:
    return nn.Sequential(
        nn.Unflatten(1, (LATENT_SIZE, 1, 1)),
        nn.ConvTranspose2d(LATENT_SIZE, 64, 7, bias=False),  # (N, 64, 7, 7)
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False),  # (N, 32, 14, 14)
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1, bias=False),  # (N, 32, 28, 28)
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 1, 3, padding=1),  # (N, 1, 28, 28)
        nn.Tanh(),
    )
# --8<-- [end:generator]


# --8<-- [start:discriminator]
def build_discriminator() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 32, 4, stride=2, padding=1),  # (N, 32, 14, 14)
        nn.LeakyReLU(0.25),
        nn.Conv2d(32, 64, 4, stride=2, padding=1, bias=False),  # (N, 64, 7, 7)
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.25),
        nn.Conv2d(64, 128, 3, stride=2, padding=1, bias=False),  # (N, 128, 4, 4)
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.25),
        nn.Flatten(),  # (N, 2048)
        nn.Linear(128 * 4 * 4, 1),  # one logit
    )
# --8<-- [end:discriminator]


# --8<-- [start:train]
def train(generator, discriminator, images, noise) -> tuple[np.ndarray, dict]:
    images = torch.from_numpy(images[:, np.newaxis] * 2 - 1)  # (N, 1, 28, 28), from -1 to 1
    optimizer_g, optimizer_d = (
        torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=(0.5, 0.999))
        for network in (generator, discriminator)
    )
    schedules = [
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        for optimizer in (optimizer_g, optimizer_d)
    ]
    loss_function = nn.BCEWithLogitsLoss()
    losses, snapshots = [], {}
    order = torch.cat([torch.randperm(len(images)) for _ in range(EPOCHS)])
    for step, picked in enumerate(order.split(BATCH_SIZE), 1):
        real = images[picked].to(DEVICE)
        fake = generator(torch.randn(len(real), LATENT_SIZE, device=DEVICE))
        ones, zeros = (f(len(real), 1, device=DEVICE) for f in (torch.ones, torch.zeros))

        real_loss = loss_function(discriminator(real), ones)
        fake_loss = loss_function(discriminator(fake.detach()), zeros)
        discriminator_loss = real_loss + fake_loss
        optimizer_d.zero_grad()
        discriminator_loss.backward()
        optimizer_d.step()

        generator_loss = loss_function(discriminator(fake), ones)
        optimizer_g.zero_grad()
        generator_loss.backward()
        optimizer_g.step()

        for schedule in schedules:
            schedule.step()
        losses.append([discriminator_loss.item(), generator_loss.item()])
        if step in SNAPSHOTS:
            snapshots[f"step {step}"] = generate(generator, noise)
    return np.array(losses), snapshots
# --8<-- [end:train]


# --8<-- [start:generate]
@torch.inference_mode()
def generate(generator, noise) -> np.ndarray:
    generator.eval()  # batch norm with running statistics
    images = generator(torch.from_numpy(noise).to(DEVICE)).cpu().numpy()
    generator.train()
    return (images[:, 0] + 1) / 2  # (N, 28, 28), from 0 to 1
# --8<-- [end:generate]


# --8<-- [start:draw]
def draw_losses(losses):
    _, axes = plt.subplots(num="losses", clear=True, figsize=(6.4, 3.6), layout="constrained")
    means = losses[: len(losses) // 20 * 20].reshape(-1, 20, 2).mean(axis=1)  # of 20 steps each
    axes.plot(20 * np.arange(len(means)) + 10, means, label=["discriminator", "generator"])
    axes.axhline(np.log(4), color="C0", ls=":")  # if it always said 50 %
    axes.axhline(np.log(2), color="C1", ls=":")
    axes.set(xlabel="step", ylabel="loss", ylim=(0, 5))
    axes.legend()
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    (images, labels), _ = load_mnist()
    images = images / np.float32(255)  # (60000, 28, 28), from 0 to 1
    noise = np.random.default_rng(SEED).standard_normal((2000, LATENT_SIZE), dtype="float32")
    generator, discriminator = build_generator().to(DEVICE), build_discriminator().to(DEVICE)
    losses, snapshots = train(generator, discriminator, images[: STEPS * BATCH_SIZE // EPOCHS], noise[:10])
    samples = generate(generator, noise)
    judge = train_judge(images, labels)
    inception_score, smallest_share, frechet_distance = score(judge, samples, images[:10_000])
    final_losses = losses[-100:].mean(axis=0).tolist()
    print(f"losses of the last 100 steps: {final_losses[0]:.2f} and {final_losses[1]:.2f}")
    print(f"inception score {inception_score:.2f}, smallest share {smallest_share:.1%}")
    print(f"Frechet distance {frechet_distance:.1f}")
    draw_rows("progress", snapshots | {"other noise": samples[10:]})
    draw_losses(losses)
    plt.show()
# --8<-- [end:main]
