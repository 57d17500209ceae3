"""What shows records, code, terms, formulas and diagrams in a page: Python-Markdown extensions, which know no engine."""
