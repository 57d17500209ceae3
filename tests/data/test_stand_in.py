"""The stand-in for MNIST is in MNIST's format, always the same, and shows the digits that its labels name."""

import hashlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.stand_in import build_stand_in


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """Return its folder and its checksums."""
    folder = tmp_path_factory.mktemp("data") / "stand in"
    return folder, build_stand_in(folder)


def test_reader_s_own_loader_reads_it(stand_in, tmp_path, monkeypatch):
    folder, checksums = stand_in
    source = Path("snippets/mnist_data.py").read_text("utf-8")
    for name, checksum in checksums.items():
        source, found = re.subn(rf'"{name}": "[0-9a-f]{{64}}"', f'"{name}": "{checksum}"', source)
        assert found == 1, name
    module = type(sys)("mnist_data_of_the_stand_in")
    exec(compile(source, "mnist_data.py", "exec"), module.__dict__)
    monkeypatch.setenv("MNIST_FOLDER", str(folder))
    (train_images, train_labels), (test_images, test_labels) = module.load_mnist()

    assert train_images.shape == (1437, 28, 28) and train_labels.shape == (1437,)
    assert test_images.shape == (360, 28, 28) and test_labels.shape == (360,)
    for labels in train_labels, test_labels:  # ten digits, each with about a tenth of the images
        shares = np.bincount(labels) / len(labels)
        assert len(shares) == 10 and shares.min() > 0.09 and shares.max() < 0.11
    for images in train_images, test_images:  # ink from 0 to 255, in the central 20 x 20 pixels only, as in MNIST
        assert images.min() == 0 and images.max() == 255
        assert images.sum(dtype=int) == images[:, 4:24, 4:24].sum(dtype=int)
        assert images[:, 4].any() and images[:, 23].any()
        # Scaling keeps the amount of ink: no brightness is clipped or wraps around at 256.
        assert abs(images[:, 4:24, 4:24].mean() / 255 - load_digits().images.mean() / 16) < 0.002
    everything = np.concatenate([train_images, test_images]).reshape(1797, -1)
    assert len(np.unique(everything, axis=0)) == len(everything), "an image is in both parts, or twice in one"
    means = np.stack([train_images[train_labels == digit].mean(axis=0) for digit in range(10)])  # (10, 28, 28)
    distances = ((test_images[:, None] - means) ** 2).sum(axis=(2, 3))  # (360, 10)
    assert (distances.argmin(axis=1) == test_labels).mean() > 0.85, "the labels are not those of the images"


def test_same_bytes_every_time_and_nothing_else(stand_in, tmp_path):
    folder, checksums = stand_in
    assert build_stand_in(tmp_path / "again") == checksums
    for built in folder, tmp_path / "again":
        assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built.iterdir()} == checksums
    assert [path.name for path in tmp_path.iterdir()] == ["again"], "a temporary folder is left"
    assert build_stand_in(tmp_path / "again") == checksums, "a second process must be able to build it too"


def test_what_is_already_there_is_never_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "train-images-idx3-ubyte.gz").write_bytes(b"mine")
    with pytest.raises(OSError):
        build_stand_in(tmp_path / "mine")
    assert (tmp_path / "mine" / "train-images-idx3-ubyte.gz").read_bytes() == b"mine"
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "train-images-idx3-ubyte.gz"]


def test_interrupted_build_leaves_nothing(tmp_path, monkeypatch):
    write, written = Path.write_bytes, []

    def write_two(path, content):
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_two)
    with pytest.raises(OSError, match="No space left"):
        build_stand_in(tmp_path / "new")
    assert not list(tmp_path.iterdir())
