"""Pages as Jupyter notebooks, and notebooks as pages.

`dialect` turns the Markdown of a page, with one script out of its tabs, into the cells of a notebook; `make` makes the notebooks
that every topic offers, while the site is built. `run` executes the notebook of a walkthrough, `record` keeps what it showed as
`docs/<language>/walkthroughs/<name>.ipynb`, and `page` is what mkdocs-jupyter needs to show that in our design.
"""
