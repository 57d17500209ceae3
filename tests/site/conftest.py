"""Builds the site the way a reader would, and reads every page of it once."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock, Timeout
from playwright.sync_api import Browser, sync_playwright

from tests.browser import ADVICE, find_browser
from tests.site.reader import Reader, Server

ROOT = Path(__file__).parents[2]
HOST = "https://site.test"
REPOSITORY = "https://github.com/name/project"
EVERY_PAGE = bool(os.environ.get("EVERY_PAGE"))  # `make audit`: every page in every way, where a day's tests choose


@dataclass(frozen=True)
class Page:
    """One HTML file of the built site; `path` is relative to the site's root (`en/models/mlp/index.html`)."""

    path: str
    file: Path

    @cached_property
    def html(self) -> BeautifulSoup:
        html = BeautifulSoup(self.file.read_text(encoding="utf-8"), "html.parser")
        gc.freeze()  # It is kept: looking through it for garbage, again with each further page, takes longer than parsing.
        return html

    @property
    def language(self) -> str:
        return "en" if self.path.startswith("en/") else "zh"

    @property
    def counterpart(self) -> str:
        """The path of the same page in the other language."""
        return self.path.removeprefix("en/") if self.language == "en" else f"en/{self.path}"

    @cached_property
    def leads_on(self) -> bool:
        return 'http-equiv="refresh"' in self.file.read_text(encoding="utf-8")

    @cached_property
    def anchors(self) -> set[str]:
        return {element["id"] for element in self.html.find_all(id=True)}

    def __repr__(self) -> str:
        return self.path


@dataclass(frozen=True)
class Site:
    """A built site as a web server would show it below `prefix` (`/` or `/project/`)."""

    folder: Path
    prefix: str = "/"

    @cached_property
    def pages(self) -> dict[str, Page]:
        return {path: page for path, page in self._files.items() if not page.leads_on}

    @cached_property
    def leading_on(self) -> dict[str, Page]:
        """The pages that only lead to another."""
        return {path: page for path, page in self._files.items() if page.leads_on}

    @cached_property
    def _files(self) -> dict[str, Page]:
        files = {file.relative_to(self.folder).as_posix(): file for file in sorted(self.folder.rglob("*.html"))}
        return {path: Page(path, file) for path, file in files.items()}

    def chosen(self, language: str) -> list[Page]:
        """Return the pages of a language for tests that take long: the largest of each folder, or all for `make audit`."""
        pages = [page for page in self.pages.values() if page.language == language]
        if EVERY_PAGE:
            return pages
        largest: dict[str, Page] = {}
        for page in sorted(pages, key=lambda page: page.file.stat().st_size):
            folder = page.path.removesuffix("/index.html").rpartition("/")[0]
            largest[folder if folder not in ("", "en") else page.path] = page
        return list(largest.values())

    def address(self, path: str) -> str:
        """Return the absolute address at which a browser shows the file `path`."""
        return HOST + self.prefix + path.removesuffix("index.html")

    def target(self, path: str, link: str) -> tuple[str, str] | None:
        """Follow `link` from the file `path`; return the file it leads to, and the anchor. None: another host."""
        parts = urlsplit(urljoin(self.address(path), link))
        if f"{parts.scheme}://{parts.netloc}" != HOST:
            return None
        assert parts.path.startswith(self.prefix), f"{path}: {link} leaves the site, which is below {self.prefix}"
        file = unquote(parts.path.removeprefix(self.prefix))
        return file + "index.html" if file.endswith("/") or not file else file, unquote(parts.fragment)


def build(folder: Path, output: Path, *options: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `mkdocs build` in `folder`; its exit status and everything it said are in the result."""
    variables = {name: value for name, value in os.environ.items() if name != "SITE_URL"} | environment
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", *options, "-d", str(output)],
        cwd=folder,
        env=variables | {"NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )


BUILDS = {
    "site": {},
    "project_site": {"SITE_URL": f"{HOST}/project", "REPO_URL": REPOSITORY},
}  # MkDocs adds the slash at the end.


def _build_once(folder: Path, name: str, *, wait: bool) -> None:
    """Build one of `BUILDS` unless that is done; if another worker is at it, wait for it or leave it alone."""
    try:
        with FileLock(folder / f"{name}.lock", timeout=-1 if wait else 0):
            if not (done := folder / f"{name}.log").exists():
                result = build(ROOT, folder / name, "--strict", **BUILDS[name])
                done.write_text(f"{result.returncode}\n{result.stdout}", encoding="utf-8")
    except Timeout:
        pass


def built_once(tmp_path_factory: pytest.TempPathFactory, name: str) -> Path:
    """Build the site as `make build` does, once for all workers that run the tests side by side."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    # A worker that would only wait for another one's build makes one that will be needed next.
    for at_hand in (name, *BUILDS):
        if not (shared / f"{name}.log").exists():
            _build_once(shared, at_hand, wait=False)
    _build_once(shared, name, wait=True)
    status, log = (shared / f"{name}.log").read_text(encoding="utf-8").split("\n", 1)
    assert status == "0", log
    return shared / name


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site as `make build` makes it."""
    return Site(built_once(tmp_path_factory, "site"))


@pytest.fixture(scope="session")
def project_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site as it would be published below a sub-path of a host."""
    return Site(built_once(tmp_path_factory, "project_site"), "/project/")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = find_browser()
    assert program, ADVICE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture
def reader(browser: Browser, site: Site) -> Iterator[Callable[..., Reader]]:
    """Call it for a reader of a site: `reader(width=390, scheme="dark", language="zh")`, `reader(site=project_site)`.

    No reader may have met a request to another host, an error or warning of the browser, or a violation of the policy.
    """
    servers: dict[Site, Server] = {}
    readers: list[Reader] = []

    def sit_down(site: Site = site, **options: object) -> Reader:
        if site not in servers:
            servers[site] = Server(site.folder, site.prefix)
        readers.append(Reader.sit_down(browser, servers[site], **options))
        return readers[-1]

    yield sit_down
    for someone in readers:
        someone.context.close()
    for server in servers.values():
        server.close()
    complaints = [complaint for someone in readers for complaint in someone.complaints]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def working_copy(tmp_path: Path) -> Path:
    """A folder to be broken: the site's own configuration, templates and hooks, around one page in each language."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT / "evidence", folder / "evidence", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "docs" / "walkthroughs").mkdir(parents=True)
    for name in ("records", "snippets"):
        (folder / name).mkdir()
    for language in ("zh", "en"):
        (folder / "docs" / language).mkdir(parents=True)
        (folder / "docs" / language / "index.md").write_text("# Home\n", encoding="utf-8")
    for file in ROOT.glob("mkdocs*.yml"):
        text = re.sub(r"(?m)^nav:\n(?:[ #].*\n)+", "nav:\n  - Home: index.md\n", file.read_text(encoding="utf-8"))
        (folder / file.name).write_text(text, encoding="utf-8")
    return folder
