"""A YAML document as plain values, with the line of every value."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from ntkcli.spec.yaml_scalar import STANDARD, fault, scalar_text, scalar_value, wrong_tag

KEY_ALIASES = {"σ_w": "sigma_w", "σ_b": "sigma_b"}
MERGE = f"{STANDARD}merge"

# How deep values may be nested, and how many of them aliases may repeat.
MOST_LEVELS = 100
MOST_COPIES = 100_000
TOO_DEEP = f"the spec is nested too deeply: {MOST_LEVELS} levels are the most"

KeyPath = tuple[str | int, ...]
Entry = tuple[yaml.Node, yaml.Node]

# The former name of keep_probability, which is still read.
DROPOUT: dict[KeyPath, str] = {
    ("network", "dropout"): "keep_probability",
    ("tune", "space", "network.dropout"): "network.keep_probability",
}


class Remark(NamedTuple):
    """Something to say about a line of a document: a fault or a warning."""

    line: int
    what: str


class DocumentError(Exception):
    """A document that is valid YAML, but is refused.

    Args:
        line: at which.
        what: is wrong.
    """

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"{line}: {what}")
        self.what = what


class Document:
    """A YAML document as plain values.

    values: the content, as mappings, lists and scalars.
    lines: the line of every key path.
    faults: keys that are given twice.
    warnings: keys by names that they no longer have.

    Args:
        text: of the document.
        inside: the key path of a spec whose value the text is; () for a whole spec.

    Raises:
        YAMLError: the text is not YAML, or a value does not fit its tag.
        DocumentError: the document is nested too deeply, or its aliases repeat too many values.
    """

    def __init__(self, text: str, *, inside: KeyPath = ()) -> None:
        self.inside = inside
        self.lines: dict[KeyPath, int] = {inside: 1}
        self.faults: list[Remark] = []
        self.warnings: list[Remark] = []
        self._loader = yaml.SafeLoader(text)
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._copies = 0
        node = self._composed()
        empty: Any = None if inside else {}
        self.values = empty if node is None else self._build(node, inside)

    def _composed(self) -> yaml.Node | None:
        try:
            return self._loader.get_single_node()
        except RecursionError as error:
            raise DocumentError(self._loader.get_mark().line + 1, TOO_DEEP) from error
        except (ValueError, OverflowError) as error:
            what = "a number of a character, or of a version, is out of range"
            raise yaml.scanner.ScannerError(None, None, what, self._loader.get_mark()) from error

    def _build(self, node: yaml.Node, at: KeyPath) -> Any:
        if isinstance(node, yaml.ScalarNode):
            self.lines.setdefault(at, node.start_mark.line + 1)
            return scalar_value(self._loader, node)
        self._enter(node)
        values = self._mapping(node, at) if isinstance(node, yaml.MappingNode) else self._list(node, at)
        self._open.remove(id(node))
        return values

    def _enter(self, node: yaml.Node) -> None:
        """Begin with a mapping or a list, and count the values that an alias repeats."""
        line = node.start_mark.line + 1
        kind = "map" if isinstance(node, yaml.MappingNode) else "seq"
        if node.tag != f"{STANDARD}{kind}":
            raise wrong_tag(node)
        if id(node) in self._open:
            raise DocumentError(line, "the spec is nested without end: an alias contains itself")
        if len(self._open) > MOST_LEVELS:
            raise DocumentError(line, TOO_DEEP)
        if id(node) in self._seen:
            self._copies += len(node.value)
        if self._copies > MOST_COPIES:
            raise DocumentError(line, f"aliases repeat more than {MOST_COPIES:,} values: use fewer of them")
        self._seen.add(id(node))
        self._open.add(id(node))

    def _list(self, node: yaml.Node, at: KeyPath) -> list[Any]:
        self.lines.setdefault(at, node.start_mark.line + 1)
        for i, item in enumerate(node.value):
            self.lines[*at, i] = item.start_mark.line + 1
        return [self._build(item, (*at, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, at: KeyPath) -> dict[str, Any]:
        self._note_repeated_keys(node, at)
        values: dict[str, Any] = {}
        for key, (key_node, value_node) in self._renamed(self._entries(node), at).items():
            self.lines[(*at, key)] = key_node.start_mark.line + 1
            values[key] = self._build(value_node, (*at, key))
        return values

    def _entries(self, node: yaml.MappingNode) -> dict[str, Entry]:
        """Return the entries of a mapping and of those merged into it (<<), which its own override."""
        merged: dict[str, Entry] = {}
        own: dict[str, Entry] = {}
        for key, value in node.value:
            if key.tag != MERGE:
                own[_key(key)] = key, value
                continue
            for source in self._merged(value):
                self._enter(source)
                for name, entry in self._entries(source).items():
                    merged.setdefault(name, entry)
                self._open.remove(id(source))
        return merged | own

    def _renamed(self, entries: dict[str, Entry], at: KeyPath) -> dict[str, Entry]:
        """Return entries by the names that keys have now."""
        names = {key: DROPOUT.get((*at, key), key) for key in entries}
        for old, new in names.items():
            line, where = entries[old][0].start_mark.line + 1, dotted((*at, old))
            if old != new and new in entries:
                what = f"is what {new} was called, which is given too: keep that"
                self.faults.append(Remark(line, f"{where}: {what}"))
            elif old != new:
                what = f"means the share of units that is kept, not dropped: write {new} instead"
                self.warnings.append(Remark(line, f"{where}: {what}"))
        return {names[key]: entry for key, entry in entries.items()}

    def _merged(self, node: yaml.Node) -> Iterator[yaml.MappingNode]:
        """Yield the mappings that << names, the first of which wins."""
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(source, yaml.MappingNode):
                raise fault(source, "<< takes a mapping, or a list of mappings")
            yield source

    def _note_repeated_keys(self, node: yaml.MappingNode, at: KeyPath) -> None:
        """Record repeated keys as faults, of which PyYAML takes the last; merged ones (<<) may repeat."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = _key(key_node)
            if key in seen:
                line = key_node.start_mark.line + 1
                self.faults.append(Remark(line, f"{dotted((*at, key))}: given twice"))
            seen.add(key)


def dotted(path: KeyPath) -> str:
    """Return a key path as people write it, such as inference.time[1]."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise fault(node, "a key is a list or a mapping: it should be a word")
    key = scalar_text(node)
    return KEY_ALIASES.get(key, key)
