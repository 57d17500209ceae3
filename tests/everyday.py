"""Which scripts a session of tests runs whole and which in rehearsal, and what it says of that."""

from __future__ import annotations

from collections import Counter

import pytest

from evidence.catalog import Catalog, Script

WHOLE, REHEARSED = "whole", "in rehearsal"


class Everyday:
    """A plugin of pytest that knows how each script runs in this session: `modes`, by its stem."""

    def __init__(self, config: pytest.Config, catalog: Catalog) -> None:
        given = getattr(config, "workerinput", None)
        self.catalog = catalog
        self.modes: dict[str, str] = given["modes"] if given else plan(catalog, whole=config.option.whole)
        self.ran: dict[str, str] = {}

    def starts(self, script: Script, test: pytest.Item) -> bool:
        """Note that a test runs a script, where its report takes the note along, and return whether in rehearsal."""
        test.user_properties.append(("ran", (script.stem, self.modes[script.stem])))
        return self.modes[script.stem] == REHEARSED

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node) -> None:
        node.workerinput["modes"] = self.modes

    def pytest_report_header(self) -> str:
        counts = Counter(self.modes.values())
        return f"Scripts: {counts[WHOLE]} whole, {counts[REHEARSED]} in rehearsal, as far as they are asked for"

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        marker, group = item.get_closest_marker("needs_whole"), item.get_closest_marker("xdist_group")
        if marker and group and self.modes.get(group.args[0]) == REHEARSED:
            pytest.skip(f"in rehearsal: {marker.args[0]}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran |= dict(value for name, value in report.user_properties if name == "ran")

    def pytest_terminal_summary(self, terminalreporter) -> None:
        if self.ran:
            counts = Counter(self.ran.values())
            terminalreporter.line(f"Scripts: ran {counts[WHOLE]} whole, {counts[REHEARSED]} in rehearsal.")


def plan(catalog: Catalog, *, whole: bool) -> dict[str, str]:
    """Return how each script is to run: in rehearsal where it has one, unless it is to run whole."""
    return {stem: REHEARSED if script.rehearsal and not whole else WHOLE for stem, script in catalog.scripts.items()}
