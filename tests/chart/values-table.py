#!/usr/bin/env python3
"""Makes the table of values in the chart's README from the comments in values.yaml, and files/defaults.json from the
values themselves: what the templates take for a value that a release of an older chart doesn't have.

    values-table.py            rewrites the table between the markers, and the file
    values-table.py --check    changes nothing; fails when the table isn't up to date

"# -- text" begins the description of the value that follows, further comment lines continue
it up to a line that begins with "# @default --", which replaces the default shown, or with "# (": what
follows is no part of the table.
Fails as well when a value has no description, neither its own nor that of a map it is in.
"""

import json
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "charts" / "icr-pull-secrets"
# What a null takes away, which is then not to come back; and the configuration, which is the operator's.
TAKEN_AWAY = {"config", "podSecurityContext", "securityContext", "resources", "nodeSelector", "topologySpreadConstraints",
              "metrics.dashboard.labels"}
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"


def described(text):
    """Yields (path, description, default or None) for each described key, in order."""
    path = []  # (indentation, key) of the maps around the current line
    words, default, aside = None, None, False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            comment = stripped[1:].strip()
            if comment.startswith("@default -- "):
                default = comment.removeprefix("@default -- ")
            elif comment.startswith("-- "):
                words, default, aside = [comment.removeprefix("-- ")], None, False
            elif comment.startswith("("):
                aside = True
            elif words is not None and default is None and not aside:
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


def defaults(values, path=""):
    """The values, as the templates fill them in."""
    kept = {}
    for key, value in values.items():
        here = path + key
        if here not in TAKEN_AWAY:
            kept[key] = defaults(value, here + ".") if isinstance(value, dict) else value
    return kept


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
    known = CHART / "files" / "defaults.json"
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    filled = json.dumps(defaults(values), indent=2, ensure_ascii=False) + "\n"
    if not arguments:
        readme.write_text(new, encoding="utf-8")
        known.write_text(filled, encoding="utf-8")
        return
    if new != old:
        raise SystemExit("the table of values in charts/icr-pull-secrets/README.md is out of date: "
                         "run tests/chart/values-table.py")
    if filled != known.read_text(encoding="utf-8"):
        raise SystemExit("charts/icr-pull-secrets/files/defaults.json is out of date: run tests/chart/values-table.py")


main(sys.argv[1:])
