"""What a reader takes home is what the tests run, and the instructions beside it are enough."""

import io
import os
import re
import subprocess
import sys
import zipfile

import pytest

from evidence.catalog import load_catalog
from evidence.code import PACKAGES, pinned_versions, required_packages
from evidence.download import ALONE, SYSTEMS, WITHOUT_WHEEL, topic_archive
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
    # In no environment are there two versions of a package: MXNet's NumPy would break Keras.
    for environment in readme.split("\n== ")[1:]:
        packages = set(re.findall(r"\S+==[\d.]+", " ".join(re.findall("pip install (.+)", environment))))
        assert len({package.partition("==")[0] for package in packages}) == len(packages), packages
        assert ("mxnet==" in environment) == ("-m venv environment-mxnet\n" in environment)


def test_readme_says_where_a_framework_can_be_installed():
    """Of the versions that are pinned: after raising one, look up its wheels again."""
    for package, systems in WITHOUT_WHEEL.items():
        name, _, version = package.partition("==")
        framework = next(framework for framework, names in PACKAGES.items() if name in names)
        assert pinned_versions(ROOT, framework)[name] == version, f"look up where {name} has wheels now"
        assert set(systems) < set(SYSTEMS)
    numpy = pinned_versions(ROOT, "mxnet")["numpy"]
    assert ALONE.count(numpy) == 4
    assert all("numpy" in f"{required_packages(CATALOG, script)}" for script in CATALOG.select(framework="mxnet"))
    content = topic_archive(CATALOG, CATALOG.topics["models/mlp"])
    readme = zipfile.ZipFile(io.BytesIO(content)).read("mlp/README.txt").decode()
    shared, mxnet = readme.split("\n== ")[1:]
    for package, part in (("tensorflow", shared), ("torch", shared), ("mxnet", mxnet)):
        assert re.search(rf"(?m)^{package}==\S+: .*wheels for .*Linux x86-64.*none for .*Windows ARM64$", part)
    for part, windows in ((shared, True), (mxnet, False)):
        assert ("\\Scripts\\activate.bat\n" in part) == windows and ("WSL" in part) != windows


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


def test_readme_makes_the_environment(toy, tmp_path):
    """Its commands, as they stand: they make an environment, install what is pinned and run the script."""
    toy.contract(CONTRACT, ABSENT)
    toy.write("requirements/constraints.txt", "numpy==2.4.6\n")
    toy.code("import sys\n\nimport numpy as np\n\nscore = 0.9\nprint(np.__version__, sys.prefix)\n")
    archive = zipfile.ZipFile(io.BytesIO(topic_archive(toy.catalog, toy.catalog.topics["models/toy"])))
    archive.extractall(tmp_path)
    commands = "\n".join(re.findall(r"(?m)^(?:python|source) ?.*", archive.read("toy/README.txt").decode()))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3.11").symlink_to(sys._base_executable)  # which may not be on the path
    run = subprocess.run(
        ["bash", "-ec", commands],
        cwd=tmp_path / "toy",
        env=os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PIP_RETRIES": "0"},
        capture_output=True,
        text=True,
    )
    if "NewConnectionError" in run.stderr + run.stdout:
        pytest.skip("no package index can be reached")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == f"2.4.6 {tmp_path / 'toy' / 'environment'}"


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
