# --8<-- [start:imports]
import numpy as np

from mnist_data import load_mnist
# --8<-- [end:imports]


# --8<-- [start:code]
mean, deviation = 1.0, 0.5  # what an encoder might say of one latent number
noise = np.array([-1.0, 1.0])  # mean 0 and mean square 1, as standard normal noise has
codes = mean + deviation * noise
slopes = codes * noise  # of codes**2 / 2, by the deviation
print("codes", codes, "slopes", slopes, "mean slope", slopes.mean())
# --8<-- [end:code]


# --8<-- [start:divergence]
log_ratios = (codes**2 - noise**2) / 2 - np.log(deviation)  # log q(z) - log p(z)
divergence = (mean**2 + deviation**2 - 1 - np.log(deviation**2)) / 2
print("log ratios", log_ratios.round(4), "mean", log_ratios.mean().round(4))
print("closed form", divergence.round(4))
# --8<-- [end:divergence]


# --8<-- [start:baselines]
def cross_entropy(images, whites) -> float:
    """Return the nats of a picture, on average, if pixels are white with these probabilities."""
    losses = images * np.log(whites) + (1 - images) * np.log(1 - whites)
    return -float(np.mean(losses.sum(axis=1)))


(images, _), (test_images, _) = load_mnist()
images, test_images = images.reshape(-1, 784) / 255, test_images.reshape(-1, 784) / 255
average = (images.sum(axis=0) + 1) / (len(images) + 2)  # never 0 or 1
average_elbo = -cross_entropy(test_images, average)
flawless = cross_entropy(test_images, np.clip(test_images, 1e-9, 1 - 1e-9))
print(f"ELBO of the average picture {average_elbo:.1f}, of flawless ones at most {-flawless:.1f}")
# --8<-- [end:baselines]
