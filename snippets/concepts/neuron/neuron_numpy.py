# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np

EPOCHS = 20
# --8<-- [end:imports]


# --8<-- [start:neuron]
def neuron(inputs, weights, bias):
    sums = inputs @ weights + bias  # one number for each row of the inputs
    return (sums > 0).astype(int)  # the step function: 1 above zero, else 0


inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])  # (4, 2)
tables = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0], "XOR": [0, 1, 1, 0]}
# --8<-- [end:neuron]


# --8<-- [start:rule]
def learn(inputs, targets, rate=1, constant=1):
    state = np.zeros(3, int)  # two weights and the bias
    states, ends = [state], [state]  # after each correction, after each epoch
    for epoch in range(EPOCHS):
        for x, target in zip(inputs, targets):
            error = target - neuron(x, state[:2], state[2])  # -1, 0 or 1
            if error != 0:
                state = state + rate * error * np.array([*x, constant])
                states.append(state)
        ends.append(state)
        if state is ends[-2]:  # a whole epoch without a correction
            break
    return states, ends


def count_right(inputs, targets, state):
    return int((neuron(inputs, state[:2], state[2]) == targets).sum())
# --8<-- [end:rule]


# --8<-- [start:single]
learned = {name: learn(inputs, targets) for name, targets in tables.items()}
for name, (states, ends) in learned.items():
    right = count_right(inputs, tables[name], states[-1])
    print(f"{name:4} {len(states) - 1:2} corrections, then {states[-1]}: {right} of 4 right")
print("XOR after epochs 1 to 4:", *learned["XOR"][1][1:5])
# --8<-- [end:single]


# --8<-- [start:network]
# A column for each neuron: two weights and a bias.
hidden_layer = np.stack([learned["OR"][0][-1], learned["NAND"][0][-1]], axis=1)  # (3, 2)
hidden_sums = inputs @ hidden_layer[:2] + hidden_layer[2]  # (4, 2): a whole layer at once
hidden = (hidden_sums > 0).astype(int)  # (4, 2)
output_state = learn(hidden, tables["XOR"])[0][-1]
outputs = neuron(hidden, output_state[:2], output_state[2])  # (4,)
for x, h, y in zip(inputs, hidden, outputs):
    print(f"inputs {x} -> hidden {h} -> output {y}")
print(f"hidden layer {hidden_layer.tolist()}, output neuron {output_state}")
# --8<-- [end:network]


# --8<-- [start:trials]
def most_right(inputs, targets, **settings):
    states, ends = learn(inputs, targets, **settings)
    return max(count_right(inputs, targets, state) for state in states)


every_table = [[number >> place & 1 for place in range(4)] for number in range(16)]
learnable = sum(most_right(inputs, targets) == 4 for targets in every_table)
without_bias = most_right(inputs, tables["AND"], constant=0)
without_step = most_right(hidden_sums, tables["XOR"])  # the output neuron behind the bare sums
half_rate = learn(inputs, tables["AND"], rate=0.5)[0]
print(f"one neuron learns {learnable} of the 16 tables")
print(f"AND without bias: {without_bias} of 4 right at most")
print(f"XOR behind a layer without step: {without_step} of 4 right at most")
pairs = {}
for first, second in (("OR", "AND"), ("AND", "NAND")):  # other hidden layers
    layer = np.stack([learned[first][0][-1], learned[second][0][-1]], axis=1)
    pairs[first, second] = most_right(neuron(inputs, layer[:2], layer[2]), tables["XOR"])
    print(f"XOR behind {first} and {second}: {pairs[first, second]} of 4 right at most")
print(f"AND with rate 0.5: {len(half_rate) - 1} corrections, then {half_rate[-1]}")
# --8<-- [end:trials]


# --8<-- [start:results]
corrections = [len(states) - 1 for states, ends in learned.values()]
right = [count_right(inputs, tables[name], states[-1]) for name, (states, ends) in learned.items()]
and_states = np.ravel(learned["AND"][0]).tolist()
and_sums = (inputs @ learned["AND"][0][-1][:2] + learned["AND"][0][-1][2]).tolist()
and_half_states = np.ravel(half_rate).tolist()
or_state, nand_state = learned["OR"][0][-1].tolist(), learned["NAND"][0][-1].tolist()
xor_states = np.ravel(learned["XOR"][0][:11]).tolist()  # at the start, after corrections 1 to 10
xor_ends = np.ravel(learned["XOR"][1]).tolist()
xor_best = most_right(inputs, tables["XOR"])
network_right = int((outputs == tables["XOR"]).sum())
other_pairs = list(pairs.values())
hidden_outputs, output_weights = hidden.ravel().tolist(), output_state.tolist()
# --8<-- [end:results]


# --8<-- [start:draw]
def draw(axes, places, targets, state, title):
    across, up = np.meshgrid(np.linspace(-0.6, 1.6, 100), np.linspace(-0.6, 1.6, 100))
    sums = state[0] * across + state[1] * up + state[2]
    axes.contourf(across, up, sums, levels=[0, 99], colors="#0077bb", alpha=0.25)
    axes.contour(across, up, sums, levels=[0], colors="#0077bb", linestyles="--")
    for value, marker, face in ((0, "s", "none"), (1, "o", "#cc5500")):
        chosen = places[np.array(targets) == value]
        axes.plot(*chosen.T, marker, markerfacecolor=face, markeredgecolor="#cc5500", markersize=9)
    axes.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), xticks=[0, 1], yticks=[0, 1], aspect="equal")
    axes.set_title(title, fontsize=10)


_, grid = plt.subplots(2, 4, num="borders", figsize=(5.4, 3.1), layout="tight", clear=True)
for row, name, steps in zip(grid, ("AND", "XOR"), ((2, 7, 9, 10), (6, 7, 8, 9))):
    row[0].set_ylabel(name)
    for axes, step in zip(row, steps):
        draw(axes, inputs, tables[name], learned[name][0][step], f"step {step}")

_, panels = plt.subplots(1, 3, num="layers", figsize=(5.4, 2.3), layout="tight", clear=True)
left, middle, last = panels
draw(left, inputs, tables["XOR"], or_state, "$h_1$: OR")
draw(middle, inputs, tables["XOR"], nand_state, "$h_2$: NAND")
draw(last, hidden, tables["XOR"], output_state, "output: AND")
for axes, names in ((left, "x"), (middle, "x"), (last, "h")):
    axes.set(xlabel=f"${names}_1$", ylabel=f"${names}_2$")
plt.show()
# --8<-- [end:draw]
