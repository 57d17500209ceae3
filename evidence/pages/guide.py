"""A Python-Markdown extension that leads through the site: what to read before a page, what after it, and a map of all of it.

All of it is made of the contracts' `before`, the texts of the pages, and the records:

- Below its title, the page of a topic says how long it takes to read, how long its scripts run, and what to read before; at its
  end, what to read next.
- `/// map` and a closing `///`, on a page at the top of the documentation, become a drawing of all topics, each a link, and the
  same as a list. The drawing is for wide screens: on a phone, on paper and to the ear the list says as much and more.

`{{ records.… }}`, the numbers of what is verified, are in `evidence.pages.markdown`.
"""

from __future__ import annotations

import re
import textwrap
import xml.etree.ElementTree as etree
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname, relpath

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from pymdownx.blocks import BlocksExtension

from evidence.catalog import Catalog, CatalogError, Topic
from evidence.pages.diagrams import draw_links
from evidence.pages.markdown import SECTION_TITLES, EvidenceError, Reader, ReadingBlock

# What somebody reads in a minute who wants to understand: Chinese characters, and words in Latin letters.
CHARACTERS_A_MINUTE, WORDS_A_MINUTE = 300, 200
NOT_READ = re.compile(
    r"\A---\n.*?\n---\n|^ *```.*?^ *```|^ *///.*?$|\$\$.*?\$\$|\$[^$\n]+\$|\{\{.*?\}\}|\]\([^)]*\)|<[^>\n]*>",
    re.DOTALL | re.MULTILINE,
)
EVIDENCE = re.compile(r"(?m)^/// evidence \| (\S+)$")  # the scripts that a page shows the runs of
CHARACTER, WORD = re.compile("[㐀-鿿]"), re.compile(r"[A-Za-z][A-Za-z'’-]*")
# How the map draws the topics of a section.
SHAPES = {
    "concepts": 'style=rounded class="concepts"',
    "models": "style=solid class=models",
    "frameworks": 'style="rounded,dashed"',
    "practice": 'style="rounded,dashed"',
    "walkthroughs": "shape=note style=solid",
}
LINE = {"zh": 9, "en": 17}  # of a label in the map, in characters

WORDS = {
    "zh": {
        "reading": "阅读约 {} 分钟",
        "running": "脚本用时：{}（CPU 时间）",
        "before": "先读：",
        "next": "接着读",
        "and": "、",
        "stop": "　",
        "minutes": "{:.0f} 分钟",
        "hours": "{:.1f} 小时",
        "seconds": "{:.0f} 秒",
        "moment": "不到 1 秒",
        "map": "主题之间的先后：箭头从先读的指向后读的。下面的列表说的是同一件事。",
        "all": "地图上的 {pages} 页，读完约 {hours} 小时；全部脚本各跑一遍，CPU 时间约 {running}。",
        "how": "阅读时间按每分钟 300 个汉字、200 个英文单词计，不含代码与公式；运行时间是记录里的 CPU 时间。",
    },
    "en": {
        "reading": "About {} minutes to read",
        "running": "scripts: {} of CPU time",
        "before": "Read first: ",
        "next": "Read next",
        "and": ", ",
        "stop": " · ",
        "minutes": "{:.0f} min",
        "hours": "{:.1f} hours",
        "seconds": "{:.0f} s",
        "moment": "less than 1 s",
        "map": "What comes before what: an arrow leads from what to read first to what to read later. The list below says the same.",
        "all": "The {pages} pages on the map take about {hours} hours to read; all scripts, each run once, take about {running} of CPU time.",
        "how": "Reading times count 200 English words or 300 Chinese characters a minute, without code and formulas; running times are the recorded CPU times.",
    },
}


def reading_minutes(text: str) -> int:
    """Return how long the running text of a page takes to read, in whole minutes, one at least."""
    text = NOT_READ.sub(" ", text)
    minutes = len(CHARACTER.findall(text)) / CHARACTERS_A_MINUTE + len(WORD.findall(text)) / WORDS_A_MINUTE
    return max(1, round(minutes))


def duration(seconds: float, language: str) -> str:
    """Write a time as a reader plans with it: in seconds, from two minutes on in minutes, from two hours on in hours."""
    words = WORDS[language]
    if seconds < 1:
        return words["moment"]
    unit, size = ("seconds", 1) if seconds < 120 else ("minutes", 60) if seconds < 7200 else ("hours", 3600)
    return words[unit].format(seconds / size)


@dataclass(frozen=True)
class Stop:
    """One page of a topic: its `address` in the documentation, its title, and the file that holds its text."""

    topic: Topic
    address: str
    title: str
    file: Path

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8") if self.file.is_file() else ""

    @property
    def minutes(self) -> int:
        return reading_minutes(self.text)


def stops_of(catalog: Catalog, topic: Topic, language: str) -> list[Stop]:
    """Return the pages of a topic: one, or a notebook for each script of a walkthrough that has one of its own."""
    if topic.section != "walkthroughs":
        file = catalog.root / "docs" / language / f"{topic.path}.md"
        return [Stop(topic, f"{topic.path}.md", topic.title[language], file)]
    folder = catalog.root / "docs" / "walkthroughs" / language
    names = [*(script.stem for script in catalog.select(topic.path)), topic.name]
    files = [file for name in names if (file := folder / f"{name}.md").is_file()]
    return [Stop(topic, f"walkthroughs/{file.stem}.ipynb", _title(file), file) for file in files]


def _title(file: Path) -> str:
    return re.search(r"(?m)^title: +(.*)$", file.read_text(encoding="utf-8"))[1]


def reduced(catalog: Catalog, topic: Topic) -> list[Topic]:
    """Return what has to be read right before a topic: of what it names, what no other of these needs anyway."""
    return [
        catalog.topics[path]
        for path in topic.before
        if not any(path in _all_before(catalog, other) for other in topic.before if other != path)
    ]


def _all_before(catalog: Catalog, path: str) -> set[str]:
    return {path for earlier in catalog.topics[path].before for path in (earlier, *_all_before(catalog, earlier))}


def after(catalog: Catalog, topic: Topic) -> list[Topic]:
    """Return the topics that are read right after this one."""
    return [other for other in catalog.topics.values() if topic in reduced(catalog, other)]


class Guide:
    """What a page says about the way through the site, in its language."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.words = WORDS[reader.language]

    def stops(self, topics: list[Topic]) -> list[Stop]:
        return [stop for topic in topics for stop in stops_of(self.reader.catalog, topic, self.reader.language)]

    def cpu_seconds(self, stop: Stop) -> float:
        """Return what the scripts of a page took, each run once: those of its topic and those of others whose runs it shows.

        Those of a notebook are of its own name, if there is one.
        """
        catalog = self.reader.catalog
        scripts = list(catalog.select(stop.topic.path))
        own = [script for script in scripts if script.stem == stop.file.stem] or scripts
        shown = set(EVIDENCE.findall(stop.text))
        others = [script for script in catalog.scripts.values() if {script.stem, script.name} & shown]
        return sum(
            self.reader.seconds_cpu(script) for script in {script.stem: script for script in own + others}.values()
        )

    def costs(self, stop: Stop) -> str:
        texts = [self.words["reading"].format(stop.minutes)]
        if seconds := self.cpu_seconds(stop):
            texts.append(self.words["running"].format(duration(seconds, self.reader.language)))
        return self.words["stop"].join(texts)

    def link_all(self, parent: etree.Element, stops: list[Stop], place: str) -> None:
        """Add links to pages, with what stands between them, to `parent`, on a page whose address is `place`."""
        for number, stop in enumerate(stops):
            link = etree.SubElement(parent, "a", {"href": relpath(stop.address, dirname(place) or ".")})
            link.text = AtomicString(stop.title)
            link.tail = AtomicString(self.words["and"]) if number < len(stops) - 1 else ""


class WayProcessor(Treeprocessor):
    """Says below the title of a topic's page what to read before, and at its end what next."""

    def __init__(self, markdown: Markdown, reader: Reader) -> None:
        super().__init__(markdown)
        self.guide = Guide(reader)

    def run(self, root: etree.Element) -> None:
        guide, place = self.guide, self.guide.reader.page
        if not place or "/" not in place:
            return
        try:
            catalog = guide.reader.catalog
            near = [topic for topic in catalog.topics.values() if place.startswith(f"{topic.section}/")]
            here = next((stop for stop in guide.stops(near) if stop.address == place), None)
            if here is None:
                return
            before, following = guide.stops(reduced(catalog, here.topic)), guide.stops(after(catalog, here.topic))
            costs = guide.costs(here)
        except (EvidenceError, CatalogError) as error:
            guide.reader.complain(f"the way to this page: {error}")
            return
        top = etree.Element("p", {"class": "guide"})
        top.text = AtomicString(costs)
        if before:
            etree.SubElement(top, "br")
            top[-1].tail = AtomicString(guide.words["before"])
            guide.link_all(top, before, place)
        titles = [index for index, element in enumerate(root) if element.tag == "h1"]
        index = titles[0] + 1 if titles else 0
        dated = len(root) > index and root[index].get("class") == "evidence-date"
        root.insert(index + dated, top)
        if following:
            end = etree.SubElement(root, "nav", {"class": "guide", "aria-label": guide.words["next"]})
            etree.SubElement(end, "strong").text = AtomicString(guide.words["next"])
            items = etree.SubElement(end, "ul")
            for stop in following:
                guide.link_all(etree.SubElement(items, "li"), [stop], place)


class MapBlock(ReadingBlock):
    """`/// map`: every topic, as a drawing and as a list."""

    NAME = "map"

    def on_create(self, parent: etree.Element) -> etree.Element:
        container = etree.SubElement(parent, "div", {"class": "map"})
        guide = Guide(self.reader)
        try:
            catalog = self.reader.catalog
            stops = guide.stops(list(catalog.topics.values()))
            drawing = etree.SubElement(container, "div", {"class": "diagram"})
            drawing.append(draw_links(self._dot(catalog, guide, stops), guide.words["map"]))
            seconds = sum(self.reader.seconds_cpu(script) for script in catalog.scripts.values())
            etree.SubElement(container, "p").text = AtomicString(
                guide.words["all"].format(
                    pages=len(stops),
                    hours=round(sum(stop.minutes for stop in stops) / 60),
                    running=duration(seconds, self.reader.language),
                )
            )
            etree.SubElement(container, "p").text = AtomicString(guide.words["how"])
            for section in SHAPES:
                here = [stop for stop in stops if stop.topic.section == section]
                self._list(container, guide, SECTION_TITLES[self.reader.language][section], here)
        except (EvidenceError, CatalogError) as error:
            self.reader.complain(f"/// map: {error}")
            etree.SubElement(container, "p", {"class": "evidence-problem"}).text = AtomicString(str(error))
        return container

    def _list(self, container: etree.Element, guide: Guide, title: str, stops: list[Stop]) -> None:
        if not stops:
            return
        etree.SubElement(container, "h2").text = title
        items = etree.SubElement(container, "ol")
        for stop in stops:
            item = etree.SubElement(items, "li")
            guide.link_all(item, [stop], "map.md")
            etree.SubElement(item, "span").text = AtomicString(guide.costs(stop))
            if before := guide.stops(reduced(self.reader.catalog, stop.topic)):
                line = etree.SubElement(item, "span")
                line.text = AtomicString(guide.words["before"])
                guide.link_all(line, before, "map.md")

    def _dot(self, catalog: Catalog, guide: Guide, stops: list[Stop]) -> str:
        """Return the drawing, in which sections are told apart by the shape of their boxes."""
        lines = ['digraph { nodesep=0.25 node [margin="0.08,0.05"]']
        for stop in stops:
            shape = SHAPES[stop.topic.section]
            lines.append(f'"{stop.address}" [label="{self._label(stop.title)}" URL="{stop.address}" {shape}]')
            for earlier in guide.stops(reduced(catalog, stop.topic)):
                lines.append(f'"{earlier.address}" -> "{stop.address}"')
        return "\n".join([*lines, "}"])

    def _label(self, title: str) -> str:
        width = LINE[self.reader.language]
        if self.reader.language == "en":
            return "\\n".join(textwrap.wrap(title.partition(":")[0], width))
        # Chinese may break anywhere, but not within a word in Latin letters, and best after a mark of punctuation.
        rows = [""]
        for part in re.findall(r"[^\s，：]+[，：]?\s*", title):
            if rows[-1] and len((rows[-1] + part).rstrip()) > width:
                rows.append("")
            rows[-1] += part
        return "\\n".join(row.rstrip() for row in rows)


class GuideExtension(BlocksExtension):
    """Registers both; the option `language` is `zh` or `en`."""

    def __init__(self, *args, **options) -> None:
        self.config = {"language": ["zh", "Language of the page: zh or en"]}
        super().__init__(*args, **options)

    def extendMarkdownBlocks(self, md: Markdown, block_mgr) -> None:
        reader = Reader(md, self.getConfig("language"))
        block_mgr.register(MapBlock, {"reader": reader})
        # After the date below the title (9) and the links of terms (8), before MkDocs (0) resolves links.
        md.treeprocessors.register(WayProcessor(md, reader), "guide", 7)


def makeExtension(**options) -> GuideExtension:
    """Entry point of Python-Markdown."""
    return GuideExtension(**options)
