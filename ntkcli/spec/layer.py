"""A layer: the part of a spec that one file or one setting has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ntkcli.spec.yaml_document import Document, KeyPath


@dataclass(frozen=True)
class Layer:
    """A part of a spec.

    origin: what messages call it: a file's path, or the setting.
    folder: that relative paths in it start from.
    document: its content.
    sha256: of the file's bytes; empty for a setting, which has no lines either.
    """

    origin: str
    folder: Path
    document: Document
    sha256: str = ""

    def at(self, line: int) -> str:
        """Return what messages call a line of the layer."""
        return self.origin if not self.sha256 else f"{self.origin}:{line}"

    def says(self, path: KeyPath) -> bool:
        """Return whether the layer has a value at a key path, inside what is there, or in place of it."""
        given, around = self._paths
        return path in around or any(path[:length] in given for length in range(len(path) + 1))

    @cached_property
    def _paths(self) -> tuple[set[KeyPath], set[KeyPath]]:
        """The key paths that have values, and those of what these are in."""
        given = {path for path, _ in self.values()}
        return given, {path[:length] for path in given for length in range(1, len(path))}

    def line(self, path: KeyPath) -> int:
        """Return the line of a key path, or else of what it is in."""
        lines = self.document.lines
        return next((lines[path[:i]] for i in range(len(path), 0, -1) if path[:i] in lines), 1)

    def values(self) -> Iterator[tuple[KeyPath, Any]]:
        """Yield key paths and their values: in a file, those of the keys of sections."""
        document = self.document
        if document.inside or not isinstance(document.values, dict):
            yield document.inside, document.values
            return
        for section, content in document.values.items():
            if isinstance(content, dict) and content:
                yield from (((section, key), value) for key, value in content.items())
            else:
                yield (section,), content


class Layers:
    """Layers above each other: what a key is, the topmost of them says that has it.

    Args:
        layers: the lowest first.
        main: the layer that is asked for what none has.
    """

    def __init__(self, layers: Sequence[Layer], main: Layer) -> None:
        self._layers = layers
        self._main = main

    def __iter__(self) -> Iterator[Layer]:
        """Yield the layers in the order in which people look for faults in them: the main one first."""
        yield self._main
        yield from (layer for layer in self._layers if layer is not self._main)

    def __contains__(self, path: KeyPath) -> bool:
        documents = [layer.document for layer in self._layers]
        return any(path in found.lines or path == found.inside[: len(path)] for found in documents)

    def values(self) -> Any:
        """Return the content of all together."""
        whole: Any = {}
        for layer in self._layers:
            for path, value in layer.values():
                whole = _with(whole, path, value)
        return whole

    def place(self, path: KeyPath) -> tuple[Layer, int]:
        """Return the layer and its line that say what a key is, or else the section that it is in."""
        for known in filter(None, (path, path[:-1])):
            for layer in reversed(self._layers):
                if layer.says(known):
                    return layer, layer.line(path)
        return self._main, 1


def _with(whole: Any, path: KeyPath, value: Any) -> Any:
    """Return a mapping in which a key of a key path has another value."""
    if not path:
        return value
    key, *others = path
    there = whole if isinstance(whole, dict) else {}
    return there | {key: _with(there.get(key), tuple(others), value)}
