"""What a script is made of: its tokens, the modules it imports, the packages it needs, the seed it has."""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import os
import re
import sys
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from evidence.catalog import Catalog, Script

# A framework's own packages: their versions bind a record. Keras adds the backend it ran on.
PACKAGES = {
    "numpy": ("numpy",),
    "keras": ("keras",),
    "tensorflow": ("tensorflow", "keras"),
    "pytorch": ("torch",),
    "mxnet": ("mxnet",),
}
# Where a package is not called what it is imported as, or needs company: Keras a backend, pooch its progress bar, MXNet the last
# NumPy that works with it, since pip by itself takes a newer one.
INSTALLED_BY = {
    "sklearn": ("scikit-learn",),
    "keras": ("keras", "tensorflow"),
    "pooch": ("pooch", "tqdm"),
    "mxnet": ("mxnet", "numpy"),
}
# Libraries that compute results beside a framework: where a script imports one, its version binds the record too.
LIBRARIES = ("scipy", "sklearn")


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def code_digest(path: Path) -> str:
    """Return a digest of a file's tokens: comments, blank lines, section markers and the kind of line ends do not count.

    A file that cannot be split into tokens is told apart by its bytes.
    """
    return _code_digest(path.read_bytes().replace(b"\r\n", b"\n").rstrip() + b"\n")


@functools.lru_cache(maxsize=1000)  # A page asks for each of its values whether the record still fits the code.
def _code_digest(content: bytes) -> str:
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING}
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(content).readline))
    except (SyntaxError, tokenize.TokenError):
        return digest(content)
    return digest("\n".join(f"{token.type} {token.string}" for token in tokens if token.type not in skipped).encode())


def code_digests(catalog: Catalog, script: Script) -> dict[str, str]:
    """Return path (in `snippets/`) to digest, for a script and its local modules."""
    paths = [script.path, *local_modules(catalog, script)]
    return {path.relative_to(catalog.snippets).as_posix(): code_digest(path) for path in paths}


def imported_modules(path: Path) -> frozenset[str]:
    """Return the top-level names that a file imports; none if it is not Python, which running it will say."""
    return _imported_modules(path.read_bytes())


@functools.lru_cache(maxsize=1000)
def _imported_modules(code: bytes) -> frozenset[str]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return frozenset()
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0}
    return frozenset(name.partition(".")[0] for name in names)


def imported_by(files: Iterable[Path]) -> set[str]:
    """Return the top-level names that any of these files imports."""
    return set().union(*map(imported_modules, files))


def local_modules(catalog: Catalog, script: Script) -> list[Path]:
    """Return the files of ours that a script imports, directly or through one another, sorted."""
    found: set[Path] = set()
    pending = [script.path]
    while pending:
        for name in imported_modules(pending.pop()):
            for folder in (script.topic.folder, catalog.snippets):
                module = folder / f"{name}.py"
                if module.is_file() and module not in found:
                    found.add(module)
                    pending.append(module)
    return sorted(found - {script.path})


def reads_mnist(catalog: Catalog, script: Script) -> bool:
    """Whether a script reads MNIST: it does so through `mnist_data.py` alone."""
    return any(module.name == "mnist_data.py" for module in local_modules(catalog, script))


def figure_names(code: str) -> list[str]:
    """Return the names of the figures that code draws, in their order: `plt.subplots(num="curves")`."""
    return re.findall(r"""\bnum=["'](\w+)["']""", code)


def known_checksums(helper: Path) -> dict[str, str]:
    """Return the constant `CHECKSUMS` of `mnist_data.py` without importing it."""
    for node in ast.parse(helper.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "CHECKSUMS":
            return ast.literal_eval(node.value)
    raise ValueError(f"{helper} assigns no CHECKSUMS")


def pinned_versions(root: Path, framework: str) -> dict[str, str]:
    """Return package name to version, as the requirements of this framework's environment pin them."""
    names = (
        ["requirements/mxnet.txt"]
        if framework == "mxnet"
        else ["requirements/constraints.txt", "requirements/site.txt", "requirements.txt"]
    )
    pins: dict[str, str] = {}
    for name in names:
        if (root / name).is_file():
            text = (root / name).read_text(encoding="utf-8")
            pins.update(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", text, re.MULTILINE))
    return pins


def public_version(version: str) -> str:
    """Drop the local part that says how a wheel was built: `2.13.0+cpu` and `2.13.0` are the same release."""
    return version.partition("+")[0]


def changed_versions(root: Path, framework: str, recorded: Mapping[str, str]) -> list[str]:
    """Return a sentence for each package whose recorded version is not the one that the requirements pin."""
    pins = pinned_versions(root, framework)
    return [
        f"it was recorded with {package} {version}, and the requirements now pin {pins[package]}"
        for package, version in recorded.items()
        if package in pins and pins[package] != version
    ]


def required_packages(catalog: Catalog, script: Script) -> list[str]:
    """Return what `pip install` needs for a script, as pinned here: `torch==2.13.0`, in alphabetical order."""
    modules = local_modules(catalog, script)
    ours = {path.stem for path in modules}
    imported = imported_by([script.path, *modules]) - ours - sys.stdlib_module_names
    names = {package for name in imported for package in INSTALLED_BY.get(name, (name,))}
    pins = pinned_versions(catalog.root, script.framework)
    return [f"{name}=={pins[name]}" if name in pins else name for name in sorted(names)]


def versioned_packages(script: Script, modules: Sequence[Path]) -> tuple[list[str], str]:
    """Return the packages whose versions the record of a run has, and the backend that Keras is to use in it."""
    files = [script.path, *modules]
    packages = {*PACKAGES[script.framework], *library_packages(files)}
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if "keras" in imported_by(files):
        packages |= {"keras", backend}  # also beside another framework, whose script compares itself with Keras
    return sorted(packages), backend


def library_packages(files: Iterable[Path]) -> set[str]:
    """Return the packages of `LIBRARIES` that any of these files imports."""
    imported = imported_by(files)
    return {package for name in LIBRARIES if name in imported for package in INSTALLED_BY.get(name, (name,))}
