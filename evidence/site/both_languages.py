"""What neither a template nor a Markdown extension can do: two languages in one build, and files that both share.

MkDocs builds one configuration into one folder. Here the build of mkdocs.yml also builds mkdocs.en.yml into en/ of the same
folder, so that plain `mkdocs build` and `mkdocs serve` give the whole site. Figures, scripts and downloads are published once, at
/records/, /snippets/, /downloads/ and /notebooks/, though pages of both languages link to them as if they lay in their own
documentation folder.
"""

import logging
import os
import re
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

import pygments
import pymdownx.highlight
from jinja2 import BytecodeCache, pass_context
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

from evidence.catalog import CatalogError, load_catalog
from evidence.download import topic_archive
from evidence.notebooks.dialect import NotebookError
from evidence.notebooks.make import downloads, pages_with_notebooks
from evidence.site import startup
from evidence.site.figures import recolour
from evidence.site.unchanged import remember

log = logging.getLogger("mkdocs.hooks.both_languages")  # below "mkdocs": what it warns of ends a strict build

SHARED = ("records/**/*.svg", "snippets/**/*.py")  # relative to the root of the repository
FOLDERS = ("records", "snippets", "downloads", "notebooks")


def on_startup(command, dirty):
    startup.command = command
    pymdownx.highlight.highlight = highlight  # which it has imported from Pygments


def share(files, file, config):
    """Add a file that both languages link to, and that is published once, at the root of the site."""
    if config.extra["folder"]:
        # The link is made from the URL, within this language; on_page_content then lifts it to the root of the site.
        # The copy goes straight to where the Chinese build has put the same file.
        file.abs_dest_path = str(Path(config.site_dir).parent / file.src_uri)
    files.append(file)


def on_files(files, config):
    """Let pages link to the shared files; say which page lacks its other language."""
    root = Path(os.path.abspath(config.config_file_path)).parent
    for pattern in SHARED:
        for path in sorted(root.glob(pattern)):
            uri = path.relative_to(root).as_posix()
            if path.suffix == ".svg":
                figure = remember(("figure", uri), None, partial(coloured, path))
                share(files, File.generated(config, uri, content=figure), config)
            else:
                share(files, File(uri, str(root), config.site_dir, config.use_directory_urls), config)
    try:
        catalog = load_catalog(root)
        for topic in catalog.topics.values():
            archive = remember(("archive", topic.path), topic, partial(topic_archive, catalog, topic))
            share(files, File.generated(config, f"downloads/{topic.path}.zip", content=archive), config)
        language = Path(config.docs_dir).name
        for page in pages_with_notebooks(catalog, language):
            make = partial(downloads, catalog, language, page, config.site_url or "")
            for name, content in remember(("notebooks", page.file), (config.site_url, catalog.topics), make).items():
                share(files, File.generated(config, f"notebooks/{language}/{name}", content=content), config)
    except (CatalogError, NotebookError) as error:
        log.warning(f"no downloads: {error}")

    if config.extra["folder"]:
        for file in [file for file in files if file.src_uri.startswith("assets/")]:
            files.remove(file)  # the theme's, which the Chinese build has published; on_env makes the links
    else:
        folders = [Path(config.docs_dir), Path(config.docs_dir).with_name("en")]
        chinese, english = (
            {page.relative_to(folder) for pattern in ("*.md", "*.ipynb") for page in folder.rglob(pattern)}
            for folder in folders
        )
        for page in sorted(chinese ^ english):
            here, missing = folders if page in chinese else reversed(folders)
            log.warning(f"{(here / page).relative_to(root)} has no counterpart {(missing / page).relative_to(root)}")
    return files


def coloured(path):
    """Return the figure of a record as the site shows it."""
    return recolour(path.read_text(encoding="utf-8"))


def highlight(code, lexer, formatter):
    """Let Pygments colour code once for both languages, whose pages show the same."""
    key = code, type(lexer), str(lexer.options), type(formatter), str(formatter.options)
    if key not in highlighted:
        highlighted[key] = pygments.highlight(code, lexer, formatter)
    return highlighted[key]


class Compiled(BytecodeCache):
    """Keeps templates, which are the same for both languages, and in each build of `mkdocs serve`."""

    def __init__(self):
        self.code = {}

    def load_bytecode(self, bucket):
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])  # unless the template has changed since

    def dump_bytecode(self, bucket):
        self.code[bucket.key] = bucket.bytecode_to_string()


highlighted, compiled = {}, Compiled()


def on_env(env, config, files):
    """Let the English templates link to the theme's files at the root of the site."""
    env.bytecode_cache = compiled
    folder, url = config.extra["folder"], env.filters["url"]

    @pass_context
    def shared_url(context, value):
        link = url(context, value)
        if not value.startswith("assets/"):
            return link
        # In 404.html the link is absolute.
        return link.replace(f"/{folder}assets/", "/assets/") if link.startswith(("/", "http")) else f"../{link}"

    if folder:
        env.filters["url"] = shared_url
    return env


def on_page_content(html, page, config, files):
    """Lift links to shared files from this language's folder to the root of the site.

    MkDocs can only make, and check, links within the folder it builds.
    """
    if not config.extra["folder"]:
        return html
    start = get_relative_url(FOLDERS[0], page.url).removesuffix(FOLDERS[0])
    return re.sub(rf'="(?={re.escape(start)}(?:{"|".join(FOLDERS)})/)', '="../', html)


def on_template_context(context, template_name, config):
    """Below /en/ without a site_url, MkDocs would take the root of the site for that of the language in 404.html."""
    if template_name == "404.html" and not config.site_url:
        context["base_url"] = "/" + config.extra["folder"]
    return context


def on_post_build(config):
    """Build the English site into en/, as strictly as the Chinese one; its failure is that of the whole."""
    if config.extra["folder"]:
        return
    log.info("Building the English pages (docs/en)")
    english = load_config(
        str(Path(config.config_file_path).with_name("mkdocs.en.yml")),
        # What a command line or `mkdocs serve` may have changed.
        site_dir=str(Path(config.site_dir, "en")),
        site_url=urljoin(config.site_url, "en/") if config.site_url else "",
        strict=config.strict,
        use_directory_urls=config.use_directory_urls,
    )
    english.plugins.on_startup(command=startup.command, dirty=False)
    try:
        build(english)
    except Exception:
        # Messages above name a page by its path within docs/zh or docs/en, and so do not say which.
        log.error("The English pages (docs/en) could not be built")
        raise
    english.plugins.on_shutdown()
