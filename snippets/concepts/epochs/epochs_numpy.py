# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

SEED = 0
# --8<-- [end:imports]

# --8<-- [start:small]
random = np.random.default_rng(SEED)
examples = np.arange(10)
for epoch in (1, 2):
    order = random.permutation(10)
    batches = [examples[order[first : first + 4]] for first in range(0, 10, 4)]
    print(f"epoch {epoch}:", *batches)
# --8<-- [end:small]


# --8<-- [start:count]
def batch_sizes(count, size):
    return [len(range(count)[first : first + size]) for first in range(0, count, size)]


count, size = 60_000, 64
iterations_of_32 = len(batch_sizes(count, 32))
iterations, last_size = len(batch_sizes(count, size)), batch_sizes(count, size)[-1]
full_batches = batch_sizes(count, size).count(size)
print(f"batches of 32: {iterations_of_32} an epoch, {5 * iterations_of_32} in 5 epochs")
print(f"batches of 64: {iterations} an epoch, {full_batches} full ones and one of {last_size}")
# --8<-- [end:count]

# --8<-- [start:data]
labels = np.repeat([0.0, 1.0], count // 2)  # sorted: first all zeros, then all ones
centres = np.where(labels[:, None] == 1, 0.5, -0.5)
inputs = np.append(centres + random.normal(size=(count, 2)), np.ones((count, 1)), axis=1)


def gradient(weights, rows):  # of the cross-entropy, (3,)
    errors = 1 / (1 + np.exp(-inputs[rows] @ weights)) - labels[rows]
    return errors @ inputs[rows] / len(errors)
# --8<-- [end:data]


# --8<-- [start:noise]
sizes = np.array([1, 4, 16, 64, 256, 1024])
start = np.zeros(3)
every_gradient = (0.5 - labels)[:, None] * inputs  # of each example at the start, (60000, 3)
whole_gradient = gradient(start, np.arange(count))
of_one = np.sqrt(np.mean(np.sum((every_gradient - whole_gradient) ** 2, axis=1)))
deviations = []
for batch in sizes:
    drawn = random.integers(count, size=(400, batch))
    errors = np.array([gradient(start, rows) for rows in drawn]) - whole_gradient  # (400, 3)
    deviations.append(np.sqrt(np.mean(np.sum(errors**2, axis=1))))
    print(f"batches of {batch:4}: {deviations[-1]:.4f}, predicted {of_one / np.sqrt(batch):.4f}")
exponent = np.polyfit(np.log(sizes), np.log(deviations), 1)[0]
print(f"the noise goes with the size to the power {exponent:.3f}")
# --8<-- [end:noise]


# --8<-- [start:order]
def train(order, size, rate):  # one epoch
    weights, path = start, []
    for first in range(0, count, size):
        weights = weights - rate * gradient(weights, order[first : first + size])
        path.append(weights)
    return path


def accuracy(weights):
    return np.mean((inputs @ weights > 0) == labels)


shuffled = random.permutation(count)
path = train(shuffled, 32, 0.1)
sorted_path = train(np.arange(count), 32, 0.1)
accuracies = [accuracy(path[-1]), accuracy(sorted_path[-1])]
print("accuracy after one epoch: shuffled {:.4f}, sorted {:.4f}".format(*accuracies))
ceiling = accuracy(np.array([1.0, 1.0, 0.0]))  # the border halfway between the two centres
print(f"the border halfway between the centres: {ceiling:.4f}")
# --8<-- [end:order]

# --8<-- [start:noise_after]
errors = 1 / (1 + np.exp(-inputs @ path[-1])) - labels
each = errors[:, None] * inputs  # the gradient of each example after the epoch, (60000, 3)
mean_gradients = [np.linalg.norm(whole_gradient), np.linalg.norm(each.mean(axis=0))]
of_one_after = np.sqrt(np.mean(np.sum((each - each.mean(axis=0)) ** 2, axis=1)))
print("mean gradient: {:.4f} at the start, {:.4f} after the epoch".format(*mean_gradients))
print(f"noise of one example: {of_one:.4f} at the start, {of_one_after:.4f} after the epoch")
# --8<-- [end:noise_after]

# --8<-- [start:last]
losses = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0, 9.0])  # of ten examples
batch_means = [losses[first : first + 4].mean() for first in range(0, 10, 4)]
mean_of_batches, mean_of_examples = np.mean(batch_means), losses.mean()
weighted = np.average(batch_means, weights=batch_sizes(10, 4))
print("means of the batches:", *batch_means, f"their mean: {mean_of_batches:.3f}")
print(f"mean of the examples: {mean_of_examples:.3f}, batches by size: {weighted:.3f}")
# --8<-- [end:last]


# --8<-- [start:fewer]
def mean_loss(weights):
    z = inputs @ weights
    return np.mean(np.logaddexp(0, z) - labels * z)


large_path = train(shuffled, 8192, 0.1)
small_updates, large_updates = len(path), len(large_path)
losses_after_epoch = [mean_loss(path[-1]), mean_loss(large_path[-1])]
print(f"one epoch of {small_updates} updates: loss {losses_after_epoch[0]:.4f}")
print(f"one epoch of {large_updates} updates: loss {losses_after_epoch[1]:.4f}")
# --8<-- [end:fewer]

# --8<-- [start:buffer]
def through_buffer(length):  # of sorted data: draw from the next few, refill
    buffer, order = np.arange(length), []
    for example, place in zip(range(length, count), random.integers(length, size=count - length)):
        order.append(buffer[place])
        buffer[place] = example
    return np.array([*order, *random.permutation(buffer)])


lengths = (1000, 10_000, count)
buffered = [accuracy(train(through_buffer(length), 32, 0.1)[-1]) for length in lengths]
for length, value in zip(lengths, buffered):
    print(f"one epoch through a buffer of {length:6}: accuracy {value:.4f}")
# --8<-- [end:buffer]

# --8<-- [start:figures]
_, axes = plt.subplots(num="order", clear=True, figsize=(6, 3.2), layout="constrained")
shown = np.arange(24, len(path), 25)  # every 25th iteration
for name, weights in (("shuffled", path), ("sorted by label", sorted_path)):
    axes.plot(shown + 1, [accuracy(weights[step]) for step in shown], label=name)
axes.set(xlabel="iteration", ylabel="accuracy on all examples", ylim=(0.4, 0.85))
axes.legend()

_, axes = plt.subplots(num="noise", clear=True, figsize=(5, 3.2), layout="constrained")
axes.loglog(sizes, deviations, "o", label="measured")
axes.loglog(sizes, of_one / np.sqrt(sizes), "--", label="of one example / √B")
axes.set(xlabel="batch size B", ylabel="noise of the gradient")
axes.legend()
plt.show()
# --8<-- [end:figures]
