#!/usr/bin/env python3
"""The chart and the operator take the same configurations and refuse the same.

    agree.py OPERATOR FOLDER    FOLDER holds values files, accepted-* and refused-* by the chart (refuse.sh)

Each with something in `config` is given to the operator as well; so is every configuration in the docs, which both
must take. Needs helm in the PATH; no cluster."""

import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "icr-pull-secrets"
PAGES = [ROOT / "README.md", CHART / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["config"]


def merged(base, over):
    """As Helm merges values: maps are merged, a null takes away, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(base.get(key), dict):
            result[key] = merged(base[key], value)
        else:
            result[key] = value
    return result


def refusal_of_operator(operator, config):
    """What the operator says against a configuration; empty when it takes it, and asks for a cluster next."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(config, file, allow_unicode=True)
        file.flush()
        done = subprocess.run([operator, "plan", "--config", file.name, "--kubeconfig", "/nonexistent"], capture_output=True, text=True, check=False)
        return done.stderr.strip() if file.name in done.stderr else ""


def refusal_of_chart(config):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"config": config, "podAdmission": "on", "replicaCount": 1}, file, allow_unicode=True)
        file.flush()
        done = subprocess.run(["helm", "template", "x", str(CHART), "--values", file.name], capture_output=True, text=True, check=False)
        return done.stderr.strip() if done.returncode else ""


def blocks(page):
    """(line, text) of each block of YAML in a page."""
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 1, match[1]


def values_in(document):
    """The chart's values in an Application of Argo CD or a HelmRelease of Flux."""
    spec = document["spec"]
    return spec.get("values") or spec.get("source", {}).get("helm", {}).get("valuesObject") or {}


def configurations(block):
    """The configurations in a block: whole, as a value of the chart, as some of its keys, or as credentials."""
    for document in yaml.safe_load_all(block.replace("…", "x")):
        if isinstance(document, list) and document and all(isinstance(each, dict) and "name" in each for each in document):
            names = [each["name"] for each in document]
            more = [] if "default" in names else DEFAULTS["credentials"]
            yield merged(DEFAULTS, {"credentials": more + document})
        elif not isinstance(document, dict):
            continue
        elif document.get("kind") == "OperatorConfiguration":
            yield document
        elif document.get("kind") in ("Application", "HelmRelease"):
            yield merged(DEFAULTS, values_in(document).get("config", {}))
        elif isinstance(document.get("config"), dict):
            yield merged(DEFAULTS, document["config"])
        elif document and document.keys() <= DEFAULTS.keys() | {"attach", "events", "rescue"} and "metadata" not in document:
            yield merged(DEFAULTS, document)


def check_docs(operator):
    count = 0
    for page in PAGES:
        for line, block in blocks(page):
            for config in configurations(block):
                count += 1
                for who, said in (("the operator", refusal_of_operator(operator, config)), ("the chart", refusal_of_chart(config))):
                    if said:
                        raise SystemExit(f"{page.relative_to(ROOT)}:{line}: {who} refuses what stands there: {said}")
    print(f"{count} configurations in the docs: taken by both")


def check_examples(operator, folder):
    count, differ = 0, []
    for file in sorted(pathlib.Path(folder).iterdir()):
        values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        if not isinstance(values.get("config"), dict):
            continue
        count += 1
        said = refusal_of_operator(operator, merged(DEFAULTS, values["config"]))
        if bool(said) != file.name.startswith("refused-"):
            differ.append(f"{values}: {'the operator refuses it: ' + said if said else 'the operator takes it, the chart does not'}")
    if differ:
        raise SystemExit("chart and operator disagree:\n" + "\n".join(differ))
    print(f"{count} examples: the same answer from both")


check_docs(sys.argv[1])
check_examples(sys.argv[1], sys.argv[2])
