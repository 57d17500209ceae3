"""What a reader takes home is what the tests run, and the instructions beside it are enough."""

import io
import re
import subprocess
import sys
import zipfile

import pytest

from evidence.catalog import load_catalog
from evidence.code import required_packages
from evidence.download import topic_archive
from tests.conftest import ROOT
from tests.evidence.conftest import ABSENT, CONTRACT

CATALOG = load_catalog(ROOT)


@pytest.mark.parametrize("path", CATALOG.topics)
def test_archive_holds_the_very_files(path):
    """Each script and each module of ours beside it, byte for byte, and two lines for each script."""
    topic = CATALOG.topics[path]
    content = topic_archive(CATALOG, topic)
    assert content == topic_archive(CATALOG, topic), "the same files must give the same bytes"
    archive = zipfile.ZipFile(io.BytesIO(content))
    files = {name.removeprefix(f"{topic.name}/"): archive.read(name) for name in archive.namelist()}
    readme = files.pop("README.txt").decode()
    scripts = {script.path.name for script in CATALOG.select(path)}
    for name, data in files.items():
        source = topic.folder / name if name in scripts else CATALOG.snippets / name
        assert data == source.read_bytes()
    assert scripts <= set(files)
    assert set(re.findall(r"^python (\S+)$", readme, re.MULTILINE)) == scripts
    assert readme.count("pip install ") == len(scripts)


def test_archive_has_one_kind_of_line_ends(toy):
    """Also where the files were written on Windows."""
    toy.contract(CONTRACT, ABSENT)
    (toy.folder / "toy_numpy.py").write_bytes(b"score = 0.9\r\nprint(score)\r\n")
    archive = zipfile.ZipFile(io.BytesIO(topic_archive(toy.catalog, toy.catalog.topics["models/toy"])))
    assert archive.read("toy/toy_numpy.py") == b"score = 0.9\nprint(score)\n"
    assert not [name for name in archive.namelist() if b"\r" in archive.read(name)]


def test_packages_are_pinned(stem):
    """Nobody is told to install whatever is newest: every package has the version that the record was made with."""
    packages = required_packages(CATALOG, CATALOG.script(stem))
    assert packages and all(re.fullmatch(r"[\w.-]+==[\w.]+", package) for package in packages), packages


def test_downloaded_script_runs_in_an_empty_folder(toy, tmp_path):
    toy.contract(CONTRACT, ABSENT)
    toy.write("snippets/helper.py", "import other\n\nWORD = other.WORD\n")
    toy.write("snippets/other.py", "WORD = 'found'\n")
    toy.code("import numpy as np\nimport helper\n\nscore = float(np.float64(0.9))\nprint(helper.WORD, score)\n")
    catalog = toy.catalog
    assert [package.partition("==")[0] for package in required_packages(catalog, catalog.script("toy_numpy"))] == [
        "numpy"
    ]
    zipfile.ZipFile(io.BytesIO(topic_archive(catalog, catalog.topics["models/toy"]))).extractall(tmp_path / "home")
    run = subprocess.run(
        [sys.executable, "toy_numpy.py"], cwd=tmp_path / "home" / "toy", capture_output=True, text=True, check=True
    )
    assert run.stdout == "found 0.9\n"
