# --8<-- [start:imports]
import numpy as np

SEED = 0  # nothing is drawn
# --8<-- [end:imports]


# --8<-- [start:losses]
def sigmoid(logit):
    return 1 / (1 + np.exp(-logit))


def cross_entropy(logit, label):  # the logarithm of 1 + exp(logit), minus the logit if the label is 1
    return np.logaddexp(0, logit) - label * logit


real_logit, fake_logits = 2.0, np.array([-3.0, 0.0, 3.0])
discriminator_losses = cross_entropy(real_logit, 1) + cross_entropy(fake_logits, 0)
generator_losses = cross_entropy(fake_logits, 1)
print("logit of the fake image  ", *(f"{logit:7.0f}" for logit in fake_logits))
print("D(fake)                  ", *(f"{value:7.3f}" for value in sigmoid(fake_logits)))
print("loss of the discriminator", *(f"{loss:7.3f}" for loss in discriminator_losses))
print("loss of the generator    ", *(f"{loss:7.3f}" for loss in generator_losses))
# --8<-- [end:losses]

# --8<-- [start:slopes]
saturating_slopes = -sigmoid(fake_logits)  # of log(1 - D)
slopes = sigmoid(fake_logits) - 1  # of -log D
print("slope of log(1 - D)      ", *(f"{slope:7.3f}" for slope in saturating_slopes))
print("slope of -log D          ", *(f"{slope:7.3f}" for slope in slopes))
# --8<-- [end:slopes]

# --8<-- [start:optimum]
data, generated = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])  # of three outcomes
candidates = np.arange(1, 1000)[:, np.newaxis] / 1000  # for D, (999, 1)
values = data * np.log(candidates) + generated * np.log(1 - candidates)  # (999, 3)
found = candidates[values.argmax(axis=0), 0]
formula = data / (data + generated)
print("best D, by search        ", *(f"{value:7.3f}" for value in found))
print("best D, by the formula   ", *(f"{value:7.3f}" for value in formula))
least_loss = -np.sum(data * np.log(formula) + generated * np.log(1 - formula))
middle = (data + generated) / 2
divergence = np.sum(data * np.log(data / middle) + generated * np.log(generated / middle)) / 2
print(f"least loss {least_loss:.4f}, log 4 - 2 JS {np.log(4) - 2 * divergence:.4f}")
# --8<-- [end:optimum]
