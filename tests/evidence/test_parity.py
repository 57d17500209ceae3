"""The record of how alike the versions of a model are: what it keeps, when it no longer holds, and how a page shows it."""

import pytest

from evidence.parity import ParityDamaged, read_parity, write_parity
from evidence.record import parity_path, unclaimed_files
from tests.evidence.test_markdown import built_site, show, site  # noqa: F401

DIFFERENCES = {"pytorch": {"forward": 5.8e-7, "gradient": 3e-8, "sgd_1": 1e-9, "sgd_10": 1.2e-7, "adam_1": 0.0}}
PLAN = """
[parity.toy]
input = [2]
layers = ["dense"]

[absent]"""
VERSIONS = {"torch": "2.13.0+cpu", "numpy": "2.4.6"}


@pytest.fixture
def measured(site):  # noqa: F811
    """The site of `test_markdown.py`, with the parity of its model called toy."""
    contract = site.folder / "topic.toml"
    contract.write_text(contract.read_text().replace("\n[absent]", PLAN))
    write_parity(site.catalog, site.catalog.topic("toy"), {"toy": DIFFERENCES}, VERSIONS)
    return site


def test_what_was_written_is_read(measured):
    parity = read_parity(measured.catalog)["toy"]
    assert parity.differences == DIFFERENCES and parity.reasons == ()
    assert read_parity(measured.catalog, ["toy"]) == {"toy": parity} and read_parity(measured.catalog, ["other"]) == {}
    assert unclaimed_files(measured.catalog) == []


def test_record_of_a_model_that_is_planned_no_more_is_unclaimed(measured):
    path, contract = parity_path(measured.catalog, measured.catalog.topic("toy")), measured.folder / "topic.toml"
    contract.write_text(contract.read_text().replace(PLAN, "\n[absent]"))
    assert read_parity(measured.catalog) == {} and unclaimed_files(measured.catalog) == [path]


def test_nothing_measured(site):  # noqa: F811
    assert read_parity(site.catalog) == {}


def test_edited_script_makes_it_stale_and_a_comment_does_not(measured):
    script = measured.folder / "toy_pytorch.py"
    script.write_text("# a word\nSEED = 0\n")
    assert read_parity(measured.catalog)["toy"].reasons == ()
    script.write_text("SEED = 1\n")
    (reason,) = read_parity(measured.catalog)["toy"].reasons
    assert reason.startswith("toy_pytorch.py was edited after its parity was measured on")


def test_another_version_makes_it_stale(measured):
    measured.write("requirements.txt", "torch==2.14.0\nnumpy==2.4.6\n")
    (reason,) = read_parity(measured.catalog)["toy"].reasons
    assert reason == "it was recorded with torch 2.13.0, and the requirements now pin 2.14.0"


def test_edit_by_hand_is_seen(measured):
    path = parity_path(measured.catalog, measured.catalog.topic("toy"))
    path.write_text(path.read_text().replace("5.8e-07", "5.8e-09"))
    with pytest.raises(ParityDamaged, match="edited by hand"):
        read_parity(measured.catalog)


def test_block(measured, show):  # noqa: F811
    html, text, warnings = show("/// parity | models/toy\n///")
    assert (
        "Toy: with the same weights, the versions in PyTorch differ from Keras’ by at most 5.8\u00a0×\u00a010⁻⁷ in the output"
        in text
    )
    assert "3.0\u00a0×\u00a010⁻⁸ in the gradient and 1.2\u00a0×\u00a010⁻⁷ in the parameters" in text
    assert html.select_one(".evidence-parity a")["href"] == "../frameworks/parity.md" and warnings == []


def test_table_of_all_models(measured, show):  # noqa: F811
    html, _, warnings = show("/// parity\n///")
    (row,) = html.select(".evidence-parity tbody tr")
    title, *cells = row.select("th, td")
    assert title.a["href"] == "models/toy.md" and title.text == "Toy" and warnings == []
    numbers = ["5.8\u00a0×\u00a010⁻⁷", "3.0\u00a0×\u00a010⁻⁸", "1.2\u00a0×\u00a010⁻⁷"]
    assert [cell.text for cell in cells[:-1]] == ["PyTorch", *numbers]
    assert len(row.select("th, td")) == len(html.select("thead th"))


def test_block_in_chinese(measured, show):  # noqa: F811
    _, text, _ = show("/// parity | models/toy\n///", "zh")
    assert (
        "玩具：装进同样的权重，PyTorch 的版本与 Keras 的最多相差：输出 5.8\u00a0×\u00a010⁻⁷，梯度 3.0\u00a0×\u00a010⁻⁸"
        in text
    )


def test_stale_block_warns(measured, show):  # noqa: F811
    (measured.folder / "toy_pytorch.py").write_text("SEED = 1\n")
    html, _, warnings = show("/// parity | models/toy\n///")
    assert "toy_pytorch.py was edited" in html.select_one(".evidence-problem").text
    assert len(warnings) == 1 and "measure it again" in warnings[0]


def test_block_of_what_was_not_measured_warns(measured, show):  # noqa: F811
    html, _, warnings = show("/// parity | models/other\n///")
    assert "no parity was measured of models/other" in html.select_one(".evidence-problem").text and len(warnings) == 1
