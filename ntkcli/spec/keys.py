"""The keys that a spec can have, and what they can be, by the JSON schema of its types."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ntkcli.spec.spec import Spec

Node = Mapping[str, Any]

# A word that YAML and shells take as it is.
PLAIN = re.compile(r"[\w-]+")


def keys() -> list[str]:
    """Return the path of every key, with dots, but of those that are sections and nothing else."""
    return [path for path, node in _nodes() if any("properties" not in kind for kind in _kinds(node))]


def choices(path: str) -> list[str]:
    """Return the words that a key can be; none where it is a number, a name, or no key."""
    node = dict(_nodes()).get(path, {})
    return [*dict.fromkeys(word for kind in _kinds(node) for word in _words(kind) if PLAIN.fullmatch(word))]


@cache
def _schema() -> Node:
    return Spec.model_json_schema()


def _nodes() -> Iterator[tuple[str, Node]]:
    """Yield paths and what the schema has of them, a section's before those of its keys."""
    waiting: list[tuple[str, Node]] = [("", _schema())]
    while waiting:
        path, node = waiting.pop(0)
        if path:
            yield path, node
        inside = [item for kind in _kinds(node) for item in kind.get("properties", {}).items()]
        waiting[:0] = [(f"{path}.{name}" if path else name, inner) for name, inner in inside]


def _kinds(node: Node) -> Iterator[Node]:
    """Yield what a value may be one of, null left out."""
    if "$ref" in node:
        node = _schema()["$defs"][node["$ref"].rpartition("/")[2]]
    if "anyOf" in node:
        for kind in node["anyOf"]:
            yield from _kinds(kind)
    elif node.get("type") != "null":
        yield node


def _words(kind: Node) -> Iterator[str]:
    if kind.get("type") == "boolean":
        yield from ("true", "false")
    yield from map(str, kind.get("enum", [kind["const"]] if "const" in kind else []))
    if "items" in kind:
        # A list of one word may be the word.
        for item in _kinds(kind["items"]):
            yield from _words(item)
