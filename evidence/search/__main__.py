"""Makes built sites searchable: `python -m evidence.search site`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from evidence.search import SearchError, make_index


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evidence.search", description="Make a built site searchable.")
    parser.add_argument("site", type=Path, help="folder of the built site")
    try:
        make_index(parser.parse_args().site)
    except SearchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
