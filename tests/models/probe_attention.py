"""Measures the scripts on attention from outside: runs in the process of each, after it, in whichever framework."""

import numpy
from probing import open_model

HEADS = 2


def by_hand(snippet: dict) -> dict[str, numpy.ndarray]:
    """What the script's own functions, and the framework's layer, make of inputs of ours."""
    generator = numpy.random.default_rng(7)
    x, weights = generator.normal(size=(3, 5, 6)), generator.normal(size=(4, 6, 6)) / 3
    biases, lengths = generator.normal(size=(4, 6)) / 3, [5, 3, 1]
    padding, causal = snippet["make_masks"](lengths, 5)
    allowed = padding & causal
    mixed, shares = snippet["attention"](x, x + 1, x - 1, allowed)
    found = {"x": x, "weights": weights, "biases": biases, "padding": padding, "causal": causal}
    found |= {"mixed": mixed, "shares": shares}
    found["by_hand"] = snippet["multi_head_attention"](x, weights, biases, HEADS, allowed)
    found["layer"] = snippet["run_layer"](x, weights, biases, HEADS, allowed)
    return found


def _parameters(model):
    """Embeddings of tokens and places, four (64, 64) weights and (64,) biases of attention, the last layer's (64, 10) and (10,)."""
    tokens, places, *attention, kernel, bias = open_model(model).parameters()
    size = tokens.shape[1]
    if len(attention) == 8:  # four layers, the first three of them with an axis for heads
        weights, biases = (
            [each.reshape(shape) for each in attention[i::2]] for i, shape in ((0, (size, size)), (1, size))
        )
    else:  # the first three side by side
        project, shift, last, last_shift = attention
        weights, biases = [*numpy.split(project, 3, axis=1), last], [*numpy.split(shift, 3), last_shift]
    return tokens, places, numpy.array(weights), numpy.array(biases), kernel, bias


def trained(snippet: dict) -> dict[str, numpy.ndarray]:
    import matplotlib.pyplot as plt  # which the other scripts do without

    generator = numpy.random.default_rng(11)
    tokens, answers, places = snippet["draw_examples"](500, generator)
    found = {"tokens": tokens, "answers": answers, "places": places}
    found |= {"trained_on": snippet["tokens"], "tested_on": snippet["test_tokens"]}
    garbled = tokens.copy()  # with wrong answers: whoever reads them before giving his own will fail
    garbled[:, 9::2] = 111 + (answers + 1 + generator.integers(9, size=answers.shape)) % 10
    for number, model in enumerate(snippet["models"]):
        names = ("tokens", "places", "weights", "biases", "kernel", "bias")
        found |= {f"{name}_{number}": array for name, array in zip(names, _parameters(model))}
        found[f"logits_{number}"], found[f"shares_{number}"] = snippet["look"](model, tokens)
        found[f"garbled_logits_{number}"] = snippet["look"](model, garbled)[0]
        found[f"answered_{number}"] = snippet["answer"](model, tokens)
        found[f"garbled_answered_{number}"] = snippet["answer"](model, garbled)
    panels = plt.figure("attention_maps").axes
    found["drawn"] = numpy.array([axes.images[0].get_array() for axes in panels])
    found["drawn_places"] = numpy.array([axes.lines[0].get_xdata() for axes in panels])
    first = [snippet["look"](model, snippet["test_tokens"][:1])[1][0].mean(axis=0) for model in snippet["models"]]
    return found | {"first_maps": numpy.array(first), "first_places": snippet["test_places"][0]}


def probe(snippet: dict) -> dict[str, numpy.ndarray]:
    if "models" in snippet:
        return trained(snippet)
    return by_hand(snippet) if "make_masks" in snippet else {}
