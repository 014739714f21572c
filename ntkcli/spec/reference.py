"""The keys of a section as a table in Markdown, with defaults, units and meanings, which docs has."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from ntkcli.spec.schema import written
from ntkcli.spec.section import Section

HEAD = ("key", "default", "unit", "meaning")


def key_table(section: type[Section]) -> str:
    """Return the table of a section's keys, and of those of the sections in it."""
    lines = [HEAD, ("---",) * len(HEAD), *_lines(section, "")]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _lines(section: type[Section], around: str) -> Iterator[tuple[str, ...]]:
    for name, field in section.model_fields.items():
        key = f"{around}{name}"
        yield f"`{key}`", _default(field), _unit(field), " ".join((field.description or "").split())
        for inner, is_of_keys in _sections_in(field.annotation):
            yield from _lines(inner, f"{key}.KEY." if is_of_keys else f"{key}.")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    text = yaml.safe_dump(written(field.default), default_flow_style=True, width=float("inf"))
    return f"`{text.strip().removesuffix('...').strip()}`"


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def _sections_in(annotation: Any, is_of_keys: bool = False) -> Iterator[tuple[type[Section], bool]]:
    """Yield the sections that an annotation is made of, and whether they are values of keys one chooses."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation, is_of_keys
    for inner in get_args(annotation):
        yield from _sections_in(inner, is_of_keys or get_origin(annotation) is dict)
