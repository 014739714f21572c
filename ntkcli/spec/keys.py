"""The keys that a spec can have, and what they can be, by its JSON schema."""

import re
from collections.abc import Iterator, Mapping
from functools import cache, reduce
from operator import getitem
from typing import Any

from ntkcli.spec.extended import EXTENDS
from ntkcli.spec.schema import spec_schema
from ntkcli.spec.yaml_document import KEY_ALIASES

Node = Mapping[str, Any]

# A word that YAML and shells take as it is.
PLAIN = re.compile(r"[\w-]+")


def keys() -> list[str]:
    """Return the path of every key, with dots, but of those that are sections and nothing else."""
    found = (path for path, node in _nodes() if any("properties" not in kind for kind in _kinds(node)))
    return [*dict.fromkeys(found)]


def choices(path: str) -> list[str]:
    """Return the words that a key can be; none where it is a number, a name, or no key."""
    node = dict(_nodes()).get(path, {})
    kinds = [*_kinds(node)]
    if {"boolean", "number"} <= {kind.get("type") for kind in kinds}:
        # It is any value of a column.
        return []
    return [*dict.fromkeys(word for kind in kinds for word in _words(kind) if PLAIN.fullmatch(word))]


@cache
def _schema() -> Node:
    return spec_schema()


def _nodes() -> Iterator[tuple[str, Node]]:
    """Yield paths and what the schema has of them, a section's before those of its keys."""
    waiting: list[tuple[str, Node]] = [("", _schema())]
    while waiting:
        path, node = waiting.pop(0)
        if path:
            yield path, node
        if not _is_set_whole(path):
            inside = [item for kind in _kinds(node) for item in kind.get("properties", {}).items()]
            waiting[:0] = [
                (f"{path}.{name}" if path else name, inner) for name, inner in inside if _is_name(name, inner)
            ]


def _is_set_whole(path: str) -> bool:
    """Return whether what is below a key goes by what it is: activations, what a search tries."""
    return path.rpartition(".")[2] == "activation" or path.startswith("tune.space.")


def _is_name(name: str, node: Node) -> bool:
    """Return whether a key can be set, and is not another name of one that is there too."""
    return name not in (EXTENDS, *KEY_ALIASES) and not node.get("deprecated", False)


def _kinds(node: Node) -> Iterator[Node]:
    """Yield what a value may be one of, null left out."""
    if "$ref" in node:
        node = reduce(getitem, node["$ref"].split("/")[1:], _schema())
    if kinds := node.get("anyOf", node.get("oneOf")):
        for kind in kinds:
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
