"""A repository of one toy topic in two frameworks, and a page on it in our dialect."""

from __future__ import annotations

import pytest

from evidence.notebooks.dialect import Cell, Converter, QuietReader
from evidence.record import write_record
from evidence.running.script import run_script
from tests.evidence.conftest import ABSENT, CONTRACT, CURVE, Repository

CODE = """\
# --8<-- [start:imports]
import matplotlib.pyplot as plt
import helper

SEED = 0
# --8<-- [end:imports]


# --8<-- [start:main]
if __name__ == "__main__":
    score = 0.9 + SEED / 100  # a comment
    print(f"score: {score:.2f}, {helper.WORD}")
    _, axes = plt.subplots(num="curve")
    axes.plot([1, 2, 3])
    plt.show()
# --8<-- [end:main]
"""


class Toy(Repository):
    """`convert` makes cells of a page, by default of the topic's script in NumPy."""

    def convert(self, body: str, language: str = "en", stem: str = "toy_numpy", site_url: str = "") -> list[Cell]:
        catalog = self.catalog
        name = f"docs/{language}/models/toy.md"
        return Converter(
            QuietReader(catalog, language), name, "models/toy.md", body, catalog.script(stem), site_url
        ).cells()


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    toy = Toy(tmp_path_factory.mktemp("notebooks").resolve())
    toy.contract(CONTRACT, CURVE, ABSENT.replace("pytorch =", "# pytorch ="))
    toy.write("snippets/helper.py", 'WORD = "found"\n')
    toy.code(CODE)
    toy.write(
        "snippets/models/toy/toy_pytorch.py",
        CODE.replace("0.9", "0.8").replace("[start:main]", "[start:other]").replace("[end:main]", "[end:other]"),
    )
    catalog = toy.catalog
    write_record(catalog, [run_script(catalog, catalog.script("toy_numpy"), seed=seed) for seed in (0, 1)])
    return toy
