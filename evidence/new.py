"""Lays out a new topic, so that what is missing is seen as TODO rather than forgotten."""

from __future__ import annotations

from pathlib import Path
from string import Template
from textwrap import indent

from evidence.catalog import FRAMEWORKS, LANGUAGES, SECTIONS

TEMPLATES = Path(__file__).with_name("templates")


class TopicExists(Exception):
    """A file of the new topic is already there, or its name breaks the house rules."""


def lay_out_topic(root: Path, topic: str, frameworks: list[str]) -> list[str]:
    """Write contract, scripts, test and both pages of `SECTION/TOPIC`; return lines that say what was done.

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
    absent = [framework for framework in FRAMEWORKS if framework not in frameworks]
    words = {
        "path": topic,
        "name": name,
        "absent": "\n".join(
            f'{framework} = {{ zh = "TODO：为什么没有", en = "TODO: why not" }}' for framework in absent
        ),
    }
    words |= {part: _tabs(f"{folder.as_posix()}/{name}", frameworks, part) for part in ("imports", "main")}
    words["whole"] = indent(_tabs(f"{folder.as_posix()}/{name}", frameworks), "    ")
    words["printed"] = _tabs(f"records/{topic}/{name}", frameworks)
    files = {
        folder / "topic.toml": "topic.toml",
        **{folder / f"{name}_{framework}.py": "snippet.py" for framework in frameworks},
        Path("tests", section, f"test_{name}.py"): "test.py",
        **{Path("docs", language, section, f"{name}.md"): f"page.{language}.md" for language in LANGUAGES},
    }
    if existing := [path.as_posix() for path in files if (root / path).exists()]:
        raise TopicExists(f"nothing was written, because {', '.join(existing)} exists already")
    for path, template in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        text = Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(words)
        (root / path).write_text(text, encoding="utf-8")
    (root / "tests" / section / "__init__.py").touch()  # a package, so that two sections may have tests of one name
    return [
        *(f"wrote {path.as_posix()}" for path in files),
        f"Add {section}/{name}.md to the navigation in mkdocs.yml and mkdocs.en.yml, replace every TODO, and record:",
        f"python -m evidence run {topic} --record",
    ]


def _tabs(stem: str, frameworks: list[str], section: str | None = None) -> str:
    """Return one tab for each framework: its script or a section of it; below `records/`, its output and evidence."""
    tabs = []
    for framework in (framework for framework in FRAMEWORKS if framework in frameworks):
        script = f"{stem}_{framework}"
        name = script.rpartition("/")[2]
        if stem.startswith("records/"):
            lines = ["```text", f'--8<-- "{script}.cpu.txt"', "```", "", f"/// evidence | {name}", "///"]
        else:
            part = f":{section}" if section else ""
            lines = [f'```python title="{name}.py"', f'--8<-- "{script}.py{part}"', "```"]
        tabs.append(
            "\n".join([f'=== "{FRAMEWORKS[framework]}"', "", *(f"    {line}" if line else "" for line in lines)])
        )
    return "\n\n".join(tabs)
