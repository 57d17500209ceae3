"""Where a page says that the code is."""

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

BLOCK = "Before.\n\n/// repository\n///\n\nAfter."


def rendered(text, **options):
    name = "evidence.pages.repository"
    return Markdown(extensions=["pymdownx.superfences", name], extension_configs={name: options}).convert(text)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "address", ["https://host/name/project", "https://host/name/project/", "https://host/project.git"]
)
def test_a_known_address_is_shown_as_one_clones_it(language, address):
    html = BeautifulSoup(rendered(BLOCK, address=address, language=language), "html.parser")
    assert html.code.text == f"git clone {address.rstrip('/')}\ncd project\n"
    assert html.a["href"] == address.rstrip("/")
    first, _, last = html.select("p")
    assert (first.text, last.text) == ("Before.", "After.") and "///" not in html.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_an_address_none_is_invented(language):
    html = rendered(BLOCK, language=language)
    assert "git" not in html and "href" not in html and html.count("<p>") == 3 and "///" not in html
    assert ("文件夹" in html) == (language == "zh")


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "自己的页面上就能下载"), ("en", "can be downloaded from the topic’s page")]
)
def test_without_an_address_it_says_what_can_be_had(language, words):
    assert words in rendered(BLOCK, language=language)
