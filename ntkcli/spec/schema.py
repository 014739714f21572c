"""The JSON schema of a spec, for editors: what a YAML file may hold, as far as a schema can say it.

It is of what a file holds, not of what `Spec` makes of it: pydantic has the types, `Written` their other
forms, and what holds of all keys is added here.
"""

import math
import sys
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from ntkcli.spec.activation_schema import activation_schema
from ntkcli.spec.extended import EXTENDS
from ntkcli.spec.section import Section
from ntkcli.spec.space_schema import space_schema
from ntkcli.spec.spec import Spec
from ntkcli.spec.types import ABOVE_0, FINITE, NOT_BELOW_0, POSSIBLY_INFINITE, SIGN
from ntkcli.spec.yaml_document import DROPOUT, KEY_ALIASES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What docs and drafts call the file that `ntk schema` is written to.
FILE_NAME = "ntk.schema.json"
ID = f"https://github.com/ntkcli/ntkcli/{FILE_NAME}"

Schema = dict[str, Any]

# Of schemas inside a schema: mappings of them, lists of them, and single ones.
MAPPINGS = ("properties", "$defs")
LISTS = ("anyOf",)
SINGLE = ("items", "additionalProperties", "propertyNames")
# Pydantic's names for limits where it does not look through a validator.
LIMITS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
# The types that a keyword says something of.
ABOUT = dict.fromkeys(LIMITS.values(), ("number", "integer")) | {"minItems": ("array",)}


def spec_schema() -> Schema:
    """Return the JSON schema of a spec, which leaves out what needs two keys, a file or arithmetic."""
    schema: Schema = _plain(Spec.model_json_schema(schema_generator=_Defaults))
    sections = schema["$defs"]
    sections["Activation"] = activation_schema()
    one = {"$ref": "#/$defs/Activation"}
    sections["NetworkSpec"]["properties"]["activation"] |= {"anyOf": [one, {"type": "array", "items": one}]}
    sections["TuneSpec"]["properties"]["space"] |= space_schema(sections)
    _add_old_names(schema)
    _add_extends(schema)
    return {"$schema": DIALECT, "$id": ID, "title": "A spec of ntk", **schema}


def written(value: object) -> Any:
    """Return a default as one writes it in YAML: sections without their own defaults, inf as a word."""
    if isinstance(value, Section):
        return {key: written(inner) for key, inner in value.model_dump(exclude_defaults=True).items()}
    if isinstance(value, list):
        return written(value[0]) if len(value) == 1 else [written(inner) for inner in value]
    return "inf" if value == math.inf else value


class _Defaults(GenerateJsonSchema):
    """Pydantic's schema, with defaults as one writes them."""

    def encode_default(self, dft: Any) -> Any:
        return written(dft)


def _plain(node: Schema) -> Schema:
    """Return a schema of pydantic's without titles, with plain unions and the usual names of limits."""
    found: Schema = {}
    for key, value in node.items():
        if key in MAPPINGS:
            found[key] = {name: _plain(inner) for name, inner in value.items()}
        elif key in LISTS:
            found[key] = [_plain(inner) for inner in value]
        elif key in SINGLE and isinstance(value, dict):
            found[key] = _plain(value)
        elif key != "title":
            found[LIMITS.get(key, key)] = value
    if "description" in found:
        # Editors show the description alone.
        unit = f" Unit: {found['unit']}." if "unit" in found else ""
        found["description"] = " ".join(found["description"].split()) + unit
    return _either(found) if "anyOf" in found else found


def _either(node: Schema) -> Schema:
    """Return a union whose members say themselves what is said of them, and are no plain unions."""
    members: list[Schema] = []
    for one in node["anyOf"]:
        members += one["anyOf"] if one.keys() == {"anyOf"} else [one]
    members = [one for i, one in enumerate(members) if one not in members[:i]]
    kinds = {one.get("type") for one in members}
    limits = {key: node[key] for key in ABOUT if key in node and kinds.intersection(ABOUT[key])}
    others = {key: value for key, value in node.items() if key not in limits}
    members = [
        one | {key: value for key, value in limits.items() if one.get("type") in ABOUT[key]}
        for one in members
    ]
    number = next((one for one in members if one.get("type") == "number"), {})
    return others | {"anyOf": [_as_number_says(one, number, members) for one in members]}


def _as_number_says(one: Schema, number: Schema, members: list[Schema]) -> Schema:
    """Return a member of a union with a number: the number with its limits, and texts of its sign."""
    texts = [member.get("pattern") for member in members]
    if one is number and FINITE in texts:
        low = {} if {"minimum", "exclusiveMinimum"} & one.keys() else {"minimum": -sys.float_info.max}
        high = {} if {"maximum", "exclusiveMaximum"} & one.keys() else {"maximum": sys.float_info.max}
        return one | low | high
    if one.get("pattern") in (FINITE, POSSIBLY_INFINITE):
        sign = SIGN
        if number.get("minimum", -1) >= 0:
            sign = NOT_BELOW_0
        elif number.get("exclusiveMinimum", -1) >= 0:
            sign = ABOVE_0
        return one | {"pattern": one["pattern"].replace(SIGN, sign, 1)}
    return one


def _add_old_names(schema: Schema) -> None:
    """Add the keys that are read by another name too, of which one may be given."""
    for section in schema["$defs"].values():
        for other, name in KEY_ALIASES.items():
            if name in section.get("properties", {}):
                _add_name(section, other, name, {})
    for path, name in DROPOUT.items():
        *around, other = map(str, path)
        section = schema
        for key in around:
            section = _section_of(schema, section["properties"][key])
        _add_name(section, other, name, {"deprecated": True})


def _add_extends(schema: Schema) -> None:
    """Add the key that takes over the keys of another spec, with which none is required here."""
    text = {"type": "string", "pattern": "^[^\0]+$"}
    schema["properties"] |= {EXTENDS: text | {"description": "Another spec file, whose keys count too."}}
    needed = {}
    for key, node in schema["properties"].items():
        if names := _section_of(schema, node).pop("required", None):
            needed[key] = {"required": names}
    whole = {"required": schema.pop("required"), "properties": needed}
    schema |= {"if": {"not": {"required": [EXTENDS]}}, "then": whole}


def _section_of(schema: Schema, node: Schema) -> Schema:
    """Return the section that a key has, which others may have too."""
    found = next((one for one in [node, *node.get("anyOf", [])] if "$ref" in one), None)
    section: Schema = schema["$defs"][found["$ref"].rpartition("/")[2]] if found else node
    return section


def _add_name(section: Schema, other: str, name: str, remarks: Schema) -> None:
    same = {key: value for key, value in section["properties"][name].items() if key != "default"}
    section["properties"][other] = same | {"description": f"Another name of {name}."} | remarks
    section.setdefault("allOf", []).append({"not": {"required": [name, other]}})
