"""What needs Node and Java beside a browser, on the whole built site: `make audit`.

Nu reads every page; Lighthouse opens each model page on a phone of its own making, and must give the scores below.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.browser import ADVICE, find_browser
from tests.site.conftest import HOST, ROOT, build
from tests.site.reader import Server

TOOLS = ROOT / ".environments/audit/node_modules"
GOALS = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
GUESS = "This document appears to be written in"  # another language: guessed from letters, those of code among them
RUNS = 3  # of Lighthouse for each page: a busy machine makes one slow


def check_html(site: Path) -> list[str]:
    """Return every error and warning of the Nu HTML checker."""
    nu = [
        "java",
        "-Xss4m",
        "-jar",
        str(TOOLS / "vnu-jar/build/dist/vnu.jar"),
        "--skip-non-html",
        "--format",
        "json",
        str(site),
    ]
    messages = json.loads(subprocess.run(nu, stderr=subprocess.PIPE, encoding="utf-8").stderr)["messages"]
    return [
        f"{m['url'].partition(site.name)[2]}:{m.get('lastLine')}: {m['message']}"
        for m in messages
        if (m["type"] == "error" or m.get("subType") == "warning" or m["type"] == "non-document-error")
        and not m["message"].startswith(GUESS)
    ]


def lighthouse(address: str, browser: str) -> dict[str, float]:
    """Return the scores of one page, the median of some runs, and where it lost points."""
    command = [
        str(TOOLS / ".bin/lighthouse"),
        address,
        "--quiet",
        "--output=json",
        "--chrome-flags=--headless=new --no-sandbox",
    ]
    reports = []
    for _ in range(RUNS):
        done = subprocess.run(
            command, stdout=subprocess.PIPE, encoding="utf-8", env=os.environ | {"CHROME_PATH": browser}, check=True
        )
        reports.append(json.loads(done.stdout))
    for audit in reports[0]["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9:
            print(f"  {audit['id']}: {audit.get('displayValue') or audit['title']}")
    return {name: median(round(report["categories"][name]["score"] * 100) for report in reports) for name in GOALS}


def main() -> int:
    for program, needs in (("java", "the Nu HTML checker"), ("node", "Lighthouse")):
        if not shutil.which(program):
            print(f"{needs} needs {program}, which is not on the path.", file=sys.stderr)
            return 1
    if not (browser := find_browser()):
        print(ADVICE, file=sys.stderr)
        return 1
    faults = []
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        site = Path(folder) / "site"
        done = build(ROOT, site, "--strict", SITE_URL=HOST)
        if done.returncode:
            print(done.stdout, file=sys.stderr)
            return 1
        faults += check_html(site)
        print(f"Nu: {len(faults)} errors and warnings on {len(list(site.rglob('*.html')))} pages")
        server = Server(site)
        for page in sorted(site.glob("**/models/*/index.html")):
            path = page.parent.relative_to(site).as_posix() + "/"
            scores = lighthouse(server.root + path, browser)
            print(
                f"Lighthouse: {path}: " + ", ".join(f"{name} {score:.0f}" for name, score in scores.items()), flush=True
            )
            faults += [
                f"{path}: {name} {score:.0f}, not {GOALS[name]}"
                for name, score in scores.items()
                if score < GOALS[name]
            ]
        server.close()
    print("\n".join(faults))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
