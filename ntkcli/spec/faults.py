"""The faults of a spec file, each as one line that names its place, what is wrong, and the remedy."""

import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ntkcli.spec.layer import Layer, Layers
from ntkcli.spec.section import CONFLICT, Section
from ntkcli.spec.spec import Spec
from ntkcli.spec.suggestions import did_you_mean
from ntkcli.spec.yaml_document import KeyPath, Remark, dotted
from ntkcli.units import counted

REASONS = {
    "missing": "is missing, and has no default",
    "extra_forbidden": "is not a key that ntk knows",
    "model_type": "should be a section: indented lines of the form `key: value`",
    "dict_type": "should be a mapping",
    "is_instance_of": "should be a file path",
    "too_short": "should name at least one",
}

# Faults that are reported: more would have one cause, such as a file that is no spec.
MOST_FAULTS = 30


def fault_lines(layers: Layers, error: ValidationError | None) -> Iterator[str]:
    """Yield the first faults of a spec, by layers and lines, and how many more there are.

    Args:
        layers: of the spec.
        error: of its validation, if that failed.
    """
    found = [(layer, fault) for layer in layers for fault in layer.document.faults]
    found += validation_faults(layers, error) if error else []
    order = {id(layer): i for i, layer in enumerate(layers)}
    found.sort(key=lambda fault: (order[id(fault[0])], fault[1].line))
    for layer, fault in found[:MOST_FAULTS]:
        yield f"{layer.at(fault.line)}: {_printable(fault.what)}"
    if len(found) > MOST_FAULTS:
        yield f"{found[0][0].origin}: ... and {counted(len(found) - MOST_FAULTS, 'more fault')}"


def _printable(text: str) -> str:
    """Return a text with line ends and other control characters escaped, so that a fault is one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def yaml_fault(path: Path, text: str, error: yaml.YAMLError) -> str:
    """Return the line that reports a text that is not YAML.

    Args:
        path: the spec file.
        text: what it holds.
        error: PyYAML's error.
    """
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"{path}:{line}: not valid YAML: it holds the control character {chr(int(error.character))!r}"
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}" if mark else f"{path}"
    problem = str(getattr(error, "problem", None) or error)
    if "'\\t'" in problem:
        problem = "a line is indented with a tab: use spaces"
    return f"{where}: not valid YAML: {problem}"


def validation_faults(layers: Layers, error: ValidationError) -> Iterator[tuple[Layer, Remark]]:
    """Yield one fault for every key path, however many types pydantic tried there."""
    by_path: dict[KeyPath, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False, include_context=True):
        by_path.setdefault(_known(layers, details), []).append(details)
    around = {path[:length] for path in by_path for length in range(len(path))}
    for path, found in by_path.items():
        if path in around:
            # Of a value that may be one thing or another, what is wrong inside says more.
            continue
        reasons = _joined(dict.fromkeys(_reason(details) for details in found))
        layer, line = layers.place(path)
        where = f"{dotted(path)}: " if path else ""
        yield layer, Remark(line, f"{where}{reasons}{_hint(found[0])}")


def _joined(reasons: Iterable[str]) -> str:
    first, *others = reasons
    return " or ".join([first, *(other.removeprefix("should be ") for other in others)])


def _known(layers: Layers, details: ErrorDetails) -> KeyPath:
    """Return the part of pydantic's location that is in the document, or the missing key's own path.

    The rest are names that pydantic gives to the types that it tried.
    """
    *location, last = details["loc"] or ("",)
    path: KeyPath = ()
    for part in location:
        path = (*path, part) if (*path, part) in layers else path
    if details["type"] == "missing" or (*path, last) in layers:
        path = (*path, last)
    if details["type"] == CONFLICT:
        keys = filter(None, details["ctx"]["key"].split("."))
        inside = (*path, *(int(key) if key.isascii() and key.isdecimal() else key for key in keys))
        while inside != path and inside not in layers:
            inside = inside[:-1]
        return inside
    return path


def _reason(details: ErrorDetails) -> str:
    message = details["msg"].removeprefix("Value error, ")
    return REASONS.get(details["type"], re.sub(r"^Input should", "should", message))


def _hint(details: ErrorDetails) -> str:
    """Return what was found, and what may have been meant."""
    if details["type"] in ("missing", CONFLICT):
        return ""
    if details["type"] == "extra_forbidden":
        return did_you_mean(str(details["loc"][-1]), _keys_beside(details["loc"]))
    value = details["input"]
    if value is None:
        return " (it has no value)"
    if isinstance(value, Mapping):
        return ""
    expected = re.findall(r"'([^']+)'", str(details.get("ctx", {}).get("expected", "")))
    return f" (found {reprlib.repr(value)})" + did_you_mean(str(value), expected)


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    section: Any = Spec
    for key in location[:-1]:
        section = (
            _section_of(section.model_fields[key].annotation) if key in section.model_fields else section
        )
    return list(section.model_fields)


def _section_of(annotation: Any) -> Any:
    """Return the first section among the types that a key may have."""
    if hasattr(annotation, "model_fields"):
        return annotation
    found = map(_section_of, get_args(annotation))
    return next((section for section in found if section is not Section), Section)
