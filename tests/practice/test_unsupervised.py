"""What the page on learning without labels counts, counted again in another way."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

TOPIC = "practice/unsupervised"


def test_nearest_pictures_are_found_right(run):
    """By the distances between all pairs, and axes from the covariance; no picture is its own neighbour."""
    images, labels = load_digits(return_X_y=True)
    _, axes = np.linalg.eigh(np.cov(images.T))  # the largest variance last
    shares = []
    for kept in (2, 10, 64):
        places = images @ axes[:, -kept:]
        distances = ((places[:, None] - places) ** 2).sum(axis=2)
        np.fill_diagonal(distances, np.inf)
        shares.append(np.mean(labels[distances.argmin(axis=1)] == labels))
    assert run.results["agreeing"] == pytest.approx(shares, abs=1e-12)


def test_the_cloud_is_one(run):
    """Where no picture belongs to a group, twenty starts from points of a normal distribution explain what the page says."""
    generator = np.random.default_rng(run.seed + 1000)
    images, _ = load_digits(return_X_y=True)
    values, axes = np.linalg.eigh(np.cov(images.T))
    cloud = generator.standard_normal(images.shape) * np.sqrt(np.maximum(values, 0)) @ axes.T
    inertia = KMeans(10, init="random", n_init=20, random_state=run.seed).fit(cloud).inertia_
    assert run.results["explained"][1] == pytest.approx(1 - inertia / (cloud.var(axis=0).sum() * len(cloud)), abs=0.02)
