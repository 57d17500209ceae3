"""snippets/mnist_data.py gets its data, or says in one clear message why not, whatever the mirrors and the disk do."""

import gzip
import hashlib
import importlib.util
import json
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.data.misbehaving_server import MisbehavingServer

HELPER = Path("snippets/mnist_data.py").resolve()
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
# Seconds; where a mirror hangs, the copy that the tests run waits no longer. Elsewhere it keeps its own TIMEOUT, so
# that a busy machine is not taken for a mirror that hangs.
SHORT_TIMEOUT = 1
# Nothing listens on the discard port; the domain .invalid never resolves (RFC 2606).
CLOSED_PORT = "http://127.0.0.1:9/mnist/"
UNKNOWN_HOST = "http://mnist.invalid/"
LOAD = """
import hashlib, json, mnist_data
(train_images, train_labels), (test_images, test_labels) = mnist_data.load_mnist()
arrays = train_images, train_labels, test_images, test_labels
print(json.dumps([[a.shape, str(a.dtype), a.flags.writeable, hashlib.sha256(a.tobytes()).hexdigest()] for a in arrays]))
"""


def idx(array: np.ndarray) -> bytes:
    """Return an array of bytes in MNIST's file format, gzipped."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


@pytest.fixture(scope="module")
def arrays():
    """Four small arrays in place of MNIST: noise, so that their files do not shrink to nothing."""
    random = np.random.default_rng(0)
    shapes = (60, 28, 28), (60,), (10, 28, 28), (10,)
    return [random.integers(0, 256 if len(shape) == 3 else 10, shape, np.uint8) for shape in shapes]


@pytest.fixture(scope="module")
def files(arrays):
    return dict(zip(NAMES, map(idx, arrays)))


@pytest.fixture
def server(files):
    with MisbehavingServer(files) as server:
        yield server


@pytest.fixture
def reader(tmp_path, files, arrays):
    return Reader(tmp_path, files, arrays)


class Reader:
    """Someone with a copy of the helper, a home of their own and nothing in it."""

    def __init__(self, folder: Path, files: dict[str, bytes], arrays: list[np.ndarray]):
        self.folder, self.files, self.arrays = folder, files, arrays
        self.home = folder / "home"
        self.cache = self.home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "mnist"
        self.home.mkdir()

    def start(self, mirrors: list[str], code: str = LOAD, **variables: str) -> subprocess.Popen:
        """Start `code` beside a copy of the helper that knows these mirrors and the checksums of our files."""
        replacements = {r"(?ms)^MIRRORS = \(.*?^\)$": f"MIRRORS = {tuple(mirrors)!r}"}
        if any(mirror.endswith(("/hang/", "/stall/")) for mirror in mirrors):
            replacements[r"(?m)^TIMEOUT = 10\b"] = f"TIMEOUT = {SHORT_TIMEOUT}"
        for name, content in self.files.items():
            replacements[rf'"{name}": "[0-9a-f]{{64}}"'] = f'"{name}": "{hashlib.sha256(content).hexdigest()}"'
        source = HELPER.read_text("utf-8")
        for pattern, replacement in replacements.items():
            source, found = re.subn(pattern, replacement, source)
            assert found == 1, f"{HELPER} has {pattern} {found} times"
        (self.folder / "mnist_data.py").write_text(source, "utf-8")
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("MNIST_FOLDER", "XDG_CACHE_HOME") and not name.lower().endswith("_proxy")
        }
        environment |= {"HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"} | variables
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def loads(self, mirrors: list[str], **variables: str) -> str:
        """Check that the arrays come out right; return what was written to standard error."""
        return self.check(self.start(mirrors, **variables))

    def check(self, process: subprocess.Popen) -> str:
        out, error = finish(process)
        assert process.returncode == 0, error
        expected = [[list(a.shape), "uint8", True, hashlib.sha256(a.tobytes()).hexdigest()] for a in self.arrays]
        assert json.loads(out) == expected
        return error

    def fails(self, mirrors: list[str], name: str, code: str = LOAD, **variables: str) -> str:
        """Check that it ends with one clear message about the file `name`, and return that message."""
        process = self.start(mirrors, code, **variables)
        out, error = finish(process)
        assert process.returncode == 1 and not out, out + error
        traceback, _, message = error.rpartition("\nRuntimeError: ")
        assert traceback and message, f"not a RuntimeError with a message of one line:\n{error}"
        message = message.removesuffix("\n")
        assert "\n" not in message and message.endswith("."), message
        assert len(re.findall(r"\.(?= |$)", message)) == 2, f"not two sentences: {message}"
        assert name in message and "MNIST_FOLDER" in message, message
        assert "site-packages" not in error and "above exception" not in error, f"internals of a library show:\n{error}"
        assert not re.search(r"Pool\(|object at|Errno|Traceback", message), f"not in plain words: {message}"
        return message

    def keep(self, folder: Path, **changed: bytes | None) -> dict[str, tuple[bytes, int]]:
        """Put the four files in a folder, except those changed (None: left out); return the state of the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (self.files | {NAMES[int(key[1:])]: value for key, value in changed.items()}).items():
            if content is not None:
                (folder / name).write_bytes(content)
                os.utime(folder / name, (1, 1))  # an old date, so that a later write cannot go unnoticed
        return state(folder)


def finish(process: subprocess.Popen) -> tuple[str, str]:
    """Return what a process wrote to standard output and standard error; none may take longer than 30 seconds."""
    try:
        return process.communicate(timeout=30)
    finally:
        process.kill()


def state(folder: Path) -> dict[str, tuple[bytes | None, int]]:
    """Return content (None: a folder) and date (ns) of everything in a folder; nothing if it is not there."""
    return {
        path.name: (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns) for path in folder.glob("*")
    }


def test_downloads_once_then_reads_the_cache(server, reader):
    progress = reader.loads([server.mirror("good")])
    assert server.requests == [("good", name) for name in NAMES]
    assert all(name in progress for name in NAMES) and "100%" in progress, progress
    before = state(reader.cache)
    assert {name: content for name, (content, _) in before.items()} == reader.files, "more than the files is left"
    assert reader.loads([CLOSED_PORT]) == ""
    assert state(reader.cache) == before


# How a mirror fails, and what the message says of it.
MISBEHAVIOURS = {
    "forbidden": "403 Client Error: Forbidden",
    "missing": "404 Client Error: Not Found",
    "broken": "500 Server Error: Internal Server Error",
    "wrong": "wrong checksum",
    "portal": "wrong checksum",
    "truncated": "IncompleteRead",
    "short": "wrong checksum",
    "reset": "Connection reset by peer",
    "reset_midway": "Connection reset by peer",
    "garbage": "this is not HTTP",
    "nonsense": "many",
    "loop": "Exceeded 30 redirects",
    "hang": "timed out",
    "stall": "timed out",
}


@pytest.mark.parametrize("behaviour", MISBEHAVIOURS)
def test_next_mirror_serves_and_a_damaged_file_is_replaced(server, reader, behaviour):
    before = reader.keep(reader.cache, _0=b"damaged")
    reader.loads([server.mirror(behaviour), server.mirror("good")])
    assert set(server.requests) == {(behaviour, TRAIN_IMAGES), ("good", TRAIN_IMAGES)}
    after = state(reader.cache)
    assert after.pop(TRAIN_IMAGES)[0] == reader.files[TRAIN_IMAGES]
    del before[TRAIN_IMAGES]
    assert after == before


def test_every_mirror_is_named_with_its_reason_and_nothing_is_lost(server, reader):
    before = reader.keep(reader.cache, _2=b"damaged")
    mirrors = {server.mirror(behaviour): reason for behaviour, reason in MISBEHAVIOURS.items()}
    mirrors |= {CLOSED_PORT: "Connection refused", UNKNOWN_HOST: ""}  # the resolver's words differ between systems
    message = reader.fails(list(mirrors), TEST_IMAGES)
    reasons = dict(re.findall(r"(http\S+/) \((.*?)\)(?=, http|\. Set )", message))
    assert list(reasons) == list(mirrors), message
    for mirror, reason in mirrors.items():
        assert reason in reasons[mirror], f"{mirror}: {reasons[mirror]}"
        assert 0 < len(reasons[mirror]) <= 80, f"not in few words: {reasons[mirror]}"
    assert state(reader.cache) == before


def test_an_error_the_caller_is_handling_is_not_taken_for_the_reason(reader):
    code = """
import mnist_data
try:
    open("absent")
except OSError:
    try:
        mnist_data.load_mnist()
    except RuntimeError as error:
        raise error from None
"""
    message = reader.fails([CLOSED_PORT], TRAIN_IMAGES, code)
    assert "Connection refused" in message and "No such file" not in message


def test_named_folder_is_read_and_never_written(server, reader):
    folder = reader.folder / "my data"
    before = reader.keep(folder)
    assert reader.loads([server.mirror("good")], MNIST_FOLDER=str(folder)) == ""
    assert state(folder) == before and not reader.cache.exists() and not server.requests


@pytest.mark.parametrize(
    "share, reason",
    [(None, "No such file"), (0, "wrong checksum"), (0.5, "wrong checksum")],
    ids=["missing", "empty", "truncated"],
)
def test_bad_file_in_named_folder_is_an_error_without_download(server, reader, share, reason):
    folder = reader.folder / "my data"
    content = reader.files[TEST_LABELS]
    before = reader.keep(folder, _3=None if share is None else content[: int(len(content) * share)])
    message = reader.fails([server.mirror("good")], TEST_LABELS, MNIST_FOLDER=str(folder))
    assert reason in message and str(folder / TEST_LABELS) in message, message
    assert state(folder) == before
    assert not server.requests and not reader.cache.exists()


def test_unpacked_file_is_recognised(server, reader):
    """Many unpack them; the message says that this is what is wrong, and not that there is no file."""
    folder = reader.folder / "my data"
    reader.keep(folder, _1=None)
    (folder / TRAIN_LABELS).with_suffix("").write_bytes(gzip.decompress(reader.files[TRAIN_LABELS]))
    message = reader.fails([server.mirror("good")], TRAIN_LABELS, MNIST_FOLDER=str(folder))
    assert f"only {Path(TRAIN_LABELS).stem} is there, unpacked" in message and "No such file" not in message


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy"])
def test_a_proxy_is_named_when_downloads_fail(server, reader, variable):
    """Every mirror seems to refuse the connection where it is the proxy that does; a password in its address stays unsaid."""
    message = reader.fails([server.mirror("good")], TRAIN_IMAGES, **{variable: "http://me:secret@127.0.0.1:9"})
    assert f"through the proxy set in {variable}." in message and "secret" not in message
    assert not server.requests
    assert "proxy" not in reader.fails([CLOSED_PORT], TRAIN_IMAGES)


def test_downloads_without_a_progress_bar_where_there_is_no_tqdm(server, reader):
    """pooch alone refuses to draw one; the data comes all the same."""
    hidden = "import sys\nsys.modules['tqdm'] = None\nimport importlib.util\nfind = importlib.util.find_spec\n"
    hidden += "importlib.util.find_spec = lambda name, *rest: None if name == 'tqdm' else find(name, *rest)\n"
    progress = reader.check(reader.start([server.mirror("good")], hidden + LOAD))
    assert "%" not in progress and all(name in progress for name in NAMES)


def test_empty_variable_means_no_folder(server, reader):
    reader.loads([server.mirror("good")], MNIST_FOLDER="")


@pytest.mark.parametrize("case", ["below a file", "read-only"])
def test_cache_that_cannot_be_written(server, reader, case):
    reader.cache.parent.parent.mkdir(parents=True, exist_ok=True)
    if case == "below a file":
        reader.cache.parent.touch()
    elif Path("/proc/self").exists():  # not even root can write there, whom no permissions would stop
        reader.cache.parent.mkdir()
        reader.cache.symlink_to("/proc", target_is_directory=True)
    else:
        reader.cache.mkdir(parents=True, mode=0o500)
    message = reader.fails([server.mirror("good")], TRAIN_IMAGES)
    assert str(reader.cache) in message and message.startswith("Cannot save"), message
    assert not server.requests, "10 MB are downloaded before it turns out that they cannot be kept"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on file sizes to play the full disk")
def test_full_disk(server, reader):
    before = reader.keep(reader.cache, _0=b"damaged", _1=None)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
    message = reader.fails([server.mirror("good"), server.mirror("good")], TRAIN_IMAGES, limit + LOAD)
    assert str(reader.cache) in message and "File too large" in message, message
    assert server.requests == [("good", TRAIN_IMAGES)], "another mirror cannot help against a full disk"
    assert state(reader.cache) == before


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_killed_download_leaves_nothing(server, reader):
    before = reader.keep(reader.cache, _0=None)
    process = reader.start([server.mirror("slow")])
    assert server.streaming.wait(20), "the download has not started"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert state(reader.cache) == before
    reader.loads([server.mirror("good")])


def test_two_processes_at_once(server, reader):
    processes = [reader.start([server.mirror("meet")]) for _ in range(2)]
    for process in processes:
        reader.check(process)
    assert server.requests.count(("meet", TRAIN_IMAGES)) == 2, "they were not at it at the same time"
    assert {name: content for name, (content, _) in state(reader.cache).items()} == reader.files


def test_file_that_another_process_has_just_saved_is_taken(server, reader):
    """Windows does not let a file be replaced while another process, which has just saved the same, reads it."""
    code = """
import os
replace = os.replace
def refuse(source, target):
    replace(source, target)
    raise PermissionError(13, "Permission denied")
os.replace = refuse
"""
    reader.check(reader.start([server.mirror("good")], code + LOAD))


def flawed(name: str, header: bytes, values: bytes) -> tuple[str, bytes]:
    return name, gzip.compress(header + values, mtime=0)


@pytest.mark.parametrize(
    "name, content",
    [
        flawed(TRAIN_IMAGES, b"\0\0\x08\1\0\0\0\2", b"\1\2"),  # labels under the name of images
        flawed(TRAIN_LABELS, b"\0\0\x09\1\0\0\0\2", b"\1\2"),  # signed bytes
        flawed(TRAIN_LABELS, b"\0\0\x08\1\0\0\0\2", b"\1"),  # a value too few
        flawed(TRAIN_LABELS, b"\0\0\x08\1\0\0\0\2", b"\1\2\3"),  # a value too many
        flawed(TRAIN_LABELS, b"\0\0\x08", b""),  # not even a header
    ],
    ids=["labels as images", "signed", "too short", "too long", "no header"],
)
def test_other_formats_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        helper().read_idx(tmp_path / name)


def helper():
    """Return the committed helper as a module."""
    specification = importlib.util.spec_from_file_location("mnist_data", HELPER)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_three_public_mirrors_and_four_checksums():
    assert list(helper().CHECKSUMS) == list(NAMES)
    assert len(set(helper().MIRRORS)) == 3
    assert all(re.fullmatch(r"https://\S+/", mirror) for mirror in helper().MIRRORS)


def test_first_mirror_is_the_one_in_china():
    """The page on the data tells readers in China that nothing needs doing; Baidu's storage in Beijing is called bj.bcebos.com."""
    assert re.match(r"https://[\w-]+\.bj\.bcebos\.com/", helper().MIRRORS[0])
    for language, promise in (("zh", "第一个镜像就在中国"), ("en", "The first mirror is in China")):
        assert promise in Path(f"docs/{language}/practice/data.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not os.environ.get("MNIST_FOLDER"), reason="MNIST_FOLDER names no folder with the real MNIST")
def test_checksums_are_those_of_the_real_files():
    (train_images, train_labels), (test_images, test_labels) = helper().load_mnist()
    assert (train_images.shape, train_labels.shape) == ((60000, 28, 28), (60000,))
    assert (test_images.shape, test_labels.shape) == ((10000, 28, 28), (10000,))
    assert (train_labels[:5].tolist(), test_labels[:5].tolist()) == ([5, 0, 4, 1, 9], [7, 2, 1, 0, 4])
    assert round(float(train_images.mean()) / 255, 4) == 0.1307 and round(float(train_images.std()) / 255, 4) == 0.3081
