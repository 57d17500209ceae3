"""What a reader takes home: a topic's scripts with all they import of ours, and how to run each."""

from __future__ import annotations

import io
import zipfile

from evidence.catalog import Catalog, Script, Topic
from evidence.code import local_modules, required_packages


def topic_archive(catalog: Catalog, topic: Topic) -> bytes:
    """Return a zip of one folder: the topic's scripts, our modules that they import, and a README.txt of how to run each.

    The same files give the same bytes, whenever and wherever it is made: lines end as they do in the repository.
    """
    scripts = list(catalog.select(topic.path))
    paths = {path for script in scripts for path in (script.path, *local_modules(catalog, script))}
    files = {path.name: path.read_bytes().replace(b"\r\n", b"\n") for path in sorted(paths, key=lambda path: path.name)}
    files["README.txt"] = _readme(catalog, topic, scripts).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(f"{topic.name}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return content.getvalue()


def _readme(catalog: Catalog, topic: Topic, scripts: list[Script]) -> str:
    lines = [f"{topic.title['zh']} · {topic.title['en']}", "", "Python 3.11"]
    for script in scripts:
        lines += ["", f"pip install {' '.join(required_packages(catalog, script))}", f"python {script.path.name}"]
    return "\n".join(lines) + "\n"
