"""Figures with sliders, in a real browser: from the keyboard, without script, on paper, and as light as a page must be."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from evidence.pages import explore
from tests.site.conftest import Site
from tests.site.reader import Reader
from tests.site.test_accessibility import violations
from tests.site.test_browser import FIRST_VISIT

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
BORDER = {"zh": "concepts/neuron/", "en": "en/concepts/neuron/"}
# Of each figure, with all of its sliders at some share of their way: what it was told, the values, and what the page then shows.
MOVE = """share => [...document.querySelectorAll("figure.explore")].map(figure => {
  const inputs = [...figure.querySelectorAll("input")]
  for (const input of inputs) {
    input.value = Number(input.min) + share * (input.max - input.min)
    input.dispatchEvent(new Event("input", {bubbles: true}))
  }
  const values = Object.fromEntries(inputs.map(input => [input.name, input.valueAsNumber]))
  const parsed = document.createElement("div")
  parsed.innerHTML = explore(JSON.parse(figure.dataset.about), values).pictures
  return {
    about: figure.dataset.about, values, says: figure.querySelector("output").textContent,
    texts: Object.fromEntries(inputs.map(input => [input.name, input.ariaValueText])),
    seen: Object.fromEntries(inputs.map(input => [input.name, input.previousElementSibling.textContent])),
    drawn: figure.querySelector(".explore-pictures").innerHTML === parsed.innerHTML,
    numbers: explore(JSON.parse(figure.dataset.about), values).numbers,
    height: figure.getBoundingClientRect().height, wide: figure.scrollWidth > figure.clientWidth,
  }
})"""


def pages_with_sliders(site: Site, language: str) -> list[str]:
    found = [
        path
        for path, page in site.pages.items()
        if page.language == language and '<figure class="explore"' in page.file.read_text(encoding="utf-8")
    ]
    assert len(found) >= 4
    return found


@pytest.mark.parametrize(("width", "language"), [(390, "zh"), (1280, "zh"), (390, "en"), (1280, "en")])
def test_a_browser_draws_what_the_build_would(
    site: Site, reader: Callable[..., Reader], width: int, language: str
) -> None:
    """Wherever the sliders stand, it says what the build's engine says; and nothing below the figure moves."""
    someone = reader(width=width, language=language)
    page = someone.context.new_page()
    for path in pages_with_sliders(site, language):
        someone.open(path, page)
        heights: dict[str, set[float]] = {}
        for share in (0, 0.13, 0.31, 0.5, 0.68, 0.77, 0.92, 1):
            for shown in page.evaluate(MOVE, share):
                about = json.loads(shown["about"])
                ours = explore.draw(about, shown["values"])
                assert shown["says"] == ours["says"] and shown["drawn"], (path, shown)
                assert shown["texts"] == shown["seen"] == ours["values"], (path, shown)
                assert shown["numbers"] == pytest.approx(ours["numbers"], rel=1e-9, abs=1e-12), (path, shown)
                assert not shown["wide"], path
                heights.setdefault(about["name"], set()).add(shown["height"])
        assert all(len(each) == 1 for each in heights.values()), (path, heights)


@LANGUAGES
def test_sliders_have_names_and_obey_the_keyboard(reader: Callable[..., Reader], language: str) -> None:
    """A slider is found by its label, moved by arrows, and says its value; the sentence below is told politely."""
    page = reader(language=language).open(BORDER[language])
    slider = page.get_by_role("slider", name={"zh": "偏置 b", "en": "Bias b"}[language])
    assert slider.input_value() == "-2" and slider.get_attribute("aria-valuetext") == "−2.0"
    said = page.get_by_role("status").filter(has_text="AND").first
    expect(said).to_contain_text({"zh": "这就是 AND", "en": "This is AND"}[language])
    for _ in range(3):
        slider.press("ArrowRight")
    assert slider.input_value() == "-0.5" and slider.get_attribute("aria-valuetext") == "−0.5"
    expect(said).to_contain_text({"zh": "这就是 OR", "en": "This is OR"}[language])
    assert page.locator("figure.explore").first.locator("circle.on").count() == 3


@LANGUAGES
def test_first_picture_is_there_without_script(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """It is the one that a browser with script has too; and a sentence says why there is no slider."""
    pictures = "() => [...document.querySelectorAll('.explore-pictures')].map(each => each.innerHTML)"
    without, having = reader(language=language, java_script_enabled=False), reader(language=language)
    for path in pages_with_sliders(site, language):
        page = without.open(path)
        assert page.locator("figure.explore input:visible").count() == 0
        figures = page.locator("figure.explore").count()
        assert page.locator(".explore-without:visible").count() == figures
        assert page.locator(".explore-pictures svg > svg:visible, .explore-pictures > svg:visible").count() >= figures
        before = page.locator(".explore-pictures").evaluate_all("all => all.map(each => each.innerHTML)")
        page.close()
        page = having.open(path)
        assert page.evaluate(pictures) == before
        assert page.locator(".explore-without:visible").count() == 0
        page.evaluate(
            "() => document.querySelectorAll('figure.explore').forEach(each => each.dispatchEvent(new Event('input')))"
        )
        assert page.evaluate(pictures) == before, path
        page.close()


def test_on_paper_there_are_pictures_and_no_sliders(site: Site, reader: Callable[..., Reader]) -> None:
    page: Page = reader().open(pages_with_sliders(site, "en")[0])
    page.emulate_media(media="print")
    assert page.locator("figure.explore input:visible, .explore-without:visible").count() == 0
    assert page.locator(".explore-pictures:visible").count() == page.locator("figure.explore").count()


def test_sliders_are_large_enough_for_a_thumb(site: Site, reader: Callable[..., Reader]) -> None:
    someone = reader(width=390)
    for path in pages_with_sliders(site, "en"):
        for box in [each.bounding_box() for each in someone.open(path).locator("figure.explore input").all()]:
            assert box["height"] >= 24 and box["width"] >= 200, (path, box)


@pytest.mark.parametrize(("width", "scheme", "language"), [(390, "dark", "zh"), (1280, "light", "en")])
def test_axe_on_every_page_with_sliders(
    site: Site, reader: Callable[..., Reader], width: int, scheme: str, language: str
) -> None:
    someone = reader(width=width, scheme=scheme, language=language)
    page = someone.context.new_page()
    found = []
    for path in pages_with_sliders(site, language):
        someone.open(path, page)
        found += [f"{path}: {violation}" for violation in violations(page)]
    assert not found, "\n".join(found)


@LANGUAGES
def test_pages_with_sliders_are_light(site: Site, reader: Callable[..., Reader], language: str) -> None:
    """All but pictures, compressed, within what every first visit may take; a figure with its sliders a small part of it."""
    someone = reader(language=language)
    sizes: dict[str, int] = {}

    def count(devtools) -> None:
        kinds: dict[str, str] = {}
        devtools.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
        devtools.on(
            "Network.loadingFinished",
            lambda event: (
                sizes.update({event["requestId"]: event["encodedDataLength"]})
                if kinds.get(event["requestId"]) != "Image"
                else None
            ),
        )

    for path, page, _ in someone.visit(pages_with_sliders(site, language), count, tabs=1):
        page.wait_for_load_state("networkidle")
        assert 0 < sum(sizes.values()) <= FIRST_VISIT, f"{path}: {sum(sizes.values())} bytes"
        sizes.clear()
