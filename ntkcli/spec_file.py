"""Spec files: read from YAML with every error at its line, and written back as resolved."""

import hashlib
import os
import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ntkcli.errors import SpecError
from ntkcli.spec import CONFLICT, Spec
from ntkcli.suggestions import did_you_mean

KEY_ALIASES = {"σ_w": "sigma_w", "σ_b": "sigma_b"}

REASONS = {
    "missing": "is missing, and has no default",
    "extra_forbidden": "is not a key that ntk knows",
    "model_type": "should be a section: indented lines of the form `key: value`",
    "is_instance_of": "should be a file path",
    "too_short": "should name at least one",
}

KeyPath = tuple[str | int, ...]


class _Document:
    """A YAML document as plain values, and the line of every key path in it."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {(): 1}
        self.faults: list[tuple[int, str]] = []
        self._loader = yaml.SafeLoader(text)
        node = self._loader.get_single_node()
        self.values = {} if node is None else self._build(node, ())

    def _build(self, node: yaml.Node, at: KeyPath) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._build_mapping(node, at)
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._build(item, (*at, i)) for i, item in enumerate(node.value)]
        return self._build_scalar(node)

    def _build_scalar(self, node: yaml.Node) -> Any:
        """A plain value; 007, 0x1f or 12:30, which YAML takes for integers, stay the text that they are."""
        try:
            value = self._loader.construct_object(node)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        return node.value if is_integer and str(value) != node.value.removeprefix("+") else value

    def _build_mapping(self, node: yaml.MappingNode, at: KeyPath) -> dict[str, Any]:
        self._note_repeated_keys(node, at)
        self._loader.flatten_mapping(node)
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _key(key_node)
            self.lines[(*at, key)] = key_node.start_mark.line + 1
            values[key] = self._build(value_node, (*at, key))
        return values

    def _note_repeated_keys(self, node: yaml.MappingNode, at: KeyPath) -> None:
        """PyYAML lets the last of equal keys win; only merged ones (<<) may be overridden here."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = _key(key_node)
            if key in seen:
                self.faults.append((key_node.start_mark.line + 1, f"{_dotted((*at, key))}: given twice"))
            seen.add(key)


@dataclass(frozen=True)
class SpecFile:
    """A spec and the file that it came from.

    sha256: of the file's bytes, as they were read.
    """

    path: Path
    sha256: str
    spec: Spec


def read_spec(path: Path, place: Path | None = None) -> SpecFile:
    """Read and validate a spec file; its paths come back joined to its folder.

    Args:
        path: the YAML file.
        place: the run directory, instead of output.dir; with neither, it is runs/NAME beside NAME.yaml.

    Raises:
        SpecError: the file can't be read or is not a valid spec; one line for every fault,
            as `file:line: key.path: what is wrong`.
    """
    source = _read(path)
    try:
        text = source.decode("utf-8-sig")
        document = _Document(text)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise SpecError(f"{path}:{line}: is not UTF-8 text: save the file as UTF-8") from error
    except RecursionError as error:
        raise SpecError(f"{path}: the spec is nested without end: an alias contains itself") from error
    except yaml.YAMLError as error:
        raise SpecError(_yaml_fault(path, text, error)) from error
    faults = document.faults
    try:
        spec = Spec.model_validate(document.values, context={"folder": path.parent})
    except ValidationError as error:
        faults = faults + list(_faults(document, error))
    if faults:
        raise SpecError("\n".join(f"{path}:{line}: {what}" for line, what in sorted(faults)))
    spec = _with_place(spec, place or spec.output.dir or path.parent / "runs" / path.stem)
    return SpecFile(path, hashlib.sha256(source).hexdigest(), spec)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: cannot read the spec: {error.strerror}: check the path") from error


def _with_place(spec: Spec, place: Path) -> Spec:
    return spec.model_copy(update={"output": spec.output.model_copy(update={"dir": place})})


def write_spec(spec: Spec, path: Path, *, home: Path) -> None:
    """Write a spec with every default filled in, its paths relative to `home`, where the file will live."""
    values = spec.model_dump()
    for section, key in (("data", "train"), ("data", "test"), ("output", "dir")):
        if values[section][key] is not None:
            values[section][key] = os.path.relpath(values[section][key], home)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def _key(node: yaml.Node) -> str:
    key = str(node.value)
    return KEY_ALIASES.get(key, key)


def _yaml_fault(path: Path, text: str, error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"{path}:{line}: not valid YAML: it holds the control character {chr(int(error.character))!r}"
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}" if mark else f"{path}"
    problem = str(getattr(error, "problem", None) or error)
    if "'\\t'" in problem:
        problem = "a line is indented with a tab: use spaces"
    return f"{where}: not valid YAML: {problem}"


def _faults(document: _Document, error: ValidationError) -> Iterator[tuple[int, str]]:
    """One fault for every key path, however many types pydantic tried there."""
    by_path: dict[KeyPath, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False, include_context=True):
        by_path.setdefault(_known(document, details), []).append(details)
    for path, found in by_path.items():
        reasons = _joined(dict.fromkeys(_reason(details) for details in found))
        line = document.lines.get(path) or document.lines.get(path[:-1], 1)
        where = f"{_dotted(path)}: " if path else ""
        yield line, f"{where}{reasons}{_hint(found[0])}"


def _joined(reasons: Iterable[str]) -> str:
    first, *others = reasons
    return " or ".join([first, *(other.removeprefix("should be ") for other in others)])


def _known(document: _Document, details: ErrorDetails) -> KeyPath:
    """The longest part of pydantic's location that is in the document, or the missing key's own path."""
    path: KeyPath = tuple(details["loc"])
    if details["type"] == "missing":
        return path
    if details["type"] == CONFLICT:
        path = (*path, *details["ctx"]["key"].split("."))
    while path not in document.lines:
        path = path[:-1]
    return path


def _reason(details: ErrorDetails) -> str:
    message = details["msg"].removeprefix("Value error, ")
    return REASONS.get(details["type"], re.sub(r"^Input should", "should", message))


def _hint(details: ErrorDetails) -> str:
    """What was found, and what may have been meant."""
    if details["type"] in ("missing", CONFLICT):
        return ""
    if details["type"] == "extra_forbidden":
        return did_you_mean(str(details["loc"][-1]), _keys_beside(details["loc"]))
    value = details["input"]
    if value is None:
        return " (it has no value)"
    if isinstance(value, Mapping):
        return ""
    choices = re.findall(r"'([^']+)'", str(details.get("ctx", {}).get("expected", "")))
    return f" (found {reprlib.repr(value)})" + did_you_mean(str(value), choices)


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    fields = Spec.model_fields
    for key in location[:-1]:
        section = fields[str(key)].annotation
        fields = getattr(section, "model_fields", {})
    return list(fields)


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")
