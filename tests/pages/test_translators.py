"""The page on carrying weights shows what does the carrying: one layer whole, before all else, and `load` where it is called."""

import pytest

from evidence.catalog import LANGUAGES, load_catalog
from tests.conftest import ROOT
from tests.pages.source import read_house, read_page

HOUSE = read_house(load_catalog(ROOT))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_code_carries_one_layer_whole(language):
    page = read_page(ROOT, ROOT / f"docs/{language}/frameworks/translators.md", HOUSE.catalog)
    shown = [(path.rpartition("/")[2], section) for _, path, section in page.embeds]
    assert shown[:3] == [("dense_pytorch.py", "save"), ("dense_pytorch.py", "load"), ("dense_mxnet.py", "load")]
    carried = "".join(HOUSE.code(path, section) for _, path, section in page.embeds[:2])
    for step in ("get_weights()", "np.savez(", "np.load(", ".T)", "load_state_dict("):
        assert step in carried, step


@pytest.mark.parametrize("language", LANGUAGES)
def test_load_is_shown_before_it_is_called(language):
    page = read_page(ROOT, ROOT / f"docs/{language}/frameworks/translators.md", HOUSE.catalog)
    codes = [HOUSE.code(path, section) or "" for _, path, section in page.embeds]
    called = next(number for number, code in enumerate(codes) if "load(module.get_submodule" in code)
    assert any("def load(module, state)" in code for code in codes[:called])
