"""The runner runs a script as its reader does, keeps what it left, and tells each way of going wrong by its name."""

import ctypes
import fcntl
import functools
import hashlib
import json
import os
import re
import sys
import textwrap
import time
import xml.etree.ElementTree as etree

import numpy
import pytest

from evidence.outcome import DataUnavailable, Mnist, RunFailed
from evidence.running import sandbox
from evidence.running.sandbox import DARK_INK, DARK_PAPER, INK, PAPER, device_name, find_mnist
from evidence.running.script import run_script
from tests.evidence.conftest import ABSENT, CONTRACT, CURVE, DRAWING, LOSSES, REHEARSAL, SCORE, STEPS

SVG = {"svg": "http://www.w3.org/2000/svg"}


@functools.cache
def has_landlock() -> bool:
    """Ask the kernel (Linux 5.13 and later) for its Landlock version, as the driver does."""
    return sys.platform == "linux" and ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1


needs_landlock = pytest.mark.skipif(
    not has_landlock(),
    reason="this kernel has no Landlock: here, native code CAN write outside a snippet's folder unseen",
)


def failure_of(toy, **options) -> str:
    with pytest.raises(RunFailed) as failure:
        toy.run(**options)
    return str(failure.value)


# What a good run leaves


def test_good_run(toy):
    toy.contract(CONTRACT, LOSSES, ABSENT)
    toy.code("""
        import time
        import numpy
        losses = numpy.float32([2.0, 1.25, 0.5])
        score = numpy.float64(0.9)
        ballast = bytearray(60_000_000)
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        time.sleep(0.3)
        print("分数:", score)
        print("not for the page", file=__import__("sys").stderr)
    """)
    lines = []
    run = toy.run(on_output=lines.append)
    assert run.results == {"score": 0.9, "losses": [2.0, 1.25, 0.5]}
    assert type(run.results["score"]) is float and type(run.results["losses"][0]) is float
    assert run.output == "分数: 0.9\n" and lines == ["分数: 0.9"]
    assert run.versions == {"numpy": numpy.__version__, "python": sys.version.split()[0]}
    assert (run.script, run.seed, run.device, run.threads, run.data) == (toy.script, 0, "cpu", 1, None)
    assert run.device_name
    assert 0.5 <= run.seconds_wall < 10
    assert 0.2 <= run.seconds_cpu < run.seconds_wall
    assert 60e6 < run.peak_memory_bytes < 600e6
    assert run.figures == {} and run.probe == {}


def test_time_and_memory_are_the_scripts_own(toy):
    """A large parent, which the kernel counts as the child's until it has started Python, does not enlarge the figures."""
    ballast = numpy.ones(30_000_000)  # 240 MB, touched
    assert toy.run().peak_memory_bytes < ballast.nbytes / 2


def test_processor_time_of_subprocesses_counts(toy):
    busy = "import time\nwhile time.process_time() < 0.4: pass"
    toy.code(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])\n" + SCORE)
    assert toy.run().seconds_cpu >= 0.4


def test_imports_only_what_its_reader_is_told_to_install(toy):
    """A package that is imported in plain sight comes with all it requires; what merely happens to be here does not."""
    toy.code("import matplotlib.pyplot\nimport PIL.Image\nscore = 0.9\n")
    assert toy.run().results == {"score": 0.9}
    toy.code('import importlib\nimportlib.import_module("py" + "test")\nscore = 0.9\n')
    with pytest.raises(RunFailed, match="No module named 'pytest'"):
        toy.run()


@pytest.mark.parametrize("ending", ["", "import sys; sys.exit()\n", "raise SystemExit(0)\n"])
def test_runs_as_main(toy, ending):
    toy.code(
        'import sys\nif __name__ == "__main__":\n    score = 0.9\n    print(sys.argv, __file__, __import__("__main__").score)\n'
        + ending
    )
    path = re.fullmatch(r"\['(.+)'\] \1 0\.9\n", toy.run().output).group(1)
    assert path.endswith("toy_numpy.py")


@pytest.mark.parametrize("line", ["SEED = 3", "SEED = 3  # any", "if True:\n    x = 1\nSEED = 3"])
def test_seed(toy, line):
    toy.code(f'{line}\nscore = 1.0\n\ndef draw():\n    SEED = 99\n    return SEED\n\nprint(SEED, draw(), "SEED = 3")\n')
    own, other = toy.run(), toy.run(seed=7)
    assert (own.seed, own.output) == (3, "3 99 SEED = 3\n")
    assert (other.seed, other.output) == (7, "7 99 SEED = 3\n")


@pytest.mark.parametrize("code", [SCORE, "SEED = 1\nSEED = 2\n" + SCORE, "def f():\n    SEED = 1\n" + SCORE])
def test_another_seed_needs_one_to_replace(toy, code):
    toy.code(code)
    assert "must assign SEED exactly once at module level" in failure_of(toy, seed=7)


def test_rehearsal(toy):
    """It replaces what its contract says and nothing else; the whole run is what the file says."""
    toy.contract(CONTRACT, REHEARSAL, ABSENT)
    toy.code(STEPS)
    whole, rehearsed = toy.run(), toy.run(rehearsed=True)
    assert (whole.rehearsed, whole.output, whole.results) == (False, "9 steps\n", {"score": 0.9})
    assert (rehearsed.rehearsed, rehearsed.output, rehearsed.results) == (True, "2 steps\n", {"score": 0.2})
    assert rehearsed.code == whole.code


def test_rehearsal_with_a_shorter_list(toy):
    toy.contract(CONTRACT, REHEARSAL.replace("STEPS = 2", "RATES = [0.2]"), ABSENT)
    toy.code("RATES = [0.1, 0.2, 0.5]\nscore = max(RATES)\nprint(*RATES)\n")
    assert toy.run().output == "0.1 0.2 0.5\n"
    rehearsed = toy.run(rehearsed=True)
    assert (rehearsed.output, rehearsed.results) == ("0.2\n", {"score": 0.2})


def test_rehearsal_with_another_seed(toy):
    toy.contract(CONTRACT, REHEARSAL, ABSENT)
    toy.code("SEED = 1\n" + STEPS + "print('seed', SEED)\n")
    assert toy.run(rehearsed=True, seed=7).output == "2 steps\nseed 7\n"


def test_rehearsal_keeps_the_numbers_of_lines(toy):
    toy.contract(CONTRACT, REHEARSAL, ABSENT)
    toy.code("STEPS = (\n    9\n)\nscore = 1 / (STEPS - 2)\n")
    assert 'toy_numpy.py", line 4' in failure_of(toy, rehearsed=True)


def test_nobodys_settings(toy, tmp_path, monkeypatch):
    """A fresh folder, home and temporary folder of its own; none of the variables that change what Python or Matplotlib do."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("sitecustomize", "usercustomize", "surprise"):
        (elsewhere / f"{name}.py").write_text("print('surprise')")
    (elsewhere / "matplotlibrc").write_text("lines.linewidth: 99\n")
    settings = {
        "PYTHONPATH": str(elsewhere),
        "PYTHONSTARTUP": str(elsewhere / "surprise.py"),
        "PYTHONHASHSEED": "42",
        "MPLBACKEND": "pdf",
        "MATPLOTLIBRC": str(elsewhere),
        "MPLCONFIGDIR": str(elsewhere),
        "XDG_CACHE_HOME": str(elsewhere),
        "OMP_NUM_THREADS": "7",
        "CUDA_VISIBLE_DEVICES": "0",
        "TF_DETERMINISTIC_OPS": "1",
        "MNIST_FOLDER": str(elsewhere),
        "SECRET_TOKEN": "xyz",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(elsewhere)
    toy.code("""
        import json, os, sys, tempfile
        from pathlib import Path
        score = 1.0
        print(json.dumps({
            "variables": dict(os.environ),
            "folder": os.getcwd(),
            "files": os.listdir(),
            "home": str(Path.home()),
            "temporary": tempfile.gettempdir(),
            "path": sys.path,
            "input": sys.stdin.read(),
        }))
    """)
    first, second = (json.loads(toy.run().output) for _ in range(2))
    assert not {name for name, value in settings.items() if first["variables"].get(name) == value}
    assert first["variables"]["OMP_NUM_THREADS"] == "1" and first["variables"]["CUDA_VISIBLE_DEVICES"] == ""
    assert first["files"] == ["toy_numpy.py"] and first["input"] == ""
    assert first["path"][0] == first["folder"]
    for place in ("folder", "home", "temporary"):
        assert not first[place].startswith((str(toy.root), str(elsewhere), os.path.expanduser("~") + "/"))
        assert first[place] != second[place]
        assert not os.path.exists(first[place]), "left behind"
    folders = {first["folder"], first["home"], first["temporary"]}
    assert len(folders) == 3 and len({os.path.dirname(folder) for folder in folders}) == 1
    assert first["variables"]["TMPDIR"] == first["temporary"], "for those who do not ask Python"


def test_local_modules_come_along(toy):
    toy.write("snippets/helper.py", "from deeper import WORD\n")
    toy.write("snippets/deeper.py", 'WORD = "well"\n')
    toy.write("snippets/unused.py", "")
    toy.code(f"import os, helper\n{SCORE}print(helper.WORD, sorted(os.listdir()))")
    assert toy.run().output == "well ['deeper.py', 'helper.py', 'toy_numpy.py']\n"


def test_probe(toy, tmp_path):
    """The probe sees the live names of the script, and can import what the script can."""
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import numpy, helper\n\ndef probe(names):\n    return {'doubled': names['weights'] * 2, 'word': numpy.array(helper.WORD)}\n"
    )
    toy.write("snippets/helper.py", 'WORD = "well"\n')
    toy.code("import numpy, helper\nweights = numpy.arange(6.0).reshape(2, 3)\n" + SCORE)
    arrays = toy.run(probe=probe).probe
    assert set(arrays) == {"doubled", "word"} and arrays["word"] == "well"
    numpy.testing.assert_array_equal(arrays["doubled"], [[0, 2, 4], [6, 8, 10]])
    probe.write_text("def probe(names):\n    return {'doubled': names['wieghts']}\n")
    assert "KeyError: 'wieghts'" in failure_of(toy, probe=probe)


# What printed each line


SECTIONS = """
    import sys
    from helper import call

    # --8<-- [start:report]
    def report(text):
        print(text)
    # --8<-- [end:report]

    # --8<-- [start:train]
    def train():
        call(lambda: None)
    # --8<-- [end:train]

    # --8<-- [start:main]
    report("one")
    train()
    print("a", end="")
    report("b")
    print("two\\nthree", "\\x0b four")
    print()
    sys.stdout.writelines(["five\\n", "six\\n"])
    sys.stdout.write("")
    score = 0.9
    # --8<-- [end:main]
    report("seven")
    print("outside", end="")
"""


def test_each_line_is_of_the_section_that_printed_it(toy):
    """A library prints on behalf of the script's line that called it; the section in which a line begins has all of it."""
    toy.write("snippets/helper.py", "def call(f):\n    print('progress')\n    f()\n")
    toy.code(SECTIONS)
    run = toy.run()
    lines = ["one", "progress", "ab", "two", "three \x0b four", "", "five", "six", "seven", "outside"]
    assert run.output == "\n".join(lines)
    assert run.printed == ["report", "train", *["main"] * 6, "report", ""]
    assert toy.run(seed=None).printed == run.printed


@pytest.mark.parametrize("line", ["os.write(1, b'past Python\\n')", "os.system('echo past Python')"])
def test_sections_are_unknown_where_lines_come_past_python(toy, line):
    toy.code(f"# --8<-- [start:all]\nimport os\n{SCORE}print('one')\n{line}\n# --8<-- [end:all]\n")
    run = toy.run()
    assert run.output == "one\npast Python\n" and run.printed == ["", ""]


def test_standard_output_is_what_it_always_is(toy):
    """Libraries ask whether it is a terminal, for its encoding and its descriptor, and write bytes."""
    toy.code(f"""
        import io, sys
        {SCORE.strip()}
        out = sys.stdout
        assert isinstance(out, io.TextIOWrapper) and out.writable() and not out.isatty() and not out.closed
        assert (out.name, out.mode, out.encoding, out.fileno()) == ("<stdout>", "w", "utf-8", 1)
        out.reconfigure(errors="replace")
        out.buffer.write(b"")
        out.flush()
        print(out.write("four"), file=sys.stderr)
    """)
    assert toy.run().output == "four"


# Figures


def test_what_a_figure_shows(toy):
    """Words, labels set by hand, and numbers, as data; see evidence/running/drawn.py."""
    toy.contract(CONTRACT, CURVE, ABSENT)
    toy.code("""
        import matplotlib.pyplot as plt, numpy
        score = 0.9
        figure, (left, right) = plt.subplots(1, 2, num="curve", clear=True)
        figure.suptitle("all")
        left.plot([1, 2, 3], [0.123456789, numpy.nan, 1e-20], label="up")
        left.plot(range(1001), label="long")
        left.axhline(0.5)
        left.set(title="one", xlabel="epoch", ylabel="loss")
        left.set_xticks([1, 2], ["a", "b"])
        left.legend()
        left.text(0, 0, "here")
        right.bar(range(3), [5, 6, 7.5])
        right.fill_between([0, 1], [0, 1], label="area")
        right.scatter(range(60), range(60), label="cloud")
        right.imshow([[0, 1], [2, 4]])
        right.set_title("two", loc="left")
        plt.show()
    """)
    drawn = toy.run().drawn["curve"]
    left, right = drawn.pop("axes")
    assert drawn == {"title": "all"}
    up, long = left.pop("lines")
    assert up == {"label": "up", "x": [1, 2, 3], "y": [0.123457, None, 1e-20]}
    assert len(long["x"]) == len(long["y"]) == 200 and (long["y"][0], long["y"][-1]) == (0, 1000)
    assert left == {
        "title": "one",
        "x": "epoch",
        "y": "loss",
        "legend": ["up", "long"],
        "x_ticks": ["a", "b"],
        "texts": ["here"],
        "rules": [{"x": [0, 1], "y": [0.5, 0.5]}],
    }
    assert right["title"] == "two" and right["bars"] == [{"heights": [5, 6, 7.5]}]
    assert [area["label"] for area in right["areas"]] == ["area"]
    assert right["points"] == [{"label": "cloud", "count": 60, "x": [*range(50)], "y": [*range(50)]}]
    image = right["images"][0]
    shades = numpy.array([[0, 64], [128, 255]], numpy.uint8)
    assert image == {
        "shape": [2, 2],
        "minimum": 0,
        "maximum": 4,
        "mean": 1.75,
        "digest": hashlib.sha256(shades.tobytes()).hexdigest()[:12],
    }


def test_figures(toy):
    toy.contract(CONTRACT, CURVE, ABSENT)
    toy.code(DRAWING)
    first, second = toy.run(), toy.run()
    assert list(first.figures) == ["curve"]
    svg = first.figures["curve"]
    assert svg == second.figures["curve"], "two runs give the same bytes"
    assert first.output == "drawn\n", "plt.show() says nothing about missing windows"
    root = etree.fromstring(svg)
    style = root.find("svg:style", SVG).text
    assert "prefers-color-scheme:dark" in style
    for colour in (INK, PAPER):
        assert f": {colour}" in svg.replace(style, ""), f"{colour} is what the style sheet replaces"
        assert colour in style
    assert DARK_INK in style and DARK_PAPER in style
    assert [text.text for text in root.iter("{http://www.w3.org/2000/svg}text") if text.text == "epoch"], (
        "text stays text"
    )
    assert not re.search(r"<metadata|<dc:|20\d\d-\d\d-\d\d", svg), "nothing tells when it was drawn"


def test_fonts_are_not_looked_for_in_each_run(toy):
    """Matplotlib finds its list of fonts, and leaves it as it was."""
    toy.contract(CONTRACT, CURVE, ABSENT)
    listed = (
        "[(path.name, path.stat().st_mtime_ns) for path in Path(os.environ['MPLCONFIGDIR']).glob('fontlist-*.json')]"
    )
    toy.code(f"import os\nfrom pathlib import Path\nbefore = {listed}\n{DRAWING}print(len(before), before == {listed})")
    assert toy.run().output == "drawn\n1 True\n"


NOISE = "numpy.random.default_rng(0).random((400, 400))"


@pytest.mark.parametrize(
    "code, message",
    [
        ("", "it did not draw curve"),
        ("import matplotlib.pyplot as plt\nplt.figure('curve')\nplt.close('curve')", "it did not draw curve"),
        ("import matplotlib.pyplot as plt\nplt.figure('curve')\nplt.figure()", "it drew a figure without a name"),
        (
            "import matplotlib.pyplot as plt\nplt.figure('curve')\nplt.figure('extra')\nplt.show()",
            "it drew extra, which topic.toml does not",
        ),
        (
            f"import matplotlib.pyplot as plt, numpy\nplt.figure('curve')\nplt.imshow({NOISE}, interpolation='none')",
            r"the figure curve has \d{3},\d{3} bytes; the limit is 200,000",
        ),
        (
            "import matplotlib.pyplot as plt, numpy\nplt.figure('curve')\nplt.scatter(*numpy.random.default_rng(0).random((2, 4000)))",
            r"the figure curve has \d{3},\d{3} bytes; the limit is 200,000",
        ),
    ],
    ids=["missing", "closed", "unnamed", "undeclared", "oversized image", "oversized drawing"],
)
def test_figures_that_break_a_rule(toy, code, message):
    toy.contract(CONTRACT, CURVE, ABSENT)
    toy.code(SCORE + code)
    text = failure_of(toy)
    assert re.search(message, text) and "FigureCanvasAgg" not in text


# Failed runs


@pytest.mark.parametrize(
    "code, message",
    [
        ("print('so far'); 1 / 0", "it raised"),
        ("print('so far'); import sys; sys.exit(3)", "it ended with exit status 3"),
        ("print('so far'); import sys; sys.exit('no data')", "it ended with exit status 1"),
        ("print('so far', flush=True); import os; os._exit(0)", "it ended before its last line"),
        (
            "print('so far', flush=True); import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
            "it was killed by SIGSEGV",
        ),
        ("print('so far', flush=True); import os; os.abort()", "it was killed by SIGABRT"),
        ("print('so far'); raise KeyboardInterrupt", "it "),
    ],
)
def test_scripts_that_end_badly(toy, code, message):
    toy.code(SCORE + code)
    text = failure_of(toy)
    assert text.startswith(f"toy_numpy.py: {message}") and "so far" in text


def test_end_of_the_output_is_shown(toy):
    toy.code("for line in range(100):\n    print('line', line)\nundefined_name\n")
    text = failure_of(toy)
    assert "NameError: name 'undefined_name' is not defined" in text and "line 99" in text and "line 50" not in text


@pytest.mark.parametrize("code", ["score = = 1\n", "def f(:\n", "if True:\n        x\n    y\n", "score = '''", "\0"])
def test_script_that_is_not_python(toy, code):
    toy.code(code)
    assert re.search("SyntaxError|IndentationError|null bytes", failure_of(toy))


@pytest.mark.parametrize("leaves", ["time.sleep(60)", "1 / 0", "pass", "os._exit(0)"])
def test_nothing_is_left_running(toy, tmp_path, leaves):
    """However a run ends, the script and what it started are gone; a lock, not a process id, tells it without a race."""
    lock = tmp_path / "lock"
    lock.touch()
    hold = f"import fcntl, time; file = open({str(lock)!r}); fcntl.flock(file, fcntl.LOCK_SH); print('locked', flush=True); "
    toy.code(f"""
        {hold}
        import os, subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", {hold + "time.sleep(60)"!r}], stdout=subprocess.PIPE)
        print("child:", child.stdout.readline(), flush=True)
        score = 0.9
        {leaves}
    """)
    started = time.monotonic()
    if leaves == "pass":
        output = toy.run().output
    else:
        output = failure_of(toy, time_limit_seconds=2)
        assert ("it had not finished after 2 s, its time limit" in output) == ("sleep" in leaves)
    assert r"child: b'locked\n'" in output
    assert time.monotonic() - started < 8
    with lock.open() as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                assert time.monotonic() - started < 10, "something still runs"
                time.sleep(0.05)


def test_time_limit_is_the_topics(toy):
    toy.contract(CONTRACT.replace("time_limit_seconds = 20", "time_limit_seconds = 1"), ABSENT)
    toy.code("print('so far')\nwhile True:\n    pass\n")
    started = time.monotonic()
    text = failure_of(toy)
    assert "it had not finished after 1 s, its time limit" in text and "so far" in text, "nothing waits in a buffer"
    assert time.monotonic() - started < 5


def test_endless_output_is_no_hang(toy):
    """A pipe that nobody empties would block the script."""
    toy.code(SCORE + "import sys\nfor _ in range(20000):\n    print('x' * 80)\n    print('y' * 80, file=sys.stderr)\n")
    assert len(toy.run().output) == 20000 * 81


@pytest.mark.parametrize(
    "code, message",
    [
        ("scroe = 0.9", "the declared result score was never assigned"),
        ("def f():\n    score = 0.9\nf()", "the declared result score was never assigned"),
        ("score = float('nan')", "the declared result score is nan"),
        ("score = [0.5, float('inf')]", "the declared result score is inf"),
        ("import numpy; score = numpy.float32('-inf')", "the declared result score is -inf"),
        ("import numpy; score = numpy.array([0.5, numpy.nan])", "the declared result score is nan"),
        ("score = '0.9'", "the declared result score is str, not a number"),
        ("score = None", "the declared result score is NoneType"),
        ("score = True", "the declared result score is bool"),
        ("import numpy; score = numpy.True_", "the declared result score is bool"),
        ("score = 1j", "the declared result score is complex"),
        ("score = lambda: 0.9", "the declared result score is function"),
        ("score = {'a': 0.9}", "the declared result score is dict"),
        ("score = []", "the declared result score is an empty list"),
        ("score = [[0.5], [0.5]]", "the declared result score is "),
        ("import numpy; score = numpy.ones((2, 2))", "the declared result score "),
        ("score = ['a']", "the declared result score is str"),
        ("score = 10 ** 400", "the declared result score "),
    ],
)
def test_results_that_are_missing_or_not_finite(toy, code, message):
    toy.code(code)
    text = failure_of(toy)
    assert message in text and "Traceback" not in text


@pytest.mark.parametrize(
    "line",
    [
        "loss: nan",
        "loss=NaN",
        "[nan nan]",
        "inf",
        "-inf",
        "(inf)",
        "1.0, -Infinity",
        "loss nan%",
        "loss:nan",
        "nan±nan",
        "损失nan",
        "loss ...nan",
    ],
)
def test_printed_number_that_is_not_finite(toy, line):
    toy.code(SCORE + f"print('{line}')")
    assert re.search(r"it printed [-+]?(nan|inf)", failure_of(toy), re.IGNORECASE)


def test_words_that_only_look_like_it(toy):
    line = "info nano inference finance banana infinite inf_loss nan_count Nancy hasnan nans numpy.nan np.inf"
    toy.code(SCORE + f"print('{line}')")
    assert toy.run().output == line + "\n"


@pytest.mark.parametrize("printed", ["1/5\\r2/5", "10\\b\\b9", "\\x1b[1mbold\\x1b[0m", "windows\\r"])
def test_terminal_control_characters(toy, printed):
    toy.code(SCORE + f'print("{printed}")')
    assert "it printed the terminal control character" in failure_of(toy)


def test_no_gpu(toy, monkeypatch):
    assert "it did not use the GPU" in failure_of(toy, device="gpu")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RunFailed, match="no NVIDIA GPU"):
        device_name("gpu")


def test_no_mxnet(toy, tmp_path, monkeypatch):
    toy.contract(CONTRACT, ABSENT.replace("mxnet =", "numpy ="))
    (toy.folder / "toy_numpy.py").rename(toy.folder / "toy_mxnet.py")
    monkeypatch.setenv("MXNET_PYTHON", str(tmp_path / "nowhere"))
    catalog = toy.catalog
    with pytest.raises(
        RunFailed, match="MXNet needs an environment of its own and there is no .*nowhere.*MXNET_PYTHON"
    ):
        run_script(catalog, catalog.script("toy_mxnet"))


def test_a_package_that_is_not_installed(toy):
    toy.code("import no_such_package\n" + SCORE)
    assert "No module named 'no_such_package'" in failure_of(toy)


# Writing


WRITES = {
    "open": "open(target, 'w')",
    "append": "open(target, 'a')",
    "exclusive": "open(target, 'x')",
    "update": "open(existing, 'r+')",
    "os.open": "os.open(target, os.O_CREAT | os.O_WRONLY)",
    "pathlib": "pathlib.Path(target).write_text('x')",
    "touch": "pathlib.Path(target).touch()",
    "mkdir": "os.makedirs(target)",
    "rename out": "open('own', 'w').close(); os.rename('own', target)",
    "rename in": "os.rename(existing, 'own')",
    "replace": "open('own', 'w').close(); os.replace('own', existing)",
    "move": "open('own', 'w').close(); shutil.move('own', target)",
    "copy": "shutil.copy(__file__, target)",
    "remove": "os.remove(existing)",
    "unlink": "pathlib.Path(existing).unlink()",
    "rmtree": "shutil.rmtree(os.path.dirname(existing))",
    "rmdir": "os.rmdir(empty)",
    "truncate": "os.truncate(existing, 0)",
    "link": "os.link(__file__, target)",
    "times": "os.utime(existing, (0, 0))",
    "symbolic link": "os.symlink(__file__, target)",
    "through a link": "subprocess.run(['ln', '-s', os.path.dirname(target), 'elsewhere']); open('elsewhere/new', 'w')",
    "chmod": "os.chmod(existing, 0o777)",
    "numpy.tofile": "import numpy; numpy.ones(3).tofile(target)",
    "numpy.save": "import numpy; numpy.save(target, numpy.ones(3))",
    "savefig": "import matplotlib.pyplot as plt; plt.figure('x').savefig(target); plt.close()",
}
NATIVE_WRITES = {
    "touch": "os.system(f'touch {target}')",
    "shell": "subprocess.run(f'echo x > {existing}', shell=True)",
    "shell, append": "subprocess.run(f'echo x >> {existing}', shell=True)",
    "rm": "subprocess.run(['rm', '-f', existing])",
    "mv": "subprocess.run(['mv', existing, 'own'])",
    "a Python of its own": "subprocess.run([sys.executable, '-c', f'open({target!r}, \"w\")'])",
    "truncate": "subprocess.run(['truncate', '-s', '0', existing])",
    "fork": "pid = os.fork()\nif pid == 0:\n    open(target, 'w')\nos.waitpid(pid, 0)",
    "sqlite": "import sqlite3; sqlite3.connect(target).execute('create table t (x)')",
    "C": "import ctypes; ctypes.CDLL(None).creat(target.encode(), 0o644)",
    "directory descriptor": "os.open('new', os.O_CREAT | os.O_WRONLY, dir_fd=os.open(os.path.dirname(target), os.O_RDONLY))",
}


class Outside:
    """A folder outside the script's, and what is in it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "empty").mkdir(parents=True)
        (folder / "existing").write_text("precious")
        os.chmod(folder / "existing", 0o644)
        self.before = self.content()

    def content(self):
        paths = sorted(self.folder.rglob("*"))
        return [(path.name, path.stat().st_mode, path.read_text() if path.is_file() else None) for path in paths]

    def code(self, statement: str) -> str:
        names = {"target": "new", "existing": "existing", "empty": "empty"}
        lines = [f"{name} = {str(self.folder / file)!r}" for name, file in names.items()]
        return "import os, pathlib, shutil, subprocess, sys\n" + "\n".join(lines) + f"\n{SCORE}{statement}\n"


@pytest.fixture
def outside(tmp_path):
    return Outside(tmp_path.resolve() / "outside")


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES)
def test_writing_outside_its_folder(toy, outside, statement):
    toy.code(outside.code(statement))
    assert f"a snippet may write only in its own folder, not to {outside.folder}" in failure_of(toy)
    assert outside.content() == outside.before


@pytest.mark.parametrize("statement", [WRITES["open"], WRITES["mkdir"], WRITES["rename out"], WRITES["remove"]])
@pytest.mark.parametrize("handler", ["except Exception:", "except BaseException:", "except OSError:"])
def test_swallowing_the_refusal_is_no_way_out(toy, outside, statement, handler):
    toy.code(outside.code(f"try:\n    {statement}\n{handler}\n    pass\nprint('carried on')"))
    text = failure_of(toy)
    assert f"it wrote outside its folder: {outside.folder}" in text and "carried on" in text
    assert outside.content() == outside.before


@pytest.mark.parametrize(
    "path", ["../x", "../../x", "../snippet-of-another", "../snippet/../x", "/x-of-a-toy-snippet", "~/../x"]
)
def test_relative_and_absolute_paths(toy, path):
    toy.code(SCORE + f"import os\nopen(os.path.expanduser({path!r}), 'w')")
    assert "a snippet may write only in its own folder, not to /" in failure_of(toy)
    assert not os.path.exists("/x-of-a-toy-snippet")


@needs_landlock
@pytest.mark.parametrize("statement", NATIVE_WRITES.values(), ids=NATIVE_WRITES)
def test_native_code_cannot_write_outside(toy, outside, statement):
    """The kernel refuses it; whether the script then fails is its own affair, as on a reader's full disk."""
    toy.code(outside.code(f"try:\n{textwrap.indent(statement, '    ')}\nexcept Exception as error:\n    print(error)"))
    toy.run()
    assert outside.content() == outside.before


def test_writing_where_it_may(toy):
    """Its own folder, its home and the temporary folder are free, by every means, and so is moving between them."""
    toy.code(
        SCORE
        + textwrap.dedent("""
        import os, pathlib, shutil, sqlite3, subprocess, tempfile
        import numpy
        home, own = pathlib.Path.home(), pathlib.Path.cwd()
        (own / "a" / "b").mkdir(parents=True)
        (own / "a" / "b" / "file").write_text("x")
        os.rename("a/b/file", home / "file")
        os.replace(home / "file", os.path.join(tempfile.gettempdir(), "file"))
        shutil.move(os.path.join(tempfile.gettempdir(), "file"), "file")
        shutil.rmtree("a")
        (home / ".cache" / "toy").mkdir(parents=True)
        with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x")
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "x", "y"))
        numpy.save("array.npy", numpy.ones(3))
        numpy.ones(3).tofile("array.bin")
        sqlite3.connect("base.sqlite").execute("create table t (x)")
        subprocess.run("echo x > shell; mv shell ~/shell; rm ~/shell", shell=True, check=True)
        os.truncate("array.bin", 1)
        os.symlink("array.bin", "link")
        os.link("array.bin", "hard")
        os.chmod("hard", 0o600)
        os.remove("hard")
        open("/dev/null", "w").write("x")
        print("written")
    """)
    )
    assert toy.run().output == "written\n"


# Data


DATA = b"real"
HELPER = f"""\
import hashlib, os
from pathlib import Path

CHECKSUMS = {{"images": "{hashlib.sha256(DATA).hexdigest()}"}}


def load_mnist():
    for name, checksum in CHECKSUMS.items():
        content = (Path(os.environ["MNIST_FOLDER"]) / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != checksum:
            raise RuntimeError(f"{{name}}: wrong checksum")
    return content


if __name__ == "__main__":
    load_mnist()
    print("Downloading nothing")
    print(os.environ["MNIST_FOLDER"])
"""


@pytest.fixture
def data(tmp_path):
    """Make a data set, real or not."""

    def make(content: bytes, real: bool) -> Mnist:
        folder = tmp_path / content.decode()
        folder.mkdir(exist_ok=True)
        (folder / "images").write_bytes(content)
        return Mnist(folder, {"images": hashlib.sha256(content).hexdigest()}, real)

    return make


@pytest.fixture
def toy_with_data(toy):
    toy.write("snippets/mnist_data.py", HELPER)
    toy.code("from mnist_data import load_mnist\n" + SCORE + "print(load_mnist().decode())")
    return toy


def test_data(toy_with_data, data):
    """Both are accepted, the stand-in only because the checksums in the copy of mnist_data.py are exchanged for its own."""
    real, stand_in = data(b"real", True), data(b"other", False)
    run = toy_with_data.run(real)
    assert (run.output, run.data) == ("real\n", real)
    run = toy_with_data.run(stand_in)
    assert (run.output, run.data) == ("other\n", stand_in)
    assert toy_with_data.root.joinpath("snippets/mnist_data.py").read_text() == HELPER


@pytest.mark.parametrize("content, real", [(b"other", True), (b"real", False)])
def test_data_that_is_not_what_it_claims_to_be(toy_with_data, data, content, real):
    wrong = data(content, real)
    if not real:
        wrong = Mnist(wrong.folder, {"images": hashlib.sha256(b"something else").hexdigest()}, False)
    assert "RuntimeError: images: wrong checksum" in failure_of(toy_with_data, data=wrong)


def test_scripts_without_data_get_none(toy, data):
    toy.code("import os\n" + SCORE + "print(os.environ.get('MNIST_FOLDER'))")
    run = toy.run(data(b"real", True))
    assert (run.output, run.data) == ("None\n", None)


def test_find_mnist(toy_with_data, data, monkeypatch):
    real = data(b"real", True)
    monkeypatch.setenv("MNIST_FOLDER", str(real.folder))
    assert find_mnist(toy_with_data.catalog) == real
    assert toy_with_data.run().data == real, "it is looked for where it is needed and not given"
    monkeypatch.setenv("MNIST_FOLDER", str(data(b"other", True).folder))
    with pytest.raises(DataUnavailable, match="^RuntimeError: images: wrong checksum$"):
        find_mnist(toy_with_data.catalog)


def test_data_cannot_be_changed(toy_with_data, data):
    real = data(b"real", True)
    toy_with_data.code(SCORE + "import mnist_data, os\nopen(os.environ['MNIST_FOLDER'] + '/images', 'w')")
    assert "a snippet may write only in its own folder" in failure_of(toy_with_data, data=real)
    assert (real.folder / "images").read_bytes() == DATA


@pytest.mark.parametrize(("processor", "kernel"), [("own", None), ("avx2", "Haswell"), ("sse4", "Nehalem")])
def test_another_processor_is_played_when_asked_for(toy, monkeypatch, processor, kernel):
    monkeypatch.setattr(sandbox, "PROCESSOR", processor)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")  # the caller's own business
    toy.contract()
    toy.code(f"import os\nassert os.environ.get('OPENBLAS_CORETYPE') == {kernel!r}\nscore = 0.9\n")
    toy.run()


def test_a_processor_that_nobody_knows(toy, monkeypatch):
    monkeypatch.setattr(sandbox, "PROCESSOR", "abacus")
    with pytest.raises(RunFailed, match="PROCESSOR is 'abacus'; it is one of own, avx2, sse4"):
        toy.run()


def test_watch(toy, tmp_path):
    """What watches is asked before the script, and answers after it and before the probe."""
    toy.code("import json, numpy\nscore = 0.5\njson.seen = 'script'\n")
    watch, probe = tmp_path / "watch.py", tmp_path / "probe.py"
    watch.write_text(
        "import json\ndef watch(packages):\n    json.seen = packages\n    return lambda: {'seen': json.seen}\n"
    )
    probe.write_text("import json\ndef probe(names):\n    json.seen = 'probe'\n    return {}\n")
    assert toy.run(watch=watch, probe=probe).training == {"seen": "script"}
    toy.code("score = 0.5\n")
    assert toy.run(watch=watch).training == {"seen": ["numpy"]} and toy.run().training == {}
