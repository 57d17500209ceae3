"""No page runs a script that the site does not hold; the browser tests see to it that nothing is forbidden by mistake."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.site.conftest import Site

pytestmark = pytest.mark.xdist_group("pages")  # one worker parses them all

INLINE_HANDLER = re.compile(r"on\w+")


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def checksum(content: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


def test_pages_run_only_scripts_of_the_site(site: Site, project_site: Site) -> None:
    for built in (site, project_site):
        for page in built.pages.values():
            first = page.html.head.find(True)
            assert first.get("http-equiv") == "Content-Security-Policy", (
                f"{page}: the policy must come before what it is about"
            )
            policy = directives(first["content"])
            assert "'unsafe-inline'" not in policy["script-src"] and "'unsafe-eval'" not in policy["script-src"], page
            assert policy["object-src"] == policy["base-uri"] == ["'none'"], page
            for script in page.html.find_all("script"):
                if page.path.endswith("404.html") and built.prefix == "/" and not script.get("src"):
                    # Shown where it may find no file of the site.
                    assert f"'{checksum(script.text.encode())}'" in policy["script-src"], f"{page}: {script}"
                    continue
                assert script.get("src") and not script.text.strip(), f"{page}: an inline script: {script}"
                file, _ = built.target(page.path, script["src"])
                assert script["integrity"] == checksum((built.folder / file).read_bytes()), f"{page}: {script}"
                assert f"'{script['integrity']}'" in policy["script-src"], f"{page}: {script}"
            for element in page.html.find_all(True):
                handlers = [name for name in element.attrs if INLINE_HANDLER.fullmatch(name)]
                assert not handlers, f"{page}: {element.name} has {handlers}"
                assert not str(element.get("href", "")).startswith("javascript:"), f"{page}: {element}"


def test_hosts_are_given_the_same_policy(site: Site) -> None:
    """And what only a header can say; for nginx, and for hosts that read `_headers`."""
    pages = {
        source
        for page in site.pages.values()
        for source in directives(page.html.head.find("meta")["content"])["script-src"]
    }
    policies = []
    for name, pattern in (
        ("_headers", r"  Content-Security-Policy: (.*)"),
        ("headers.nginx.conf", r'add_header Content-Security-Policy "(.*)" always;'),
    ):
        (policy,) = re.findall(pattern, (site.folder / name).read_text(encoding="utf-8"))
        policies.append(directives(policy))
    assert policies[0] == policies[1]
    assert set(policies[0]["script-src"]) == pages
    assert policies[0]["default-src"] == ["'self'"] and policies[0]["frame-ancestors"] == ["'none'"]
