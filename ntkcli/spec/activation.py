"""Activations in a spec: a name, a mapping of name and parameters, or a list of these."""

import reprlib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from ntkcli.kernels.activations.catalogue import ACTIVATIONS
from ntkcli.kernels.activations.parameters import LARGEST, Parameter
from ntkcli.spec.section import conflict
from ntkcli.spec.suggestions import did_you_mean
from ntkcli.spec.types import number

# A name, or a mapping with every parameter filled in.
ActivationSetting = str | dict[str, Any]


def _settings(value: object) -> ActivationSetting | list[ActivationSetting]:
    if isinstance(value, list):
        return [_setting(one, f"{i}") for i, one in enumerate(value)]
    return _setting(value, "")


def _setting(value: object, at: str) -> ActivationSetting:
    """Validate one activation; `at` is its place in the list, if there is one."""
    given: Mapping[str, Any] = value if isinstance(value, Mapping) else {"name": value}
    name = given.get("name")
    if not isinstance(name, str):
        found = "" if isinstance(value, Mapping) else f" (found {reprlib.repr(value)})"
        raise conflict(at, f"should be an activation's name, or a mapping with `name`{found}")
    if name not in ACTIVATIONS:
        hint = did_you_mean(name, ACTIVATIONS) or "; `ntk activations` lists them"
        raise conflict(_path(at, given, "name"), f"{name!r} is not an activation that ntk knows{hint}")
    parameters = {parameter.name: parameter for parameter in ACTIVATIONS[name].parameters}
    for key in given:
        if key != "name" and key not in parameters:
            hint = did_you_mean(str(key), parameters) or f"; it has {', '.join(parameters) or 'none'}"
            raise conflict(_path(at, given, str(key)), f"{name} has no parameter {key!r}{hint}")
    values = {key: _value(name, p, given, _path(at, given, key)) for key, p in parameters.items()}
    return {"name": name, **values} if values else name


def _path(at: str, given: Mapping[str, Any], key: str) -> str:
    return ".".join(part for part in (at, key if key in given else "") if part)


def _value(name: str, parameter: Parameter, given: Mapping[str, Any], path: str) -> Any:
    if parameter.name not in given:
        if parameter.default is None:
            raise conflict(path, f"{name} needs the parameter {parameter.name}")
        return parameter.default
    raw = given[parameter.name]
    value = [number(item) for item in raw] if isinstance(raw, list) else number(raw)
    if not _allowed(parameter, value):
        wanted = f"{parameter.name} of {name} should be {parameter.wanted}"
        raise conflict(path, f"{wanted} (found {reprlib.repr(raw)})")
    return value


def _allowed(parameter: Parameter, value: Any) -> bool:
    if parameter.kind == "list":
        within = [_is_number(item, -LARGEST, LARGEST) for item in value] if isinstance(value, list) else []
        return 1 <= len(within) <= parameter.high and all(within)
    if parameter.kind == "integer" and not isinstance(value, int):
        return False
    return _is_number(value, parameter.low, parameter.high)


def _is_number(value: Any, low: float, high: float) -> bool:
    """Return whether a value is a number within limits; NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(low <= value <= high)


Activations = Annotated[ActivationSetting | list[ActivationSetting], BeforeValidator(_settings)]
