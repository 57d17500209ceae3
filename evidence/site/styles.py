"""Takes out of the theme's style sheets what no page of the site uses: more than half of them. Ours lose their comments.

A rule goes when its selector needs a class, or a value of an attribute, that is in no page and no script; a custom property
goes when nothing refers to it. When in doubt, a rule stays.
"""

import re
from pathlib import Path

CLASS = re.compile(r"\.(-?[a-zA-Z_][\w-]*)")
ATTRIBUTE = re.compile(r"\[[^\]]*\]")
VALUE = re.compile(r"""\[(?:data-[\w-]+|dir)=["']?([\w-]+)["']?\]""")
# What stands in the brackets of these is not needed for the selector to match, or not all of it.
OPTIONAL = re.compile(r":(?:not|is|where)\((?:[^()]|\([^()]*\))*\)")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
REFERENCE = re.compile(r"var\((--[\w-]+)")


def split(css, separator):
    """Split at `separator` where it stands outside of quotation marks and brackets."""
    parts, depth, quote, start = [], 0, "", 0
    for place, sign in enumerate(css):
        if quote:
            quote = "" if sign == quote and css[place - 1] != "\\" else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if separator == "}" and sign == "}" and not depth:
                parts.append(css[start : place + 1])
                start = place + 1
        elif sign == separator and not depth:
            parts.append(css[start:place])
            start = place + 1
    return [*parts, css[start:]] if css[start:].strip() else parts


def rules(css, words):
    """Return the rules whose selectors can match something that has only `words` as classes and values."""
    kept = []
    for rule in split(css, "}"):
        prelude, brace, body = rule.partition("{")
        if prelude.startswith(("@media", "@supports")):
            if body := rules(body[:-1], words):
                kept.append(f"{prelude}{{{body}}}")
        elif prelude.startswith("@"):
            kept.append(rule)
        else:
            selectors = [
                selector
                for selector in split(prelude, ",")
                if words.issuperset(CLASS.findall(ATTRIBUTE.sub("", needed := OPTIONAL.sub("", selector))))
                and words.issuperset(VALUE.findall(needed))
            ]
            if selectors:
                kept.append(",".join(selectors) + brace + body)
    return "".join(kept)


def without_unused_properties(css, everything):
    """Drop the declarations of custom properties that `everything` never refers to."""
    used = set(REFERENCE.findall(everything))

    def declarations(match):
        kept = [part for part in split(match[1], ";") if not part.startswith("--") or part.partition(":")[0] in used]
        return "{" + ";".join(kept) + "}"

    return re.sub(r"\{((?:[^{}\"']|\"[^\"]*\"|'[^']*')*)\}", declarations, css)


def without_comments(css):
    """Drop comments, and the whitespace at which lines begin and end."""
    return re.sub(r"\s*\n\s*", "\n", COMMENT.sub("", css)).strip()


def without_comment_lines(script):
    """Drop the lines of a script that are nothing but a comment, and the spaces at which lines begin: no text in ours has lines."""
    return re.sub(r"(?m)^[ \t]*(?:(?://.*|/\*\*.*\*/)\n)?", "", script)


def purge(site):
    """Shorten what a built site is styled and moved by: the theme's style sheets by what no page uses, ours and scripts by comments."""
    folder = Path(site) / "assets"
    scripts = "".join(file.read_text(encoding="utf-8") for file in (folder / "javascripts").glob("*.js"))
    words = set(re.findall(r"[\w-]+", scripts))
    pages = "".join(page.read_text(encoding="utf-8") for page in Path(site).rglob("*.html"))
    for value in set(re.findall(r"""\s(?:class|dir|data-[\w-]+)=["']?([^"'>]*)""", pages)):
        words.update(value.split())
    sheets = {
        file: file.read_text(encoding="utf-8").partition("/*# source")[0]
        for file in (folder / "stylesheets").glob("*.min.css")
    }
    sheets = {file: rules(css, words) for file, css in sheets.items()}
    ours = {
        file: without_comments(file.read_text(encoding="utf-8"))
        for file in (folder / "stylesheets").glob("*.css")
        if file not in sheets
    }
    while True:
        everything = "".join(ours.values()) + scripts + "".join(sheets.values())
        shorter = {file: without_unused_properties(css, everything) for file, css in sheets.items()}
        if shorter == sheets:
            break
        sheets = shorter
    ours |= {
        file: without_comment_lines(file.read_text(encoding="utf-8")) for file in (folder / "javascripts").glob("*.js")
    }
    for file, text in (sheets | ours).items():
        file.write_text(text, encoding="utf-8", newline="\n")
