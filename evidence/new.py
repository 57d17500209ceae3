"""Lays out a new topic, so that what is missing is seen as TODO rather than forgotten."""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Template

from evidence.catalog import FRAMEWORKS, LANGUAGES, SECTIONS

TEMPLATES = Path(__file__).with_name("templates")


class TopicExists(Exception):
    """A file of the new topic is already there, or its name breaks the house rules."""


def lay_out_topic(root: Path, topic: str, frameworks: list[str]) -> list[str]:
    """Write contract, scripts and both pages of `SECTION/TOPIC`; return lines that say what was done.

    Raises `TopicExists`, before anything is written, if one of the files exists or the name is not allowed.
    """
    section, _, name = topic.partition("/")
    if section not in SECTIONS or not name.isidentifier() or not name.islower():
        raise TopicExists(
            f"{topic!r}: write SECTION/TOPIC, with a section of {', '.join(SECTIONS)} and a name like rnn"
        )
    if section == "walkthroughs":
        raise TopicExists("a walkthrough has no pages in Markdown; CONTRIBUTING.md says how one is written")
    folder = Path("snippets", section, name)
    common = root / folder.with_name("section.toml")
    excused = tomllib.loads(common.read_text(encoding="utf-8"))["absent"] if common.is_file() else {}
    absent = [framework for framework in FRAMEWORKS if framework not in [*frameworks, *excused]]
    reasons = "\n".join(f'{framework} = {{ zh = "TODO：为什么没有", en = "TODO: why not" }}' for framework in absent)
    words = {
        "path": topic,
        "name": name,
        "first": frameworks[0],
        "absent": f"\n[absent]\n{reasons}\n" if absent else "",
    }
    files = {
        folder / "topic.toml": "topic.toml",
        **{folder / f"{name}_{framework}.py": "snippet.py" for framework in frameworks},
        **{Path("docs", language, section, f"{name}.md"): f"page.{language}.md" for language in LANGUAGES},
    }
    if existing := [path.as_posix() for path in files if (root / path).exists()]:
        raise TopicExists(f"nothing was written, because {', '.join(existing)} exists already")
    for path, template in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        text = Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(words)
        (root / path).write_text(text, encoding="utf-8")
    return [
        *(f"wrote {path.as_posix()}" for path in files),
        f"Add {section}/{name}.md to the navigation in mkdocs.yml and mkdocs.en.yml, replace every TODO, and record:",
        f"python -m evidence run {topic} --record",
    ]
