"""Gives the templates CITATION.cff, which says how to cite the site: a template reads no files, and a copy in the configuration
would be a second truth."""

from pathlib import Path

import yaml


def on_config(config):
    path = Path(config.config_file_path).parent / "CITATION.cff"
    config.extra["citation"] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return config
