"""What the page on autoencoders says of every framework's scripts, held against their runs; `probe_autoencoder.py` measured."""

import re

import numpy as np
import pytest

from tests.models.versions import assert_near

TOPIC = "models/autoencoder"
EPOCHS = 3


def chosen(script):
    """The example on a curve has no model to probe, and of the controls claims say what they leave."""
    return script.name not in ("curve", "parts")


@pytest.fixture
def probe(run):
    return run.probe


def error(images, others):
    return np.mean((images.astype("float64") - others) ** 2)


def network(images, probe):
    """Return the formula of the page: ReLU, the code without an activation, ReLU, sigmoid."""
    weights = [probe[f"parameter_{number}"].astype("float64") for number in range(8)]
    code = np.maximum(0, images @ weights[0] + weights[1]) @ weights[2] + weights[3]
    hidden = np.maximum(0, code @ weights[4] + weights[5])
    return 1 / (1 + np.exp(-(hidden @ weights[6] + weights[7])))


def test_model_is_the_formula_on_the_page(probe):
    """A wider code, another activation, or a way round the bottleneck breaks it."""
    np.testing.assert_allclose(probe["outputs"][:100], network(probe["test_images"][:100], probe), rtol=0, atol=1e-4)
    assert sum(probe[f"parameter_{number}"].size for number in range(8)) == 209_968


def test_only_the_training_set_is_trained_on(probe):
    assert probe["trained_on_training_set"]


def test_error_falls_each_epoch(run):
    errors = run.results["training_errors"]
    assert len(errors) == EPOCHS
    assert all(later < earlier for earlier, later in zip(errors, errors[1:])), errors
    for value in errors:
        assert re.search(rf"(training error|loss:) {value:.4f}", run.output), value


def test_errors_are_what_the_script_says(run, probe, script):
    """Recounted by code of our own: catches a wrong set, a wrong mean, PCA fitted on the test set or by more directions."""
    images = probe["test_images"]
    if script.name == "autoencoder":
        expected = {
            "test_error": probe["outputs"],
            "pca_test_error": probe["pca"],
            "linear_test_error": probe["linear"],
        }
    else:
        expected = {"noisy_error": probe["test_noisy"], "denoised_error": probe["denoised"]}
    for name, others in expected.items():
        assert run.results[name] == pytest.approx(error(images, others), rel=1e-3), name


def test_ratios_are_of_the_errors(run, script):
    found = run.results
    if script.name == "autoencoder":
        assert found["error_ratio"] == pytest.approx(found["test_error"] / found["pca_test_error"], rel=1e-5)
        assert found["linear_ratio"] == pytest.approx(found["linear_test_error"] / found["pca_test_error"], rel=1e-5)
    else:
        assert found["noise_removed"] == pytest.approx(1 - found["denoised_error"] / found["noisy_error"], rel=1e-5)
        assert found["narrow_ratio"] == pytest.approx(found["denoised_error"] / found["narrow_error"], rel=1e-5)


@pytest.mark.needs_mnist("the autoencoder beats PCA of the same width by a third")
@pytest.mark.script("autoencoder")
def test_autoencoder_beats_pca_by_a_third(run, probe):
    assert error(probe["test_images"], probe["outputs"]) < 2 / 3 * error(probe["test_images"], probe["pca"])


@pytest.mark.needs_mnist("without activation functions, the network comes near PCA and never below it")
@pytest.mark.script("autoencoder")
def test_network_without_activations_is_affine_and_no_better_than_pca(run, probe):
    """Affine, of rank 32 at most: the error then cannot be below PCA's, by the theorem on the page."""
    offset, matrix = probe["linear_of_zero"], probe["linear_of_units"] - probe["linear_of_zero"]
    some = probe["test_images"][:100]
    np.testing.assert_allclose(probe["linear"][:100], some @ matrix + offset, rtol=0, atol=1e-3)
    singular_values = np.linalg.svd(matrix, compute_uv=False)
    assert singular_values[32] < 1e-4 * singular_values[0] < singular_values[31]
    assert run.results["pca_test_error"] < run.results["linear_test_error"]


@pytest.mark.script("denoising")
def test_noise_is_the_one_on_the_page(probe):
    """Normal, of standard deviation 0.5, cut off at 0 and 1; drawn anew for each image, and for the test images."""
    for noisy, clean in ((probe["noisy"], probe["clean"]), (probe["test_noisy"], probe["test_images"])):
        on_paper, on_ink = noisy[clean == 0], noisy[clean == 1]
        assert noisy.min() >= 0 and noisy.max() <= 1
        assert np.mean(on_paper == 0) == pytest.approx(0.5, abs=0.01)
        assert np.mean(on_paper > 0.5) == pytest.approx(0.1587, abs=0.005)  # beyond one standard deviation
        assert np.mean(on_ink == 1) == pytest.approx(0.5, abs=0.03)
    blank = (probe["noisy"][0] == 0) & (probe["noisy"][1] == 0)
    assert 0.1 < blank.mean() < 0.4  # a quarter by chance; a half if the noise were the same
    assert not np.array_equal(probe["noisy"][0] - probe["clean"][0], probe["test_noisy"][0] - probe["test_images"][0])


@pytest.mark.script("denoising")
def test_noise_that_we_draw_is_removed_as_well(run, probe):
    """Nothing is learnt by heart of the noise: the error is the same for noise that the script has never drawn."""
    assert error(probe["test_images"], probe["fresh_denoised"]) == pytest.approx(
        run.results["denoised_error"], rel=0.02
    )


@pytest.mark.script("denoising")
def test_linear_maps_are_the_best(probe):
    """Least squares, free and through 32 numbers: by another way, on four thousand pairs."""
    noisy, clean = probe["noisy"].astype("float64"), probe["clean"].astype("float64")
    x, y = noisy - noisy.mean(axis=0), clean - clean.mean(axis=0)
    matrix = np.linalg.lstsq(x, y, rcond=None)[0]
    directions = np.linalg.eigh(matrix.T @ x.T @ x @ matrix)[1][:, -32:]
    free = (probe["fresh"][:100] - noisy.mean(axis=0)) @ matrix
    np.testing.assert_allclose(probe["free"], clean.mean(axis=0) + free, rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        probe["narrow"], clean.mean(axis=0) + free @ directions @ directions.T, rtol=0, atol=1e-5
    )


def test_pictures_show_what_they_say(probe, script):
    """The first of each digit: as it is, and what became of it, row by row."""
    picked = [np.flatnonzero(probe["test_labels"] == digit)[0] for digit in range(10)]
    if script.name == "autoencoder":
        rows = {0: "test_images", 1: "outputs", 2: "pca"}
    else:
        rows = {0: "test_images", 1: "test_noisy", 3: "denoised"}
    for row, name in rows.items():
        np.testing.assert_allclose(probe["drawn"][row], probe[name][picked], rtol=0, atol=2e-3, err_msg=name)


def test_frameworks_agree(catalog):
    """In the errors at the end; the first epochs differ, for initial weights differ by default."""
    assert_near(catalog, "autoencoder", test_error=0.0009, error_ratio=0.05)
    assert_near(catalog, "denoising", denoised_error=0.0017, noise_removed=0.0155)
