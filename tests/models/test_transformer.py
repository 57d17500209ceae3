"""What the page on the Transformer says, held against the runs; `probe_transformer.py` took the measurements."""

import re

import numpy as np
import pytest

TOPIC = "models/transformer"
DIGITS = "零一二三四五六七八九"
UNITS = {"十": 10, "百": 100, "千": 1000}
# By hand, from the rules on the page.
EXAMPLES = {
    0: "零",
    2: "二",
    10: "十",
    12: "十二",
    20: "二十",
    22: "二十二",
    101: "一百零一",
    110: "一百一十",
    200: "两百",
    212: "两百一十二",
    1010: "一千零一十",
    1015: "一千零一十五",
    2000: "两千",
    2002: "两千零二",
    2222: "两千两百二十二",
    10_000: "一万",
    10_010: "一万零一十",
    12_000: "一万两千",
    20_000: "两万",
    20_002: "两万零二",
    22_222: "两万两千两百二十二",
    100_000: "十万",
    100_005: "十万零五",
    100_500: "十万零五百",
    105_000: "十万五千",
    105_050: "十万五千零五十",
    110_000: "十一万",
    120_000: "十二万",
    150_500: "十五万零五百",
    157_105: "十五万七千一百零五",
    200_000: "二十万",
    202_000: "二十万两千",
    222_222: "二十二万两千两百二十二",
    999_999: "九十九万九千九百九十九",
}


def parse(name: str) -> int:
    """Return the number that a name means: the other way round from the script, and by other means."""
    total = level = digit = 0
    for character in name.replace("两", "二"):
        if character in DIGITS:
            digit = DIGITS.index(character)
        elif character == "万":
            total, level, digit = (level + digit) * 10_000, 0, 0
        else:
            level, digit = level + (digit or 1) * UNITS[character], 0
    return total + level + digit


@pytest.fixture
def names(run):
    return dict(zip(run.probe["numbers"].tolist(), run.probe["names"].tolist()))


@pytest.mark.script("task")
def test_names_are_right(names):
    """Sixty thousand names, read back; the examples word for word, those that the probe did not draw among the others."""
    assert len(names) > 50_000
    for number, name in names.items():
        assert parse(name) == number, (number, name)
        assert name == EXAMPLES.get(number, name)
    assert len(EXAMPLES.keys() & names.keys()) > 20


@pytest.mark.script("task")
def test_rules_of_names(names):
    """Zeros at the end of a level of four digits are silent, other runs of zeros are one 零; 两 before 百, 千, 万, never after 十."""
    for number, name in names.items():
        levels = [f"{number // 10_000 or ''}", f"{number % 10_000:04}"]
        text = "|".join(levels) if number >= 10_000 else str(number)
        inside = len(re.findall("0+(?=[1-9])", re.sub("0+(?=[|]|$)", "", text)))
        assert name.count("零") == inside or number == 0, (number, name)
        assert "零零" not in name and not (name.endswith("零") and number)
        assert not re.search("二[百千]|^二万|两(?![百千万])|十两", name), (number, name)
        assert not name.startswith("一十")


@pytest.mark.script("task")
def test_pairs_are_the_digits_and_the_name(run):
    for number, source, target, decoded in zip(
        run.probe["numbers"][-500:], *(run.probe[n] for n in ("source", "target", "decoded"))
    ):
        assert "".join(str(token - 3) for token in source if token) == str(number)
        assert decoded == run.probe["names"][list(run.probe["numbers"]).index(number)]
        length = len(decoded)
        assert target[0] == 1 and target[length + 1] == 2 and not target[length + 2 :].any()


@pytest.mark.script("task")
def test_positions_are_the_formula(run):
    expected = np.zeros((12, 64))
    for place in range(12):
        for i in range(32):
            angle = place / 10_000 ** (2 * i / 64)
            expected[place, [i, 32 + i]] = np.sin(angle), np.cos(angle)
    np.testing.assert_allclose(run.probe["positions"], expected, rtol=0, atol=1e-6)


@pytest.mark.script("task", "numerals", "halves")
def test_no_test_number_was_trained_on(run):
    drawn, tested = (
        run.probe[n] for n in (("drawn", "tested") if "drawn" in run.probe else ("trained_on", "tested_on"))
    )
    assert (
        len(set(tested.tolist())) == (1000 if run.script.name == "halves" else 2000)
        and tested.min() >= 0
        and 900_000 < tested.max() <= 999_999
    )
    assert not set(tested.tolist()) & set(drawn.tolist())
    assert np.mean(tested >= 100_000) == pytest.approx(0.9, abs=0.03)  # every number alike


@pytest.mark.script("numerals")
def test_only_positions_make_it_translate(run):
    """At least 99.8 % with them; without, the order of the digits is lost."""
    right, without = run.results["accuracies"]
    assert right >= 0.998 and without < 0.2, run.results["accuracies"]
    assert np.mean(run.probe["written_0"] == run.probe["names"]) >= 0.98


@pytest.mark.script("numerals")
def test_names_are_written_without_help(run):
    """Given the right characters, a model has its first mistake where it has it alone, and fewer after it."""
    probe = run.probe
    asked = probe["target"][:, 1:]
    for number in range(2):
        helped = (probe[f"logits_{number}"].argmax(axis=2) == asked) | (asked == 0)
        alone = probe[f"written_{number}"] == probe["names"]
        assert np.mean(helped.all(axis=1) == alone) > 0.99
    assert helped.mean() > alone.mean() + 0.2  # without positions, where there are mistakes


@pytest.mark.script("numerals")
def test_what_counts_is_what_was_written_without_help(run):
    """The shares on the page are those of `translate`, which is given the digits only, on the test numbers."""
    assert run.probe["shares_of_every_other"].tolist() == [0.5, 0.5]


@pytest.mark.script("halves")
def test_gpt_is_asked_with_the_digits_only(run):
    """And what it then writes is what counts."""
    prompts = [
        "".join(str(token - 3) if 3 <= token < 13 else "<" for token in row if token)
        for row in run.probe["prompt"].tolist()
    ]
    assert prompts == [f"{number}<" for number in run.probe["tested_on"].tolist()]
    assert run.probe["share_of_every_other"] == 0.5


@pytest.mark.script("numerals")
def test_without_positions_the_order_is_invisible(run):
    """A number and the same backwards are written alike without positions, and hardly ever with them."""
    alike = [np.mean(run.probe[f"written_{number}"] == run.probe[f"turned_{number}"]) for number in range(2)]
    assert alike[0] < 0.05 and alike[1] > 0.98, alike


@pytest.mark.script("numerals")
def test_the_future_does_not_leak(run):
    """Whatever is written from the seventh token on, the first six predictions stay; the later ones change."""
    for number in range(2):
        before, after = (run.probe[f"{name}logits_{number}"] for name in ("", "garbled_"))
        np.testing.assert_allclose(after[:, :6], before[:, :6], rtol=1e-4, atol=1e-4)
        assert np.abs(after[:, 6:] - before[:, 6:]).max() > 0.1


@pytest.mark.script("numerals")
def test_padding_is_not_looked_at(run):
    shares, padding = run.probe["short_shares"], run.probe["short_source"] == 0
    assert padding.any(axis=1).all()
    assert np.abs(np.where(padding[:, None], shares, 0)).max() < 1e-6
    np.testing.assert_allclose(shares.sum(axis=2), 1, rtol=1e-5)


@pytest.mark.script("numerals")
@pytest.mark.parametrize("character", "两二零")
def test_rules_are_learned(run, character):
    """Names in which a rule decides are right as often as others; round and short numbers, rare in training, are not promised."""
    ruled = np.char.find(run.probe["names"], character) >= 0
    assert ruled.sum() > 50
    assert np.mean((run.probe["written_0"] == run.probe["names"])[ruled]) >= 0.95


@pytest.mark.script("numerals")
def test_attention_points_at_the_digit(run):
    """Recounted on numbers of ours with the longest names; chance is one in six."""
    longest = run.probe["target"][:, -1] == 2
    assert longest.sum() > 50
    shares = run.probe["shares_0"][longest]
    recounted = np.mean([shares[:, 2 * place, place] for place in range(6)])
    assert run.results["pointing_share"] == pytest.approx(recounted, abs=0.05)
    assert recounted > 0.3


@pytest.mark.script("numerals")
def test_figure_shows_157105(run):
    assert run.probe["words"].tolist() == ["shi", "wu", "wan", "qi", "qian", "yi", "bai", "ling", "wu", "end"]
    np.testing.assert_allclose(run.probe["map"], run.probe["expected_map"][:10], rtol=0, atol=1e-5)
    assert "157105 十五万七千一百零五" in run.output


@pytest.mark.script("speed")
def test_chains_are_counted(run):
    """In graphs of ours: seven operations more in a row are seven more to wait for, four times as many side by side two."""
    assert np.diff(run.probe["in_a_row"]) == 7 and np.diff(run.probe["halving"]) == 2


@pytest.mark.script("speed")
def test_the_encoder_works_more_and_more(run):
    """From 128 tokens to 512 the encoder layer's work grows faster than an LSTM's, and that not faster than the length."""
    growth = {name: run.probe[name][4] / run.probe[name][2] for name in ("lstm", "encoder")}
    assert growth["encoder"] > 1.2 * growth["lstm"] and growth["lstm"] < 5, growth
    np.testing.assert_allclose(run.results["cost_ratios"], run.probe["encoder"] / run.probe["lstm"])
    ratios = run.results["cost_ratios"]
    if run.script.stem == "speed_keras":  # whose LSTM is a loop of small operations
        assert max(ratios[:4]) < 0.9 and ratios[4] > 1.2 * ratios[2], ratios
    else:  # whose LSTM is one operation
        assert 1.1 < ratios[2] < ratios[3] < ratios[4], ratios


@pytest.mark.script("halves")
def test_examples_are_what_the_page_says(run):
    """GPT is asked at each token for the next, BERT at each blank for what was there, and nowhere else."""
    probe = run.probe
    np.testing.assert_array_equal(probe["GPT_inputs"], probe["tokens"])
    np.testing.assert_array_equal(probe["GPT_targets"][:, :-1], probe["tokens"][:, 1:])
    blank = probe["BERT_inputs"] == 28
    np.testing.assert_array_equal(np.where(blank, probe["tokens"], 0), probe["BERT_targets"])
    np.testing.assert_array_equal(np.where(blank, probe["tokens"], probe["BERT_inputs"]), probe["tokens"])
    assert np.mean(blank[probe["tokens"] > 0]) == pytest.approx(0.3, abs=0.03) and not blank[probe["tokens"] == 0].any()


@pytest.mark.script("halves")
def test_only_gpt_is_blind_to_what_follows(run):
    """Other tokens from the tenth on: GPT's guesses at the first nine stay, BERT's do not."""
    for kind, same in (("GPT", True), ("BERT", False)):
        before, after = (run.probe[f"{kind}_{name}"][:, :9] for name in ("guesses", "garbled"))
        assert (np.mean(before == after) > 0.999) == same, kind


@pytest.mark.script("halves")
def test_gpt_writes_and_bert_fills_in(run):
    """The decoder alone translates; a blank digit is plain to who sees both sides, and nearly chance to who does not."""
    probe = run.probe
    assert run.results["written_share"] >= 0.99
    there = probe["tokens"] > 0
    assert np.mean(((probe["written"] == probe["tokens"]) | ~there).all(axis=1)) == pytest.approx(
        run.results["written_share"], abs=0.06
    )
    both, left = run.results["filled_shares"]
    assert both > 0.9 and left < 0.2, run.results["filled_shares"]
    zero = 3  # the token of the digit 0, the most frequent in training: what the page says that GPT answers
    assert np.mean(probe["GPT_guesses"][:, 1] == zero) > 0.9
    filled = [np.mean(probe[f"filled_{place}"] == probe["tokens"][:, place]) for place in range(6)]
    assert min(filled) > 0.6, filled  # the other digits too, of which nothing is promised, are no guesses
