# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

SEED = 0
STARTS = 20
generator = np.random.default_rng(SEED)
images, labels = load_digits(return_X_y=True)  # (1797, 64), from 0 to 16; (1797,)
# --8<-- [end:imports]


# --8<-- [start:kmeans]
def squared_distances(points, centres):  # (N, D), (K, D) to (N, K)
    squares = (points**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    return squares - 2 * points @ centres.T


def kmeans(points, centres):
    """Return, for each round, the centres, each point's nearest centre, and the inertia."""
    rounds = []
    while True:
        distances = squared_distances(points, centres)
        nearest = distances.argmin(axis=1)  # step 1
        rounds.append((centres, nearest, distances.min(axis=1).sum()))
        moved = centres.copy()
        for k in np.unique(nearest):
            moved[k] = points[nearest == k].mean(axis=0)  # step 2
        if np.array_equal(moved, centres):
            return rounds
        centres = moved
# --8<-- [end:kmeans]


# --8<-- [start:hand]
numbers = np.array([[1.0], [2.0], [3.0], [9.0], [10.0], [11.0]])
hand = kmeans(numbers, numbers[:2])
hand_inertias = [inertia for *_, inertia in hand]
for centres, nearest, inertia in hand:
    print("centres", *centres[:, 0], " groups", *nearest, " inertia", inertia)
# --8<-- [end:hand]

# --8<-- [start:stuck]
corners = np.array([[0.0, 0.0], [0.0, 2.0], [6.0, 0.0], [6.0, 2.0]])
stuck, solved = kmeans(corners, corners[:2])[-1], kmeans(corners, corners[::2])[-1]
stuck_inertia, solved_inertia = stuck[-1], solved[-1]
print("inertia from two corners on the left", stuck_inertia, " from both below", solved_inertia)
# --8<-- [end:stuck]


# --8<-- [start:starts]
def from_random_starts(points, k, starts=STARTS):
    """Return the last round of each start at k points drawn at random, the lowest inertia first."""
    lasts = [kmeans(points, generator.choice(points, k, replace=False))[-1] for _ in range(starts)]
    return sorted(lasts, key=lambda last: last[-1])


def purity(nearest):
    return sum(np.bincount(labels[nearest == k]).max() for k in np.unique(nearest)) / len(labels)


lasts = from_random_starts(images, 10)
lowest, highest = lasts[0][-1], lasts[-1][-1]
inertia_excess = highest / lowest - 1
start_purities = [purity(nearest) for _, nearest, _ in lasts]
centres, nearest, inertia = lasts[0]
by_chance = purity(generator.permutation(nearest))
counts = np.array([np.bincount(labels[nearest == k], minlength=10) for k in range(10)])
order = np.argsort(counts.argmax(axis=1), kind="stable")
found = len(set(counts.argmax(axis=1)))
print(f"inertia {lowest:,.0f} to {highest:,.0f}: {inertia_excess:.1%} above the lowest")
print(f"purity at the lowest {start_purities[0]:.1%}, of all starts "
      f"{min(start_purities):.1%} to {max(start_purities):.1%}, by chance {by_chance:.1%}")
print(f"digits that are the most frequent in some cluster: {found} of 10")
# --8<-- [end:starts]

# --8<-- [start:theirs]
theirs = KMeans(10, init=images[:10], n_init=1, tol=0).fit(images)
different = int((theirs.labels_ != kmeans(images, images[:10])[-1][1]).sum())
print("pictures that scikit-learn puts into another cluster:", different)
# --8<-- [end:theirs]

# --8<-- [start:choose]
blobs = np.repeat([[0.2, 0.2], [0.8, 0.3], [0.4, 0.8]], 50, axis=0)
blobs = blobs + generator.normal(scale=0.06, size=(150, 2))
noise = generator.uniform(size=(150, 2))


def for_each_k(points, ks, starts=STARTS):
    """Return the inertia for each k, as a share of that for k = 1, and the silhouette."""
    one = points.var(axis=0).sum() * len(points)
    bests = [from_random_starts(points, k, starts)[0] for k in ks]
    return ([inertia / one for *_, inertia in bests],
            [silhouette_score(points, nearest) for _, nearest, _ in bests])


ks, digit_ks = range(2, 9), range(4, 17, 2)
blob_inertias, blob_silhouettes = for_each_k(blobs, ks)
noise_inertias, noise_silhouettes = for_each_k(noise, ks)
digit_inertias, digit_silhouettes = for_each_k(images, digit_ks, 5)
chosen = [int(k[np.argmax(silhouettes)]) for k, silhouettes in (
    (ks, blob_silhouettes), (ks, noise_silhouettes), (digit_ks, digit_silhouettes))]
print("highest silhouette: three groups at k =", chosen[0], f"({max(blob_silhouettes):.2f}),",
      "noise at k =", chosen[1], f"({max(noise_silhouettes):.2f})")
print("digits at k =", chosen[2], f"({max(digit_silhouettes):.2f})")
# --8<-- [end:choose]


# --8<-- [start:shuffled]
shuffled = generator.permuted(images, axis=0)  # each pixel by itself
cloud = generator.multivariate_normal(images.mean(axis=0), np.cov(images.T), len(images))


def explain(points):
    """Return the share of the variance that ten clusters take away."""
    return 1 - from_random_starts(points, 10)[0][-1] / (points.var(axis=0).sum() * len(points))


explained = [explain(points) for points in (images, cloud, shuffled)]
print("ten clusters explain {:.1%} of the digits' variance, {:.1%} of the cloud's,\n"
      "{:.1%} with the pixels shuffled".format(*explained))
# --8<-- [end:shuffled]


# --8<-- [start:pca]
def pca(points):
    """Return the mean, the directions as rows, and the variance along each, largest first."""
    mean = points.mean(axis=0)
    _, lengths, directions = np.linalg.svd(points - mean, full_matrices=False)
    return mean, directions, lengths**2 / len(points)


four = np.array([[5.0, 4.0], [1.0, 0.0], [4.0, 1.0], [2.0, 3.0]])
mean, directions, variances = pca(four)
print("mean", mean, " variances", variances.round(3))
print("directions", directions.round(3).tolist())
# --8<-- [end:pca]

# --8<-- [start:digits]
middle, components, spread = pca(images)
shares = spread / spread.sum()
held = np.cumsum(shares)  # by the first, the first two, ...
needed = int((held < 0.9).sum()) + 1
_, _, shuffled_spread = pca(shuffled)
held_by = [held[1], held[9]]
shuffled_two = shuffled_spread[:2].sum() / shuffled_spread.sum()
print(f"two components hold {held[1]:.1%}, ten {held[9]:.1%}; 90% takes {needed} of 64")
print(f"pixels shuffled, two components hold {shuffled_two:.1%}")


def project(points, kept):
    return (points - middle) @ components[:kept].T  # (N, kept)


def rebuild(codes):
    return middle + codes @ components[:codes.shape[1]]  # (N, 64)
# --8<-- [end:digits]


# --8<-- [start:neighbours]
def neighbours_agree(points):
    """Return how often the nearest other picture shows the same digit."""
    found = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)
    return np.mean(labels[found[:, 0]] == labels)


agreeing = [neighbours_agree(project(images, kept)) for kept in (2, 10, 64)]
print("same digit as the nearest picture: " + ", ".join(f"{share:.1%}" for share in agreeing))
# --8<-- [end:neighbours]

# --8<-- [start:answers]
_, _, stretched = pca(four * [10, 1])
stretched_share = stretched[0] / stretched.sum()
flat_purity = purity(from_random_starts(project(images, 2), 10)[0][1])
many = from_random_starts(images, 60, 3)[0][1]
many_purity, many_by_chance = purity(many), purity(generator.permutation(many))
# --8<-- [end:answers]

# --8<-- [start:plots]
places = project(images[:500], 2)
figure, axes = plt.subplots(1, 3, num="maps", clear=True, figsize=(10, 3.6), layout="tight")
colours = plt.get_cmap("tab10")
axes[0].plot(*places.T, ".", color="grey", markersize=4)
for panel, groups in zip(axes[1:], (counts.argmax(axis=1)[nearest[:500]], labels[:500])):
    for digit in range(10):
        panel.plot(*places[groups == digit].T, marker=f"${digit}$", ls="", color=colours(digit), markersize=5)
for panel, title in zip(axes, ("without labels", "ten clusters", "ten digits")):
    panel.set(title=title, xlabel="component 1", ylabel="component 2", xticks=[], yticks=[])

figure, axes = plt.subplots(3, 1, num="steps", clear=True, figsize=(6.4, 3.6), layout="tight", sharex=True)
for panel, (places, groups, inertia) in zip(axes, hand):
    for k, (colour, marker) in enumerate((("C0", "o"), ("C1", "s"))):
        panel.plot(numbers[groups == k, 0], np.zeros(sum(groups == k)), marker, color=colour, markersize=9)
        panel.plot(places[k], 0.6, "v", color=colour, markersize=9)
    panel.set(title=f"inertia {inertia:.0f}", ylim=(-0.6, 1.1), yticks=[], xticks=range(1, 12))

figure, axes = plt.subplots(1, 2, num="stuck", clear=True, figsize=(6.4, 2), layout="tight")
for panel, (places, groups, inertia) in zip(axes, (stuck, solved)):
    for k, (colour, marker) in enumerate((("C0", "o"), ("C1", "s"))):
        panel.plot(*corners[groups == k].T, marker, color=colour, markersize=9)
        panel.plot(*places[k], "v", color=colour, markersize=9)
    panel.set(title=f"inertia {inertia:.0f}", xlim=(-1, 7), ylim=(-0.7, 2.7), xticks=[0, 3, 6], yticks=[0, 1, 2])

figure, axes = plt.subplots(2, 5, num="centres", clear=True, figsize=(6.4, 3.4), layout="tight")
for row, panel in zip(order, axes.flat):
    panel.imshow(centres[row].reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
    panel.set(title=f"{np.bincount(nearest)[row]} pictures", xticks=[], yticks=[])

figure, panel = plt.subplots(num="table", clear=True, figsize=(6.4, 4), layout="tight")
panel.imshow(counts[order], cmap="Blues", aspect="auto")
for (row, column), count in np.ndenumerate(counts[order]):
    if count:
        panel.text(column, row, count, ha="center", va="center",
                   color="white" if count > 100 else "black")
panel.set(xlabel="digit", ylabel="cluster", xticks=range(10), yticks=range(10))

figure, axes = plt.subplots(1, 2, num="choose", clear=True, figsize=(8, 3), layout="tight")
for name, inertias, silhouettes, k, marker in (
    ("three groups", blob_inertias, blob_silhouettes, ks, "o"),
    ("noise", noise_inertias, noise_silhouettes, ks, "s"),
    ("digits", digit_inertias, digit_silhouettes, digit_ks, "^"),
):
    axes[0].plot(k, inertias, marker=marker, label=name)
    axes[1].plot(k, silhouettes, marker=marker, label=name)
for panel, title in zip(axes, ("inertia / inertia for k = 1", "silhouette")):
    panel.set(title=title, xlabel="k", ylim=(0, 1), xticks=range(2, 17, 2))
axes[1].legend()

figure, axes = plt.subplots(1, 2, num="noise", clear=True, figsize=(6.4, 3.3), layout="tight")
for panel, points, title in zip(axes, (blobs, noise), ("three groups", "noise")):
    places, groups, _ = from_random_starts(points, 3)[0]
    for k, marker in enumerate("os^"):
        panel.plot(*points[groups == k].T, marker, markersize=4)
    panel.plot(*places.T, "x", color="black", markersize=9)
    panel.set(title=title, xticks=[], yticks=[], aspect="equal")

figure, axes = plt.subplots(1, 2, num="directions", clear=True, figsize=(8, 3.2), layout="tight")
axes[0].plot(*four.T, "o")
for direction, variance, name in zip(directions, variances, ("first", "second")):
    ends = mean + np.outer([-1, 1], direction * np.sqrt(variance))
    axes[0].plot(*ends.T, linewidth=3, label=name)
axes[0].set(xlim=(0, 6), ylim=(-1, 5), aspect="equal", xlabel="x", ylabel="y")
axes[0].legend(loc="upper left")
angles = np.arange(0, 181)
turned = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))])  # (2, 181)
axes[1].plot(angles, ((four - mean) @ turned).var(axis=0))
axes[1].set(xlabel="angle of the direction (degrees)", ylabel="variance", ylim=(0, 4.5),
            xticks=range(0, 181, 45))

figure, axes = plt.subplots(4, 8, num="rebuilt", clear=True, figsize=(6.4, 3.4), layout="tight")
for row, kept in enumerate((2, 10, needed, 64)):
    for panel, picture in zip(axes[row], rebuild(project(images[:8], kept))):
        panel.imshow(picture.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        panel.set(xticks=[], yticks=[])
    axes[row, 0].set_ylabel(kept)
plt.show()
# --8<-- [end:plots]
