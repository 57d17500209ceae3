"""Makes the search index of both languages at the end of a build.

Under `mkdocs serve`, when a reader first searches: nobody waits for it to see an edit.
"""

import logging
import threading
from pathlib import Path

from mkdocs.exceptions import PluginError

from evidence.search import FOLDER, SearchError, make_index
from evidence.site import startup

log = logging.getLogger("mkdocs.hooks.search_index")

building = threading.Lock()


def on_pre_build(config):
    if not config.extra["folder"]:
        building.acquire()


def on_build_error(error):
    if building.locked():
        building.release()


def on_post_build(config):
    if config.extra["folder"]:
        return
    try:
        if not startup.serving():
            make_index(Path(config.site_dir))
    except SearchError as error:
        raise PluginError(str(error)) from error
    building.release()


def on_serve(server, config, builder):
    """Let the server make the index that the last build has not made."""
    site = Path(config.site_dir)

    def answer(environ, start_response):
        if f"/{FOLDER}/" in environ["PATH_INFO"]:
            with building:
                if not (site / FOLDER).is_dir():
                    try:
                        make_index(site)
                    except SearchError as error:
                        log.error(str(error))
        return server.serve_request(environ, start_response)

    server.set_app(answer)
    return server
