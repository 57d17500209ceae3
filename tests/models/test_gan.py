"""What the page on GANs says of its scripts, held against their runs; `probe_gan.py` measured."""

import gzip

import numpy as np
import pytest

from evidence.record import read_record
from tests.models.versions import assert_near

TOPIC = "models/gan"
STEPS, LATENT = 7500, 32


@pytest.fixture
def probe(run):
    return run.probe


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits.astype("float64")))


def scores(probe, samples, real):
    """Return inception score, smallest share and Fréchet distance, by other formulas than the script's."""
    kernel, bias, last, last_bias = (probe[f"judge_{number}"].astype("float64") for number in range(4))

    def features(images):
        return np.maximum(0, (images.reshape(len(images), 784).astype("float64") - 0.13) / 0.31 @ kernel + bias)

    ours, theirs = features(samples), features(real)
    logits = ours @ last + last_bias
    log_shares = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    shares = np.exp(log_shares)
    marginal = shares.mean(axis=0)
    # The mutual information of image and digit, as a difference of entropies.
    information = -np.sum(marginal * np.log(marginal)) + np.mean(np.sum(shares * log_shares, axis=1))
    covariance, real_covariance = (np.cov(x, rowvar=False) for x in (ours, theirs))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(0, values)) @ vectors.T
    trace = np.sqrt(np.maximum(0, np.linalg.eigvalsh(root @ real_covariance @ root))).sum()
    shift = np.sum((ours.mean(axis=0) - theirs.mean(axis=0)) ** 2)
    smallest = min(np.mean(logits.argmax(axis=1) == digit) for digit in range(10))
    return np.exp(information), smallest, shift + np.trace(covariance) + np.trace(real_covariance) - 2 * trace


def bounds(catalog):
    results = catalog.topics[TOPIC].results
    return results["inception_score"].minimum, results["smallest_share"].minimum, results["frechet_distance"].maximum


def passes(found, catalog):
    inception, share, distance = bounds(catalog)
    return [found[0] >= inception, found[1] >= share, found[2] <= distance]


def read_images(mnist, split):
    content = gzip.decompress((mnist.folder / f"{split}-images-idx3-ubyte.gz").read_bytes())
    return np.frombuffer(content, "uint8", offset=16).reshape(-1, 28, 28)[:10_000] / 255


@pytest.fixture(scope="session")
def real_images(mnist):
    return read_images(mnist, "train")


@pytest.mark.script("scoring")
def test_scores_are_the_formulas_on_the_page(run, probe, real_images):
    found = [scores(probe, probe[name], real_images) for name in ("real_digits", "noise", "class_means", "only_ones")]
    claimed = zip(
        *(
            [run.results[f"real_{name}"], *run.results[f"false_{name}s"]]
            for name in ("inception_score", "smallest_share", "distance")
        )
    )
    for ours, theirs in zip(found, claimed):
        assert theirs == pytest.approx(ours, rel=0.01, abs=1e-3)


@pytest.mark.script("scoring")
@pytest.mark.needs_mnist("real digits pass the three figures at once, and three kinds of false ones do not")
def test_real_digits_pass_and_false_ones_fail(probe, real_images, catalog):
    names = ("real_digits", "noise", "class_means", "only_ones")
    found = {name: passes(scores(probe, probe[name], real_images), catalog) for name in names}
    assert found["real_digits"] == [True, True, True]
    assert found["noise"] == found["only_ones"] == [False, False, False]
    assert found["class_means"] == [True, True, False]  # only the Fréchet distance sees through them
    repeated = np.repeat(probe["real_digits"][:1], 2000, axis=0) + np.random.default_rng(0).uniform(
        0, 0.01, (2000, 28, 28)
    )
    assert not any(passes(scores(probe, repeated, real_images), catalog))


@pytest.mark.script("gan")
@pytest.mark.needs_mnist("the judge's scores on record are those of real digits")
def test_judge_is_the_same_everywhere(probe, real_images, mnist, catalog):
    """It gives real digits the scores that are on record for `scoring_numpy.py`: another seed or one epoch less is noticed."""
    test_images = read_images(mnist, "t10k")
    digits = test_images[np.random.default_rng(0).permutation(len(test_images))[:2000]]
    recorded = read_record(catalog, catalog.script("scoring_numpy")).content["results"]["0"]
    inception, share, distance = scores(probe, digits, real_images)
    assert [inception, distance] == pytest.approx(
        [recorded["real_inception_score"], recorded["real_distance"]], rel=5e-3
    )
    assert share == pytest.approx(recorded["real_smallest_share"], abs=1e-3)  # two samples


@pytest.mark.script("gan")
def test_samples_are_scored_as_the_script_says(run, probe, real_images):
    found = scores(probe, probe["samples"], real_images)
    claimed = [run.results[name] for name in ("inception_score", "smallest_share", "frechet_distance")]
    assert claimed == pytest.approx(found, rel=0.01, abs=1e-3)
    for text in (f"inception score {claimed[0]:.2f}", f"smallest share {claimed[1]:.1%}", f"distance {claimed[2]:.1f}"):
        assert text in run.output


@pytest.mark.script("gan")
def test_samples_are_the_generators_at_inference(probe):
    """From standard normal noise; running statistics, so that an image does not depend on the others; pixels from 0 to 1."""
    noise = probe["noise"]
    assert noise.shape == (2000, LATENT) and len(np.unique(noise[:, 0])) > 1900
    assert abs(noise.mean()) < 0.02 and noise.std() == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(probe["samples"][:200], probe["ours"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(probe["in_pairs"], probe["samples"][:6], rtol=0, atol=1e-4)
    assert probe["samples"].min() >= 0 and probe["samples"].max() <= 1


@pytest.mark.script("gan")
def test_each_step_moves_each_network_once(probe):
    """Adam's first step moves every parameter by the learning rate, whatever its gradient: never further, and hardly one less."""
    for network in ("generator", "discriminator"):
        moved = probe[f"moved_{network}"]
        assert moved.max() < 3.06e-3, f"the {network} moved more than once"
        assert np.mean(moved > 2.7e-3) > 0.8, f"the {network} hardly moved"
    assert (len(probe["moved_generator"]), len(probe["moved_discriminator"])) == (150_049, 109_473)


@pytest.mark.script("gan")
@pytest.mark.needs_mnist("after a hundred steps on the stand-in the generator can be ahead")
def test_discriminator_calls_real_what_is_real(probe):
    """Of a digit of the test set and a sample, it believes the digit more often."""
    assert np.mean(probe["on_real"] > probe["on_fake"].T) > 0.55


@pytest.mark.script("gan")
@pytest.mark.needs_mnist("the discriminator is deceived at times")
@pytest.mark.needs_whole("the discriminator is deceived at times")
def test_discriminator_is_deceived_at_times(probe):
    assert np.mean(probe["on_real"] > probe["on_fake"].T) < 0.95


@pytest.mark.script("gan")
@pytest.mark.needs_mnist("the discriminator stays ahead by little")
@pytest.mark.needs_whole("the discriminator stays ahead by little")
def test_losses_are_what_the_page_says(run, probe):
    losses = probe["losses"]
    assert losses.shape == (STEPS, 2) and np.all(losses > 0)
    assert run.results["final_losses"] == pytest.approx(losses[-100:].mean(axis=0), rel=1e-4)
    discriminator, generator = run.results["final_losses"]
    assert discriminator < np.log(4) and generator > np.log(2)
    assert losses[:50, 0].min() < discriminator  # it learns fast, then the generator catches up


@pytest.mark.script("gan")
def test_only_the_training_set_is_trained_on(run, probe):
    assert probe["trained_on_training_set"] and len(probe["images"]) in (
        (3_200, 1_437) if run.rehearsed else (60_000, 1_437)
    )
    np.testing.assert_array_equal(probe["first_noise"], probe["noise"][:10])


@pytest.mark.script("gan")
def test_progress_shows_the_same_noise(probe):
    """The row before the last is what the trained generator makes of the first ten noise vectors, the last of ten others."""
    rows = [np.concatenate(probe["samples"][start : start + 10], axis=1) for start in (0, 10)]
    np.testing.assert_allclose(probe["drawn"][-1], rows[1], rtol=0, atol=1e-4)
    if len(probe["drawn"]) == 5:  # fewer where a stand-in or a rehearsal has fewer steps
        np.testing.assert_allclose(probe["drawn"][-2], rows[0], rtol=0, atol=1e-4)


@pytest.mark.script("equilibrium")
def test_generator_arrives_at_the_data(run, probe):
    assert probe["generated"].mean() == pytest.approx(run.results["generator_mean"], abs=0.02)
    assert probe["generated"].std() == pytest.approx(run.results["generator_deviation"], abs=0.02)
    np.testing.assert_allclose(
        probe["path"][-1], [run.results["generator_mean"], run.results["generator_deviation"]], rtol=0, atol=1e-6
    )
    assert probe["path"].shape == (800, 2) and probe["path"][0, 0] < 0.1  # it began at mean 0


@pytest.mark.script("equilibrium")
def test_discriminator_arrives_at_one_half(run, probe):
    on_data, on_generated = sigmoid(probe["on_data"]), sigmoid(probe["on_generated"])
    accuracy = (np.mean(on_data > 0.5) + np.mean(on_generated < 0.5)) / 2
    assert 0.45 < accuracy < 0.55
    # The script goes on for two hundred steps after its last claim; half is half.
    assert [on_data.mean(), on_generated.mean()] == pytest.approx(run.results["outputs"], abs=0.1)
    among_data = (probe["grid"] > 2) & (probe["grid"] < 4)
    assert np.abs(sigmoid(probe["on_grid"])[among_data] - 0.5).max() < 0.2


@pytest.mark.script("equilibrium")
def test_first_discriminator_is_the_formula_on_the_page(probe):
    """Where there are numbers to learn from: D(x) = p(x) / (p(x) + q(x))."""
    x = probe["grid"]
    data, generator = 2 * np.exp(-2 * (x - 3) ** 2), np.exp(-(x**2) / 2)
    found, expected = sigmoid(probe["on_grid_first"]), data / (data + generator)
    assert np.abs(found - expected).max() < 0.2
    assert np.all(probe["standing_generator"] == 0)


@pytest.mark.script("equilibrium")
def test_each_round_moves_each_network_once(probe):
    assert probe["moved_generator"].max() < 2.04e-2 and probe["moved_generator"].min() > 1.5e-2
    assert probe["moved_discriminator"].max() < 1.02e-2 and np.mean(probe["moved_discriminator"] > 0.9e-2) > 0.8


@pytest.mark.script("two_losses")
def test_losses_and_slopes_are_those_of_the_formulas(run):
    """-log of the probability that was given to the right answer, and central differences of it."""
    fakes = np.array([-3.0, 0.0, 3.0])
    real = -np.log(sigmoid(np.array(2.0)))
    assert run.results["discriminator_losses"] == pytest.approx(real - np.log(1 - sigmoid(fakes)), rel=1e-9)
    assert run.results["generator_losses"] == pytest.approx(-np.log(sigmoid(fakes)), rel=1e-9)

    def slope(loss):
        return (loss(fakes + 1e-6) - loss(fakes - 1e-6)) / 2e-6

    assert run.results["saturating_slopes"] == pytest.approx(slope(lambda a: np.log(1 - sigmoid(a))), abs=1e-8)
    assert run.results["slopes"] == pytest.approx(slope(lambda a: -np.log(sigmoid(a))), abs=1e-8)


@pytest.mark.script("two_losses")
def test_best_discriminator_is_better_than_its_neighbours(run):
    data, generated = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])

    def loss(answers):
        return -np.sum(data * np.log(answers) + generated * np.log(1 - answers))

    best = np.array(run.results["formula"])
    assert run.results["least_loss"] == pytest.approx(loss(best), rel=1e-9)
    for step in np.vstack([np.eye(3), -np.eye(3)]) * 1e-3:
        assert loss(best + step) > loss(best)


def test_detach_is_missed_only_where_the_graph_is_used_twice(catalog):
    """Without it PyTorch refuses the game, whose two steps share `fake`, and not the ring, whose steps each draw their own."""
    pytest.importorskip("torch")

    def without_detach(stem):
        code, found = catalog.script(stem).path.read_text(encoding="utf-8"), {"__name__": stem}
        assert ".detach()" in code.partition("loss.backward()")[0]
        exec(compile(code.replace(".detach())", ")").replace(".detach()\n", "\n"), stem, "exec"), found)
        return found

    game, ring = without_detach("equilibrium_pytorch"), without_detach("collapse_pytorch")
    networks = [game[name]().to(game["DEVICE"]) for name in ("build_generator", "build_discriminator")]
    with pytest.raises(RuntimeError, match="second time"):
        game["train"](*networks, rounds=2, generator_moves=True)
    snapshots, _ = ring["train"](np.random.default_rng(0), 5, 1, 1, 1e-3)
    assert len(snapshots) == 5


def test_frameworks_agree(catalog):
    assert_near(catalog, "gan", inception_score=0.3, smallest_share=0.02, frechet_distance=1.2)
    assert_near(catalog, "equilibrium", accuracy=0.0093, generator_mean=0.042, generator_deviation=0.061)
