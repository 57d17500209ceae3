"""A Python-Markdown extension that says where the code is.

`/// repository` and a closing `///` become how to fetch the repository, if the option `address` says where it is, as the site's
configuration does when it is built with `REPO_URL`. Otherwise a sentence says what is known: that this build has no address.
They become Markdown before anything else reads the page.
"""

from __future__ import annotations

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

WORDS = {
    "zh": {
        "known": "代码都在[仓库](<{}>)里：",
        "unknown": "这一份网站没有写明整站的源码在哪里取。各个主题的脚本，在它自己的页面上就能下载。手头有整站源码文件夹的人，在里面运行：",
    },
    "en": {
        "known": "The code is in [the repository](<{}>):",
        "unknown": (
            "This copy of the site does not say where the source of the whole can be fetched. The scripts of each topic can be"
            " downloaded from the topic’s page. Whoever has the folder with the source of the whole can run in it:"
        ),
    },
}


class RepositoryProcessor(Preprocessor):
    """Writes the block out."""

    def __init__(self, markdown: Markdown, address: str, language: str) -> None:
        super().__init__(markdown)
        self.address = address.rstrip("/")
        self.words = WORDS[language]

    def run(self, lines: list[str]) -> list[str]:
        written: list[str] = []
        lines = iter(lines)
        for line in lines:
            if line.strip() != "/// repository":
                written.append(line)
                continue
            while (line := next(lines, "///").strip()) != "///":
                written.append(line)  # nothing belongs there; let it be seen
            written += self._text()
        return written

    def _text(self) -> list[str]:
        if not self.address:
            return [self.words["unknown"]]
        folder = self.address.rpartition("/")[2].removesuffix(".git")
        fetch = ["```bash", f"git clone {self.address}", f"cd {folder}", "```"]
        return [self.words["known"].format(self.address), "", *fetch, ""]


class RepositoryExtension(Extension):
    """Registers it; the option `language` is `zh` or `en`, and `address` may be empty."""

    def __init__(self, **options) -> None:
        self.config = {
            "address": ["", "Where the repository is, as one clones it"],
            "language": ["zh", "Language of the text: zh or en"],
        }
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        processor = RepositoryProcessor(md, self.getConfig("address"), self.getConfig("language"))
        # Above the fences (25), which read what it writes.
        md.preprocessors.register(processor, "repository", 40)


def makeExtension(**options) -> RepositoryExtension:
    """Entry point of Python-Markdown."""
    return RepositoryExtension(**options)
