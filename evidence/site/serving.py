"""Lets `mkdocs serve` show an edit within seconds, though MkDocs builds the whole site for it: a page is rendered again only if
something has changed that it is made of."""

import logging
import os
from functools import partial
from pathlib import Path

from mkdocs.plugins import event_priority
from mkdocs.structure.pages import Page

from evidence.site import startup
from evidence.site.unchanged import remember, remembered, state

TREES = ("docs", "records", "snippets")
COMMON = ("mkdocs*.yml", "evidence/pages/glossary/terms.toml")  # to all pages, and read once for all of them

surroundings = None


class Heard(logging.Handler):
    """Keeps the warnings of which it hears."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.records = []

    def emit(self, record):
        self.records.append(record)


def on_pre_build(config):
    """Forget everything when a file has come or gone, for which any page may have looked, or when a common one has changed."""
    global surroundings
    if not startup.serving():
        return
    root = Path(config.config_file_path).parent
    names = {
        os.path.join(folder, name)
        for tree in TREES
        for folder, _, names in os.walk(root / tree)
        if not folder.endswith("__pycache__")
        for name in names
    }
    now = names, [(path, state(path)) for pattern in COMMON for path in sorted(root.glob(pattern))]
    if now != surroundings:
        remembered.clear()
        surroundings = now


@event_priority(-100)  # when the Markdown is what will be rendered
def on_page_markdown(markdown, page, config, files):
    if startup.serving():
        page.render = partial(render, page)


def render(page, config, files):
    """Do what `Page.render` does, or what it did to this page in an earlier build, and say what it said."""

    def make():
        before, heard, logger = dict(vars(page)), Heard(), logging.getLogger("mkdocs")
        logger.addHandler(heard)
        try:
            Page.render(page, config, files)
        finally:
            logger.removeHandler(heard)
        done = {name: value for name, value in vars(page).items() if name not in before or value is not before[name]}
        return page, done, heard.records

    rendered, done, said = remember(("page", page.file.abs_src_path), page.markdown, make)
    if rendered is page:
        return
    vars(page).update(done)
    if page.links_to_anchors:  # Each build has File objects of its own.
        page.links_to_anchors = {files.src_uris[file.src_uri]: links for file, links in page.links_to_anchors.items()}
    for record in said:
        logging.getLogger(record.name).handle(record)
