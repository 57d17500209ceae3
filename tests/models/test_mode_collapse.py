"""What the page on mode collapse says of its scripts, held against their runs; `probe_mode_collapse.py` measured."""

import numpy as np
import pytest

from tests.models.versions import assert_near

TOPIC = "models/mode_collapse"


@pytest.fixture
def probe(run):
    return run.probe


@pytest.mark.script("collapse")
def test_ring_is_what_the_page_says(probe):
    angles = np.arctan2(probe["ring"][:, 1], probe["ring"][:, 0]) / (np.pi / 4)
    centres = np.exp(1j * np.round(angles) * np.pi / 4)
    assert np.bincount(np.round(angles).astype(int) % 8, minlength=8) / 20_000 == pytest.approx(
        np.full(8, 1 / 8), abs=0.01
    )
    offsets = probe["ring"] @ [1, 1j] - centres
    assert np.std(offsets.real) == pytest.approx(0.1, abs=0.005) and np.std(offsets.imag) == pytest.approx(
        0.1, abs=0.005
    )


@pytest.mark.script("collapse")
def test_runs_are_counted_as_the_script_says(run, probe):
    """Counted anew; the runs differ in rounds, in the numbers of steps, and the last in the generator's rate alone."""
    centres = np.exp(1j * np.arange(8) * np.pi / 4)

    def shares(points):
        return np.mean(np.abs((points @ [1, 1j])[:, np.newaxis] - centres) < 0.3, axis=0)

    short, long = probe["rounds"]
    expected = [[short, 1, 5], [short, 5, 1], [short, 1, 1], [long, 1, 1], [long, 1, 5], [short, 1, 5]]
    assert probe["runs"][:, :3].tolist() == expected
    assert probe["runs"][:, 3] == pytest.approx([2e-3] * 5 + [2e-4])
    last = [shares(points) for points in probe["histories"][:, -1]]
    assert run.results["modes"] == [np.sum(each >= 0.02) for each in last]
    assert run.results["near_shares"] == pytest.approx([each.sum() for each in last])
    assert run.results["smallest_shares"] == pytest.approx([each.min() for each in last])
    fifth = [shares(points) for points in probe["histories"][4]]
    assert run.results["collapsed_modes"] == [np.sum(each >= 0.02) for each in fifth]
    assert run.results["collapsed_near_shares"] == pytest.approx([each.sum() for each in fifth])
    centre = probe["histories"].mean(axis=2)
    jumps = np.linalg.norm(centre[:, 1:] - centre[:, :-1], axis=2).max(axis=1)
    assert run.results["jumps"] == pytest.approx(jumps, rel=1e-3)


@pytest.mark.script("collapse")
def test_losses_are_those_of_the_networks(probe):
    """A discriminator that is right half of the time has log 4, and the generator against it log 2."""
    assert probe["untrained_losses"] == pytest.approx([np.log(4), np.log(2)], abs=0.4)


@pytest.mark.script("collapse")
def test_controls_are_what_the_page_says(run):
    """The arc that is near a centre, and what lies within three deviations of a normal point in the plane."""
    assert run.results["circle_near_share"] == pytest.approx(8 * 4 * np.arcsin(0.15) / (2 * np.pi), abs=0.012)
    assert run.results["data_near_share"] == pytest.approx(1 - np.exp(-4.5), abs=0.004)


@pytest.mark.script("collapse")
def test_each_step_moves_one_network(probe):
    for network in ("generator", "discriminator"):
        assert np.all(probe[f"{network}_meanwhile"] == 0), f"the other's steps move the {network}"
        assert np.mean(probe[f"{network}_alone"] > 1e-4) > 0.4, f"the {network} hardly moves"


@pytest.mark.script("replies")
def test_generator_goes_where_it_is_believed_most(run):
    believed = np.array([0.6, 0.5, 0.4, 0.5])
    assert run.results["even_loss"] == pytest.approx(-np.mean(np.log(believed)), rel=1e-9)
    assert run.results["single_loss"] == pytest.approx(-np.log(0.6), rel=1e-9)
    others = np.random.default_rng(0).dirichlet(np.ones(4), 1000)
    assert run.results["single_loss"] < (-others @ np.log(believed)).min()
    assert run.results["reply"] == pytest.approx([0.2, 1, 1, 1], rel=1e-9)


@pytest.mark.script("replies")
def test_small_game_is_the_one_on_the_page(run, probe):
    """Every run takes the same steps from the same start; a step is one along the slope, by finite differences of the loss."""
    assert probe["histories"].shape == (3, 10, 8)
    np.testing.assert_allclose(probe["histories"].sum(axis=2), 1, rtol=1e-9)
    largest = probe["histories"][:, -1].max(axis=1)
    assert [*run.results["even_shares"], run.results["single_share"]] == pytest.approx(largest, rel=1e-9)
    assert run.results["visited"] == len(set(probe["histories"][-1].argmax(axis=1)))

    def shares(scores):
        return np.exp(scores) / np.exp(scores).sum()

    gains = -np.log(1 + 8 * shares(probe["start"]))  # log D = log p / (p + q) for p of one eighth

    def loss(scores):
        return -shares(scores) @ gains

    steps = np.eye(8) * 1e-6
    slope = np.array([(loss(probe["start"] + step) - loss(probe["start"] - step)) / 2e-6 for step in steps])
    np.testing.assert_allclose(probe["after_one_step"], shares(probe["start"] - slope), rtol=0, atol=1e-8)


def test_frameworks_agree(catalog):
    assert_near(catalog, "collapse", smallest_shares=0.053, circle_near_share=0.01)
