"""A YAML document as plain values, and the line of everything in it."""

from typing import Any

import yaml

from ntkcli.spec.yaml_scalar import STANDARD, fault, scalar_text, scalar_value, wrong_tag

KEY_ALIASES = {"σ_w": "sigma_w", "σ_b": "sigma_b"}

KeyPath = tuple[str | int, ...]


class Document:
    """A YAML document as plain values, and the line of every key path in it."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {(): 1}
        self.faults: list[tuple[int, str]] = []
        self._loader = yaml.SafeLoader(text)
        node = self._composed()
        self.values = {} if node is None else self._build(node, ())

    def _composed(self) -> yaml.Node | None:
        try:
            return self._loader.get_single_node()
        except (ValueError, OverflowError) as error:
            what = "a number of a character, or of a version, is out of range"
            raise yaml.scanner.ScannerError(None, None, what, self._loader.get_mark()) from error

    def _build(self, node: yaml.Node, at: KeyPath) -> Any:
        if isinstance(node, yaml.ScalarNode):
            self.lines.setdefault(at, node.start_mark.line + 1)
            return scalar_value(self._loader, node)
        kind = "map" if isinstance(node, yaml.MappingNode) else "seq"
        if node.tag != f"{STANDARD}{kind}":
            raise wrong_tag(node)
        if isinstance(node, yaml.MappingNode):
            return self._build_mapping(node, at)
        self.lines.setdefault(at, node.start_mark.line + 1)
        for i, item in enumerate(node.value):
            self.lines[*at, i] = item.start_mark.line + 1
        return [self._build(item, (*at, i)) for i, item in enumerate(node.value)]

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
    if not isinstance(node, yaml.ScalarNode):
        raise fault(node, "a key is a list or a mapping: it should be a word")
    key = scalar_text(node)
    return KEY_ALIASES.get(key, key)
