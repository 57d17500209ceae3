"""Which command MkDocs was started with, kept once for all hooks: the first of them, `both_languages`, is told and notes it here."""

command = "build"  # or "serve", "gh-deploy"


def serving():
    """Whether this is `mkdocs serve`, where somebody writes, rather than a build to be published."""
    return command == "serve"
