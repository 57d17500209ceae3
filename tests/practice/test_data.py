"""What the page on the data says of it, counted again from the bytes of the files by code of our own."""

import gzip

import numpy as np
import pytest

TOPIC = "practice/data"


def body(mnist, name, header):
    """Return the values of an IDX file, uint8, shape (N,), after a header of so many bytes."""
    return np.frombuffer(gzip.decompress((mnist.folder / name).read_bytes()), np.uint8, offset=header)


def test_pixels_are_measured_right(run, mnist):
    """Over all pixels of the training images, divided by 255; the sums are exact in integers."""
    pixels = body(mnist, "train-images-idx3-ubyte.gz", 16).astype(np.int64)
    mean = pixels.sum() / pixels.size / 255
    deviation = np.sqrt((pixels**2).sum() / pixels.size / 255**2 - mean**2)
    assert run.results["pixel_mean"] == pytest.approx(mean, abs=1e-9)
    assert run.results["pixel_deviation"] == pytest.approx(deviation, abs=1e-9)


def test_digits_are_counted_right(run, mnist):
    labels = body(mnist, "train-labels-idx1-ubyte.gz", 8).tolist()
    counts = [labels.count(digit) for digit in range(10)]
    assert run.results["rarest"] == min(counts)
    assert run.results["most_frequent"] == max(counts)
    assert f"images of each digit: {np.array(counts)}" in run.output


@pytest.mark.needs_mnist(
    "sixty thousand and ten thousand images of 28 x 28, one the most frequent digit and five the rarest"
)
def test_shapes_are_those_of_mnist(run, mnist):
    assert "train: images (60000, 28, 28) uint8, labels (60000,) uint8" in run.output
    assert "test: images (10000, 28, 28) uint8, labels (10000,) uint8" in run.output
    labels = body(mnist, "train-labels-idx1-ubyte.gz", 8)
    counts = np.bincount(labels)
    assert (counts.argmax(), counts.argmin()) == (1, 5)
