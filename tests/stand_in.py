"""A stand-in for MNIST where MNIST cannot be reached: scikit-learn's bundled handwritten digits in MNIST's format.

Real handwriting (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998), but 40 times fewer images at 8 x 8 pixels: good for seeing that code works, not for MNIST's figures.
"""

import gzip
import hashlib
import struct
import tempfile
from pathlib import Path

import numpy as np
from scipy.ndimage import zoom
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def build_stand_in(folder: Path) -> dict[str, str]:
    """Write the four files of the stand-in into `folder`, a new one, and return file name -> SHA-256.

    Train images (1437, 28, 28), train labels (1437,), test images (360, 28, 28), test labels (360,), all uint8,
    pixels 0 (paper) to 255 (ink). Every build gives the same bytes. The folder appears complete or not at all, so
    that two processes may build it at once; raises OSError if something else is already there or it cannot be written.
    """
    train_images, test_images, train_labels, test_labels = split_digits()
    files = {
        "train-images-idx3-ubyte.gz": encode(train_images),
        "train-labels-idx1-ubyte.gz": encode(train_labels),
        "t10k-images-idx3-ubyte.gz": encode(test_images),
        "t10k-labels-idx1-ubyte.gz": encode(test_labels),
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        complete = Path(temporary) / folder.name
        complete.mkdir()
        for name, content in files.items():
            (complete / name).write_bytes(content)
        try:
            complete.rename(folder)
        except OSError:
            if not all((folder / name).is_file() and (folder / name).read_bytes() == files[name] for name in files):
                raise
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def split_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return train images, test images, train labels, test labels; a fifth of each digit is held out for the test."""
    digits = load_digits()
    # MNIST's layout: the digit fills the central 20 x 20 pixels. 16 is the largest value of the 8 x 8 images.
    images = zoom(digits.images, (1, 20 / 8, 20 / 8), order=1, mode="nearest", grid_mode=True)
    images = np.pad((images * (255 / 16)).round().astype(np.uint8), ((0, 0), (4, 4), (4, 4)))
    labels = digits.target.astype(np.uint8)
    return train_test_split(images, labels, test_size=360, stratify=labels, random_state=0)


def encode(array: np.ndarray) -> bytes:
    """Return an array of bytes in the IDX format, gzipped without a date: the same array gives the same bytes."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)
