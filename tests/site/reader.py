"""A reader of the built site: a web server as hosts have it, and a browser that notes everything it should not see."""

from __future__ import annotations

import gzip
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, Request, expect

expect.set_options(timeout=60_000)

COMPRESSED = ("text/", "application/javascript", "application/json", "application/xml", "image/svg+xml")


@cache
def _file(path: Path) -> tuple[bytes, str, bool]:
    """Return a file as it goes over the wire, its type, and whether it was compressed."""
    content, kind = path.read_bytes(), guess_type(path)[0] or "application/octet-stream"
    compressed = kind.startswith(COMPRESSED)
    return gzip.compress(content, mtime=0) if compressed else content, kind, compressed


class Server:
    """Serves a folder below `prefix`, gzipped, with the headers of its `_headers`, and 404.html for whatever is not there."""

    def __init__(self, folder: Path, prefix: str = "/") -> None:
        headers = re.findall(r"(?m)^  ([\w-]+): (.*)$", (folder / "_headers").read_text(encoding="utf-8"))

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path)
                file = folder / path.removeprefix(prefix)
                if path.endswith("/"):
                    file /= "index.html"
                found = path.startswith(prefix) and file.is_file()
                content, kind, compressed = _file(file if found else folder / "404.html")
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
                self.send_header("Content-Length", str(len(content)))
                for header in headers:
                    self.send_header(*header)
                if compressed:
                    self.send_header("Content-Encoding", "gzip")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """The tests have a report of their own."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.root = self.origin + prefix
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Reader:
    """One browser profile on one site. `complaints` says which requests, errors and violations no page may cause."""

    server: Server
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def sit_down(
        cls,
        browser: Browser,
        server: Server,
        *,
        width: int = 1280,
        scheme: str = "light",
        language: str = "en",
        **options: Any,
    ) -> Reader:
        """`options` are those of Playwright's `Browser.new_context`."""
        size = {"width": width, "height": 844 if width < 600 else 900}
        context = browser.new_context(viewport=size, color_scheme=scheme, locale=language, **options)
        context.set_default_timeout(60_000)  # A busy machine is slow, and no less right.
        reader = cls(server, context)
        context.on("request", reader._hear_request)
        context.on("console", reader._hear_console)
        context.on("weberror", lambda error: reader.complaints.append(f"{error.page.url}: {error.error.message}"))
        return reader

    def _hear_request(self, request: Request) -> None:
        if not request.url.startswith((self.server.origin, "data:", "blob:", "about:")):
            self.complaints.append(f"{request.frame.page.url} asks another host: {request.url}")

    def _hear_console(self, message: ConsoleMessage) -> None:
        url = message.page.url if message.page else "?"
        # A browser reports the status of a missing page itself as an error.
        missing = "404" in message.text and message.location["url"] == url
        if message.type in ("error", "warning") and not missing:  # violations of the security policy are errors
            self.complaints.append(f"{url}: {message.type}: {message.text}")

    def open(self, path: str, page: Page | None = None, wait_until: str = "load") -> Page:
        """Show a file of the site (`en/models/mlp/index.html`) or an address below its root, once it is loaded."""
        page = page or self.context.new_page()
        page.goto(self.server.root + path.removesuffix("index.html"), wait_until=wait_until)
        return page

    def visit(
        self, paths: Iterable[str], prepare: Callable[[CDPSession], None], tabs: int
    ) -> Iterator[tuple[str, Page, CDPSession]]:
        """Show files as on a first visit, with nothing in the cache; yield each once it is loaded, while the next ones load.

        A tab that is kept costs a fraction of a new profile for each page. `prepare` is called once for each tab. Only the tab
        in front is painted: with more than one, figures that come when they are seen may never come.
        """
        loading: deque[tuple[str, Page, CDPSession]] = deque()
        for path in paths:
            if len(loading) < tabs:
                page = self.context.new_page()
                devtools = self.context.new_cdp_session(page)
                devtools.send("Network.enable")
                devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
                prepare(devtools)
            else:
                page, devtools = loading[0][1:]
                yield self._loaded(*loading.popleft())
            self.open(path, page, wait_until="commit")
            loading.append((path, page, devtools))
        while loading:
            yield self._loaded(*loading.popleft())

    @staticmethod
    def _loaded(path: str, page: Page, devtools: CDPSession) -> tuple[str, Page, CDPSession]:
        page.wait_for_load_state("load")
        return path, page, devtools
