"""What a reader finds and does on the pages, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import CDPSession, Locator, Page, Route, expect

from tests.site.conftest import EVERY_PAGE, Site
from tests.site.reader import Reader

MODELS = {"zh": "models/mlp/index.html", "en": "en/models/mlp/index.html"}
OTHER = {"zh": "en", "en": "zh"}
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
# Everyday, what has nothing to do with words in one language, and each width in one; the templates and the script are the same.
EITHER_LANGUAGE = pytest.mark.parametrize("language", ["zh", "en"] if EVERY_PAGE else ["zh"])
WIDTHS = [(1280, "zh"), (390, "en"), *([(1280, "en"), (390, "zh")] if EVERY_PAGE else [])]
FIRST_VISIT = 120 * 1024  # bytes
# What a reader of a phone on a poor line feels: 1.6 Mbit/s, 150 ms, a processor four times slower.
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 100_000}, {"rate": 4}
FAST = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}, {"rate": 1}
COUNT_SHIFTS = """
if (location.protocol === "http:") localStorage.setItem("verified.tabs", JSON.stringify(["PyTorch"]))
window.shifts = []
new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shifts.push([entry.value, ...entry.sources.map(({node}) => node?.outerHTML?.slice(0, 120))])
}).observe({type: "layout-shift", buffered: true})
"""
# How high the page is before and after all of it has been seen, and each figure has arrived.
READ_TO_THE_END = """async () => {
  const height = () => document.body.getBoundingClientRect().height
  const before = height()
  for (let top = 0; top < before; top += innerHeight) {
    scrollTo({top, behavior: "instant"})
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
  }
  await Promise.all([...document.images].filter(image => image.checkVisibility()).map(image => image.decode()))
  return [before, height()]
}"""

# Where the link to the other language leads from each of these headings.
LINKS_FROM = """async ([language, headings]) => {
  const links = []
  for (const heading of headings) {
    const arrived = new Promise(resolve => addEventListener("hashchange", resolve, {once: true}))
    location.hash = heading
    await arrived
    links.push(document.querySelector(`.md-header [hreflang=${language}]`).href)
  }
  return links
}"""
# For each block of code, and not of output: what it shows, and what the clipboard holds after a click on its button.
COPY_ALL = """async () => {
  const pairs = []
  for (const code of document.querySelectorAll("pre:not(.language-text > pre) > code")) {
    await navigator.clipboard.writeText("")
    code.parentElement.querySelector("button.copy").click()
    const copy = code.cloneNode(true)
    copy.querySelectorAll("button").forEach(note => note.remove())
    pairs.push([copy.textContent, await navigator.clipboard.readText()])
  }
  return pairs
}"""


def chosen(page: Page) -> set[str]:
    """Return the names of the tabs that are open, in all sets that can be seen."""
    return set(
        page.evaluate(
            """() => [...document.querySelectorAll(".tabbed-set")].filter(set => set.checkVisibility()).map(set =>
            set.querySelector(`label[for="${set.querySelector(":scope > input:checked").id}"]`).textContent.trim())"""
        )
    )


@pytest.mark.parametrize("below", ["site", "project_site"])
def test_every_page_is_quiet_and_fits_a_phone(
    request: pytest.FixtureRequest, reader: Callable[..., Reader], below: str
) -> None:
    """No request to another host, no error, warning or violation of the security policy: `reader` sees to it. Only tables and code scroll sideways."""
    site: Site = request.getfixturevalue(below)
    someone = reader(site=site, width=390)
    page = someone.context.new_page()
    # Below a sub-path the same templates make other links: one page of each kind shows them.
    for path in (
        site.pages if below == "site" else [built.path for language in OTHER for built in site.chosen(language)]
    ):
        someone.open(path, page)
        assert page.title().strip(), path
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path


@LANGUAGES
def test_language_switch_keeps_page_and_place(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """From every heading the link names the heading in the same place; from some it is followed, and opens the other page there."""
    someone = reader(language=language)
    page = someone.context.new_page()
    for built in site.chosen(language):
        path = built.path
        if path.endswith("404.html"):
            continue
        ours, theirs = (
            re.findall(r'<h[1-4] id="([^"]+)"', p.file.read_text(encoding="utf-8"))
            for p in (built, site.pages[built.counterpart])
        )
        assert len(ours) == len(theirs) > 0, path
        someone.open(path, page)
        named = page.evaluate(LINKS_FROM, [OTHER[language], ours])
        assert named == [
            f"{someone.server.root}{built.counterpart.removesuffix('index.html')}#section-{place}"
            for place in range(len(ours))
        ], path
        for here, there in [*zip(ours, theirs)] if EVERY_PAGE else [(ours[-1], theirs[-1])]:
            someone.open(f"{path.removesuffix('index.html')}#{here}", page)
            page.locator(f".md-header [hreflang={OTHER[language]}]").dispatch_event("click")
            page.wait_for_url(f"{someone.server.root}{built.counterpart.removesuffix('index.html')}#{quote(there)}")
            assert page.evaluate("document.querySelector(':target').getBoundingClientRect().top") < 900, (
                f"{path}#{here}"
            )


@pytest.mark.parametrize("path", ["models/gan/", "evidence/"])
@pytest.mark.parametrize("width", [390, 1280])
def test_language_switch_keeps_the_place_within_a_section(reader: Callable[..., Reader], path: str, width: int) -> None:
    """At half of the longest section the other language opens at half of it, there and back."""
    measure = """place => {
      const headings = [...document.querySelectorAll(".md-content :is(h1, h2, h3, h4)[id]")]
      const tops = [...headings, document.querySelector(".page-foot")].map(each => each.getBoundingClientRect().top)
      place ??= tops.slice(1).reduce((longest, top, i) => top - tops[i] > tops[longest + 1] - tops[longest] ? i : longest, 0)
      return [place, (100 - tops[place]) / (tops[place + 1] - tops[place]), tops[place], tops[place + 1]]
    }"""
    someone = reader(width=width)
    page = someone.open(f"en/{path}")
    place, _, top, end = page.evaluate(measure)
    page.evaluate("top => scrollTo({top, behavior: 'instant'})", (top + end) / 2 - 100)
    for language in ("zh", "en"):
        link = page.locator(f".md-header [hreflang={language}]")
        expect(link).to_have_attribute("href", re.compile(rf"#section-{place}-\d+$"))
        link.click()
        page.wait_for_url(f"{someone.server.root}{'en/' if language == 'en' else ''}{path}#*")
        page.wait_for_load_state()
        assert page.evaluate(measure, place)[1] == pytest.approx(0.5, abs=0.02), language


@LANGUAGES
def test_language_switch_leads_to_the_section_reached_by_scrolling(
    site: Site, reader: Callable[..., Reader], language: str
) -> None:
    """Also past the section that the address names; at the top of a page, to the top."""
    someone = reader(language=language)
    path = MODELS[language]
    page = someone.open(path)
    link = page.locator(f".md-header [hreflang={OTHER[language]}]")
    assert "#" not in link.get_attribute("href")
    ours, theirs = (
        re.findall(r'<h[1-4] id="([^"]+)"', site.pages[p].file.read_text(encoding="utf-8"))
        for p in (path, MODELS[OTHER[language]])
    )
    scroll = "id => document.getElementById(id).scrollIntoView({behavior: 'instant'})"
    for place in (5, 3):
        page.evaluate(scroll, ours[place])
        expect(link).to_have_attribute("href", re.compile(f"#section-{place}$"))
    page.evaluate("id => { location.hash = id }", ours[2])
    expect(link).to_have_attribute("href", re.compile("#section-2$"))
    page.evaluate(scroll, ours[6])
    expect(link).to_have_attribute("href", re.compile("#section-6$"))
    link.dispatch_event("click")
    page.wait_for_url(f"**/{MODELS[OTHER[language]].removesuffix('index.html')}#{quote(theirs[6])}")


@LANGUAGES
def test_language_switch_keeps_a_term_and_a_footnote(reader: Callable[..., Reader], language: str) -> None:
    """What is no heading has the same name in both languages: who looks a word up reads the same word in the other."""
    someone = reader(language=language)
    here, there = ({"zh": "", "en": "en/"}[each] for each in (language, OTHER[language]))
    for address in ("glossary/#learning-rate", "concepts/history/#fn:alexnet"):
        page = someone.open(here + address)
        page.locator(f".md-header [hreflang={OTHER[language]}]").click()
        page.wait_for_url(someone.server.root + there + address)
        expect(page.locator(":target")).to_be_in_viewport()


@pytest.mark.parametrize("address", ["models/no-such-model/", "en/models/no-such-model/"])
def test_missing_page_speaks_both_languages(reader: Callable[..., Reader], project_site: Site, address: str) -> None:
    """A host has one for all addresses: nothing on it is in one language only, and its links lead somewhere in both."""
    someone = reader(site=project_site, width=390)
    page = someone.open(address)
    assert "没有这一页" in page.title() and "No such page" in page.title()
    assert not page.locator("header, nav, dialog").count()
    links = [link.get_attribute("href") for link in page.locator("a").all()]
    assert [link.removeprefix("/project/") for link in links] == [
        f"{folder}{place}" for folder in ("", "en/") for place in ("", "map/", "glossary/")
    ]
    for language, folder in (("zh", ""), ("en", "en/")):
        page = someone.open(address, page)
        page.locator(f"p[lang={language}] a").first.click()
        page.wait_for_url(f"{someone.server.root}{folder}")


def test_address_of_a_section_leads_to_the_map(site: Site, reader: Callable[..., Reader]) -> None:
    sections = {page.path.split("/")[-3] for page in site.pages.values() if page.path.count("/") > 1} - {"en"}
    assert set(site.leading_on) == {f"{folder}{section}/index.html" for folder in ("", "en/") for section in sections}
    someone = reader(java_script_enabled=False)
    for folder in ("", "en/"):
        page = someone.open(f"{folder}models/")
        page.wait_for_url(f"{someone.server.root}{folder}map/")


@LANGUAGES
def test_chosen_framework_is_remembered(reader: Callable[..., Reader], language: str) -> None:
    """After a reload, on other pages, in the other language."""
    someone = reader(language=language)
    page = someone.open(MODELS[language])
    page.locator(".tabbed-labels label", has_text="PyTorch").first.click()
    assert chosen(page) == {"PyTorch"}
    page.reload()
    assert chosen(page) == {"PyTorch"}
    for path in (
        MODELS[language].replace("mlp", "cnn"),
        MODELS[OTHER[language]],
        MODELS[OTHER[language]].replace("mlp", "cnn"),
    ):
        assert chosen(someone.open(path, page)) == {"PyTorch"}, path


def test_the_choice_before_counts_where_the_last_is_missing(reader: Callable[..., Reader]) -> None:
    """Who chose MXNet and then Keras reads MXNet, and not whatever comes first, in tabs that have no Keras."""
    someone = reader()
    page = someone.open(MODELS["en"])
    for name in ("MXNet", "Keras"):
        page.locator(".tabbed-labels label:visible", has_text=name).first.click()
    page.reload()
    assert chosen(page) == {"Keras", "MXNet"}
    assert chosen(someone.open("en/frameworks/translators/index.html", page)) == {"MXNet"}


@pytest.mark.parametrize("anchoring", ["auto", "none"])
def test_a_chosen_tab_stays_under_the_pointer(reader: Callable[..., Reader], anchoring: str) -> None:
    """However much longer or shorter the tabs above it become, and in a browser that does not see to it itself, as iPhones have."""
    page = reader(width=390).open(MODELS["en"])
    page.add_style_tag(content=f"* {{ overflow-anchor: {anchoring} !important }}")
    labels = page.locator(".tabbed-set:visible").last.locator(":scope > .tabbed-labels > label")
    labels.first.scroll_into_view_if_needed()
    heights = set()
    for label in labels.all():
        before = label.bounding_box()["y"]
        label.click()
        assert abs(label.bounding_box()["y"] - before) <= 1, label.text_content()
        heights.add(page.evaluate("Math.round(scrollY)"))
    assert len(heights) > 1  # something above had another height


def test_what_was_chosen_elsewhere_holds_on_a_page_that_the_browser_kept(reader: Callable[..., Reader]) -> None:
    """Who goes back sees the page as it was left, but in the colours and the framework chosen since, with the keys switched off."""
    someone = reader()
    kept, other = someone.open(MODELS["en"]), someone.open(MODELS["zh"])
    other.locator("button[data-scheme]:visible").click()
    other.locator(".tabbed-labels label", has_text="PyTorch").first.click()
    other.keyboard.press("/")
    other.locator(".search-keys input").uncheck()
    assert chosen(kept) == {"Keras", "TensorFlow"}
    kept.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert kept.locator("body").get_attribute("data-md-color-scheme") == "slate"
    assert kept.locator("button[data-scheme]:visible").get_attribute("data-scheme") == "slate"
    assert chosen(kept) == {"PyTorch"}
    kept.keyboard.press("/")
    assert not kept.locator("dialog.search").is_visible()


@LANGUAGES
def test_each_set_of_tabs_is_a_named_group(site: Site, reader: Callable[..., Reader], language: str) -> None:
    someone = reader(language=language)
    page = someone.open(MODELS[language])
    groups = page.get_by_role("radiogroup", name={"zh": "框架", "en": "Framework"}[language], exact=True)
    assert groups.count() == page.locator(".tabbed-set").count() > 0
    assert groups.first.get_by_role("radio", name="PyTorch").count() == 1
    for built in site.pages.values():
        for tabs in built.html.select(".tabbed-set") if built.language == language else []:
            assert tabs.get("role") == "radiogroup" and tabs.get("aria-label"), built


@LANGUAGES
def test_copy_gives_the_code(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """The clipboard holds exactly what each block of code shows, in every tab and fold; a pointer finds the button."""
    someone = reader(language=language)
    someone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = someone.context.new_page()
    for path in map(str, site.chosen(language)):
        someone.open(path, page)
        blocks = page.evaluate(COPY_ALL)
        for i, (shown, copied) in enumerate(blocks):
            assert copied.rstrip("\n") == shown.rstrip("\n"), f"{path}: block {i}"
        for button in page.locator("pre > button:visible, pre > * > button:visible").all()[:1]:
            page.evaluate("navigator.clipboard.writeText('')")
            button.click()
            assert page.evaluate("navigator.clipboard.readText()") in [copied for _, copied in blocks], path


@pytest.mark.parametrize(("width", "language"), WIDTHS)
def test_nothing_shifts(site: Site, reader: Callable[..., Reader], width: int, language: str) -> None:
    """On a slow line and a slow processor, with a framework remembered that is not the first."""
    someone = reader(width=width, language=language)
    someone.context.add_init_script(COUNT_SHIFTS)

    def pace(devtools: CDPSession, line: dict, processor: dict) -> None:
        devtools.send("Network.emulateNetworkConditions", line)
        devtools.send("Emulation.setCPUThrottlingRate", processor)

    # Where a font came late, lines would break anew: most on the page with most formulas among its first paragraphs.
    formulas = max(
        (page for page in site.pages.values() if page.language == language),
        key=lambda page: len(page.html.select("article > p:nth-of-type(-n+12) .arithmatex")),
    )
    for path, page, devtools in someone.visit(
        map(str, {*site.chosen(language), formulas}), lambda devtools: pace(devtools, *SLOW), tabs=1
    ):
        pace(devtools, *FAST)  # What is still to come, figures that have to be seen first, comes late at any pace.
        before, after = page.evaluate(READ_TO_THE_END)
        shifts = page.evaluate("window.shifts")
        assert sum(value for value, *_ in shifts) < 0.001, f"{path}: {shifts}"
        assert before == after, f"{path}: {before} pixels high without its figures, {after} with them"
        pace(devtools, *SLOW)


@EITHER_LANGUAGE
def test_colours_can_be_chosen_and_are_remembered(reader: Callable[..., Reader], language: str) -> None:
    someone = reader(language=language)
    page = someone.open(MODELS[language])
    scheme = page.locator("body").get_attribute("data-md-color-scheme")
    seen = {scheme}
    for _ in range(3):
        page.locator("button[data-scheme]:visible").click()
        seen.add(page.locator("body").get_attribute("data-md-color-scheme"))
        now = page.locator("body").get_attribute("data-md-color-scheme")
        page.reload()
        assert page.locator("body").get_attribute("data-md-color-scheme") == now
    assert seen == {"default", "slate"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_first_press_changes_the_colours(reader: Callable[..., Reader], scheme: str) -> None:
    """And each says beforehand which colours come."""
    page = reader(scheme=scheme).open(MODELS["en"])
    button = page.locator("button[data-scheme]:visible")
    colours = {"default": "light", "slate": "dark"}
    seen = [colours[page.locator("body").get_attribute("data-md-color-scheme")]]
    for _ in range(3):
        title = button.get_attribute("title")
        assert title == button.get_attribute("aria-label")
        button.click()
        seen.append(colours[page.locator("body").get_attribute("data-md-color-scheme")])
        assert title == ("Follow the system's setting" if len(seen) == 4 else f"Switch to {seen[-1]} colours")
    other = {"light": "dark", "dark": "light"}[scheme]
    assert seen == [scheme, other, scheme, scheme]


def test_letters_twice_as_large_fit_a_phone(site: Site, reader: Callable[..., Reader]) -> None:
    """Nothing makes the page scroll sideways, and the header keeps all of its buttons."""
    someone = reader(width=390)
    page = someone.context.new_page()
    for path in map(str, [*site.chosen("zh"), *site.chosen("en")]):
        someone.open(path, page)
        page.add_style_tag(content="html { font-size: 40px !important }")
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
        for button in page.locator(".md-header :is(a, button):visible").all():
            box = button.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390, path


def test_figures_open_as_large_as_one_likes(site: Site, reader: Callable[..., Reader]) -> None:
    """Each leads to its file, without a script; on the home page, whose cards lead to pages, none does."""
    for path, built in site.pages.items():
        for image in built.html.select("img.evidence-figure"):
            link = image.find_parent("a")
            assert path in ("index.html", "en/index.html") or link["href"] == image["src"], path
    someone = reader(width=390, java_script_enabled=False)
    page = someone.open(MODELS["en"])
    before = page.locator("a.figure img").first.bounding_box()["width"]
    page.locator("a.figure").first.click()
    page.wait_for_url("**.svg")
    assert page.locator("svg").first.bounding_box()["width"] > before
    someone.complaints.clear()  # The browser looks for an icon, which a picture has no way to name.


def test_paper(reader: Callable[..., Reader]) -> None:
    """An address is printed once, and nothing that only a screen can do."""
    page = reader().open("en/concepts/optimizers/")
    page.emulate_media(media="print")
    after = "link => getComputedStyle(link, '::after').content"
    links = [link for link in page.locator(".md-content a[href^=http]").all()]
    assert links
    for link in links:
        address = link.get_attribute("href")
        assert (address in link.text_content()) != (address in link.evaluate(after)), address
    expect(page.locator(".explore-pictures").first).to_be_visible()
    for figure in page.locator("figure.explore").all():
        expect(figure.locator("figcaption")).to_be_hidden()


def test_a_formula_that_a_late_font_makes_wider_can_be_scrolled(reader: Callable[..., Reader]) -> None:
    """From the keyboard too: its place stays as wide as it was, and says nothing."""
    page = reader(width=390, language="en").open(MODELS["en"])
    formula = page.locator("div.arithmatex").first
    widen = "element => element.querySelector('.katex').style.letterSpacing = '5em'"
    formula.evaluate(widen)
    page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    assert formula.evaluate("element => [element.scrollWidth > element.clientWidth, element.tabIndex]") == [True, -1]
    page.evaluate("document.fonts.dispatchEvent(new Event('loadingdone'))")
    assert formula.evaluate("element => element.tabIndex") == 0


# What would have to be scrolled sideways, on paper as wide as A4.
CUT_OFF = """() => document.fonts.ready.then(() => {
  dispatchEvent(new Event("beforeprint"))
  return [...document.querySelectorAll("pre > code, .md-typeset__scrollwrap, div.arithmatex")].filter(place => place.checkVisibility())
    .map(place => [place.scrollWidth, place.clientWidth, place.textContent.trim().slice(0, 60)])
})"""


def test_nothing_is_cut_off_on_paper(site: Site, reader: Callable[..., Reader]) -> None:
    """Paper does not scroll: code, tables and formulas are as wide as it, and the end of no line is lost."""
    someone = reader(width=700)
    page, seen = someone.context.new_page(), 0
    page.emulate_media(media="print")
    for path in site.pages:
        someone.open(path, page)
        places = page.evaluate(CUT_OFF) if not path.endswith("404.html") else []
        cut = [place for place in places if place[0] > place[1] + 1]
        assert not cut, f"{path}: {cut}"
        seen += len(places)
    assert seen > 1000


def test_code_taken_by_hand_is_code(reader: Callable[..., Reader]) -> None:
    """Who marks lines and copies them has no numbers of notes among them."""
    page = reader().open(MODELS["en"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = page.locator("pre > code:has(.code-note):visible").first
    code.evaluate("code => getSelection().selectAllChildren(code)")
    page.keyboard.press("Control+c")
    plain = code.evaluate(
        "code => { const copy = code.cloneNode(true); copy.querySelectorAll('button').forEach(each => each.remove()); return copy.textContent }"
    )
    assert page.evaluate("navigator.clipboard.readText()").rstrip("\n") == plain.rstrip("\n")


def test_small_things_can_be_touched(reader: Callable[..., Reader]) -> None:
    """Numbers of notes are 24 pixels wide to a thumb; the button that copies covers no code beside a file's name."""
    page = reader(width=390).open(MODELS["en"])
    number = page.locator(".code-note:visible").first
    number.scroll_into_view_if_needed()
    box = number.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((-11.9, 0), (11.9, 0), (0, -11.9), (0, 11.9)):
        at = page.evaluate("([x, y]) => document.elementFromPoint(x, y).className", [x + dx, y + dy])
        assert at == "code-note", (dx, dy)
    for copy in page.locator(".filename + pre > .copy:visible").all():
        code = copy.locator("xpath=following-sibling::code").bounding_box()
        box = copy.bounding_box()
        assert box["y"] + box["height"] <= code["y"] + 1


SIGNS = """() => [...document.querySelectorAll(".with-comma")].filter(both => both.checkVisibility()).map(both => {
  const range = document.createRange()
  range.selectNode(both.lastChild)
  const bases = both.querySelectorAll(".katex-base")
  return [both.lastChild.data, bases[bases.length - 1].getBoundingClientRect().right - range.getBoundingClientRect().left]
})"""


@pytest.mark.parametrize("path", ["models/transformer/", "en/concepts/history/"])
def test_no_line_begins_with_a_comma_after_a_formula(reader: Callable[..., Reader], path: str) -> None:
    page = reader().open(path)
    for width in range(320, 480, 20):
        page.set_viewport_size({"width": width, "height": 844})
        signs = page.evaluate(SIGNS)
        assert signs
        for sign, gap in signs:
            assert abs(gap) < 4, (width, sign)
        assert page.evaluate("document.documentElement.scrollWidth") == width


@EITHER_LANGUAGE
def test_way_up_covers_no_heading(reader: Callable[..., Reader], language: str) -> None:
    page = reader(width=390, language=language).open(MODELS[language])
    page.evaluate("scrollTo({top: 3000, behavior: 'instant'})")
    page.wait_for_function("scrollY === 3000")
    page.mouse.wheel(0, -200)
    top = page.locator(".md-top")
    expect(top).to_be_visible()
    assert top.bounding_box()["y"] > 600
    page.mouse.wheel(0, 200)  # Who reads on has no use for it.
    expect(top).to_be_hidden()


@EITHER_LANGUAGE
def test_menu_of_a_phone(reader: Callable[..., Reader], language: str) -> None:
    """From the keyboard: the menu opens, shows the pages of this section, leads to one, and closes. It has the other sections' pages too."""
    page = reader(width=390, language=language).open(MODELS[language])
    link = page.locator(".md-sidebar--primary a[href='../cnn/']")
    menu = page.locator(".md-header button.menu")
    expect(link).not_to_be_in_viewport()
    menu.press("Enter")
    expect(link).to_be_in_viewport()
    expect(menu).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(link).not_to_be_in_viewport()
    menu.click()
    link.click()
    page.wait_for_url("**/models/cnn/")
    menu.click()
    page.locator(".md-sidebar--primary .md-nav__title:visible").click()
    section = {"zh": "概念", "en": "Concepts"}[language]
    page.locator(".md-sidebar--primary .md-nav__link:visible", has_text=section).click()
    page.locator(".md-sidebar--primary a[href='../../concepts/neuron/']").click()
    page.wait_for_url("**/concepts/neuron/")


def test_what_is_chosen_in_the_menu_is_seen(reader: Callable[..., Reader]) -> None:
    """A tap on a section shows it, and no menu in front of it; so do a tap on the same section after reading on, and the way back."""
    page = reader(width=390, has_touch=True).open(MODELS["en"])
    menu, section = page.locator("button.menu"), page.locator(".md-sidebar--primary [data-md-component=toc] a").nth(2)
    menu.tap()
    page.locator("label[for=__toc]:visible").first.tap()
    for _ in range(2):
        section.tap()
        expect(page.locator(".md-sidebar--primary")).to_be_hidden()
        expect(menu).to_have_attribute("aria-expanded", "false")
        expect(page.locator(":target")).to_be_in_viewport()
        page.evaluate("scrollBy({top: 2000, behavior: 'instant'})")
        expect(page.locator(":target")).not_to_be_in_viewport()
        menu.tap()
    page.go_back()
    expect(page.locator(".md-sidebar--primary")).to_be_hidden()


# Whether the focus is where the reader can see it, and on nothing less than a part of the page.
FOCUS_IS_SEEN = """() => {
  const {activeElement: element} = document, {top, bottom} = element.getBoundingClientRect()
  return element !== document.body && element.checkVisibility({visibilityProperty: true}) && bottom > 0 && top < innerHeight
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_a_key_that_presses_a_button_leaves_the_focus_in_sight(reader: Callable[..., Reader], width: int) -> None:
    """Also where the button goes away, as that of the colours and the way up do: the next key goes on from there."""
    page = reader(width=width).open(MODELS["en"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("scrollTo({top: 3000, behavior: 'instant'})")
    page.wait_for_function("scrollY === 3000")
    page.mouse.wheel(0, -200)
    expect(page.locator(".md-top")).to_be_visible()
    kinds = set(
        page.locator("button:visible").evaluate_all("all => all.map(button => button.getAttribute('class') ?? '')")
    )
    assert len(kinds) > 5
    for kind in sorted(kinds, key=lambda kind: "md-top" not in kind):
        page.locator(f"button[class='{kind}']:visible" if kind else "button:not([class]):visible").first.press("Enter")
        if "md-top" in kind:
            page.wait_for_function("scrollY === 0")
            expect(page.locator(".md-top")).to_be_hidden()
        page.wait_for_function(FOCUS_IS_SEEN)
        page.keyboard.press("Escape")
    page.locator("button[data-scheme]:visible").focus()
    schemes = []
    for _ in range(3):
        schemes.append(page.evaluate("document.activeElement.dataset.scheme"))
        page.keyboard.press("Enter")
    assert set(schemes) == {"system", "default", "slate"}


FOCUSED = """() => {
  const {activeElement: element} = document
  const {left, right} = element.getBoundingClientRect()
  return {left, right, name: element.ariaLabel ?? element.id, text: element.textContent.trim(),
          article: !!element.closest("article"), menu: !!element.closest(".md-sidebar--primary")}
}"""


@pytest.mark.parametrize("width", [390, 1000])
def test_keyboard_where_the_menu_is_a_drawer(reader: Callable[..., Reader], width: int) -> None:
    """No key leads out of the screen. The open menu has the focus, in the list on top alone, and gives it back."""
    page = reader(width=width).open(MODELS["en"])
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["left"] >= 0 and not focused["menu"], focused
        if focused["article"]:
            break
    assert focused["article"]
    menu = page.locator("button.menu")
    menu.press("Enter")
    assert page.evaluate(FOCUSED)["menu"]
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(page.locator(".md-sidebar--primary")).to_be_hidden()
    if width == 390:  # where the table of contents is a list of the menu
        menu.press("Enter")
        page.locator("#__toc").press("Space")
        reached = []
        while not reached or reached[-1]["menu"]:
            page.keyboard.press("Tab")
            reached.append(page.evaluate(FOCUSED))
        contents = page.locator(".md-sidebar--primary [data-md-component=toc] a").all_text_contents()
        assert [link["text"] for link in reached[:-1]] == [text.strip() for text in contents]
        expect(menu).to_have_attribute("aria-expanded", "false")


def test_keyboard_finds_the_menu_without_a_script(reader: Callable[..., Reader]) -> None:
    page = reader(width=390, java_script_enabled=False).open(MODELS["en"])
    link = page.locator(".md-sidebar--primary a[href='../cnn/']")
    expect(link).not_to_be_in_viewport()
    link.focus()
    expect(link).to_be_in_viewport()


@EITHER_LANGUAGE
def test_a_fault_is_reported_where_it_was_met(project_site: Site, reader: Callable[..., Reader], language: str) -> None:
    """The link beside the text names the section that is being read; that at the end of the page, the page."""
    path = MODELS[language]
    page = reader(site=project_site, language=language).open(path)
    name = f"{language}/{path.removeprefix('en/').removesuffix('/index.html')}"

    def reported(link: Locator) -> str:
        return parse_qs(urlsplit(link.get_attribute("href")).query)["page"][0]

    beside = page.locator(".md-sidebar--secondary .report")
    expect(beside).to_be_in_viewport()
    assert reported(beside) == name
    for heading in re.findall(r'<h[23] id="([^"]+)"', project_site.pages[path].file.read_text(encoding="utf-8"))[2:5]:
        page.evaluate("id => document.getElementById(id).scrollIntoView({behavior: 'instant'})", heading)
        expect(page.locator("[aria-current=location]")).to_have_attribute("href", f"#{heading}")
        assert reported(beside) == f"{name}#{heading}"
        assert reported(page.locator(".page-foot .report")) == name


@EITHER_LANGUAGE
def test_table_of_contents_follows(reader: Callable[..., Reader], language: str) -> None:
    page = reader(language=language).open(MODELS[language])
    links = page.locator(".md-sidebar--secondary [data-md-component=toc] a")
    for i in (0, 5, 9):
        page.evaluate(
            f"document.getElementById(decodeURIComponent({links.nth(i).get_attribute('href')!r}.slice(1))).scrollIntoView({{behavior: 'instant'}})"
        )
        expect(links.nth(i)).to_have_attribute("aria-current", "location")
        expect(page.locator("[aria-current=location]")).to_have_count(1)


def test_contents_that_fit_stay_whole(reader: Callable[..., Reader]) -> None:
    """Down the page and up again, the first line of a short table of contents is still below its title."""
    page = reader(language="en").open("en/concepts/history/index.html")
    contents = page.locator(".md-sidebar--secondary")
    for position in ("document.body.scrollHeight", "0"):
        page.evaluate(f"scrollTo({{top: {position}, behavior: 'instant'}})")
        page.wait_for_function(
            "document.documentElement.scrollTop === 0 || document.querySelector('[aria-current=location]')"
        )
    title, first = (contents.locator(place).first.bounding_box() for place in (".md-nav__title", ".md-nav__link"))
    assert first["y"] >= title["y"] + title["height"]
    assert contents.locator(".md-sidebar__scrollwrap").evaluate("wrap => wrap.scrollHeight === wrap.clientHeight")


def test_tables_on_a_phone(site: Site, reader: Callable[..., Reader]) -> None:
    """A row keeps its name where its numbers scroll, and half of the screen is left for them; checks need no scrolling."""
    someone = reader(width=390)
    page = someone.context.new_page()
    seen = {"rows": 0, "scrolling": 0}
    for path in [path for path, built in site.pages.items() if built.language == "en" and built.html.table]:
        someone.open(path, page)
        for name, left, width, room, scrolls in page.evaluate(
            """() => {
            document.querySelectorAll("details").forEach(fold => { fold.open = true })
            return [...document.querySelectorAll("table")].filter(table => table.checkVisibility()).map(table => {
              const place = table.closest(".md-typeset__scrollwrap") ?? table
              const cell = table.querySelector("tbody tr > :first-child")
              place.scrollLeft = 1e4
              const {left, width} = cell.getBoundingClientRect()
              const columns = cell.parentElement.cells.length
              return [table.className, left - place.getBoundingClientRect().left, width, place.clientWidth,
                      place.scrollLeft > 0 && columns > 2]
            })}"""
        ):
            if name == "evidence-rows":
                assert not scrolls and width <= room, path
                seen["rows"] += 1
            elif scrolls:
                assert left >= 0 and width < room / 2, path
                seen["scrolling"] += 1
    assert min(seen.values()) > 3, seen


@LANGUAGES
def test_a_card_of_a_phone_names_its_numbers(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """Where the head of a table is not shown, each cell that is says which column it is of."""
    someone = reader(language=language, width=390)
    page, seen = someone.context.new_page(), 0
    for path, built in site.pages.items():
        if built.language != language or not built.html.select("td[data-label]"):
            continue
        someone.open(path, page)
        cells = page.evaluate(
            """() => {
            document.querySelectorAll("details").forEach(fold => { fold.open = true })
            return [...document.querySelectorAll("table:has(td[data-label])")].filter(table => !table.tHead.checkVisibility())
                .flatMap(table => [...table.querySelectorAll("td[data-label]")]).filter(cell => cell.checkVisibility())
                .map(cell => [cell.dataset.label, getComputedStyle(cell, "::before").content, cell.textContent])}"""
        )
        for label, shown, text in cells:
            assert label and shown == f'"{label}"', (path, text)
        seen += len(cells)
    assert seen > 100


@EITHER_LANGUAGE
def test_evidence_opens_by_key_without_a_script(reader: Callable[..., Reader], language: str) -> None:
    """On a phone too, and what opens there needs no scrolling sideways."""
    page = reader(language=language, width=375, java_script_enabled=False).open(
        {"zh": "evidence/index.html", "en": "en/evidence/index.html"}[language]
    )
    details = page.locator(".evidence-matrix details").first
    expect(details.locator("li").first).to_be_hidden()
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(details.locator("li").first).to_be_visible()
    for cell in page.locator(".evidence-matrix :is(td, th)").all()[:60]:
        if box := cell.bounding_box():
            assert box["x"] >= 0 and box["x"] + box["width"] <= 375


@LANGUAGES
def test_first_visit_is_light(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """Everything the page of a model or a walkthrough brings over the wire, compressed, but for its figures."""
    someone = reader(language=language)
    arrived: dict[CDPSession, tuple[dict, dict]] = {}

    def weigh(devtools: CDPSession) -> None:
        kinds, sizes = arrived[devtools] = {}, {}
        devtools.on(
            "Network.responseReceived",
            lambda event: kinds.update({event["requestId"]: (event["type"], event["response"]["url"])}),
        )
        devtools.on(
            "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]})
        )

    paths = [
        path
        for path, built in site.pages.items()
        if ("models/" in path or "walkthroughs/" in path) and built.language == language
    ]
    for path, page, devtools in someone.visit(paths, weigh, tabs=8):
        page.wait_for_load_state("networkidle")  # Half a second, in which the other tabs load.
        kinds, sizes = arrived[devtools]
        parts = {
            kinds[request][1].rpartition("/")[2] or path: size
            for request, size in sizes.items()
            if request in kinds and kinds[request][0] != "Image"
        }
        heavy = f"{path}: {sum(parts.values())} bytes: {parts}; where fonts of formulas weigh most, see evidence/pages/mathematics/fonts.py"
        assert sum(parts.values()) <= FIRST_VISIT, heavy
        kinds.clear()
        sizes.clear()


@LANGUAGES
def test_notes_open_at_their_lines(reader: Callable[..., Reader], language: str) -> None:
    """Each note of a page is a number at the end of the line that it quotes, in its tab, and opens by mouse or keyboard."""
    page = reader(language=language).open(MODELS[language])
    found = page.evaluate(
        """() => [...document.querySelectorAll(".code-notes > ol > li")].map(note => [
            note.hidden, note.querySelector("code").textContent,
            (note.numbers ?? []).map(number => {
                const before = document.createRange()
                before.setStart(number.closest("code"), 0)
                before.setEndBefore(number)
                const copy = before.cloneContents()
                copy.querySelectorAll("button").forEach(other => other.remove())
                return copy.textContent.split("\\n").at(-1)
            })])"""
    )
    assert len(found) > 20
    for hidden, quote_, lines in found:
        assert hidden and lines, quote_
        assert all(quote_.split("\n")[-1] in line for line in lines), (quote_, lines)
    number = page.locator(".code-note:visible").first
    note = page.locator(".code-notes li").filter(visible=True)
    assert note.count() == 0
    number.focus()
    page.keyboard.press("Enter")
    assert note.count() == 1 and number.get_attribute("aria-expanded") == "true"
    number.click()
    assert note.count() == 0 and number.get_attribute("aria-expanded") == "false"


def test_without_script_and_on_paper_notes_are_a_list(reader: Callable[..., Reader]) -> None:
    page = reader(java_script_enabled=False).open(MODELS["en"])
    assert page.locator(".code-notes > ol > li:visible").count() > 20 and page.locator(".code-note").count() == 0
    page = reader().open(MODELS["en"])
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".code-notes > ol > li:visible").count() > 20


def test_after_printing_all_is_as_it_was(reader: Callable[..., Reader]) -> None:
    """What was folded is folded, what the reader opened is open, and each number says whether its note is."""
    page = reader().open(MODELS["en"])
    page.locator(".code-note:visible").first.click()
    page.locator("article details").last.evaluate("fold => { fold.open = true }")
    state = """() => [...document.querySelectorAll("details, .code-notes li")].map(part =>
        [part.open, part.hidden, (part.numbers ?? []).every(number => number.ariaExpanded === String(!part.hidden))])"""
    before = page.evaluate(state)
    assert len({(opened, hidden) for opened, hidden, _ in before}) == 4
    for event in ("beforeprint", "beforeprint", "afterprint"):  # Some browsers say the first more than once.
        page.evaluate("name => dispatchEvent(new Event(name))", event)
        folded = page.evaluate("document.querySelectorAll('details:not([open]), .code-notes [hidden]').length")
        assert bool(folded) == (event == "afterprint")
    assert page.evaluate(state) == before
    assert all(told for *_, told in before)


@EITHER_LANGUAGE
def test_whole_script_opens_below_its_link(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """It is fetched when it is asked for, and is the very file."""
    someone, asked = reader(language=language), []
    page = someone.open(MODELS[language])
    page.on("request", lambda request: asked.append(request.url))
    link = page.locator("ul.download a[href$='mlp_pytorch.py']")
    button = link.locator("xpath=following-sibling::button[1]")
    button.click()
    shown = page.locator("ul.download pre > code:visible")
    expect(shown).to_have_count(1)
    assert shown.text_content() == page.evaluate(
        "async url => await (await fetch(url)).text()", link.evaluate("a => a.href")
    )
    assert (
        any(address.endswith("mlp_pytorch.py") for address in asked) and button.get_attribute("aria-expanded") == "true"
    )
    button.click()
    expect(shown).to_have_count(0)


def test_whole_script_opens_once_on_a_slow_line(reader: Callable[..., Reader]) -> None:
    """Pressed again while it is on its way, the button opens one script, which it closes again."""
    page = reader(width=390, has_touch=True).open(MODELS["en"])
    held: list[Route] = []
    page.route("**/*.py", lambda route: held.append(route))
    button = page.locator("ul.download button").first
    shown = page.locator("ul.download pre:visible")
    button.tap()
    button.tap()
    page.wait_for_timeout(100)
    for route in held:
        route.continue_()
    expect(shown).to_have_count(1)
    expect(button).to_have_attribute("aria-expanded", "true")
    page.wait_for_load_state("networkidle")
    button.tap()
    expect(shown).to_have_count(0)
    expect(button).to_have_attribute("aria-expanded", "false")


def test_what_became_of_a_copy_is_said(reader: Callable[..., Reader]) -> None:
    """To the ear too, and each time for two seconds, however soon after the last."""
    page = reader().open(MODELS["en"])
    page.clock.install()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.resolve() }")
    seen, told = page.locator(".md-dialog--active"), page.get_by_role("status")
    copy = page.locator("button.copy:visible").first
    copy.click()
    expect(told.filter(has_text="Copied")).to_have_count(1)
    page.clock.run_for(1500)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')) }")
    copy.click()
    expect(told.filter(has_text="did not allow")).to_have_count(1)
    page.clock.run_for(1500)
    expect(seen).to_contain_text("did not allow")
    page.clock.run_for(1500)
    expect(seen).to_have_count(0)


@pytest.mark.parametrize("fragment", ["#%", "#%E4%BD", "#nothing"])
def test_address_with_a_fragment_that_is_none(reader: Callable[..., Reader], fragment: str) -> None:
    """Everything on the page still works; `reader` sees to it that nothing is thrown."""
    page = reader(width=390).open(MODELS["zh"].removesuffix("index.html") + fragment)
    page.locator("button.menu").click()
    assert page.locator("button.menu").get_attribute("aria-expanded") == "true"


STYLED = "getComputedStyle(document.body).backgroundColor === 'rgb(252, 251, 247)'"  # paper


@pytest.mark.parametrize("address", ["no-such-page", "models/no-such-model/", "en/models/no/such/model"])
def test_missing_page_below_a_sub_path_without_an_address(
    site: Site, reader: Callable[..., Reader], address: str
) -> None:
    """The site does not know where it is: the page has its styles all the same, and its links lead home."""
    someone = reader(site=Site(site.folder, "/project/"))
    page = someone.open(address)
    assert page.locator("article").evaluate(f"article => {STYLED}")
    home = page.locator(".md-content a", has_text="Go to the home page")
    expect(home).to_have_attribute("href", "/project/en/")
    assert not page.locator("a[href^='/']:not([href^='/project/'])").count()
    home.click()
    page.wait_for_url(f"{someone.server.root}en/")
    assert not [complaint for complaint in someone.complaints if "another host" in complaint]
    someone.complaints.clear()  # The browser complains of the scripts, which are not at the root of the host.


def test_missing_page_has_its_styles_without_a_script(site: Site, reader: Callable[..., Reader]) -> None:
    someone = reader(site=Site(site.folder, "/project/"), java_script_enabled=False)
    page = someone.open("models/no-such-model/")
    assert page.locator("article").evaluate(f"article => {STYLED}")
    someone.complaints.clear()
