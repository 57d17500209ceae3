"""A local HTTP server that stands in for the mirrors of a data set and misbehaves on request."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Seconds after which a handler gives up what it is waiting for; longer than any test waits for its client, so that a
# client without a time limit of its own is found out.
PATIENCE = 60


class MisbehavingServer(ThreadingHTTPServer):
    """Serves `files` (name -> bytes) under one path for each behaviour: http://127.0.0.1:PORT/BEHAVIOUR/NAME.

    `requests` lists (behaviour, name) of what was asked for; `streaming` is set once a slow answer is under way.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.requests: list[tuple[str, str]] = []
        self.streaming = threading.Event()
        self.closing = threading.Event()
        self.meeting = threading.Barrier(2, timeout=PATIENCE)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.shutdown()
        self.server_close()

    def mirror(self, behaviour: str) -> str:
        """Return the address of the mirror that behaves in this way."""
        return f"http://127.0.0.1:{self.server_address[1]}/{behaviour}/"

    def handle_error(self, request, client_address):
        """Keep quiet about clients that go away: here they are meant to."""


class Handler(BaseHTTPRequestHandler):
    server: MisbehavingServer

    def do_GET(self):
        behaviour, name = self.path.strip("/").split("/")
        self.server.requests.append((behaviour, name))
        getattr(self, behaviour)(self.server.files[name], name)

    def answer(self, content: bytes, length: int | None) -> None:
        """Send a header that announces `length` bytes (None: announces nothing), then `content`."""
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def good(self, content, name):
        self.answer(content, len(content))

    def forbidden(self, content, name):
        self.send_error(403)

    def missing(self, content, name):
        self.send_error(404)

    def broken(self, content, name):
        self.send_error(500)

    def wrong(self, content, name):
        """The right length, one bit wrong in the middle."""
        content = bytearray(content)
        content[len(content) // 2] ^= 1
        self.answer(bytes(content), len(content))

    def portal(self, content, name):
        """What a captive portal or an expired link answers: 200 and a page."""
        page = b"<html>Please log in</html>"
        self.answer(page, len(page))

    def truncated(self, content, name):
        """Half of the announced bytes, then the end of the connection."""
        self.answer(content[: len(content) // 2], len(content))

    def short(self, content, name):
        """Half of the bytes, nothing announced: only the checksum can tell."""
        self.answer(content[: len(content) // 2], None)

    def reset(self, content, name):
        self.abort()

    def reset_midway(self, content, name):
        self.answer(content[: len(content) // 2], len(content))
        self.abort()

    def garbage(self, content, name):
        """No HTTP at all."""
        self.wfile.write(b"\x16\x03\x01 this is not HTTP\r\n" * 20)

    def nonsense(self, content, name):
        """A header that no client can make sense of."""
        self.answer(content, "many")

    def loop(self, content, name):
        self.send_response(302)
        self.send_header("Location", self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def hang(self, content, name):
        self.server.closing.wait(PATIENCE)

    def stall(self, content, name):
        """Half of the bytes, then silence."""
        self.answer(content[: len(content) // 2], len(content))
        self.server.closing.wait(PATIENCE)

    def slow(self, content, name):
        """Half of the bytes, then a little more every now and then: never done, never silent for long."""
        self.answer(content[: len(content) // 2], len(content))
        self.server.streaming.set()
        while not self.server.closing.wait(0.1):
            self.wfile.write(b"\0")

    def meet(self, content, name):
        """Answer the first file only when a second client asks for it as well; the others at once."""
        if name == next(iter(self.server.files)):
            self.server.meeting.wait()
        self.good(content, name)

    def abort(self) -> None:
        """Close the connection with a reset in place of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Both file objects share the socket: it closes, and so resets, only with the last of the three.
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def log_message(self, *_):
        pass
