"""Which scripts a session of tests runs whole, which in rehearsal, which it trusts a receipt for; and the receipts that it writes.

Tests of one script stay in one worker (`xdist_group`), so the worker sees all that a receipt says: every test of the script was
collected, none was left out, each passed, and the run was whole.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import pytest

from evidence.catalog import SECTIONS, Catalog, Script
from evidence.checks import read_checks
from evidence.outcome import Run
from evidence.receipts import (
    Receipt,
    ReceiptRefused,
    bound_files,
    files_of_tests,
    new_receipts_folder,
    read_receipt,
    receipts_folder,
    write_receipt,
)
from evidence.record import read_record

WHOLE, REHEARSED, TRUSTED = "whole", "in rehearsal", "trusted"
# With --trust, a script without a receipt is run whole up to here, in processor seconds of its record, whatever rehearsal it has.
CHEAP_SECONDS = 30
# What --trust keeps of the tests that run no script: what reads pages and records, and what holds files to one another; not what tests
# the rules themselves.
KEPT_ROOMS = (*SECTIONS, "pages", "repository")
LEFT_OUT = "tests/pages/test_rules.py"


def add_options(parser: pytest.Parser) -> None:
    for name, meaning in {
        "whole": "run everything whole, also what has a rehearsal",
        "whole-changed": "run whole what has no receipt that counts",
        "whole-today": "run whole what has no receipt that counts, and another seventh of the rest each day of the week",
        "trust": "run only what has no receipt that counts; of the other tests, only the quick ones",
    }.items():
        parser.addoption(f"--{name}", dest="runs", action="store_const", const=name, help=meaning)
    # Without a value: pytest, before it knows this option, would look there for tests.
    parser.addoption(
        "--receipts", action="store_true", help="write a receipt of each script that ran whole and passed every test"
    )
    parser.addoption(
        "--shard", metavar="K/N", help="the K-th of N parts of the tests; those of one script stay together"
    )


class Everyday:
    """A plugin of pytest that knows how each script runs in this session: `modes`, by its stem."""

    def __init__(self, config: pytest.Config, catalog: Catalog) -> None:
        self.config, self.catalog = config, catalog
        self.runs: dict[str, Run | Exception] = {}
        self.ran: dict[str, str] = {}
        self.shard = shard_of(config.option.shard)
        given = getattr(config, "workerinput", None)
        if given is None and config.option.receipts:
            _all_is_collected(config)
        self.collects = given is not None or not getattr(config.option, "numprocesses", None)
        self.now = datetime.fromisoformat(given["now"]) if given else datetime.now(UTC)
        folder = receipts_folder(catalog)
        needed = config.option.runs not in (None, "whole")
        self.receipts = {
            stem: read_receipt(folder, catalog, script, self.now) for stem, script in catalog.scripts.items() if needed
        }
        self.modes: dict[str, str] = (
            given["modes"] if given else plan(catalog, config.option.runs, self.receipts, self.now)
        )
        # Of each script: the tests that hold it and the files that they lie in; how they ended; what all of it was made of.
        self.tests: dict[str, dict[str, Path]] = defaultdict(dict)
        self.outcomes: dict[str, set[str]] = defaultdict(set)
        self.bound: dict[str, dict[str, str]] = {}

    def starts(self, script: Script, test: pytest.Item) -> bool:
        """Note that a test runs a script, where its report takes the note along, and return whether in rehearsal."""
        mode = REHEARSED if self.modes[script.stem] == REHEARSED else WHOLE
        test.user_properties.append(("ran", (script.stem, mode)))
        return mode == REHEARSED

    # What runs how, and what does not run

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node) -> None:
        node.workerinput["modes"], node.workerinput["now"] = self.modes, self.now.isoformat()

    def pytest_report_header(self) -> list[str]:
        counts = Counter(self.modes.values())
        trusted = f", {counts[TRUSTED]} trusted" if self.config.option.runs == "trust" else ""
        reasons = [f"{stem}: {receipt.reasons[0]}" for stem, receipt in self.receipts.items() if not receipt.counts]
        more = [f"… and {len(reasons) - 5} more"] if len(reasons) > 5 else []
        return [
            f"Scripts: {counts[WHOLE]} whole, {counts[REHEARSED]} in rehearsal{trusted}, as far as they are asked for",
            *(f"  no receipt that counts: {reason}" for reason in reasons[:5] + more),
        ]

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note the tests that hold a script, before any is left out."""
        script = self._script(item)
        if script and (item.path in files_of_tests(self.catalog, script) or "run_of" in item.fixturenames):
            self.tests[script.stem][item.nodeid] = item.path

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept = [item for item in items if self._is_kept(item)]
        if len(kept) < len(items):
            config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
            items[:] = kept
        if self.collects and config.option.receipts:
            for stem, tests in self.tests.items():
                if self.modes[stem] == WHOLE:
                    self.bound[stem] = bound_files(self.catalog, self.catalog.scripts[stem], tests.values())

    def _is_kept(self, item: pytest.Item) -> bool:
        script = self._script(item)
        place = item.path.relative_to(self.catalog.root)
        if self.shard:
            group = item.get_closest_marker("xdist_group")
            number, of = self.shard
            if crc32((group.args[0] if group else place.as_posix()).encode()) % of != number - 1:
                return False
        if self.config.option.runs != "trust":
            return True
        if "run_of" not in item.fixturenames:
            return (place.parts[1] in KEPT_ROOMS or len(place.parts) == 2) and place.as_posix() != LEFT_OUT
        if script:
            return self.modes[script.stem] != TRUSTED or place.as_posix() not in self.receipts[script.stem].files
        return not self._is_checked(item)

    def _is_checked(self, item: pytest.Item) -> bool:
        """Whether a test asks a framework for what is on record already, of scripts that are trusted."""
        topic = self.catalog.topics.get(getattr(item, "callspec", None) and item.callspec.params.get("path"))
        if topic is None or read_checks(self.catalog, topic).reasons:
            return False
        scripts = [script for script in self.catalog.select(topic.path) if script.checks]
        return all(self.modes[script.stem] == TRUSTED for script in scripts)

    def _script(self, item: pytest.Item) -> Script | None:
        group = item.get_closest_marker("xdist_group")
        return self.catalog.scripts.get(group.args[0]) if group else None

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        marker, script = item.get_closest_marker("needs_whole"), self._script(item)
        if marker and script and self.modes[script.stem] == REHEARSED:
            pytest.skip(f"in rehearsal: {marker.args[0]}")

    # What became of it

    def ended(self, script: Script, outcome: Run | Exception) -> None:
        """Keep what a run left, or raised: a receipt may be written of it."""
        self.runs[script.stem] = outcome

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran |= dict(value for name, value in report.user_properties if name == "ran")
        name, _, stem = report.nodeid.rpartition("@")  # pytest-xdist adds the group to the name
        self.outcomes[name if stem in self.catalog.scripts else report.nodeid].add(f"{report.when} {report.outcome}")

    def pytest_sessionfinish(self) -> None:
        passed = {"setup passed", "call passed", "teardown passed"}
        for stem, bound in self.bound.items():
            run, tests = self.runs.get(stem), self.tests[stem]
            held = set(files_of_tests(self.catalog, self.catalog.scripts[stem])) <= set(tests.values())
            if isinstance(run, Run) and held and all(self.outcomes[test] == passed for test in tests):
                with contextlib.suppress(ReceiptRefused):  # the next session runs it again, and a worker has no voice
                    write_receipt(new_receipts_folder(self.catalog), self.catalog, run, bound, datetime.now(UTC))

    def pytest_terminal_summary(self, terminalreporter) -> None:
        counts = Counter(self.ran.values())
        if self.config.option.runs == "trust":
            trusted = [self.receipts[stem].when for stem, mode in self.modes.items() if mode == TRUSTED]
            oldest = f", the oldest {(self.now - min(trusted)).days} days" if trusted else ""
            terminalreporter.line(
                f"Scripts: ran {counts[WHOLE]}, rehearsed {counts[REHEARSED]}, trusted {len(trusted)}{oldest}."
            )
        elif self.ran:
            terminalreporter.line(f"Scripts: ran {counts[WHOLE]} whole, {counts[REHEARSED]} in rehearsal.")


def plan(catalog: Catalog, runs: str | None, receipts: Mapping[str, Receipt], now: datetime) -> dict[str, str]:
    """Return how each script is to run; `runs` is the option that says which whole, None for what has no rehearsal alone."""

    def mode(script: Script) -> str:
        counts = runs in (None, "whole") or receipts[script.stem].counts
        if runs == "trust" and counts:
            return TRUSTED
        if script.rehearsal is None or runs == "whole" or runs in ("whole-changed", "whole-today") and not counts:
            return WHOLE
        if runs == "whole-today" and crc32(script.stem.encode()) % 7 == now.weekday():
            return WHOLE
        seconds = read_record(catalog, script).content.get("seconds", {}).get("cpu", 0)
        return WHOLE if runs == "trust" and seconds <= CHEAP_SECONDS else REHEARSED

    return {stem: mode(script) for stem, script in catalog.scripts.items()}


def shard_of(text: str | None) -> tuple[int, int] | None:
    """Return K and N of `K/N`; raise `pytest.UsageError` if there is no such part."""
    if text is None:
        return None
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise pytest.UsageError(f"--shard {text}: it is K/N, such as 1/4")
    return int(number), int(of)


def _all_is_collected(config: pytest.Config) -> None:
    """A receipt is for all tests of a script, so none may be left out before pytest has seen it."""
    narrowed = [
        f"--{name.replace('_', '-')}" for name in ("ignore", "ignore_glob", "lf") if getattr(config.option, name, None)
    ]
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        narrowed = config.args
    if narrowed:
        raise pytest.UsageError(
            f"--receipts needs every test collected; leave out {' '.join(narrowed)}, and choose with -k or -m"
        )
