#!/usr/bin/env python3
"""Turns the OpenAPI description of Kubernetes, and definitions of custom resources, into JSON schemas
as kubeconform wants them.

    openapi-to-schemas.py swagger.json DIRECTORY [CRD.yaml…]

Writes one file per kind, <kind>[-<group>]-<version>.json, each complete in itself. Objects are
closed, so that a mistyped field is an error, and null is no value.
"""

import json
import pathlib
import sys

import yaml

PREFIX = "#/definitions/"


def strict(node):
    """A copy of a schema in which objects with known fields accept no others."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"]}
    if node.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    result = {}
    for key, value in node.items():
        if key.startswith("x-kubernetes-") or key == "description":
            continue
        if key == "properties":
            # Names of fields, not keywords: "description" and "format" may be among them.
            result[key] = {name: strict(field) for name, field in value.items()}
        else:
            result[key] = strict(value)
    if "properties" in result and "additionalProperties" not in result:
        result["additionalProperties"] = False
    return result


def references(node):
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(PREFIX)
        for value in node.values():
            yield from references(value)


def needed(name, definitions):
    """The definitions that one of them is built from, itself included."""
    found, todo = set(), [name]
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo.extend(references(definitions[current]))
    return {each: definitions[each] for each in sorted(found)}


def main(source, target, custom):
    with open(source, encoding="utf-8") as file:
        original = json.load(file)["definitions"]
    definitions = {name: strict(schema) for name, schema in original.items()}
    # Written as strings mostly, but a bare number is accepted too.
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}

    directory = pathlib.Path(target)
    directory.mkdir(parents=True)
    count = 0
    for name, schema in original.items():
        kinds = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds) != 1 or "metadata" not in schema.get("properties", {}):
            continue  # options and the like, which belong to every group
        kind, group, version = kinds[0]["kind"], kinds[0]["group"], kinds[0]["version"]
        if kind.endswith("List"):
            continue
        pin(definitions[name], kind, group, version)
        write(directory, (kind, group, version), {"$ref": PREFIX + name, "definitions": needed(name, definitions)})
        count += 1
    for file in custom:
        with open(file, encoding="utf-8") as stream:
            spec = yaml.safe_load(stream)["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            names = (spec["names"]["kind"], spec["group"], version["name"])
            pin(schema, *names)
            write(directory, names, schema)
            count += 1
    print(f"{count} schemas")


def pin(schema, kind, group, version):
    """Makes a schema accept this kind of object only."""
    schema["properties"]["kind"] = {"enum": [kind]}
    schema["properties"]["apiVersion"] = {"enum": [f"{group}/{version}" if group else version]}
    schema["required"] = sorted({"apiVersion", "kind", *schema.get("required", [])})


def write(directory, names, schema):
    kind, group, version = names
    file = "-".join(part for part in (kind, group.split(".")[0], version) if part).lower() + ".json"
    whole = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    (directory / file).write_text(json.dumps(whole, separators=(",", ":")), encoding="utf-8")


if len(sys.argv) < 3:
    raise SystemExit("usage: openapi-to-schemas.py swagger.json DIRECTORY [CRD.yaml…]")
main(sys.argv[1], sys.argv[2], sys.argv[3:])
