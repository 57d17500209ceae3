"""The home page leads whoever has a problem to where that very problem is shown, with a number."""

import pytest

from evidence.catalog import LANGUAGES
from tests.conftest import ROOT
from tests.pages.languages import slug
from tests.pages.source import LINK, Page, read_page, source_of

# Target in English -> what stands there, within the first lines: the claim, value or output that shows the symptom.
SHOWN = {
    "concepts/loss.md#three-forms-of-one-formula": "loss.claim.stable",
    "concepts/loss.md#softmax-twice": "loss.claim.twice",
    "concepts/gradient_descent.md#the-edge-of-the-learning-rate": "output | gradient_descent.rates",
    "concepts/gradient_descent.md#the-edge-in-a-network": "gradient_descent.claim.network_stuck",
    "concepts/backpropagation.md#what-goes-wrong": "backpropagation.claim.equal",
    "concepts/epochs.md#what-goes-wrong": "epochs.claim.flat_labels",
    "concepts/activation.md#when-a-relu-dies": "activation.claim.dies",
    "concepts/overfitting.md#four-remedies-one-control": "overfitting.claim.control_memorises",
    "concepts/optimizers.md#is-adam-better": "optimizers.claim.adam_wins",
    "concepts/overfitting.md#leaks": "overfitting.claim.selection_leaks",
    "models/mlp.md#what-goes-wrong-and-how-it-looks": "mlp.claim.stuck",
    "models/cnn.md#when-the-digit-moves": "cnn.claim.bound_to_place",
    "models/gradients.md#measuring-it": "output | gradients.main",
    "models/gradients.md#what-it-brings": "gradients.claim.rescues",
    "models/rnn.md#sequences-of-different-lengths": "rnn.claim.last_column",
    "models/lstm_gru.md#task-2-remember-the-marked-one": "lstm_gru.claim.above_chance",
    "models/mode_collapse.md#how-to-notice-it": "mode_collapse.claim.losses_look_well",
    "frameworks/comparison.md#batch-normalisation": "defaults_pytorch.epsilons",
    "frameworks/comparison.md#initial-weights": "output | start.main",
    "frameworks/translators.md#what-goes-wrong": "parity.claim.epsilon",
    "walkthroughs/digits_pytorch.ipynb#three-loops-that-differ-in-one-line": "digits_pytorch.py:wrong_loop",
}
NEAR = 2000  # characters


def source(language: str, target: str) -> Page:
    return read_page(ROOT, ROOT / source_of(f"docs/{language}/{target}"))


def headings(page: Page) -> list[tuple[str, int]]:
    """Return what each heading is called in an address, and the line after it."""
    return [(slug(block.text), block.line) for block in page.blocks if block.kind == "heading"]


def links(language: str) -> list[str]:
    """Return the targets of all links to sections from the home page, in their order."""
    text = source(language, "index.md").text
    return [match[2] for match in LINK.finditer(text) if ".md#" in match[2] or ".ipynb#" in match[2]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_symptoms_lead_to_where_they_are_shown(language):
    targets = links(language)
    assert len(targets) >= len(SHOWN)
    for target, english in zip(targets, links("en"), strict=True):
        path, _, anchor = target.partition("#")
        assert (path, english in SHOWN) == (english.partition("#")[0], True), f"say in SHOWN what {english} shows"
        page, wanted = source(language, path), [slug for slug, _ in headings(source("en", path))]
        found = headings(page)
        places = [number for number, (name, _) in enumerate(found) if name == anchor]
        assert places == [wanted.index(english.partition("#")[2])], target
        lines = page.text.splitlines()
        end = found[places[0] + 1][1] - 1 if places[0] + 1 < len(found) else len(lines)
        section = "\n".join(lines[found[places[0]][1] : end])
        assert SHOWN[english] in section[:NEAR], f"{target} does not show it near its heading"


def test_every_symptom_is_asked_for():
    """Nothing is left in the table that no symptom leads to."""
    assert set(links("en")) == SHOWN.keys()
