"""Trains one recipe with one seed until it is as good as asked, and prints what that took.

Usage, from the root of the repository: `python -m evidence.benchmark.measure RECIPE SEED ACCURACY`"""

from __future__ import annotations

import json
import sys
import time

from evidence.benchmark import recipes


def measure(recipe: recipes.Recipe, wanted: float) -> dict[str, list[float]]:
    """Train until the test accuracy is as wanted or the recipe ends.

    Returns the accuracy at each point where it was judged, and the epochs and the CPU seconds (user and system, all threads) of training
    until then: imports, data, building the model and judging it are not counted.
    """
    seconds, points = 0.0, {"epochs": [], "seconds": [], "accuracy": []}
    for number in range(1, recipe.points + 1):
        started = time.process_time()
        recipe.advance()
        seconds += time.process_time() - started
        points["epochs"].append(number * recipe.epochs)
        points["seconds"].append(round(seconds, 2))
        points["accuracy"].append(recipe.accuracy())
        if points["accuracy"][-1] >= wanted:
            break
    return points


if __name__ == "__main__":
    name, seed, wanted = sys.argv[1:]
    points = measure(recipes.RECIPES[name](int(seed)), float(wanted))
    # On the last line: the scripts print while they train.
    print(json.dumps(points))
