"""A YAML document as plain values, and the line of everything in it."""

from typing import Any

import yaml

KEY_ALIASES = {"σ_w": "sigma_w", "σ_b": "sigma_b"}

KeyPath = tuple[str | int, ...]


class Document:
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
            for i, item in enumerate(node.value):
                self.lines[*at, i] = item.start_mark.line + 1
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
                self.faults.append((key_node.start_mark.line + 1, f"{dotted((*at, key))}: given twice"))
            seen.add(key)


def dotted(path: KeyPath) -> str:
    """A key path as people write it, such as inference.time[1]."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _key(node: yaml.Node) -> str:
    key = str(node.value)
    return KEY_ALIASES.get(key, key)
