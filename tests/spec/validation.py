"""The JSON schema of a spec, as tests look at it and as editors use it."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from ntkcli.spec.schema import spec_schema
from ntkcli.spec.yaml_document import Document

SCHEMA = spec_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def faults(values: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(values)]


class EditorLoader(yaml.SafeLoader):
    """YAML 1.2, as editors read it: 1e-3 is a number, and a date is text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as PyYAML's


for tag, pattern in (
    ("null", r"~|null|Null|NULL|"),
    ("bool", r"true|True|TRUE|false|False|FALSE"),
    ("int", r"[-+]?[0-9]+"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.nan"),
):
    EditorLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), None)


def readings(text: str) -> list[Any]:
    """The values of a spec, as `ntk` reads them and as an editor does."""
    return [Document(text).values, yaml.load(text, EditorLoader)]


def words(node: Any) -> Iterator[Any]:
    """All single values that a schema names."""
    if isinstance(node, dict):
        yield from node.get("enum", [])
        if "const" in node:
            yield node["const"]
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from words(inner)


def properties(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every key that a schema tells of, with its schema, and whether it is required."""
    if isinstance(node, dict):
        for name, inner in node.get("properties", {}).items():
            yield f"{path}/{name}", inner, name in node.get("required", [])
    for name, inner in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(inner, dict | list):
            yield from properties(inner, f"{path}/{name}")
