"""What a new topic starts from: it runs and is recorded as it is, and all that its pages lack is what TODO marks."""

import shutil

import pytest

from evidence import claims
from evidence.catalog import load_catalog
from evidence.new import TopicExists, lay_out_topic
from evidence.record import recorded_results, write_record
from evidence.running.script import run_script
from tests.conftest import ROOT
from tests.pages import rules
from tests.pages.source import read_house


@pytest.fixture
def laid_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "snippets" / "concepts").mkdir(parents=True)
    shutil.copy(ROOT / "snippets" / "concepts" / "section.toml", tmp_path / "snippets" / "concepts")
    lay_out_topic(tmp_path, "concepts/variance", ["numpy"])
    return tmp_path


def test_draft_runs_and_lacks_only_what_is_to_do(laid_out):
    catalog = load_catalog(laid_out)
    script, topic = catalog.script("variance_numpy"), catalog.topic("variance")
    run = run_script(catalog, script)
    assert run.results == {"largest": 4.0} and {"x", "square(x)", "2 * x"} <= set(run.values)
    record = write_record(catalog, [run])
    for claim in topic.claims.values():
        assert not claims.failures(claim, topic, recorded_results(catalog)), record
    house = read_house(catalog)
    found = rules.same_structure(
        house.pages["docs/zh/concepts/variance.md"], house.pages["docs/en/concepts/variance.md"]
    )
    for page in house.pages.values():
        for rule in (
            rules.code_is_embedded,
            rules.sections_in_order,
            rules.quotes,
            rules.page_is_complete,
            rules.images,
        ):
            found += rule(page, house)
    strange = [complaint for complaint in found if "TODO" not in complaint and "names no source" not in complaint]
    assert not strange and any("TODO" in complaint for complaint in found)


def test_frameworks_that_the_section_excuses_need_no_reason(tmp_path, laid_out):
    assert "[absent]" not in (laid_out / "snippets/concepts/variance/topic.toml").read_text("utf-8")
    lay_out_topic(tmp_path, "models/tiny", ["keras", "pytorch"])
    contract = (tmp_path / "snippets/models/tiny/topic.toml").read_text("utf-8")
    assert "mxnet = {" in contract and "keras = {" not in contract


@pytest.mark.parametrize("topic", ["concepts/variance", "concept/x", "concepts/A", "walkthroughs/x"])
def test_nothing_is_overwritten_and_names_are_checked(laid_out, topic):
    before = {path: path.read_bytes() for path in laid_out.rglob("*") if path.is_file()}
    with pytest.raises(TopicExists):
        lay_out_topic(laid_out, topic, ["numpy"])
    assert before == {path: path.read_bytes() for path in laid_out.rglob("*") if path.is_file()}
