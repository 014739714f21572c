"""A spec file and those that it extends."""

import hashlib
import os
import sys
from pathlib import Path

import yaml

from ntkcli.errors import SpecError
from ntkcli.files.input_file import open_pipe, open_regular
from ntkcli.spec.faults import yaml_fault
from ntkcli.spec.layer import Layer
from ntkcli.spec.path import meant_path
from ntkcli.spec.yaml_document import Document, DocumentError
from ntkcli.streams import STANDARD

EXTENDS = "extends"

# A spec has a few kilobytes: what is larger is another file, or a device that has no end.
MOST_BYTES = 2**24


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
    # As the system follows links, but those that never end are told when the file is opened.
    seen = [os.path.realpath(path)]
    while (base := _base(layers[0])) is not None:
        where = layers[0].at(layers[0].document.lines[EXTENDS,])
        if os.path.realpath(base) in seen:
            raise SpecError(f"{where}: {EXTENDS}: {base} comes back to itself: extend another file")
        seen.append(os.path.realpath(base))
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
        if path == STANDARD:
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        elif path.is_fifo():
            with open_pipe(path) as pipe:
                content = pipe.read(MOST_BYTES + 1)
        else:
            with open_regular(path) as file:
                content = file.read(MOST_BYTES + 1)
    except (OSError, AttributeError) as error:
        why = getattr(error, "strerror", None) or "it is closed"
        raise SpecError(f"{asked}{path}: cannot read the spec: {why}: check the path") from error
    if len(content) > MOST_BYTES:
        raise SpecError(f"{asked}{path}: is too large for a spec (16 MiB are the most): check the path")
    return content


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
