"""Measures the scripts on attention from outside: runs in the process of each, after it, in whichever framework."""

import numpy

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


def _keras(model):
    parameters = [numpy.array(weight) for weight in model.get_weights()]
    tokens, places, *attention, kernel, bias = parameters
    size = tokens.shape[1]
    weights = [attention[i].reshape(size, size) for i in (0, 2, 4)] + [attention[6].reshape(size, size)]
    biases = [attention[i].reshape(size) for i in (1, 3, 5)] + [attention[7]]
    return tokens, places, numpy.array(weights), numpy.array(biases), kernel, bias


def _packed(parameters):
    tokens, places, project, shift, last, last_shift, kernel, bias = parameters
    weights = [*(part.T for part in numpy.split(project, 3)), last.T]
    return tokens, places, numpy.array(weights), numpy.array([*numpy.split(shift, 3), last_shift]), kernel.T, bias


def _parameters(model):
    """Embeddings of tokens and places, four (64, 64) weights and (64,) biases of attention, the last layer's (64, 10) and (10,)."""
    if hasattr(model, "get_weights"):
        return _keras(model)
    if hasattr(model, "collect_params"):
        return _packed([parameter.data().asnumpy() for parameter in model.collect_params().values()])
    return _packed([parameter.detach().cpu().numpy() for parameter in model.parameters()])


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
