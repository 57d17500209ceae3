"""Measures the scripts on the Transformer from outside: runs in the process of each, after it, in whichever framework."""

import numpy
from probing import Stop, last_section, what_train_receives


def numbers_in(tokens: numpy.ndarray) -> numpy.ndarray:
    """The numbers in rows of tokens: digits are the tokens from 3 to 12, and occur in names nowhere."""
    return numpy.array([int("".join(str(token - 3) for token in row if 3 <= token < 13)) for row in tokens.tolist()])


def trained_on(snippet: dict) -> numpy.ndarray:
    return numbers_in(what_train_receives(snippet)[0])


def _nothing(*_):
    """Takes the place of `train`, where what a model has learned does not matter."""


def _stop(*_):
    raise Stop


def shares_of_every_other(snippet: dict) -> numpy.ndarray:
    """What the script says is right, where its `translate` is one that writes every other name rightly, and knows the digits only."""

    def translate(model, source):
        names = snippet["encode_pairs"](numbers_in(source))[1][:, 1:].copy()
        names[::2] = snippet["PAD"]
        return names

    return numpy.array(last_section(snippet, train=_nothing, translate=translate, look=_stop)["accuracies"])


def asked_of_gpt(snippet: dict) -> dict[str, numpy.ndarray]:
    """What the script gives `write_on`, and what it says is right, where every other name comes back rightly written."""
    given = []

    def write_on(model, prompt):
        given.append(prompt.copy())
        tokens = snippet["make_text"](numbers_in(prompt))
        tokens[::2] = snippet["PAD"]
        return tokens

    share = last_section(snippet, train=_nothing, write_on=write_on, predict=_stop)["written_share"]
    return {"prompt": given[0], "share_of_every_other": numpy.array(share)}


def named(snippet: dict) -> dict[str, numpy.ndarray]:
    """What the script calls numbers of ours, and how it turns them into tokens and positions."""
    generator = numpy.random.default_rng(5)
    numbers = numpy.concatenate(
        [numpy.arange(30_000), generator.integers(1_000_000, size=30_000), 10_000 * numpy.arange(100)]
    )
    found = {"numbers": numbers, "names": numpy.array([snippet["name_number"](int(number)) for number in numbers])}
    found["source"], found["target"] = snippet["encode_pairs"](numbers[-500:])
    found["decoded"] = numpy.array([snippet["decode"](row) for row in found["target"]])
    found["drawn"], found["tested"] = snippet["draw_numbers"](20_000, 2000, numpy.random.default_rng(3))
    return found | {"positions": snippet["encode_positions"](12, 64)}


def trained(snippet: dict) -> dict[str, numpy.ndarray]:
    import matplotlib.pyplot as plt  # which the task's tests do without

    generator = numpy.random.default_rng(11)
    numbers = generator.integers(100_000, 1_000_000, size=300)
    source, target = snippet["encode_pairs"](numbers)
    found = {"names": numpy.array([snippet["decode"](row) for row in target])}
    found |= {
        "source": source,
        "target": target,
        "trained_on": trained_on(snippet),
        "tested_on": snippet["test_numbers"],
    }
    found["shares_of_every_other"] = shares_of_every_other(snippet)
    garbled = target.copy()  # other words from the seventh on: whoever reads them before writing his own will differ
    garbled[:, 6:] = generator.integers(13, 28, size=garbled[:, 6:].shape)
    for number, model in enumerate(snippet["models"]):
        found[f"written_{number}"] = numpy.array(
            [snippet["decode"](row) for row in snippet["translate"](model, source)]
        )
        turned = snippet["translate"](model, source[:, ::-1].copy())
        found[f"turned_{number}"] = numpy.array([snippet["decode"](row) for row in turned])
        found[f"logits_{number}"], found[f"shares_{number}"] = snippet["look"](model, source, target[:, :-1])
        found[f"garbled_logits_{number}"] = snippet["look"](model, source, garbled[:, :-1])[0]
    # Numbers of two to five digits, with padding behind them.
    short = snippet["encode_pairs"](generator.integers(10, 100_000, size=200))
    found["short_shares"], found["short_source"] = (
        snippet["look"](snippet["models"][0], short[0], short[1][:, :-1])[1],
        short[0],
    )
    axes = plt.figure("attention").axes[0]
    found |= {"map": numpy.array(axes.images[0].get_array())}
    found["words"] = numpy.array([label.get_text() for label in axes.get_yticklabels()])
    source, target = snippet["encode_pairs"]([157_105])
    return found | {"expected_map": snippet["look"](snippet["models"][0], source, target[:, :-1])[1][0]}


def halves(snippet: dict) -> dict[str, numpy.ndarray]:
    generator = numpy.random.default_rng(13)
    numbers = generator.integers(100_000, 1_000_000, size=300)
    tokens, gpt, bert = snippet["make_text"](numbers), snippet["models"]["GPT"], snippet["models"]["BERT"]
    found = {"tokens": tokens, "trained_on": trained_on(snippet), "tested_on": snippet["test_numbers"]} | asked_of_gpt(
        snippet
    )
    for kind in ("GPT", "BERT"):
        found[f"{kind}_inputs"], found[f"{kind}_targets"] = snippet["make_examples"](tokens, kind, generator)
    garbled = tokens.copy()
    garbled[:, 9:] = generator.integers(13, 28, size=garbled[:, 9:].shape)
    for kind, model in (("GPT", gpt), ("BERT", bert)):
        found[f"{kind}_guesses"] = snippet["predict"](model, tokens)
        found[f"{kind}_garbled"] = snippet["predict"](model, garbled)
    prompt = tokens.copy()
    prompt[:, 7:] = 0
    found["written"] = snippet["write_on"](gpt, prompt)
    for place in range(6):
        blank = tokens.copy()
        blank[:, place] = snippet["MASK"]
        found[f"filled_{place}"] = snippet["predict"](bert, blank)[:, place]
    return found


def waiting(snippet: dict) -> dict[str, numpy.ndarray]:
    """The chains that the script counts in graphs of ours: operations side by side, and one after another."""

    def in_a_row(number):
        def function(x):
            for _ in range(number):
                x = x * 2
            return x

        return function

    def halving(number):  # side by side, then added in pairs: as long as the logarithm of their number
        def function(x):
            parts = [x * factor for factor in range(1, 2**number + 1)]
            while len(parts) > 1:
                parts = [one + other for one, other in zip(parts[::2], parts[1::2])]
            return parts[0]

        return function

    if "torch" in snippet:

        def count(function):
            return snippet["count_waiting"](function(snippet["torch"].ones(1, 4, 64, requires_grad=True)).grad_fn)
    elif "mx" in snippet:

        def count(function):
            x = snippet["mx"].nd.ones((1, 4, 64))
            x.attach_grad()
            return snippet["count_waiting"](function, x)

    else:

        def count(function):
            return snippet["count_waiting"](function, 4)

    found = {"in_a_row": numpy.array([count(in_a_row(number)) for number in (3, 10)])}
    found["halving"] = numpy.array([count(halving(number)) for number in (3, 5)])
    return found | {
        "lstm": snippet["lstm_seconds"],
        "encoder": snippet["encoder_seconds"],
        "lengths": numpy.array(snippet["LENGTHS"]),
    }


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    if "make_examples" in snippet:
        return halves(snippet)
    if "count_waiting" in snippet:
        return waiting(snippet)
    if "translate" in snippet:
        return trained(snippet)
    return named(snippet) if "name_number" in snippet else {}
