"""Runs a script or a notebook as its reader does: a fresh folder, its own interpreter, nobody's settings."""
