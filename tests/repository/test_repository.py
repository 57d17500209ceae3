"""What the repository says of itself is true: documents, workflows, pins, licences, versions."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import material
import pytest
import yaml

import evidence.__main__ as command_line
from evidence.new import lay_out_topic
from tests.pages import rules
from tests.pages.source import INLINE_CODE, LINK, read_page

ROOT = Path(__file__).parents[2]
ROOMS = ("LICENSES", "docs", "evidence", "records", "requirements", "snippets", "tests")
DOCUMENTS = (
    "README.md",
    "README.zh.md",
    "CONTRIBUTING.md",
    "CONTRIBUTING.zh.md",
    "LICENSES/THIRD_PARTY.md",
    "CHANGELOG.md",
)
PAIRS = (("README.md", "README.zh.md"), ("CONTRIBUTING.md", "CONTRIBUTING.zh.md"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EXAMPLE = "concepts/variance"  # the topic that CONTRIBUTING adds
# Not in a fresh clone: environments, the built site, a folder of the published site.
MADE = re.compile(r"records/receipts/|\.environments/.*|\.venv\b.*|offline/.*|site/?|/mnist/|/|/en/|/path/to/.*")
WRITES = {("nightly.yml", "report"): {"issues"}, ("publish.yml", "deploy"): {"pages", "id-token"}}

each_document = pytest.mark.parametrize("name", DOCUMENTS)
each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def inline_code(name: str) -> list[str]:
    return [" ".join(match[2].split()) for match in INLINE_CODE.finditer(re.sub(r"(?ms)^```.*?^```$", "", read(name)))]


def runs_of(workflow: Path) -> Iterator[str]:
    """Yield what the steps of a workflow run."""
    for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
        yield from (step["run"] for step in job.get("steps", []) if "run" in step)


def commands_of(name: str) -> Iterator[list[str]]:
    """Yield each command that a document or workflow gives, as words; one with an ellipsis is no command."""
    if name.endswith(".yml"):
        lines = [line for run in runs_of(ROOT / ".github" / "workflows" / name) for line in run.splitlines()]
        lines = [re.sub(r"\w+=\$\((.*)\)$", r"\1", re.sub(r"\$(?:COMMON|PACKAGES)", "", line)) for line in lines]
    else:
        lines = [line for block in re.findall(r"(?ms)^```bash\n(.*?)^```$", read(name)) for line in block.splitlines()]
        lines += [code for code in inline_code(name) if re.match(r"(?:make|python|pip|mkdocs|git) ", code)]
    for line in lines:
        if "…" not in line:
            yield from rules.shell_commands(line)


@pytest.fixture(scope="module")
def known(tmp_path_factory) -> set[str]:
    """Every path of the repository, and of the topic that CONTRIBUTING adds as its example."""
    example = tmp_path_factory.mktemp("example")
    lay_out_topic(example, EXAMPLE, ["numpy"])
    (example / "records" / EXAMPLE).mkdir(parents=True)
    (example / "tests" / "concepts").mkdir(parents=True)
    (example / "tests" / "concepts" / "test_variance.py").touch()  # which CONTRIBUTING says when to write
    theme = Path(material.__file__).parent / "templates"
    paths = {path.name for path in ROOT.iterdir()} | {
        path.relative_to(ROOT).as_posix() for path in (ROOT / ".github").rglob("*")
    }
    for base, rooms in ((ROOT, ROOMS), (example, ROOMS), (theme, ("assets",))):
        paths |= {
            path.relative_to(base).as_posix()
            for room in rooms
            for path in [base / room, *(base / room).rglob("*")]
            if path.exists()
        }
    return paths


def is_known(path: str, known: set[str]) -> bool:
    path = path.rstrip("/")
    return path in known or any(other.endswith(f"/{path}") for other in known)


# Documents -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_parts(english, chinese):
    ours, theirs = (read_page(ROOT, ROOT / name) for name in (english, chinese))
    assert not (complaints := rules.same_structure(theirs, ours) + rules.chinese_is_well_set(theirs)), "\n".join(
        complaints
    )


@each_document
def test_paths_exist(name, known):
    """A path in backticks, or one that a link leads to, is in the repository."""
    named = [
        code
        for code in inline_code(name)
        if re.fullmatch(r"(?=.*\w)[\w./\\-]+", code) and re.search(r"/|\.(?:py|md|txt|toml|yml|cff)$", code)
    ]
    # Seen from a README on GitHub, ../../actions is that of the repository: its badges need no address, and are right in a fork.
    document = re.sub(r"\.\./\.\./actions/(workflows/\w+\.yml)(?:/badge\.svg)?", r".github/\1", read(name))
    links = [target for _, target in LINK.findall(document) if not re.match(r"https?:|#", target)]
    missing = [path for path in named + links if not MADE.fullmatch(path) and not is_known(path, known)]
    assert not missing, f"{name} names {', '.join(missing)}, which is not there"


@each_document
def test_links_within_a_document_lead_to_headings(name):
    headings = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)$", read(name))
    }
    assert not (
        dead := [target for _, target in LINK.findall(read(name)) if target[0] == "#" and target[1:] not in headings]
    ), dead


@pytest.mark.parametrize("name", [*DOCUMENTS, *(path.name for path in WORKFLOWS)])
def test_commands_can_be_run(name, known, monkeypatch, capsys):
    """Targets of make, subcommands and options of evidence, paths that tests are chosen by, packages that pip pins."""
    makefile = read("Makefile")
    for variable, value in re.findall(r"(?m)^(\w+) :?\??= *(.*)$", makefile):
        makefile = makefile.replace(f"$({variable})", value)
    targets = set(re.findall(r"(?m)^([\w./-]+):", makefile))
    for action in ("show_status", "run_scripts", "show_ledger", "new_topic"):
        monkeypatch.setattr(command_line, action, lambda root, options: 0)
    wrong = []
    for program, *words in commands_of(name):
        if program == "make":
            wrong += [f"make {word}" for word in words if "=" not in word and word not in targets]
        if program.startswith("python") and words[:1] == ["-m"]:
            program, *words = words[1:]
        if program == "evidence" and words:
            try:
                command_line.main(words)
            except SystemExit:
                wrong.append(f"python -m evidence {shlex.join(words)}: {capsys.readouterr().err.splitlines()[-1]}")
        if program == "mkdocs" and words[0] not in ("serve", "build"):
            wrong.append(f"mkdocs {words[0]}")
        if program == "pip" and words[0] == "install":
            files = [after for word, after in zip(words, words[1:]) if word in ("-r", "-c")]
            wrong += [f"pip install -r {file}" for file in files if not (ROOT / file).is_file()]
            packages = [word for word in words[1:] if word[0] != "-" and word not in files]
            wrong += [
                f"pip install {package}: not in requirements/constraints.txt"
                for package in packages
                if package not in pins("requirements/constraints.txt")
            ]
        if program.startswith("python") or program == "pytest":
            paths = [
                word for word in words if re.fullmatch(r"[\w/.-]+", word) and ("/" in word or word.endswith(".py"))
            ]
            wrong += [f"{program} {path}" for path in paths if not is_known(path, known)]
    assert not wrong, f"{name}: {'; '.join(wrong)}"


def test_red_tests_are_explained():
    """CONTRIBUTING says of every test of the contract and every rule of a page what it means; each name there exists."""
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    cells = ["\n".join(row.split("|")[1] for row in re.findall(r"(?m)^\|.*$", read(name))) for name in PAIRS[1]]
    explained, chinese = (set(re.findall(r"`(\w+)`", text)) for text in cells)
    assert explained == chinese
    contract = set(re.findall(r"(?m)^def (test_\w+)", read("tests/test_contract.py")))
    page = set(re.findall(r"(?m)^        rules\.(\w+),$", read("tests/pages/test_pages.py")))
    assert page and contract | page <= explained, f"not explained: {sorted((contract | page) - explained)}"
    assert not (gone := [name for name in explained if f"def {name}(" not in source]), f"there is no {gone}"


# Versions, licences, citation ----------------------------------------------------------------------------------------


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([\w.-]+)==(\S+)$", read(name)))


@pytest.mark.parametrize(
    "name", ["requirements.txt", *(f"requirements/{n}.txt" for n in ("constraints", "mxnet", "site"))]
)
def test_pins_are_exact_and_agree(name):
    """Anyone can install every pin (`2.13.0+cpu` is on no index), and requirements/constraints.txt says the same."""
    lines = [
        line for line in read(name).splitlines() if line.strip() and not line.startswith(("#", "-c ", "-r ", "-e "))
    ]
    assert not (loose := [line for line in lines if not re.fullmatch(r"[\w.-]+==[\d.]+\w*", line)]), loose
    if re.search(r"-c \S*constraints.txt", read(name)):
        others = pins("requirements/constraints.txt")
        assert not (apart := {p: (v, others.get(p)) for p, v in pins(name).items() if others.get(p) != v}), apart


def test_one_python_everywhere():
    """The Makefile's check, pyproject.toml, the documents and the workflows name one and the same Python."""
    low, high = re.search(r"\((\d+, \d+, \d+)\) <= sys\.version_info\[:3\] < \((\d+, \d+)\)", read("Makefile")).groups()
    low, high = low.replace(", ", "."), high.replace(", ", ".")
    minor = low.rpartition(".")[0]
    assert tomllib.loads(read("pyproject.toml"))["project"]["requires-python"] == f">={low},<{high}"
    for name in (*PAIRS[0], *PAIRS[1]):
        assert f"Python {minor}" in read(name) and low in read(name), f"{name} does not name Python {low}"
        assert not (others := set(re.findall(r"Python (3\.\d+)", read(name))) - {minor}), (
            f"{name} names Python {others}"
        )
    versions = {v for path in WORKFLOWS for v in re.findall(r"python-version: (.*)", path.read_text("utf-8"))}
    assert versions == {f'"{minor}"'}


SCHEMAS = {
    "vendor.citation-file-format": ["CITATION.cff"],
    "vendor.dependabot": [".github/dependabot.yml"],
    "vendor.github-issue-forms": sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")),
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_is_what_others_can_read(schema):
    """GitHub, and whoever wants to cite this; check-jsonschema brings their schemas along."""
    program = Path(sys.executable).with_name("check-jsonschema")
    run = subprocess.run(
        [program, "--builtin-schema", schema, *SCHEMAS[schema]], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_citation_and_licences_say_the_same():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == tomllib.loads(read("pyproject.toml"))["project"]["version"]
    holder = re.search(r"Copyright \(c\) \d{4} (.*)", read("LICENSE"))[1]
    assert citation["authors"] == [{"name": holder}] and holder in read("LICENSES/CC-BY-4.0.md")
    assert citation["license"] == "MIT" and read("LICENSE").startswith("MIT License")
    assert "SPDX-License-Identifier: CC-BY-4.0" in read("LICENSES/CC-BY-4.0.md")


def test_records_are_never_merged():
    assert "/records/** -text -merge\n" in read(".gitattributes")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone, of which git could make another")
def test_lines_end_alike_in_every_clone(tmp_path):
    """Also where git is told to write those of Windows, with which no shell runs a script."""
    git = ["git", "-c", "core.autocrlf=true"]
    subprocess.run([*git, "clone", "--quiet", "--depth=1", ROOT.as_uri(), tmp_path / "clone"], check=True)
    files = subprocess.run(
        [*git, "ls-files", "--eol"], cwd=tmp_path / "clone", capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(files) > 100 and not [file for file in files if re.search(r"\sw/(?:crlf|mixed)\s", file)]


# Workflows -----------------------------------------------------------------------------------------------------------


@each_workflow
def test_workflow_is_bounded(workflow):
    """Least permissions, one run at a time, official actions of one major version."""
    content = yaml.safe_load(workflow.read_text("utf-8"))
    assert content["permissions"] == {"contents": "read"}, "a job that needs more says so itself"
    assert content["concurrency"]["group"]
    for name, job in content["jobs"].items():
        written = {scope for scope, level in job.get("permissions", {}).items() if level != "read"}
        assert written <= WRITES.get((workflow.name, name), set()), f"{name} may write {written}"
        assert (
            set([job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])) <= content["jobs"].keys()
        )
        if "uses" in job:
            assert (ROOT / job["uses"]).is_file(), f"{name}: there is no {job['uses']}"
            continue
        for step in job["steps"]:
            assert "run" in step or re.fullmatch(r"actions/[\w-]+(/[\w-]+)?@v\d+", step["uses"]), f"{name}: {step}"
            assert "${{" not in step.get("run", ""), f"{name}: hand values over in env"


@each_workflow
def test_workflow_asks_github_alone(workflow):
    """No registry or host of packages is named: where they come from is the business of pip and of the runner."""
    assert not re.findall(r"https?://\S+|--(?:extra-)?index-url", workflow.read_text("utf-8"))


def test_jobs_divide_the_tests():
    """By their marks; a framework's job installs its packages, that of parity all of them, and the rest needs none."""
    matrix = yaml.safe_load(read(".github/workflows/tests.yml"))["jobs"]["tests"]["strategy"]["matrix"]
    jobs = {job["part"]: job for job in matrix["include"]}
    assert matrix["part"] == list(jobs)
    assert matrix["shard"] == [f"{number}/{len(matrix['shard'])}" for number in range(1, len(matrix["shard"]) + 1)]
    own = command_line.FRAMEWORKS.keys() - {"numpy"}
    assert jobs.keys() == own | {"parity", "everything else"}
    marks = [part for part in jobs if part != "everything else"]
    assert all(jobs[part]["select"] == part for part in marks)
    assert (
        jobs["everything else"]["select"] == f"not ({' or '.join(marks)})" and not jobs["everything else"]["packages"]
    )
    packages = {part: set(jobs[part]["packages"].split()) for part in marks}
    assert packages["parity"] == set().union(*(packages[part] for part in own))
    assert not (unpinned := packages["parity"] - pins("requirements/constraints.txt").keys()), unpinned


def test_every_notebook_is_executed_every_night():
    """With what is pinned as with the newest releases; the variable is the one that tests/notebooks reads."""
    jobs = yaml.safe_load(read(".github/workflows/nightly.yml"))["jobs"]
    calls = [job["with"] for job in jobs.values() if job.get("uses", "").endswith("/tests.yml")]
    assert sorted(call.get("newest", False) for call in calls) == [False, True]
    assert all(call["every_notebook"] and call["today"] for call in calls)
    tests = yaml.safe_load(read(".github/workflows/tests.yml"))["jobs"]["tests"]
    assert "inputs.every_notebook" in tests["env"]["EVERY_NOTEBOOK"]
    assert 'os.environ.get("EVERY_NOTEBOOK")' in read("tests/notebooks/test_downloads.py")


def test_what_main_has_run_whole_is_kept_and_held_to_ten_days():
    """Only the ledger's job writes where the tests' jobs read, and only on main: no pull request can vouch for itself."""
    jobs = yaml.safe_load(read(".github/workflows/tests.yml"))["jobs"]
    steps = {name: jobs[name]["steps"] for name in jobs}
    saved = {
        name: [step for step in steps[name] if step.get("uses", "").startswith("actions/cache/save@")] for name in steps
    }
    assert not saved["tests"] and len(saved["ledger"]) == 1 and "refs/heads/main" in jobs["ledger"]["if"]
    for name in ("tests", "ledger"):
        (restored,) = (
            step["with"] for step in steps[name] if step.get("uses", "").startswith("actions/cache/restore@")
        )
        assert restored["path"] == saved["ledger"][0]["with"]["path"] == jobs[name]["env"]["RECEIPTS"]
    (sent,) = (step["with"] for step in steps["tests"] if step.get("uses", "").startswith("actions/upload-artifact@"))
    assert sent["path"] == jobs["tests"]["env"]["NEW_RECEIPTS"] and sent["name"].startswith("receipts-")
    assert steps["ledger"][-1]["run"] == "python -m evidence ledger --days 10"
    ignored = read(".gitignore").splitlines()
    assert {f"/{jobs['tests']['env'][name]}/" for name in ("RECEIPTS", "NEW_RECEIPTS")} <= set(ignored)


def test_no_test_is_for_two_jobs(request):
    parts = {*command_line.FRAMEWORKS, "parity"} - {"numpy"}
    torn = {
        test.nodeid: marks
        for test in request.session.items
        if len(marks := {mark.name for mark in test.iter_markers()} & parts) > 1
    }
    assert not torn


@pytest.mark.xdist_group("guard")
def test_tests_of_one_group_share_a_worker(request):
    """Otherwise nothing fails, but every script runs once in each worker. pytest-xdist tells its scheduler by the name of the test."""
    if request.config.getoption("loadgroup", False):
        assert request.node.nodeid.endswith("@guard"), "pytest-xdist does not group tests with this release of pytest"
