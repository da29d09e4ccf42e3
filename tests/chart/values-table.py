#!/usr/bin/env python3
"""Makes the table of values in the chart's README from the comments in values.yaml.

    values-table.py            rewrites the table between the markers
    values-table.py --check    changes nothing; fails when the table isn't up to date

"# -- text" begins the description of the value that follows, further comment lines continue
it up to a line that begins with "# (" or "# @default --", which replaces the default shown.
Fails as well when a value has no description, neither its own nor that of a map it is in.
"""

import json
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "charts" / "icr-pull-secrets"
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"


def described(text):
    """Yields (path, description, default or None) for each described key, in order."""
    path = []  # (indentation, key) of the maps around the current line
    words, default = None, None
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            comment = stripped[1:].strip()
            if comment.startswith("@default -- "):
                default = comment.removeprefix("@default -- ")
            elif comment.startswith("-- "):
                words, default = [comment.removeprefix("-- ")], None
            elif words is not None and default is None and not comment.startswith("("):
                words.append(comment)
            continue
        key = re.match(r"( *)([A-Za-z][A-Za-z0-9]*):", line)
        if key and not stripped.startswith("- "):
            indentation = len(key[1])
            while path and path[-1][0] >= indentation:
                path.pop()
            path.append((indentation, key[2]))
            if words is not None:
                yield tuple(name for _, name in path), " ".join(words), default
        words, default = None, None


def leaves(values, path=()):
    """Yields the path of everything that is not a non-empty map."""
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from leaves(value, path + (key,))
    else:
        yield path


def lookup(values, path):
    for key in path:
        values = values[key]
    return values


def table(text):
    values = yaml.safe_load(text)
    rows = list(described(text))
    paths = {path for path, _, _ in rows}
    for leaf in leaves(values):
        if not any(leaf[:length] in paths for length in range(1, len(leaf) + 1)):
            raise SystemExit(f"values.yaml: {'.'.join(leaf)} has no description (a comment '# -- …' above it)")
    lines = ["| Value | Default | What it is |", "| --- | --- | --- |"]
    for path, description, default in rows:
        if default is None:
            value = lookup(values, path)
            default = "`" + json.dumps(value, ensure_ascii=False) + "`"
        cells = [f"`{'.'.join(path)}`", default, description]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def main(arguments):
    if arguments not in ([], ["--check"]):
        raise SystemExit("usage: values-table.py [--check]")
    readme = CHART / "README.md"
    old = readme.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        raise SystemExit(f"{readme}: the markers {BEGIN} and {END} must each be there once")
    before, rest = old.split(BEGIN)
    after = rest.split(END)[1]
    new = before + BEGIN + "\n" + table((CHART / "values.yaml").read_text(encoding="utf-8")) + "\n" + END + after
    if not arguments:
        readme.write_text(new, encoding="utf-8")
    elif new != old:
        raise SystemExit("the table of values in charts/icr-pull-secrets/README.md is out of date: "
                         "run tests/chart/values-table.py")


main(sys.argv[1:])
