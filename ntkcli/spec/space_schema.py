"""The JSON schema of a search's space: for each key that can be tuned, its values or a range of them."""

from typing import Any

from ntkcli.spec.space import FREE_KEYS, SECTIONS, has_range, is_integer_key, tunable_keys
from ntkcli.spec.types import FINITE

Schema = dict[str, Any]


def space_schema(sections: dict[str, Schema]) -> Schema:
    """Return the JSON schema of a space.

    Args:
        sections: the JSON schemas of all sections, by the names of their types.
    """
    return {
        "type": "object",
        "properties": {key: _axis_schema(key, sections) for key in tunable_keys()},
        "additionalProperties": False,
        "minProperties": 1,
    }


def _axis_schema(key: str, sections: dict[str, Schema]) -> Schema:
    """Return the schema of a key's axis: a value, a list of values, or a range."""
    place, section = _place(key, sections)
    name = key.rpartition(".")[2]
    value: Schema = {"$ref": f"#/$defs/{place}/properties/{name}"}
    if key in FREE_KEYS:
        value = _single(section["properties"][name])
    values = {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}
    others = [_range_schema(key, value)] if has_range(key) else []
    # A list is one of values, never a value that is a list.
    return {"anyOf": [{**value, "not": {"type": ["array", "object"]}}, values, *others]}


def _place(key: str, sections: dict[str, Schema]) -> tuple[str, Schema]:
    """Return the name and the schema of the section that a key is in."""
    first, *around = key.split(".")[:-1]
    place = SECTIONS[first].__name__
    for name in around:
        node = sections[place]["properties"][name]
        (place,) = {one["$ref"].rpartition("/")[2] for one in [node, *node.get("anyOf", [])] if "$ref" in one}
    return place, sections[place]


def _single(node: Schema) -> Schema:
    """Return the schema of one value of a key that may have several, without `auto`."""
    members = [
        one
        for one in node.get("anyOf", [node])
        if one.get("type") not in ("array", "object") and one.get("const") != "auto"
    ]
    return {"anyOf": [{key: value for key, value in one.items() if key != "default"} for one in members]}


def _range_schema(key: str, value: Schema) -> Schema:
    """Return the schema of a range whose ends are valid; ends of whole numbers may be written as texts."""
    texts = [{"type": "string", "pattern": FINITE}] if is_integer_key(key) else []
    end = {"anyOf": [value, *texts], "type": ["number", "string"]}
    # Editors merge what stands beside a reference into what it refers to, so each has its own schema.
    return {"allOf": [{"$ref": "#/$defs/Range"}, {"type": "object", "properties": {"low": end, "high": end}}]}
