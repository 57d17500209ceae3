"""The handwritten digits of MNIST as NumPy arrays, downloaded once and verified at every use.

Source: LeCun, Bottou, Bengio, Haffner, Gradient-Based Learning Applied to Document Recognition, 1998.
"""

import gzip
import hashlib
import importlib.util
import io
import os
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import pooch

MIRRORS = (  # tried in this order
    "https://dataset.bj.bcebos.com/mnist/",  # PaddlePaddle's copy, reachable in China
    "https://ossci-datasets.s3.amazonaws.com/mnist/",  # PyTorch's copy
    "https://storage.googleapis.com/cvdf-datasets/mnist/",  # TensorFlow's copy
)
CHECKSUMS = {  # SHA-256
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")  # variables
TIMEOUT = 10  # seconds to wait for a connection, and for each further piece of data
WAY_OUT = "Set MNIST_FOLDER to a folder that has the four files of MNIST."


def load_mnist() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return (train_images, train_labels), (test_images, test_labels), all uint8.

    Shapes (60000, 28, 28), (60000,), (10000, 28, 28), (10000,); pixels 0 (paper) to 255 (ink).
    Raises RuntimeError as `mnist_folder` does.
    """
    folder = mnist_folder()
    train_images, train_labels, test_images, test_labels = (
        read_idx(folder / name) for name in CHECKSUMS
    )
    return (train_images, train_labels), (test_images, test_labels)


def mnist_folder() -> Path:
    """Return a folder with the four files, whose checksums have just been verified.

    This is the folder that the environment variable MNIST_FOLDER names, which is only ever read,
    or else the user's cache, where a missing or damaged file is downloaded.
    Raises RuntimeError, with what was tried, if a file is not to be had.
    """
    given = os.environ.get("MNIST_FOLDER")
    folder = Path(given).expanduser() if given else pooch.os_cache("mnist")
    for name in CHECKSUMS:
        fault = find_fault(folder / name)
        if fault and given:
            raise RuntimeError(f"Cannot use {folder / name}: {fault}. {WAY_OUT}")
        if fault:
            save(name, folder)
    return folder


def find_fault(path: Path) -> str:
    """Say what is wrong with one of the four files; an empty string if nothing is."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        unpacked = path.with_suffix("")
        if unpacked.exists():
            return f"only {unpacked.name} is there, unpacked, and the file is needed as it was downloaded"
        return describe(error)
    return "" if digest == CHECKSUMS[path.name] else "wrong checksum"


def save(name: str, folder: Path) -> None:
    """Download a file into a folder, where it appears complete or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()  # if this fails, spare the reader the download
        content = download(name)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            (Path(temporary) / name).write_bytes(content)
            os.replace(Path(temporary) / name, folder / name)
    except OSError as error:
        if find_fault(folder / name):  # else another process has saved it meanwhile
            message = f"Cannot save {name} in {folder}: {describe(error)}. {WAY_OUT}"
            raise RuntimeError(message) from None


def download(name: str) -> bytes:
    """Return a file from the first mirror that has it, with the right checksum.

    It is held in memory (10 MB at most), so that a killed download leaves nothing behind.
    """
    progressbar = importlib.util.find_spec("tqdm") is not None  # pooch draws it with tqdm
    fetch = pooch.HTTPDownloader(progressbar=progressbar, timeout=TIMEOUT)
    failures = []
    outer = sys.exc_info()[1]  # an error that the caller is just handling is no reason of ours
    for mirror in MIRRORS:
        pooch.get_logger().info("Downloading %s", mirror + name)
        content = io.BytesIO()
        try:
            fetch(mirror + name, content, None)
            if hashlib.sha256(content.getvalue()).hexdigest() == CHECKSUMS[name]:
                return content.getvalue()
            failures.append(f"{mirror} (wrong checksum)")
        except (OSError, ValueError) as error:  # among the first, every error of `requests`
            while error.__context__ not in (None, outer):  # down to "Connection refused"
                error = error.__context__
            failures.append(f"{mirror} ({describe(error)})")
    proxies = [variable for variable in PROXIES if os.environ.get(variable)]
    through = f", through the proxy set in {' and '.join(proxies)}" if proxies else ""
    raise RuntimeError(f"Cannot download {name} from {', '.join(failures)}{through}. {WAY_OUT}")


def describe(error: BaseException) -> str:
    """Return the reason for an error in few words, on one line."""
    reason = getattr(error, "strerror", None) or str(error).partition(" for url")[0]
    return textwrap.shorten(reason or type(error).__name__, 80)


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of bytes: (N, 28, 28) for images, (N,) for labels, uint8.

    The format: 0, 0, 8 (unsigned byte), the number of dimensions, the size of each as a
    big-endian 32-bit integer, then the values. Raises ValueError if header or length is wrong.
    """
    content = gzip.decompress(path.read_bytes())
    dimensions = 3 if "idx3" in path.name else 1
    start = 4 + 4 * dimensions
    magic, values = content[:4], content[start:]
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
    if magic != bytes([0, 0, 8, dimensions]) or len(values) != np.prod(shape):
        raise ValueError(f"{path} is not an IDX file of {dimensions}-dimensional bytes.")
    return np.frombuffer(values, np.uint8).reshape(shape).copy()  # a copy can be written to


if __name__ == "__main__":
    print(mnist_folder())
