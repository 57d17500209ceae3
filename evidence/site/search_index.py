"""Makes the search index of both languages at the end of a build.

After an edit under `mkdocs serve`, when a reader first searches: nobody waits for it to see the edit.
"""

import logging
import threading
from pathlib import Path

from mkdocs.exceptions import PluginError

from evidence.search import FOLDER, SearchError, make_index

log = logging.getLogger("mkdocs.hooks.search_index")

on_demand = False
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
        if not on_demand:
            make_index(Path(config.site_dir))
    except SearchError as error:
        raise PluginError(str(error)) from error
    building.release()


def on_serve(server, config, builder):
    """Let the server make the index that the last build has removed."""
    global on_demand
    on_demand = True
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
