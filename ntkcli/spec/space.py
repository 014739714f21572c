"""The space of a search: the keys of the spec that it may change, and their values."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ntkcli.spec.data import DataSpec
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.section import CONFLICT, Section, conflict
from ntkcli.spec.types import Finite, distinct, number

# Every trial scores all values of these, since one eigendecomposition is enough for them.
FREE_KEYS = ("inference.kernel", "inference.ridge_scale", "inference.ridge", "inference.time")
# How features become inputs: the rows that are read are the same for all values of these.
DATA_KEYS = ("data.log", "data.relevance", "data.standardize", "data.normalize_rows")
SECTIONS: dict[str, type[Section]] = {"data": DataSpec, "network": NetworkSpec, "inference": InferenceSpec}

Location: TypeAlias = tuple[int | str, ...]
S = TypeVar("S", bound=Section)


class Range(Section):
    """The numbers between two ends."""

    low: Finite
    """The lower end."""

    high: Finite
    """The upper end."""

    log: bool = False
    """`true`: even ratios, not even steps."""

    steps: Annotated[int, Field(ge=2, le=10_000)] | None = None
    """How many of the numbers a grid has, both ends included; 5, or 20 of ridge and time."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low >= self.high:
            raise conflict("low", f"should be below high (found {self.low:g} and {self.high:g})")
        if self.log and self.low <= 0:
            raise conflict("low", f"should be above 0 where log is true (found {self.low:g})")
        return self


def _numbers(value: object) -> object:
    items = value if isinstance(value, list) else [value]
    return [number(item) for item in items]


def _kind(value: object) -> Literal["range", "list"]:
    return "range" if isinstance(value, Mapping | Range) else "list"


Values = Annotated[list[Any], BeforeValidator(distinct), BeforeValidator(_numbers), Field(min_length=1)]
Axis = Annotated[Annotated[Range, Tag("range")] | Annotated[Values, Tag("list")], Discriminator(_kind)]
Space = Annotated[dict[str, Axis], Field(min_length=1)]


def tunable_keys() -> list[str]:
    """Return every key path that a space may have."""
    return [*DATA_KEYS, *_paths("network", NetworkSpec), *FREE_KEYS]


def _paths(prefix: str, section: type[Section]) -> Iterator[str]:
    for key, field in section.model_fields.items():
        yield f"{prefix}.{key}"
        for inner in _options(field.annotation):
            if isinstance(inner, type) and issubclass(inner, Section):
                yield from _paths(f"{prefix}.{key}", inner)


def _options(annotation: Any) -> Iterator[Any]:
    """Yield the types that an annotation is made of."""
    yield annotation
    for inner in get_args(annotation):
        yield from _options(inner)


def is_integer_key(key: str) -> bool:
    """Return whether a key, given by its path, takes whole numbers only."""
    found = _types_of(key)
    return int in found and float not in found


def has_range(key: str) -> bool:
    """Return whether a key, given by its path, takes numbers, so that a range of them has a meaning."""
    return not {int, float}.isdisjoint(option for option in _types_of(key) if isinstance(option, type))


def _types_of(key: str) -> list[Any]:
    first, *parts = key.split(".")
    found: list[Any] = [SECTIONS[first]]
    for part in parts:
        sections = [one for one in found if isinstance(one, type) and issubclass(one, Section)]
        fields = [section.model_fields[part] for section in sections if part in section.model_fields]
        found = [option for field in fields for option in _options(field.annotation)]
    return found


def ends_of(key: str, axis: Axis) -> dict[Location, Any]:
    """Return the values of an axis that have to be valid, by their location: of a range, its ends."""
    if isinstance(axis, Range):
        ends = {"low": axis.low, "high": axis.high}
        whole = is_integer_key(key)
        return {(end,): int(value) if whole and value.is_integer() else value for end, value in ends.items()}
    return {(i,): value for i, value in enumerate(axis)}


def changed(section: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return a section's values with one replaced, at a key path such as `network.readout.sigma_w`."""
    values = deepcopy(dict(section))
    inside, (*path, last) = values, key.split(".")[1:]
    for part in path:
        if not isinstance(inside.get(part), dict):
            inside[part] = {}
        inside = inside[part]
    inside[last] = deepcopy(value)
    return values


def section_with(section: S, values: Mapping[str, Any]) -> S:
    """Return a section with some of its values replaced.

    Args:
        section: the section.
        values: the new values, by key path from the spec; those of other sections do not count.

    Raises:
        ValidationError: the values do not go together.
    """
    content = section.model_dump()
    for key, value in values.items():
        if SECTIONS[key.split(".")[0]] is type(section):
            content = changed(content, key, value)
    return type(section).model_validate(content)


def faults_of(section: Section, key: str, value: Any) -> list[InitErrorDetails]:
    """Return what is wrong with one value of a space.

    Args:
        section: in which the value replaces another.
        key: its path.
        value: of the space.

    Returns:
        Faults whose locations start from the value.
    """
    if key in FREE_KEYS and (isinstance(value, list | dict) or value == "auto"):
        what = "should be one value" if value != "auto" else "cannot be among others: leave this key out"
        return [InitErrorDetails(type=conflict("", f"{what} (found {value!r})"), loc=(), input=value)]
    try:
        type(section).model_validate(changed(section.model_dump(), key, value))
    except ValidationError as error:
        return list(_inside(error, key.split(".")[1:]))
    return []


def _inside(error: ValidationError, parts: Iterable[str]) -> Iterator[InitErrorDetails]:
    """Yield the faults inside the value at a key path."""
    for details in error.errors(include_url=False):
        location, rest = details["loc"], list(parts)
        while location and rest:
            rest = rest[1:] if location[0] == rest[0] else rest
            location = location[1:]
        # Not what a key is without a search: `auto` is no value among others.
        is_auto = details.get("ctx", {}).get("expected") == "'auto'"
        if not rest and details["loc"] and not is_auto:
            kind: str | PydanticCustomError = details["type"]
            context = details.get("ctx", {})
            if kind in (CONFLICT, "value_error"):
                what = str(context.get("what", details["msg"].removeprefix("Value error, ")))
                kind, context = conflict(context.get("key", ""), what), {}
            yield InitErrorDetails(type=kind, loc=location, input=details["input"], ctx=context)
