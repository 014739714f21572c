"""A finding of `ntk check`: a line for people, and the numbers in it for programs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """Something that a check has found.

    label: what stands before the line; an empty one continues the line above.
    text: the line.
    content: what --json has of it, by key; empty where it is in the content of another finding.
    """

    label: str
    text: str
    content: Mapping[str, Any] = field(default_factory=dict)


def joined_content(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the content of all findings: lists of the same key one behind the other, objects key by key."""
    found: dict[str, Any] = {}
    for finding in findings:
        for key, value in finding.content.items():
            found[key] = _joined(found[key], value) if key in found else value
    return found


def _joined(one: Any, other: Any) -> Any:
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    if isinstance(one, dict) and isinstance(other, dict):
        return one | other
    raise ValueError(f"{one!r} and {other!r} have one key")


def below(label: str, texts: Iterable[str], key: str) -> Iterator[Finding]:
    """Yield a finding for each text, the label before the first; the content is a list of the texts."""
    for i, text in enumerate(texts):
        yield Finding("" if i else label, text, {key: [text]})
