"""A spec file and those that it extends."""

import hashlib
import sys
from pathlib import Path

import yaml

from ntkcli.errors import SpecError
from ntkcli.spec.faults import yaml_fault
from ntkcli.spec.layer import Layer
from ntkcli.spec.path import meant_path
from ntkcli.spec.yaml_document import Document, DocumentError

EXTENDS = "extends"
STANDARD_INPUT = Path("-")


def file_layers(path: Path) -> list[Layer]:
    """Read a spec file, the one that it extends, and so on.

    Args:
        path: of the file; `-` is standard input, where paths start from the working directory.

    Returns:
        The layers, the lowest first: that of the file is the last.

    Raises:
        SpecError: one cannot be read, is not YAML, or extends itself.
    """
    layers = [_layer(path)]
    seen = [path.resolve()]
    while (base := _base(layers[0])) is not None:
        where = layers[0].at(layers[0].document.lines[EXTENDS,])
        if base.resolve() in seen:
            raise SpecError(f"{where}: {EXTENDS}: {base} comes back to itself: extend another file")
        seen.append(base.resolve())
        layers.insert(0, _layer(base, f"{where}: {EXTENDS}: "))
    return layers


def _layer(path: Path, asked: str = "") -> Layer:
    """Read one file; where another one asked for it, a message that it cannot be read begins with that."""
    source = _read(path, asked)
    try:
        text = source.decode("utf-8-sig")
        document = Document(text)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise SpecError(f"{path}:{line}: is not UTF-8 text: save the file as UTF-8") from error
    except DocumentError as error:
        raise SpecError(f"{path}:{error}") from error
    except yaml.YAMLError as error:
        raise SpecError(yaml_fault(path, text, error)) from error
    return Layer(str(path), path.parent, document, hashlib.sha256(source).hexdigest())


def _read(path: Path, asked: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
    except (OSError, AttributeError) as error:
        why = getattr(error, "strerror", None) or "it is closed"
        raise SpecError(f"{asked}{path}: cannot read the spec: {why}: check the path") from error


def _base(layer: Layer) -> Path | None:
    """Return the file that a layer extends, and take the key out of it.

    Raises:
        SpecError: it is not a path.
    """
    content = layer.document.values
    if not isinstance(content, dict) or EXTENDS not in content:
        return None
    value = content.pop(EXTENDS)
    try:
        if not isinstance(value, str):
            raise ValueError("should be the path of a spec file")
        return meant_path(layer.folder, value)
    except ValueError as error:
        where = layer.at(layer.document.lines[EXTENDS,])
        raise SpecError(f"{where}: {EXTENDS}: {error} (found {value!r})") from error
