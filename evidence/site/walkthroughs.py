"""What mkdocs-jupyter 0.26.3 needs to show notebooks in our design. Every repair of it is here, with its reason.

mkdocs-jupyter makes pages of the notebooks that mkdocs.base.yml names: it gives them their addresses and their places in the
navigation. The page itself is rendered by MkDocs and our own extensions, from what evidence/notebooks/page.py says in Markdown:

1. The plugin's page holds 575 KB of styles of its own, in every page; loads Mermaid from another host and brings inline scripts,
   which our policy forbids; and leaves formulas to MathJax from another host. So its HTML is not used: `on_page_markdown`.
2. Its anchors of Chinese headings are empty, and it neither rewrites nor checks links to other pages. Ours are those of all pages.
3. It knows nothing of a record: stale outputs, errors and notebooks edited by hand would be published without a word. Each is a
   warning here, which ends a strict build: `on_files`.
4. Where it does not take a file for a notebook, MkDocs publishes the raw JSON, and nobody is told. Here that ends every build.

When one of these is mended there, its part can go. Zensical, which does not run plugins, needs `docs/<language>/walkthroughs/*.md`
instead, written by `evidence.notebooks.page.as_markdown` before it starts.
"""

import json
import logging
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs_jupyter.plugin import NotebookFile

from evidence.catalog import CatalogError, load_catalog
from evidence.notebooks.dialect import NotebookError
from evidence.notebooks.page import as_markdown, front
from evidence.notebooks.record import problems, strays, walkthroughs

log = logging.getLogger("mkdocs.hooks.walkthroughs")  # below "mkdocs": what it warns of ends a strict build

found = {}  # by their paths in the documentation


def on_files(files, config):
    """Say what is wrong with the notebooks of this language; 3 and 4 above."""
    root, language = Path(config.config_file_path).resolve().parent, Path(config.docs_dir).name
    found.clear()
    try:
        catalog = load_catalog(root)
        wrong = strays(catalog) if not config.extra["folder"] else []  # those of both languages, once
        for walkthrough in walkthroughs(catalog, language):
            found[f"walkthroughs/{walkthrough.name}.ipynb"] = walkthrough
            wrong += problems(walkthrough)
    except (CatalogError, NotebookError) as error:
        wrong = [str(error)]
    for sentence in wrong:
        log.warning(sentence)
    for file in list(files):
        if (
            file.src_uri.endswith(".ipynb")
            and not file.src_uri.startswith("notebooks/")
            and not isinstance(file, NotebookFile)
        ):
            raise PluginError(
                f"{language}/{file.src_uri} would be published as raw JSON: mkdocs.base.yml must include it for mkdocs-jupyter"
            )
    return files


def on_page_markdown(markdown, page, config, files):
    """Give MkDocs Markdown instead of JSON, and let it render that itself; 1 and 2 above."""
    if not isinstance(page.file, NotebookFile):
        return markdown
    walkthrough = found.get(page.file.src_uri)
    if walkthrough is None:
        raise PluginError(
            f"{page.file.src_uri} is made of nothing in docs/walkthroughs, so that nothing vouches for it"
        )
    vars(page).pop("render", None)  # the plugin's own, set on this one page
    page.meta = front(walkthrough)
    return as_markdown(walkthrough, json.loads(markdown))
