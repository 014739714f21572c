"""The JSON schema of an activation: names, and for each a mapping with its parameters."""

from collections.abc import Iterator
from typing import Any

from ntkcli.kernels.activations.catalogue import ACTIVATIONS, Entry
from ntkcli.kernels.activations.parameters import LARGEST, Parameter
from ntkcli.spec.types import FINITE


def activation_schema() -> dict[str, Any]:
    """Return the JSON schema of one activation."""
    return {"anyOf": list(_setting_schemas())}


def _setting_schemas() -> Iterator[dict[str, Any]]:
    complete = [name for name, entry in ACTIVATIONS.items() if not _needed(entry)]
    yield {"enum": complete}
    for name, entry in ACTIVATIONS.items():
        properties = {parameter.name: _parameter_schema(parameter) for parameter in entry.parameters}
        yield {
            "type": "object",
            "description": entry.formula,
            "properties": {"name": {"const": name}, **properties},
            "required": ["name", *_needed(entry)],
            "additionalProperties": False,
        }


def _needed(entry: Entry) -> list[str]:
    return [parameter.name for parameter in entry.parameters if parameter.default is None]


def _parameter_schema(parameter: Parameter) -> dict[str, Any]:
    limits = {"minimum": max(parameter.low, -LARGEST), "maximum": min(parameter.high, LARGEST)}
    if parameter.kind == "integer":
        schema = {"type": "integer", **limits}
    elif parameter.kind == "list":
        schema = {"type": "array", "items": _number_schema(-LARGEST, LARGEST)}
        schema |= {"minItems": 1, "maxItems": parameter.high}
    else:
        schema = _number_schema(parameter.low, parameter.high)
    default = {} if parameter.default is None else {"default": parameter.default}
    return {"description": f"Should be {parameter.wanted}.", **schema, **default}


def _number_schema(low: float, high: float) -> dict[str, Any]:
    number_of = {"type": "number", "minimum": low, "maximum": high}
    return {"anyOf": [number_of, {"type": "string", "pattern": FINITE}]}
