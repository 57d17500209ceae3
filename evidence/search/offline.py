"""Makes a built site readable from disk, search included, and packs it: `python -m evidence.search.offline offline/name`.

Of a page opened from disk, browsers fetch no file and start no worker. So the worker of the search and all that it would fetch
become one script, which search.js loads when it finds itself on a disk.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import zipfile
from pathlib import Path

from evidence.search import FOLDER, NAMES, TRADITIONAL

# What only a host has a use for; links in 404.html begin at its root.
HOSTED = ("404.html", "en/404.html", "sitemap.xml*", "en/sitemap.xml*", "_headers", "headers.nginx.conf")
# A disk has no origin that a policy could name, that a checksum could be held against, or that a font could be asked of beforehand.
POLICY = re.compile(
    r'\s*<meta http-equiv="Content-Security-Policy"[^>]*>|\s*<link rel="preload"[^>]*>| integrity="[^"]*"'
)
WORKER = """const files = {files}
self.fetch = async address => {{
  const content = files[String(address).split("/{folder}/").at(-1).split("?")[0]]
  return new Response(Uint8Array.from(atob(content), letter => letter.charCodeAt()))
}}
{source}"""
SCRIPT = "self.searchWorker = URL.createObjectURL(new Blob([{source}], {{ type: 'text/javascript' }}))\n"


def make_offline(site: Path) -> None:
    """Change a site that was built with --no-directory-urls into one that can be read from disk."""
    folder = site / FOLDER
    source = (folder / "pagefind-worker.js").read_text(encoding="utf-8")
    files = {
        path.relative_to(folder).as_posix(): base64.b64encode(path.read_bytes()).decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".js"
    }
    worker = WORKER.format(files=json.dumps(files), folder=FOLDER, source=source)
    for path in sorted(folder.rglob("*"), reverse=True):
        if not any(path.match(name) for name in (TRADITIONAL, NAMES.format(language="*"))):
            path.rmdir() if path.is_dir() else path.unlink()
    (folder / "offline.js").write_text(SCRIPT.format(source=json.dumps(worker)), encoding="utf-8", newline="\n")
    for pattern in HOSTED:
        for path in site.glob(pattern):
            path.unlink()
    for path in site.rglob("*.html"):
        path.write_text(POLICY.sub("", path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


def pack(site: Path) -> Path:
    """Zip the folder beside itself, and return the zip. The same files give the same bytes, whenever it is made."""
    target = site.with_name(f"{site.name}.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{site.name}/{path.relative_to(site).as_posix()}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    make_offline(Path(sys.argv[1]))
    print(f"Unpack {pack(Path(sys.argv[1]))} anywhere and open its index.html.")
