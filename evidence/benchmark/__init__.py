"""How much training it takes to read 99 of 100 handwritten digits: the recipes of this site beside public ones.

`make benchmark` runs all of them, one after the other and seed by seed, prints a table with ratios and keeps a record, which the page
docs/*/benchmark.md shows.
"""
