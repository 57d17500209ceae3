"""What the page on the data says of it, counted again from the bytes of the files by code of our own."""

import gzip

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

TOPIC = "practice/data"


def body(mnist, name, header):
    """Return the values of an IDX file, uint8, shape (N,), after a header of so many bytes."""
    return np.frombuffer(gzip.decompress((mnist.folder / name).read_bytes()), np.uint8, offset=header)


@pytest.mark.script("data")
def test_pixels_are_measured_right(run, mnist):
    """Over all pixels of the training images, divided by 255; the sums are exact in integers."""
    pixels = body(mnist, "train-images-idx3-ubyte.gz", 16).astype(np.int64)
    mean = pixels.sum() / pixels.size / 255
    deviation = np.sqrt((pixels**2).sum() / pixels.size / 255**2 - mean**2)
    assert run.results["pixel_mean"] == pytest.approx(mean, abs=1e-9)
    assert run.results["pixel_deviation"] == pytest.approx(deviation, abs=1e-9)


@pytest.mark.script("data")
def test_digits_are_counted_right(run, mnist):
    labels = body(mnist, "train-labels-idx1-ubyte.gz", 8).tolist()
    counts = [labels.count(digit) for digit in range(10)]
    assert run.results["rarest"] == min(counts)
    assert run.results["most_frequent"] == max(counts)
    assert f"images of each digit: {np.array(counts)}" in run.output


@pytest.mark.script("data")
@pytest.mark.needs_mnist(
    "sixty thousand and ten thousand images of 28 x 28, one the most frequent digit and five the rarest"
)
def test_shapes_are_those_of_mnist(run, mnist):
    assert "train: images (60000, 28, 28) uint8, labels (60000,) uint8" in run.output
    assert "test: images (10000, 28, 28) uint8, labels (10000,) uint8" in run.output
    labels = body(mnist, "train-labels-idx1-ubyte.gz", 8)
    counts = np.bincount(labels)
    assert (counts.argmax(), counts.argmin()) == (1, 5)


@pytest.mark.script("preparation")
@pytest.mark.parametrize(("result", "scaler"), [("standardised", StandardScaler()), ("scaled", MinMaxScaler())])
def test_columns_become_what_scikit_learn_makes_of_them(run, result, scaler):
    """Fitted on 1, 2, 3 and 6; the 8 came later."""
    scaler.fit([[1.0], [2.0], [3.0], [6.0]])
    expected = scaler.transform([[1.0], [2.0], [3.0], [6.0], [8.0]]).ravel()
    np.testing.assert_allclose(run.results[result], expected, rtol=0, atol=1e-12)


@pytest.mark.script("preparation")
@pytest.mark.parametrize(
    ("place", "steps", "columns"),
    [(0, [], range(13)), (1, [MinMaxScaler()], range(13)), (2, [StandardScaler()], range(13)), (4, [], [12])],
)
def test_neighbours_are_as_good_as_those_of_scikit_learn(run, place, steps, columns):
    """With other splits, and always five neighbours: the mean of many splits differs by a few hundredths at most."""
    wine, kinds = load_wine(return_X_y=True)
    model = make_pipeline(*steps, KNeighborsClassifier(5))
    splits = ShuffleSplit(50, train_size=0.6, test_size=0.2, random_state=0)
    scores = cross_val_score(model, wine[:, columns], kinds, cv=splits)
    assert run.results["accuracies"][place] == pytest.approx(scores.mean(), abs=0.06)


@pytest.mark.script("preparation")
def test_answers_are_counted_again(run, mnist):
    pixels = body(mnist, "train-images-idx3-ubyte.gz", 16)
    assert run.results["black_pixel"] == pytest.approx(-pixels.mean() / pixels.std(), abs=1e-9)
    images = pixels.reshape(-1, 784)
    assert run.results["constant_pixels"] == (images.min(axis=0) == images.max(axis=0)).sum()
