"""What a reader finds with the search, in a real browser, and what the index is made of."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from copy import copy
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from evidence.search import JOINED, Extract, SearchError, cut, make_index, symptoms
from evidence.search.traditional import as_script, spellings
from tests.site.conftest import ROOT, Site, build
from tests.site.reader import Reader

QUERIES = tomllib.loads((ROOT / "tests/site/queries.toml").read_text(encoding="utf-8"))
FOLDERS = {"zh": "", "en": "en/"}
LANGUAGES = pytest.mark.parametrize("language", FOLDERS)
# As written in Taiwan and Hong Kong, and as our pages write it.
TRADITIONAL = {
    "卷積神經網路": "卷积神经网络",
    "卷積神經網絡": "卷积神经网络",
    "過擬合": "过拟合",
    "損失函數": "损失函数",
    "損失函式": "损失函数",
    "迴圈神經網路": "循环神经网络",
    "遞迴神經網路": "循环神经网络",
    "遞迴": "递归",
    "優化器": "优化器",
    "最佳化器": "优化器",
    "資料": "数据",
    "激勵函數": "激活函数",
    "梯度下降 學習率": "梯度下降 学习率",
}
# For each query in turn, the pages found, as soon as the dialog says how many. Playwright would look whether it does after 100,
# 250 and 500 ms, and takes a third as long again to type.
FIND = """async queries => {
  const [input, status, list] = ["input", ".search-status", ".search-results"].map(part => document.querySelector(`dialog.search ${part}`))
  const found = []
  for (const query of queries) {
    status.textContent = ""
    input.value = query
    input.dispatchEvent(new InputEvent("input", {bubbles: true}))
    await new Promise((resolve, reject) => {
      const look = () => status.textContent && list.ariaBusy !== "true" && resolve()
      look()
      new MutationObserver(look).observe(status, {childList: true})
      new MutationObserver(look).observe(list, {attributes: true})
      setTimeout(() => reject(new Error(`The dialog does not say how many for ${query}.`)), 60_000)
    })
    found.push([...document.querySelectorAll(".search-results > li > a")].map(link => link.href))
  }
  return found
}"""


def search(page, query: str) -> list[str]:
    """Put a query into the open dialog; return the address of each page found, the best first."""
    return page.evaluate(FIND, [query])[0]


def focused(page) -> str:
    return page.evaluate("document.activeElement.href ?? document.activeElement.localName")


@LANGUAGES
def test_the_right_page_comes_first(reader: Callable[..., Reader], language: str) -> None:
    someone = reader(language=language)
    page = someone.open(f"{FOLDERS[language]}index.html")
    page.keyboard.press("/")
    expected = {query: path for path, queries in QUERIES[language].items() for query in queries}
    wrong = []
    for (query, path), found in zip(expected.items(), page.evaluate(FIND, [*expected]), strict=True):
        right = someone.server.root + FOLDERS[language] + (f"{path}/" if path != "index" else "")
        if found[:1] != [right]:
            wrong.append(f"{query}: {', '.join(found)} instead of {right}")
    assert not wrong, "\n".join(wrong)


@LANGUAGES
def test_there_are_enough_queries(language: str) -> None:
    """For every page some, in all at least forty; a query has one right page."""
    pages = {
        path.relative_to(ROOT / "docs" / language).with_suffix("").as_posix()
        for ending in ("md", "ipynb")
        for path in (ROOT / "docs" / language).rglob(f"*.{ending}")
    }
    queries = [query for queries in QUERIES[language].values() for query in queries]
    assert QUERIES[language].keys() <= pages
    assert len(queries) >= 40 and len(queries) == len(set(queries))


@pytest.mark.parametrize("below", ["site", "project_site"])
@LANGUAGES
def test_nothing_is_fetched_before_the_first_search(
    request: pytest.FixtureRequest, reader: Callable[..., Reader], below: str, language: str
) -> None:
    """Nor anything of the other language then; and the search works below a sub-path, from any page."""
    someone = reader(site=request.getfixturevalue(below), language=language)
    asked: list[str] = []
    someone.context.on("request", lambda asking: asked.append(asking.url))
    page = someone.open(f"{FOLDERS[language]}models/mlp/index.html")
    page.keyboard.press("s")
    page.wait_for_timeout(200)
    assert not [url for url in asked if re.search("pagefind|search_index|lunr|workers", url)]
    found = search(page, "Keras")
    assert found and all(url.startswith(someone.server.root) and ("/en/" in url) == (language == "en") for url in found)
    fetched = [url.rpartition("/")[2] for url in asked if "/pagefind/" in url]
    other = {"zh": r"^(pagefind|wasm)\.en[._]|^en_", "en": "en-zh"}[language]
    assert "pagefind-worker.js" in fetched and not [name for name in fetched if re.search(other, name)]


@LANGUAGES
def test_by_keyboard_alone(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """Open, search, choose, go to a section; its heading is what one sees."""
    someone = reader(language=language)
    page = someone.open(f"{FOLDERS[language]}index.html")
    dialog = page.locator("dialog.search")
    for key in ("/", "s", "Control+k", "Meta+k"):
        page.keyboard.press(key)
        assert (
            dialog.is_visible()
            and focused(page) == "input"
            and page.locator("dialog.search [type=search]").input_value() == ""
        ), key
        page.keyboard.press("Escape")
        assert not dialog.is_visible(), key
    page.locator(".search-button").press("Enter")
    page.keyboard.insert_text({"zh": "混淆矩阵", "en": "confusion matrix"}[language])
    expect(page.locator(".search-results a").first).to_be_visible()
    links = page.eval_on_selector_all(".search-results a", "links => links.map(link => link.href)")
    page.keyboard.press("ArrowUp")  # There is nothing above the field.
    assert focused(page) == "input"
    for link in links:
        page.keyboard.press("ArrowDown")
        assert focused(page) == link
    for link in reversed(links[:-1]):
        page.keyboard.press("ArrowUp")
        assert focused(page) == link
    page.keyboard.press("Tab")
    assert focused(page) == links[1] and "#" in links[1]
    page.keyboard.press("Enter")
    page.wait_for_url(links[1])
    target = page.locator(":target")
    assert target.text_content().startswith({"zh": "混淆矩阵", "en": "The confusion matrix"}[language])
    assert 0 <= target.bounding_box()["y"] < 400


def test_traditional_chinese_finds_what_simplified_finds(reader: Callable[..., Reader]) -> None:
    """In other characters, in the words of Taiwan, and in those that only deep learning has; a character of our own stays."""
    page = reader(language="zh").open("index.html")
    page.keyboard.press("/")
    for written, ours in TRADITIONAL.items():
        found = search(page, written)
        assert found and found == search(page, ours), written


@LANGUAGES
def test_what_no_page_has_is_not_found(reader: Callable[..., Reader], language: str) -> None:
    """Not by its first letter or character either; the reader is told, and where else to look."""
    page = reader(language=language).open(f"{FOLDERS[language]}index.html")
    page.keyboard.press("/")
    status, elsewhere = page.locator(".search-status"), page.locator(".search-elsewhere")
    for query in ("GBK", "hello world", "keyboard", "量子"):
        assert search(page, query) == [], query
        assert status.text_content() == {"zh": "没有找到", "en": "Nothing found"}[language]
        assert elsewhere.is_visible()
    for query in ("≠", "%", "#%"):
        assert search(page, query) == [], query
        assert {"zh": "只有符号", "en": "Signs alone"}[language] in status.text_content()
    assert search(page, "Adam GBK")[0].endswith("/concepts/optimizers/") and elsewhere.is_hidden()
    assert {"zh": "没有一页提到 GBK", "en": "no page mentions GBK"}[language] in status.text_content()
    # Of a word that is there and one that is not, in Chinese without a space: the reader is told which.
    for query, missing in (
        (("迁移学习", "迁移"), ("显存不足", "显存")) if language == "zh" else (("transfer learning", "transfer"),)
    ):
        assert search(page, query), query
        told = {"zh": f"没有一页提到 {missing}", "en": f"no page mentions {missing}"}[language]
        assert status.text_content().endswith(told), query
    assert search(page, "no_such_name") and "no_such_name" in status.text_content()
    # What is half typed or has another ending is there.
    for query in ("convoluti", "running", "normalizations"):
        assert search(page, query), query
    search(page, "GBK")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{FOLDERS[language]}glossary/")


SLIPS = {
    "zh": {
        "卷机神经网络": "卷积神经网络",
        "激活涵数": "激活函数",
        "优化气": "优化器",  # of pairs that pages have, though nowhere together
        "梯度消矢": "梯度消失",
        "tranformer": "transformer",
        "adma 学习率": "adam 学习率",
    },
    "en": {
        "tranformer": "transformer",
        "gradeint descent": "gradient descent",
        "lsmt": "lstm",
        "bakpropagation": "backpropagation",
        "autoencodr loss": None,  # what ends otherwise is found as it is
        "hello world": None,
    },
}


@LANGUAGES
def test_a_slip_of_the_keys_is_mended(reader: Callable[..., Reader], language: str) -> None:
    """Who mistypes a name is asked whether that is meant; a press finds what the name finds. Nobody is asked in vain."""
    page = reader(language=language).open(f"{FOLDERS[language]}index.html")
    page.keyboard.press("/")
    status = page.locator(".search-status")
    meant = status.get_by_role("button")
    for written, name in SLIPS[language].items():
        found = search(page, written)
        if name is None:
            assert meant.count() == 0, written
            continue
        assert meant.text_content() == name, written
        page.locator("dialog.search input[type=search]").focus()
        page.keyboard.press("ArrowDown" if found else "Enter")
        if found:
            page.keyboard.press("Enter")
        expect(page.locator("dialog.search input[type=search]")).to_have_value(name)
        expect(meant).to_have_count(0)
        expect(page.locator(".search-results[aria-busy=false] > li").first).to_be_visible()
        addresses = page.locator(".search-results > li > a").evaluate_all("links => links.map(link => link.href)")
        assert addresses == search(page, name), written
    for queries in QUERIES[language].values():
        for query in queries:
            search(page, query)
            assert meant.count() == 0, query


@LANGUAGES
def test_single_keys_can_be_switched_off(reader: Callable[..., Reader], language: str) -> None:
    """By keyboard, for every page of both languages, and on again; what needs a second key still works."""
    someone = reader(language=language)
    page = someone.open(f"{FOLDERS[language]}index.html")
    dialog, button = page.locator("dialog.search"), page.locator(".search-button")
    name = {"zh": "用单键 / 和 s 打开搜索", "en": "Open the search with the single keys / and s"}
    box = page.get_by_role("checkbox", name=name[language])
    page.keyboard.press("/")
    for _ in range(9):
        page.keyboard.press("Tab")
        if box.evaluate("box => box === document.activeElement"):
            break
    assert box.is_checked() and button.locator("kbd").is_visible()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    other = FOLDERS["en" if language == "zh" else "zh"]
    for path in (f"{FOLDERS[language]}index.html", f"{other}models/mlp/index.html"):
        someone.open(path, page)
        assert not button.locator("kbd").is_visible()
        assert button.get_attribute("aria-keyshortcuts") == "Control+K Meta+K"
        for key in ("/", "s", "n", "p", "f", ",", "."):
            page.keyboard.press(key)
            assert not dialog.is_visible() and page.url.endswith(path.removesuffix("index.html")), key
        page.keyboard.press("Control+k")
        assert dialog.is_visible()
        page.keyboard.press("Escape")
    button.click()
    page.get_by_role("checkbox", name=name["en" if language == "zh" else "zh"]).check()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    assert dialog.is_visible()


def test_enter_in_the_field_opens_the_first_page(reader: Callable[..., Reader]) -> None:
    someone = reader()
    page = someone.open("en/index.html")
    page.keyboard.press("/")
    (first, *_) = search(page, "multilayer perceptron")
    page.keyboard.press("Enter")
    page.wait_for_url(first)


@LANGUAGES
def test_numbers_are_found_wherever_they_stand(reader: Callable[..., Reader], language: str) -> None:
    """With commas or without; in a formula, and in what a script printed."""
    page = reader(language=language).open(f"{FOLDERS[language]}index.html")
    page.keyboard.press("/")
    assert search(page, "1875") == search(page, "1,875") != []
    found = "".join(search(page, "2.303"))
    assert "/models/mlp/" in found and "/walkthroughs/digits_keras/" in found


SECTIONS = {
    "zh": {
        "zero_grad": "梯度是什么以及它会累加",
        "怎么保存模型": "存下来",
        "损失NaN": "同一个公式的三种写法",
        "损失停在开始的值上": "会出什么错看起来怎样",
        "准确率上不去": "会出什么错看起来怎样",
        "BN层": "批归一化",
    },
    "en": {
        "zero_grad": "what-a-gradient-is-and-that-it-adds-up",
        "save a model": "keep-it",
        "loss is nan": "three-forms-of-one-formula",
        "the loss stays where it began": "what-goes-wrong-and-how-it-looks",
        "overfitting": "four-remedies-one-control",
    },
}


@LANGUAGES
def test_the_right_section_comes_first(reader: Callable[..., Reader], language: str) -> None:
    """The one that the keywords of its page name, or the list of symptoms on the home page."""
    page = reader(language=language).open(f"{FOLDERS[language]}index.html")
    page.keyboard.press("/")
    for query, section in SECTIONS[language].items():
        search(page, query)
        link = page.locator(".search-results li li a").first
        assert unquote(link.get_attribute("href")).endswith(f"#{section}"), query


def test_words_that_only_ask_are_no_hits(reader: Callable[..., Reader]) -> None:
    page = reader().open("en/index.html")
    page.keyboard.press("/")
    assert search(page, "is the memory out of") == search(page, "memory")
    marks = {mark.lower() for mark in page.locator(".search-results mark").all_text_contents()}
    assert not marks & {"is", "of", "out", "the"}


def test_back_shows_the_results_again(reader: Callable[..., Reader]) -> None:
    """From another page and from a section of the same; until the reader closes the dialog."""
    page = reader(width=390).open("en/models/cnn/index.html")
    dialog = page.locator("dialog.search")
    page.locator(".search-button").click()
    found = search(page, "confusion matrix")
    for link in (
        page.locator(".search-results li li a").first,
        page.locator(f".search-results > li > a[href='{found[1]}']"),
    ):
        link.click()
        page.wait_for_url(lambda url: not url.endswith("/cnn/"))
        assert not dialog.is_visible()
        page.go_back()
        expect(dialog).to_be_visible()
        expect(page.locator(".search-results > li > a").first).to_have_attribute("href", found[0])
    page.locator(".search-close").click()
    page.reload()
    assert not dialog.is_visible()


def test_enter_waits_for_the_results_and_opens_the_section(reader: Callable[..., Reader]) -> None:
    """The reader is told that the search goes on; the section is the one that the query names."""
    page = reader().open("en/index.html")
    held = []
    page.route("**/pagefind-entry.json*", lambda route: held.append(route))
    page.keyboard.press("/")
    page.keyboard.insert_text("loss is nan")
    expect(page.locator(".search-status")).to_have_text("Searching…")
    page.keyboard.press("Enter")
    held[0].continue_()
    page.wait_for_url("**/concepts/loss/#three-forms-of-one-formula")


def test_a_fold_with_the_word_is_open_on_arrival(reader: Callable[..., Reader]) -> None:
    """From another page, and from the section itself."""
    page = reader().open("en/index.html")
    for _ in range(2):
        page.keyboard.press("/")
        search(page, "drop_last")
        page.locator(".search-results li li a").first.click()
        page.wait_for_url("**/concepts/epochs/#*")
        assert "drop_last" in page.locator("details[open]").first.text_content()
        page.evaluate("document.querySelectorAll('details[open]').forEach(fold => { fold.open = false })")


@pytest.mark.parametrize("touch", [False, True])
def test_what_a_finger_cannot_use_is_not_shown(reader: Callable[..., Reader], touch: bool) -> None:
    page = reader(width=390, has_touch=touch, is_mobile=touch).open("en/index.html")
    page.locator(".search-button").click()
    for part in (".search-hint", ".search-keys"):
        assert page.locator(part).is_visible() != touch


@LANGUAGES
def test_an_empty_search_says_what_to_try(reader: Callable[..., Reader], language: str) -> None:
    """Each of the queries finds pages that have all of it; while there are results, they are not in the way."""
    page = reader(width=390, language=language, has_touch=True, is_mobile=True).open(f"{FOLDERS[language]}index.html")
    page.locator(".search-button").tap()
    examples, field = page.locator(".search-examples button"), page.locator("dialog.search [type=search]")
    assert examples.count() == 3
    for query in examples.all():
        query.tap()
        expect(field).to_have_value(query.text_content())
        expect(page.locator(".search-results > li").first).to_be_visible()
        expect(page.locator(".search-status")).to_have_text(
            re.compile({"zh": r"找到 \d+ 页", "en": r"\d+ pages? found"}[language])
        )
        expect(query).to_be_hidden()
        field.fill("")
        expect(query).to_be_visible()


@LANGUAGES
def test_a_short_word_finds_no_longer_ones(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """Where a page has an abbreviation, those that only have a word that begins with it are not found."""
    page = reader(language=language).open(f"{FOLDERS[language]}index.html")
    page.locator(".search-button").click()
    search(page, "log")
    texts = [other.html.select_one("article").text for other in site.pages.values() if other.language == language]
    having, beginning = (
        sum(bool(re.search(pattern, text, re.IGNORECASE | re.ASCII)) for text in texts)
        for pattern in (r"(?<!\w)log(?!\w)", r"(?<!\w)log")
    )
    found = int(re.search(r"\d+", page.locator(".search-status").text_content())[0])
    assert 0 < found <= having < beginning


@LANGUAGES
def test_on_a_phone_the_search_has_the_screen(reader: Callable[..., Reader], language: str) -> None:
    """All of it, and no more: the last result is seen whole, below the field. That has letters so large that no phone zooms in."""
    page = reader(width=390, language=language, has_touch=True, is_mobile=True).open(f"{FOLDERS[language]}index.html")
    page.locator(".search-button").tap()
    search(page, {"zh": "网络", "en": "network"}[language])
    whole = {"x": 0, "y": 0, "width": 390, "height": 844}
    assert page.locator("dialog.search").bounding_box() == whole
    last = page.locator(".search-results a").last
    last.scroll_into_view_if_needed()
    box = last.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 844
    field = page.locator("dialog.search [type=search]")
    assert 0 <= field.bounding_box()["y"] < 60
    assert field.evaluate("field => parseFloat(getComputedStyle(field).fontSize)") >= 16


def test_only_a_press_beside_the_dialog_closes_it(reader: Callable[..., Reader]) -> None:
    """Not one on its empty ground, all of a phone's screen, by which one puts the keyboard away; nor a selection drawn too far."""
    phone = reader(width=390, has_touch=True).open("en/index.html")
    phone.locator(".search-button").tap()
    assert search(phone, "GBK") == []
    phone.touchscreen.tap(195, 700)
    assert phone.locator("dialog.search").is_visible()
    page = reader().open("en/index.html")
    page.keyboard.press("/")
    field = page.locator("dialog.search [type=search]")
    field.fill("convolution")
    box = field.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(20, box["y"] + 10)
    page.mouse.up()
    assert page.locator("dialog.search").is_visible() and page.evaluate("getSelection().toString()")
    page.mouse.click(20, 400)
    assert not page.locator("dialog.search").is_visible()


def test_a_result_in_another_tab_leaves_the_others_open(reader: Callable[..., Reader]) -> None:
    """Who looks at several results side by side has the list still, and comes back to no query when the tab is closed."""
    page = reader().open("en/index.html")
    page.keyboard.press("/")
    found = search(page, "dropout")
    for address in found[:2]:
        with page.context.expect_page() as opened:
            page.locator(f".search-results > li > a[href='{address}']").click(modifiers=["ControlOrMeta"])
        opened.value.wait_for_url(address)
        assert page.locator("dialog.search").is_visible() and page.url.endswith("/en/")
    page.keyboard.press("Escape")
    page.reload()
    assert not page.locator("dialog.search").is_visible()


def test_composed_chinese_is_looked_for_when_it_is_there(reader: Callable[..., Reader]) -> None:
    """Not the letters by which it is composed, and without another key."""
    page = reader(language="zh").open("index.html")
    page.keyboard.press("/")
    devtools = page.context.new_cdp_session(page)
    for letters in ("j", "ju", "juan", "juanji"):
        devtools.send(
            "Input.imeSetComposition", {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)}
        )
    page.wait_for_timeout(300)
    assert page.locator("dialog.search [type=search]").input_value() == "juanji"
    assert not page.locator(".search-status").text_content()
    devtools.send("Input.insertText", {"text": "卷积"})
    expect(page.locator(".search-results mark").first).to_have_text("卷积")


def test_a_result_on_the_same_page_closes_the_dialog(reader: Callable[..., Reader]) -> None:
    someone = reader(width=390)
    page = someone.open("en/models/cnn/index.html")
    page.locator(".search-button").click()
    search(page, "confusion matrix")
    page.locator(".search-results li li a").first.click()
    assert not page.locator("dialog.search").is_visible() and "#" in page.url


@LANGUAGES
def test_every_result_leads_to_its_section(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """To an anchor whose heading is the one that the result shows, with an excerpt of that section that marks the word."""
    page = reader(language=language).open(f"{FOLDERS[language]}map/index.html")
    page.keyboard.press("/")
    for query in ({"zh": "卷积", "en": "convolution"}[language], "Adam"):
        search(page, query)
        results = page.eval_on_selector_all(
            ".search-results li li a",
            "links => links.map(a => [a.pathname, a.hash, a.querySelector('strong').textContent, a.textContent, [...a.querySelectorAll('mark')].map(m => m.textContent)])",
        )
        assert results
        articles: dict[str, str] = {}
        for path, anchor, heading, text, marks in results:
            built = site.pages[f"{unquote(path)[1:]}index.html"].html.find(id=unquote(anchor)[1:])
            assert built.get_text().removesuffix("¶") == heading
            if path not in articles:
                article = copy(built.find_parent("article"))
                for reference in article.select(".footnote-ref"):
                    reference.extract()
                articles[path] = article.get_text() + " ".join(image["alt"] for image in article.find_all("img"))
            assert not (
                strange := [
                    word for word in re.split(r"[\s…]+", text.removeprefix(heading)) if word not in articles[path]
                ]
            ), strange
            assert query.lower() in "".join(marks).lower() or query.lower() in heading.lower(), (marks, text)


@LANGUAGES
def test_what_a_screen_reader_is_told(reader: Callable[..., Reader], language: str) -> None:
    """A named dialog, a named field with a hint, the number of pages in a live region, a named list of links."""
    page = reader(language=language).open(f"{FOLDERS[language]}index.html")
    name = {"zh": "搜索", "en": "Search"}[language]
    page.get_by_role("button", name=name, exact=True).click()
    dialog = page.get_by_role("dialog", name=name, exact=True)
    assert dialog.get_by_role("search").count() == 1
    assert (
        dialog.get_by_role(
            "searchbox", description={"zh": re.compile("方向键"), "en": re.compile("Arrow keys")}[language]
        ).count()
        == 1
    )
    for query, told in (
        ("Adam", {"zh": r"找到 \d+ 页", "en": r"\d+ pages found"}),
        ("ωωω", {"zh": "没有找到", "en": "Nothing found"}),
    ):
        search(page, query)
        assert re.fullmatch(told[language], dialog.get_by_role("status").text_content())
        assert dialog.get_by_role("list", name={"zh": "搜索结果", "en": "Search results"}[language]).locator(
            "a"
        ).count() == (0 if query == "ωωω" else page.locator(".search-results a").count())


def test_a_search_that_cannot_be_loaded_says_so_and_tries_again(reader: Callable[..., Reader]) -> None:
    someone = reader()
    page = someone.open("en/index.html")
    page.route("**/pagefind/*", lambda route: route.fulfill(status=404))
    page.keyboard.press("/")
    assert search(page, "Adam") == []
    assert "could not be loaded" in page.locator(".search-status").text_content()
    page.unroute("**/pagefind/*")
    assert search(page, "Adam ")
    # Nor is what stands in a part that does not come said to be nowhere. The index is cut by the alphabet: this part is another.
    page.route("**/pagefind/index/*", lambda route: route.abort())
    assert search(page, "variational") == []
    assert "could not be loaded" in page.locator(".search-status").text_content()
    page.unroute("**/pagefind/index/*")
    assert search(page, "variational ")
    someone.complaints.clear()  # The browser complains of what the test has broken.


# What the index is made of -------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    return cut(text).replace(JOINED, "+").split(" ")


def test_chinese_is_cut_into_pairs() -> None:
    """So that each character begins exactly one word, and the text can be made again."""
    assert words("自注意力，LSTM（长短期）") == [
        "自注+",
        "注意+",
        "意力+",
        "力，+",
        "LSTM（+",
        "长短+",
        "短期+",
        "期）",
    ]
    assert words("用 Adam 优化") == ["用", "Adam", "优化+", "化"]
    assert words("loss(from_logits=True) 0.5, x") == ["loss(+", "from_logits=+", "True)", "0.5,", "x"]
    assert words("60,000, 1,875.5 (1,2) _a_") == ["60,000,", "1,875.5", "(1,+", "2)", "_a_"]
    assert words("（") == ["（"] and words("") == [""]


PAGE = """<html lang="zh"><head><meta name="description" content="说明"></head><body><p>不在文章里</p><article>
<h1 id="a">题<a class="headerlink">¶</a></h1><p>设 <span class="arithmatex"><annotation>x^2 = 1{,}875</annotation></span> 为<b>正</b>数<br>吗</p>
<img alt="图" src="x"><h2 id="b">节</h2><pre><code>run()</code></pre><div class="language-text"><pre>printed</pre></div>
<details><summary>折</summary><pre>whole()</pre><p>答</p></details><script>no()</script></article><p>也不在</p></body></html>"""


def test_extract() -> None:
    """Headings keep their anchors; of formulas there are the numbers; output and whole files in folds count least."""
    html = Extract(PAGE).html
    assert '<html lang="en-zh">' in html
    lines = [
        re.sub(JOINED, "", line) for line in html.splitlines() if line.startswith(("<h", "<s")) and "lang=" not in line
    ]
    assert lines == [
        '<h1 id="a" data-pagefind-weight="8">题</h1>',
        "<span>说明 明</span>",
        '<span data-pagefind-weight="1">设 …1,875… 为正 正数 数 吗</span>',
        '<span data-pagefind-weight="1">图</span>',
        '<h2 id="b" data-pagefind-weight="4">节</h2>',
        '<span data-pagefind-weight="0.2">run()</span>',
        '<span data-pagefind-weight="0.1">printed</span>',
        '<span data-pagefind-weight="1">折</span>',
        '<span data-pagefind-weight="0.1">whole()</span>',
        '<span data-pagefind-weight="1">答</span>',
    ]


def test_traditional_spellings() -> None:
    """Of what the text holds only, and of nothing that it writes so itself."""
    found = spellings("循环神经网络的文件")
    assert found["網"] == "网" and found["迴圈"] == "循环" and found["網路"] == "网络" and found["檔案"] == "文件"
    assert found["遞迴神經網路"] == "循环神经网络"  # from the glossary
    assert "過" not in found and "資料" not in found
    assert "網" not in spellings("网与網") and "檔案" not in spellings("文件，又名檔案")
    script = as_script({"網": "网", "網路": "网络"})
    assert script == 'self.traditional = {"網路":"网络","網":"网"}\n'


def test_a_site_that_cannot_be_indexed(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="Pagefind could not index"):
        make_index(tmp_path)


def test_a_name_of_a_section_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<html lang="en"><meta name="keywords" content="x, y#z"><article><h1 id="a">A</h1></article></html>',
        encoding="utf-8",
    )
    with pytest.raises(SearchError, match="no section is called #z"):
        make_index(tmp_path)


def test_symptoms_lead_to_sections() -> None:
    """The first link is where the symptom leads; of several, each is a name of its section."""
    page = """<div class="symptoms"><ul>
<li><a class="term" href="glossary/#loss" title="它：">损失</a>是 NaN：<a href="concepts/loss/#%E8%8A%82">节</a></li>
<li>Slow &amp; bad: but for <a href="index.html#b">this</a>, <a href="models/x/#c">forgot <code>that</code></a></li></ul></div>
<li>x: <a href="y/#z">z</a></li>"""
    assert symptoms(page) == {
        "concepts/loss": ["损失是 NaN#节"],
        "index": ["Slow & bad#b", "this#b"],
        "models/x": ["forgot that#c"],
    }


def test_a_page_in_a_language_without_an_index() -> None:
    with pytest.raises(SearchError, match="'fr'"):
        Extract('<html lang="fr"><article><p>mot</p></article></html>').html


def test_a_site_without_its_search_is_not_built(working_copy: Path) -> None:
    """In any build; the message is Pagefind's own."""
    (working_copy / "pagefind.py").write_text("raise SystemExit('out of order')", encoding="utf-8")
    result = build(working_copy, working_copy / "site")
    assert result.returncode != 0 and "Pagefind could not index" in result.stdout and "out of order" in result.stdout, (
        result.stdout
    )
