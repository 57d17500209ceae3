"""Runs snippets as their readers do, keeps what they left as records, and shows the records in pages.

The rooms, from left to right: `catalog` (what there is), `run` (a snippet as the reader runs it; `driver` is its part
inside the snippet's process), `record` (what a run left, and whether that is still true), `markdown` (shows it in a page),
`download` (a topic as a zip), `__main__` (the command line).
"""
