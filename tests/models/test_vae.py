"""What the page on variational autoencoders says of every framework's scripts, held against their runs; `probe_vae.py` measured."""

import re
from statistics import NormalDist

import numpy as np
import pytest

from tests.models.versions import assert_near

TOPIC = "models/vae"
EPOCHS = 10


def chosen(script):
    """What needs no training has no model to probe; claims say what it gives."""
    return script.name not in ("terms", "controls")


@pytest.fixture
def probe(run):
    return run.probe


def weights(probe):
    names = [name for name in probe if name.startswith("parameter_")]
    return [probe[f"parameter_{number}"].astype("float64") for number in range(len(names))]


def dense(x, layers):
    """Return the outputs of dense layers, kernel and bias in turn, with ReLU between them."""
    for number in range(0, len(layers), 2):
        x = (np.maximum(0, x) if number else x) @ layers[number] + layers[number + 1]
    return x


def encode(images, probe):
    half = len(weights(probe)) // 2
    mean, log_variance = np.split(dense(images, weights(probe)[:half]), 2, axis=1)
    return mean, log_variance


def decode(codes, probe):
    return dense(codes, weights(probe)[len(weights(probe)) // 2 :])


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def cross_entropy(images, logits):
    """Return the Bernoulli negative log-likelihood of each image, by another formula than the scripts'."""
    return np.sum(np.logaddexp(0, logits) - images * logits, axis=1)


def divergence(mean, log_variance):
    return 0.5 * np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance, axis=1)


def test_model_is_the_formula_on_the_page(probe, script):
    """Encoder, code = mean + exp(log variance / 2) * noise, decoder."""
    mean, log_variance = encode(probe["test_images"][:50], probe)
    codes = mean + np.exp(log_variance / 2) * probe["noise"]
    for name, expected in {"mean": mean, "log_variance": log_variance, "logits": decode(codes, probe)}.items():
        np.testing.assert_allclose(probe[name], expected, rtol=1e-3, atol=1e-3, err_msg=name)
    size = sum(weight.size for weight in weights(probe))
    assert size == {"vae": 652_824, "vae_map": 235_540}[script.name]


def test_noise_that_the_model_draws_is_standard_normal(probe):
    """Of a thousand passes of one image, logits vary as much as with noise of our own: zero, constant or scaled noise would not."""
    generator = np.random.default_rng(1)
    for image, drawn in zip(probe["test_images"], probe["drawn_by_model"]):
        mean, log_variance = encode(image[np.newaxis], probe)
        codes = mean + np.exp(log_variance / 2) * generator.normal(size=(1000, mean.shape[1]))
        assert drawn.var(axis=0).sum() == pytest.approx(decode(codes, probe).var(axis=0).sum(), rel=0.25)
        np.testing.assert_allclose(drawn.mean(axis=0), decode(codes, probe).mean(axis=0), rtol=0.2, atol=1.5)


def test_divergence_in_closed_form_is_the_monte_carlo_estimate(probe):
    """E_q[log q(z) - log p(z)] over 200,000 codes; and the reconstruction is the Bernoulli negative log-likelihood."""
    (means, log_variances), generator = probe["terms_of"].astype("float64"), np.random.default_rng(2)
    for mean, log_variance, term in zip(means, log_variances, probe["terms"][1]):
        noise = generator.normal(size=(200_000, len(mean)))
        codes = mean + np.exp(log_variance / 2) * noise
        log_ratio = 0.5 * np.sum(codes**2 - noise**2 - log_variance, axis=1)
        assert term == pytest.approx(log_ratio.mean(), abs=5 * log_ratio.std() / 200_000**0.5)
    expected = cross_entropy(probe["test_images"][:4], probe["logits"][:4].astype("float64"))
    np.testing.assert_allclose(probe["terms"][0], expected, rtol=1e-5)


def test_elbo_is_what_the_script_says(run, probe, script):
    """Recounted on the whole test set with noise of our own: catches a term left out, another scale, noise left out."""
    mean, log_variance = encode(probe["test_images"], probe)
    noise = np.random.default_rng(3).normal(size=mean.shape)
    codes = mean + np.exp(log_variance / 2) * noise
    terms = [
        np.mean(cross_entropy(probe["test_images"], decode(codes, probe))),
        np.mean(divergence(mean, log_variance)),
    ]
    name, own = ("test_elbo", "test_divergence") if script.name == "vae" else ("map_elbo", "map_divergence")
    chance = 0.3 * (10_000 / len(mean)) ** 0.5  # of two draws of noise, the more the fewer images a stand-in has
    assert run.results[name] == pytest.approx(-sum(terms), abs=chance)
    assert run.results[own] == pytest.approx(terms[1], abs=0.01)
    if script.name == "vae":
        assert run.results["test_reconstruction"] == pytest.approx(terms[0], abs=chance)
        assert run.results["active_units"] == np.sum(mean.var(axis=0) > 0.01)


def test_elbo_improves_with_the_epochs_and_is_printed(run, script):
    values = run.results["validation_elbos" if script.name == "vae" else "training_elbos"]
    assert len(values) == (3 if run.rehearsed else EPOCHS)
    # Once the learning rate is nearly zero, the noise that is drawn can outweigh what an epoch gains.
    assert all(later > earlier - 0.2 for earlier, later in zip(values, values[1:])), values
    early = values[:-1][:3]  # where the last epoch's rate is not among them
    assert all(later > earlier + 1 for earlier, later in zip(early, early[1:])), values
    for value in values:
        assert re.search(rf"(ELBO {value:.2f}|loss: {-value:.4f})", run.output), value


def test_only_the_training_set_is_trained_on(probe, script):
    """And the last twelfth of it not, where it validates."""
    total = 60_000 if len(probe["test_labels"]) == 10_000 else 1_437
    expected = [total - total // 12, total // 12] if script.name == "vae" else [total]
    assert list(probe["trained_on"]) == expected
    assert probe["trained_on_training_set"] and probe["validated_on_the_rest"]


@pytest.mark.script("vae")
def test_samples_are_drawn_from_the_prior(probe):
    """As two thousand of our own are: narrower, wider or repeated codes would change mean picture and variance."""
    codes = np.random.default_rng(4).normal(size=(2000, 20))
    ours = sigmoid(decode(codes, probe))
    assert probe["samples"].var(axis=0).sum() == pytest.approx(ours.var(axis=0).sum(), rel=0.05)
    assert np.abs(probe["samples"].mean(axis=0) - ours.mean(axis=0)).max() < 0.06


@pytest.mark.script("vae")
def test_scores_are_what_the_script_says(run, probe):
    images = probe["train_images"][: probe["trained_on"][0]].astype("float64")
    labels = probe["train_labels"]

    def nearest(pictures):
        distances = np.sum(pictures**2, axis=1, keepdims=True) - 2 * pictures @ images.T + np.sum(images**2, axis=1)
        return distances.min(axis=1).mean(), labels[distances.argmin(axis=1)]

    (samples, digits), (test, _) = nearest(probe["samples"].astype("float64")), nearest(probe["test_images"][:2000])
    assert run.results["distance_ratio"] == pytest.approx(samples / test, rel=1e-3)
    smallest = min(np.mean(digits == digit) for digit in range(10))
    assert run.results["smallest_share"] == pytest.approx(smallest, abs=0.002)


@pytest.mark.script("vae")
def test_pictures_of_samples_and_walks_are_what_they_say(probe):
    """Each walk goes straight from the code of the first test image of one digit to that of another, in ten steps."""
    np.testing.assert_allclose(probe["drawn_samples"], probe["samples"][:40], rtol=0, atol=1e-6)
    first = [np.flatnonzero(probe["test_labels"] == digit)[0] for digit in range(10)]
    means = encode(probe["test_images"][first], probe)[0]
    for number, walk in enumerate(probe["drawn_walk"]):
        steps = np.linspace(0, 1, 10)[:, np.newaxis]
        codes = (1 - steps) * means[number] + steps * means[number + 5]
        np.testing.assert_allclose(walk, sigmoid(decode(codes, probe)), rtol=0, atol=2e-3)


@pytest.mark.script("vae_map")
def test_map_shows_the_means_of_test_images(run, probe):
    means, _ = encode(probe["test_images"][:2000], probe)
    labels = probe["test_labels"][: len(means)]
    expected = np.concatenate([means[labels == digit] for digit in range(10)])
    np.testing.assert_allclose(probe["points"], expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(probe["points_labels"], np.sort(labels))
    distances = np.sum((means[:, np.newaxis] - means) ** 2, axis=2) + np.diag(np.full(len(means), np.inf))
    assert run.results["map_agreement"] == pytest.approx(np.mean(labels[distances.argmin(axis=1)] == labels), abs=0.003)


@pytest.mark.script("vae_map")
def test_plane_is_decoded_from_quantiles_of_the_prior(probe):
    quantiles = [NormalDist().inv_cdf((number + 0.5) / 12) for number in range(12)]
    for row, column in ((0, 0), (0, 11), (11, 3)):  # the second number falls from row to row
        expected = sigmoid(decode(np.array([[quantiles[column], quantiles[11 - row]]]), probe)).reshape(28, 28)
        shown = probe["plane"][28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        np.testing.assert_allclose(shown, expected, rtol=0, atol=2e-3)


def test_frameworks_agree(catalog):
    assert_near(catalog, "vae", test_elbo=1.3, distance_ratio=0.062)
    assert_near(catalog, "vae_map", map_elbo=6.5, map_divergence=0.9)
