"""What is made of nothing that has changed is not made again, as long as `mkdocs serve` runs.

Nobody has to say which files something is made of: Python reports each one that is opened meanwhile, be it embedded code, a
record or a picture.
"""

import os
import sys
import threading
from functools import cache

from evidence.site import startup

remembered = {}  # by name: for what and of which files it was made, and what was made
tracing = threading.local()  # files: the state of each file that was opened, just before


@cache
def _listen():
    sys.addaudithook(_note)  # once: Python never forgets one


def _note(event, arguments):
    files = getattr(tracing, "files", None)
    if event == "open" and files is not None and isinstance(arguments[0], (str, os.PathLike)):
        path = os.path.abspath(arguments[0])
        files.setdefault(path, state(path))


def state(path):
    """Return what is no longer the same once a file has changed; None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def remember(name, key, make):
    """Return `make()`, or what it returned when `key` was the same, if since then no file has changed that it opened."""
    if not startup.serving():
        return make()
    _listen()
    if name in remembered:
        then, files, made = remembered[name]
        if then == key and all(state(path) == before for path, before in files.items()):
            return made
    tracing.files = files = {}
    try:
        made = make()
    finally:
        tracing.files = None
    remembered[name] = key, files, made
    return made
