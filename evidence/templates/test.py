"""What the page on $path says of every framework's script, held against its run."""

TOPIC = "$path"


def test_answer(run):
    assert run.results["answer"] == 42
