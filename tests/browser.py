"""Finds a browser for the tests of the site, or installs one: `python -m tests.browser`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
USUAL = (  # where macOS and Windows keep them, off the path
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
LOCKS = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/apt/lists/lock",
)  # For the second, apt has no option that makes it wait.
PATIENCE = 600  # seconds
ADVICE = """The tests of the site need Chromium, Chrome or Edge, and none that starts was found.
Install one of them, or run `python -m playwright install --with-deps chromium`.
If it is in an unusual place, name its program: CHROMIUM=/path/to/chromium make test"""


def candidates() -> Iterator[str]:
    """Yield the programs that may be a browser: the one asked for, those of the system, Playwright's own."""
    if "CHROMIUM" in os.environ:
        yield os.environ["CHROMIUM"]
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from (path for path in USUAL if Path(path).exists())
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).exists():
        yield own


def why_not(program: str) -> str | None:
    """Start a browser; return what is wrong with it, or None."""
    try:
        with sync_playwright() as playwright:
            playwright.chromium.launch(executable_path=program).close()
    except Error as error:
        return error.message.strip()
    return None


@cache
def find_browser() -> str | None:
    """Return the first browser that starts."""
    for program in candidates():
        if not (reason := why_not(program)):
            return program
        print(f"{program} does not start: {reason}", file=sys.stderr)
    return None


def wait_for_locks(paths: Sequence[str] = LOCKS, patience: float = PATIENCE) -> None:
    """Wait until no other process, such as an update in the background, holds one of these locks; at most `patience` seconds."""
    import fcntl  # which Windows lacks

    end = time.monotonic() + patience
    for path in filter(os.path.exists, paths):
        said = False
        with open(path, "a") as file:  # Closing it gives the lock back.
            while True:
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() > end:
                        print(f"{path} is still held after {patience:g} s.", flush=True)
                        return
                if not said:
                    print(f"Another process holds {path}. Waiting for it, at most {patience:g} s.", flush=True)
                    said = True
                time.sleep(0.2)


def installers() -> Iterator[list[str]]:
    """Yield the commands that may install a browser, each with its progress on the screen, once no lock is in its way."""
    manages_system = sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get")
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if not manages_system:
        yield playwright
        return
    wait_for_locks()
    yield [*playwright, "--with-deps"]
    wait_for_locks()
    yield ["sh", "-c", "apt-get update && apt-get install --yes -o DPkg::Lock::Timeout=600 chromium"]


def main() -> int:
    if browser := find_browser():
        print(f"Browser for the tests: {browser}")
        return 0
    for command in installers() if "CHROMIUM" not in os.environ else ():
        print(f"No browser found. Installing one, once: {' '.join(command)}", flush=True)
        find_browser.cache_clear()
        if subprocess.run(command).returncode == 0 and (browser := find_browser()):
            print(f"Browser for the tests: {browser}")
            return 0
    print(ADVICE, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
