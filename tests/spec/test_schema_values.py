"""Values at every key: the JSON schema takes those that `ntk` takes, and hardly any other."""

import math
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from ntkcli.kernels.activations.catalogue import ACTIVATIONS
from ntkcli.spec.section import Section
from ntkcli.spec.space import Range, tunable_keys
from ntkcli.spec.spec import Spec

from .validation import SCHEMA, VALIDATOR, faults, words

# Values that are right at some key, or nearly.
VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, 3, -1, 300, 10**20, 0.5, 1.5, -0.5, 1e-60, 1e60, math.inf, -math.inf),
    *("", "a", "1", "2", "0", "-1", "0.5", "1e-3", "+.5e0", "-1e-3", "-0.0", "1_000", "inf", "-inf", "nan"),
    *("8GiB", "500 MB", "0GiB", ";", "tab", "\\t", "//", "é", "_", "+", " ", "utf-16", "file\0name", "2020"),
    *("tcp://host:8786", "host:8786", "local", "tcp://host", "http://host:1", "dir/scheduler.json"),
    *([], ["a"], [1], [1, "a"], [1, 1], ["a", "a"], [1.5], [None], [[1]], [0.5, 2, 3], ["1e-3", 1, 1]),
    *(["ntk", "nngp"], ["relu", "erf"], ["relu", {"name": "erf", "b": "2"}], ["nngp_train_train"]),
    *({}, {"a": 1}, {"a": "mean"}, {"a": ["days", "hour"]}, {"a": "days"}, {"ntk": 1, "nngp": "1e-3"}),
    *({"name": "erf"}, {"name": "abrelu"}, {"name": "polynomial", "coefficients": [1, "2"]}, {"slope": 1}),
    *({"name": "monomial", "degree": 3}, {"name": "monomial", "degree": 30}, {"name": "rbf", "gamma": 0}),
    *({"test": 0.5}, {"test": 2}, {"first_frozen": 1}, {"every": 1, "scale": "5e-1"}, {"sigma_b": 0}),
    *({"method": "nystrom"}, {"folds": 3}, {"holdout": 0.2}, {"low": 1, "high": "2"}, {"low": 1}),
    *({"low": 1, "high": 3, "steps": 2}, {"separator": ";"}, {"indicator": True}, {"y": "log"}),
    *({"inference.ridge": [1, 2]}, {"network.depth": {"low": 1, "high": 3}}, {"network.dept": [1]}),
]


def section_keys(section: type[Section], around: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every key of a section, and of the sections in it."""
    for name, field in section.model_fields.items():
        yield (*around, name)
        for inner in options(field.annotation):
            if isinstance(inner, type) and issubclass(inner, Section) and inner is not Range:
                yield from section_keys(inner, (*around, name))


def options(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from options(inner)


KEYS = [*section_keys(Spec), *(("tune", "space", key) for key in tunable_keys())]
# Words that a value may be; of activations, `VALUES` has some.
NAMED = sorted({word for word in words(SCHEMA) if isinstance(word, str)} - {*ACTIVATIONS})


def with_value(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A spec with a value at a key, and around it what it needs."""
    spec: dict[str, Any] = {"data": {"train": "t.csv", "target": "y"}}
    needed: dict[tuple[str, ...], dict[str, Any]] = {
        ("data", "split"): {"test": 0.5},
        ("inference", "approximation"): {"method": "nystrom"},
        ("tune",): {"space": {"inference.ridge": [1]}},
        ("tune", "space"): {},
    }
    inside = spec
    for i, key in enumerate(path[:-1]):
        inside[key] = inside.get(key, {}) | needed.get(path[: i + 1], {}) if key != "space" else {}
        inside = inside[key]
    inside[path[-1]] = value
    return spec


def errors_of(spec: dict[str, Any]) -> list[Any]:
    try:
        Spec.model_validate(spec)
    except ValidationError as error:
        return list(error.errors())
    return []


def is_beyond(path: tuple[str, ...], value: Any, errors: list[Any]) -> bool:
    """Whether no schema sees what is wrong with a value of a key."""
    kinds = {error["type"] for error in errors}
    return (
        kinds == {"conflict"}
        # 2.0 is an integer in JSON.
        or (isinstance(value, float) and value.is_integer())
        # Limits of numbers that are written as text.
        or ("'" in repr(value) and bool(kinds & {"less_than", "less_than_equal", "greater_than"}))
        or path[-1] == "encoding"
    )


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_a_value_is_valid_if_ntk_takes_it_and_nearly_only_then(path: tuple[str, ...]) -> None:
    for value in [*VALUES, *NAMED]:
        spec = with_value(path, value)
        errors, is_valid = errors_of(spec), VALIDATOR.is_valid(spec)
        assert is_valid or errors, (value, faults(spec))
        assert not (errors and is_valid) or is_beyond(path, value, errors), (value, errors)
