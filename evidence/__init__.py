"""Runs snippets as their readers do, keeps what they left as records, and shows the records in pages.

README.md, "How it is built", lists the rooms, and pyproject.toml their layers: no room knows one above it.
"""
