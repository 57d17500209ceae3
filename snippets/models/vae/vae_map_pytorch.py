# --8<-- [start:imports]
import math
from statistics import NormalDist

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 10
BATCH_SIZE = 128
PEAK_LEARNING_RATE = 6e-3
HIDDEN_SIZE = 128
LATENT_SIZE = 2
DEVICE = torch.accelerator.current_accelerator(check_available=True) or "cpu"
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, _), (test_images, test_labels) = load_mnist()
    images = images.reshape(-1, 784).astype("float32") / 255  # (60000, 784)
    test_images = test_images.reshape(-1, 784).astype("float32") / 255  # (10000, 784)
    return images, test_images, test_labels
# --8<-- [end:load]


# --8<-- [start:model]
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(784, HIDDEN_SIZE),
            nn.ReLU(),
            nn.Linear(HIDDEN_SIZE, HIDDEN_SIZE),
            nn.ReLU(),
            nn.Linear(HIDDEN_SIZE, 2 * LATENT_SIZE),  # mean and log variance
        )
        self.decoder = nn.Sequential(
            nn.Linear(LATENT_SIZE, HIDDEN_SIZE),
            nn.ReLU(),
            nn.Linear(HIDDEN_SIZE, HIDDEN_SIZE),
            nn.ReLU(),
            nn.Linear(HIDDEN_SIZE, 784),  # logits
        )

    def forward(self, images, noise=None):
        mean, log_variance = self.encoder(images).chunk(2, dim=1)  # (N, 2) each
        if noise is None:
            noise = torch.randn_like(mean)
        codes = mean + torch.exp(log_variance / 2) * noise
        return self.decoder(codes), mean, log_variance
# --8<-- [end:model]


# --8<-- [start:loss]
def loss_terms(images, logits, mean, log_variance):
    losses = F.binary_cross_entropy_with_logits(logits, images, reduction="none")  # (N, 784)
    reconstruction = losses.sum(dim=1)  # (N,)
    terms = mean.square() + log_variance.exp() - 1 - log_variance
    divergence = terms.sum(dim=1) / 2  # (N,) from the prior
    return reconstruction, divergence
# --8<-- [end:loss]


# --8<-- [start:train]
def train(model, images) -> list[float]:
    images = torch.from_numpy(images)
    optimizer = torch.optim.Adam(model.parameters())
    steps = EPOCHS * math.ceil(len(images) / BATCH_SIZE)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_LEARNING_RATE, total_steps=steps, pct_start=0.1, cycle_momentum=False
    )
    training_elbos = []
    for epoch in range(1, EPOCHS + 1):
        total_loss = 0.0
        for picked in torch.randperm(len(images)).split(BATCH_SIZE):
            batch = images[picked].to(DEVICE)  # (B, 784)
            reconstruction, divergence = loss_terms(batch, *model(batch))
            loss = (reconstruction + divergence).mean()  # the negative ELBO
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total_loss += loss.item() * len(batch)
        training_elbos.append(-total_loss / len(images))
        print(f"epoch {epoch}: training ELBO {training_elbos[-1]:.2f}")
    return training_elbos
# --8<-- [end:train]


# --8<-- [start:evaluate]
@torch.inference_mode()
def evaluate(model, images) -> tuple[float, float, np.ndarray]:
    images = torch.from_numpy(images).to(DEVICE)
    logits, means, log_variances = model(images)
    reconstruction, divergence = loss_terms(images, logits, means, log_variances)
    return reconstruction.mean().item(), divergence.mean().item(), means.cpu().numpy()


@torch.inference_mode()
def decode(model, codes) -> np.ndarray:
    logits = model.decoder(torch.from_numpy(codes).to(DEVICE))
    return torch.sigmoid(logits).cpu().numpy()  # (N, 784)
# --8<-- [end:evaluate]


# --8<-- [start:map]
def agreement(codes, labels) -> float:
    distances = np.sum((codes[:, np.newaxis] - codes) ** 2, axis=2)  # (N, N)
    np.fill_diagonal(distances, np.inf)  # a code is not its own neighbour
    return float(np.mean(labels[distances.argmin(axis=1)] == labels))
# --8<-- [end:map]


# --8<-- [start:draw]
def draw_map(codes, labels):
    _, axes = plt.subplots(num="map", clear=True, figsize=(6.4, 5.6))
    for digit in range(10):
        x, y = codes[labels == digit].T
        color = plt.cm.tab10(digit)
        axes.scatter(x, y, s=24, lw=0, color=color, marker=f"${digit}$", rasterized=True)
    axes.set(xlabel="$z_1$", ylabel="$z_2$")


def draw_plane(model):
    quantiles = [NormalDist().inv_cdf((i + 0.5) / 12) for i in range(12)]
    codes = np.array([(x, y) for y in quantiles[::-1] for x in quantiles], dtype="float32")
    images = decode(model, codes).reshape(12, 12, 28, 28)  # row, column, height, width
    _, axes = plt.subplots(num="plane", clear=True, figsize=(4.8, 4.8))
    axes.imshow(images.swapaxes(1, 2).reshape(336, 336), cmap="gray")
    axes.axis("off")
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    torch.manual_seed(SEED)
    images, test_images, test_labels = load()
    model = Model().to(DEVICE)
    training_elbos = train(model, images)
    map_reconstruction, map_divergence, means = evaluate(model, test_images)
    map_elbo = -(map_reconstruction + map_divergence)
    map_agreement = agreement(means[:2000], test_labels[:2000])
    print(f"test ELBO {map_elbo:.2f} nats")
    print(f"nearest neighbour on the map is the same digit: {map_agreement:.1%}")
    draw_map(means[:2000], test_labels[:2000])
    draw_plane(model)
    plt.show()
# --8<-- [end:main]
