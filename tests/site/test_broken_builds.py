"""A page that is wrong, in either language, must fail the one build, with a message that says what and where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.site.conftest import build

LANGUAGES = ("zh", "en")


def test_the_copy_is_whole(working_copy: Path) -> None:
    """Otherwise the tests below would pass for the wrong reason."""
    result = build(working_copy, working_copy / "site", "--strict")
    assert result.returncode == 0, result.stdout


def append(file: Path, text: str) -> None:
    file.write_text(f"{file.read_text(encoding='utf-8')}\n\n{text}\n", encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"A formula $\frac{1$ that does not end.", r"'index\.md': the formula '\\\\frac\{1' does not parse"),
        ('```python\n--8<-- "docs/en/index.md:no_such_section"\n```', r"'index\.md': .*no_such_section"),
        ('```python\n--8<-- "snippets/no_such_file.py"\n```', r"'index\.md': .*no_such_file"),
    ],
    ids=["formula", "snippet section", "snippet file"],
)
def test_what_cannot_be_rendered(working_copy: Path, language: str, text: str, message: str) -> None:
    """Fails every build, strict or not."""
    append(working_copy / f"docs/{language}/index.md", text)
    result = build(working_copy, working_copy / "site")
    assert result.returncode != 0, result.stdout
    assert re.search(message, result.stdout), result.stdout
    assert ("docs/en) could not be built" in result.stdout) == (language == "en")


def test_what_would_mislead(working_copy: Path) -> None:
    """Each is a warning, so that `mkdocs serve` goes on; any warning fails the strict build."""
    expected = []
    for language in LANGUAGES:
        index = working_copy / f"docs/{language}/index.md"
        append(
            index,
            f"[link](#no-anchor-{language}) [link](no_page_{language}.md) ![figure](records/no_figure_{language}.svg)",
        )
        expected += [f"no-anchor-{language}", f"no_page_{language}.md", f"no_figure_{language}.svg"]

        (working_copy / f"docs/{language}/only_in_{language}.md").write_text("# Alone\n", encoding="utf-8")
        other = LANGUAGES[1 - LANGUAGES.index(language)]
        expected += [f"docs/{language}/only_in_{language}.md has no counterpart docs/{other}/only_in_{language}.md"]
        expected += [f"  - only_in_{language}.md"]  # MkDocs' list of pages that the navigation lacks

        config = working_copy / ("mkdocs.yml" if language == "zh" else "mkdocs.en.yml")
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("\nnav:\n", f"\nnav:\n  - Gone: gone_{language}.md\n"), encoding="utf-8")
        expected += [f"'gone_{language}.md' is included in the 'nav' configuration, which is not found"]

    result = build(working_copy, working_copy / "site", "--strict")
    missing = [message for message in expected if message not in result.stdout]
    assert not missing, f"not said: {missing}\n{result.stdout}"
    assert result.returncode != 0, result.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_warning_fails_the_strict_build(working_copy: Path, language: str) -> None:
    append(working_copy / f"docs/{language}/index.md", "[link](#no-anchor)")
    result = build(working_copy, working_copy / "site", "--strict")
    assert result.returncode != 0 and "#no-anchor" in result.stdout, result.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_title_that_the_picture_cannot_show(working_copy: Path, language: str) -> None:
    index = working_copy / f"docs/{language}/index.md"
    index.write_text("# 龘 Home\n", encoding="utf-8")
    result = build(working_copy, working_copy / "site", "--strict", SITE_URL="https://site.test")
    assert result.returncode != 0 and "NotoSerifSC-Bold.otf has no 龘" in result.stdout, result.stdout
