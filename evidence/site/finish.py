"""What no template can reach: slips in the theme's own templates, files of its that nobody loads, and the security policy, which
needs the finished pages."""

import base64
import hashlib
import re
from pathlib import Path

from evidence.site import startup
from evidence.site.styles import purge

MENDS = (  # What the theme writes, and what it should have written: less than keeping copies of its templates.
    # A checkbox has nothing to complete.
    (re.compile(r'(<input class="md-toggle"[^>]*?) autocomplete="off"'), r"\1"),
    # What cannot be focused has no tabindex, rather than an empty one.
    (re.compile(r' tabindex=""'), ""),
    # A landmark is not expanded or collapsed; the checkbox before it says whether it is open.
    (re.compile(r'(<nav class="md-nav"[^>]*?) aria-expanded="\w+"'), r"\1"),
    # Where the text ends: before.js waits for it.
    (re.compile(r'<footer class="md-footer">'), '<footer class="md-footer" id="__footer">'),
    # Names and spaces in code have the colour of the code, and so may punctuation and operators: most of all elements, for nothing.
    (re.compile(r'<span class="[nopw]">([^<]*)</span>'), r"\1"),
    # The slash in <br /> does nothing in HTML.
    (re.compile(r"(<(?:br|hr|img|input)\b[^>]*?) ?/>"), r"\1>"),
    # A table wider than a phone scrolls by itself; the theme's script would have wrapped it when the page is already there.
    (
        re.compile(r"(<table>.*?</table>)", re.DOTALL),
        r'<div class="md-typeset__scrollwrap"><div class="md-typeset__table">\1</div></div>',
    ),
)

# The address of a source is its text as well, which paper need not repeat.
ADDRESS = re.compile(r'<a href="(https?://[^"]+)">(?=\1</a>)')
# A recorded figure leads to its file, which a phone can show as large as one likes. Not on the home page, whose cards lead on.
FIGURE = re.compile(r'<p>(<img [^>]*\bsrc="([^"]+\.svg)"[^>]*>)</p>')

# Where a reader who shortens an address ends up. The map of the same language shows every section.
FOLDER = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="0; url=../map/">
</head>
<body><main><article><h1><a href="../map/">{title}</a></h1></article></main></body>
</html>
"""
MAPS = {"": ("zh", "地图"), "en": ("en", "Map")}

UNUSED = re.compile(r"assets/(?:javascripts/(?:bundle|lunr|workers)|.*\.map$)")
SCRIPT = re.compile(r'<script src="([^"]+)"')
INLINE = re.compile(
    r"<script>(.*?)</script>", re.DOTALL
)  # In 404.html, which may be shown where it cannot find a file.
SHEET = re.compile(r'<link rel="stylesheet" href="/([^"]+)">')
# The pages hold no script of their own but that of 404.html, only files, each named by its checksum. WebAssembly: the search.
POLICY = (
    "script-src 'self' 'wasm-unsafe-eval'{scripts}; connect-src 'self'; font-src 'self'; worker-src 'self'; "
    "frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'"
)
# What a host can say and a page cannot, for Netlify and Cloudflare Pages, and for nginx. Only here: what the Nu checker, which
# reads pages from disk, would take for forbidden. Styles: formulas and the alignment of tables are style attributes.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; {policy}; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
HOSTS = {
    "_headers": ("/*\n", "  {name}: {value}\n"),
    "headers.nginx.conf": ("", 'add_header {name} "{value}" always;\n'),
}


def on_files(files, config):
    """Leave out the theme's own script, its search, and the maps of its sources: no page loads them."""
    for file in [file for file in files if UNUSED.match(file.src_uri)]:
        files.remove(file)
    return files


def mend(html):
    for wrong, right in MENDS:
        html = wrong.sub(right, html)
    return html


def on_post_page(html, page, config):
    html = ADDRESS.sub(r'<a href="\1" class="address">', mend(html))
    return html if page.is_homepage else FIGURE.sub(r'<p><a href="\2" class="figure">\1</a></p>', html)


def on_post_template(html, template_name, config):
    return mend(html)


def lead_folders_to_the_map(site):
    """Give the address of each section, such as /models/, a page that leads on: a host would know none."""
    for folder, (language, title) in MAPS.items():
        root = site / folder
        if not (root / "map" / "index.html").exists():
            continue  # files instead of folders, for reading from disk
        for section in {page.parents[1] for page in root.glob("*/*/index.html")} - {site / "en"}:
            text = FOLDER.format(language=language, title=title)
            (section / "index.html").write_text(text, encoding="utf-8", newline="\n")


def checksum(content):
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


def on_post_build(config):
    """Shorten the style sheets, name every script by its checksum, and allow these only. Not under `mkdocs serve`, whose live reload is an inline script."""
    if config.extra["folder"] or startup.serving():
        return
    site = Path(config.site_dir)
    purge(site)
    lead_folders_to_the_map(site)
    checksums = {file.name: checksum(file.read_bytes()) for file in (site / "assets" / "javascripts").glob("*.js")}
    allowed = set()
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        if not config.site_url and page.name == "404.html":
            html = SHEET.sub(lambda match: f"<style>{(site / match[1]).read_text(encoding='utf-8')}</style>", html)
        scripts = {checksums[match[1].rpartition("/")[2]] for match in SCRIPT.finditer(html)}
        scripts |= {checksum(match[1].encode()) for match in INLINE.finditer(html)}
        allowed |= scripts
        html = SCRIPT.sub(lambda match: f'{match[0]} integrity="{checksums[match[1].rpartition("/")[2]]}"', html)
        policy = POLICY.format(scripts="".join(f" '{script}'" for script in sorted(scripts)))
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        page.write_text(html.replace("<head>", f"<head>\n    {meta}", 1), encoding="utf-8", newline="\n")
    policy = POLICY.format(scripts="".join(f" '{script}'" for script in sorted(allowed)))
    for file, (begin, line) in HOSTS.items():
        lines = (line.format(name=name, value=value.format(policy=policy)) for name, value in HEADERS.items())
        (site / file).write_text(begin + "".join(lines), encoding="utf-8", newline="\n")
