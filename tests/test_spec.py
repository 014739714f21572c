import math
from typing import Any

import pytest
from pydantic import ValidationError

from ntkcli.spec import Spec

DEFAULTS = [
    ("data.test", None),
    ("data.features", "all"),
    ("data.id", None),
    ("data.standardize", True),
    ("data.standardize_target", True),
    ("network.depth", 3),
    ("network.activation", "relu"),
    ("network.sigma_w", 1.4142135623730951),
    ("network.sigma_b", 0.1),
    ("inference.kernel", ["ntk"]),
    ("inference.time", [math.inf]),
    ("inference.learning_rate", 1.0),
    ("inference.loss", "sum"),
    ("inference.ridge", 0.0),
    ("inference.ridge_scale", "absolute"),
    ("output.kernels", []),
    ("output.interval", 0.95),
    ("output.std", True),
    ("output.noise", False),
    ("output.covariance", False),
    ("compute.dtype", "float64"),
    ("compute.threads", "auto"),
    ("compute.tile", "auto"),
]

WRONG = [
    ("network.depth", 0),
    ("network.depth", 2.0),
    ("network.depth", True),
    ("network.sigma_w", 0),
    ("network.sigma_w", -1),
    ("network.sigma_w", math.inf),
    ("network.sigma_w", math.nan),
    ("network.sigma_w", True),
    ("network.sigma_b", -0.1),
    ("network.activation", "tanh"),
    ("inference.kernel", []),
    ("inference.kernel", ["ntk", "ntk"]),
    ("inference.kernel", None),
    ("inference.time", []),
    ("inference.time", -1),
    ("inference.time", -math.inf),
    ("inference.time", math.nan),
    ("inference.time", "nan"),
    ("inference.time", [1, 1.0]),
    ("inference.time", ["inf", math.inf]),
    ("inference.time", [[1]]),
    ("inference.learning_rate", 0),
    ("inference.learning_rate", math.inf),
    ("inference.loss", "median"),
    ("inference.ridge", -1e-3),
    ("inference.ridge", math.inf),
    ("inference.ridge", "none"),
    ("inference.ridge_scale", "relative"),
    ("output.interval", 0),
    ("output.interval", 1),
    ("output.interval", 95),
    ("output.std", "yes"),
    ("output.noise", 1),
    ("output.kernels", ["ntkgp_train_train"]),
    ("output.dir", 3),
    ("compute.dtype", "float16"),
    ("compute.threads", 0),
    ("compute.threads", 1.5),
    ("compute.tile", -1),
    ("data.train", 5),
    ("data.train", ""),
    ("data.target", []),
    ("data.target", None),
    ("data.target", 1.5),
    ("data.target", True),
    ("data.target", ["y", "y"]),
    ("data.features", []),
    ("data.standardize", None),
]

CONFLICTS: list[tuple[dict[str, dict[str, Any]], str]] = [
    ({"data": {"features": ["a", "y"]}}, "'y' is both in target and in features"),
    ({"data": {"id": "y"}}, "'y' is both in target and in id"),
    ({"data": {"features": ["a"], "id": "a"}}, "'a' is both in features and in id"),
    ({"inference": {"kernel": "ntkgp", "time": [0, 1]}}, "add inf to time"),
    ({"output": {"kernels": ["ntk_test_train"]}}, "ntk_test_train needs test rows"),
    ({"output": {"kernels": ["nngp_train_train", "nngp_test_test"]}}, "nngp_test_test"),
]


def make(**sections: dict[str, Any]) -> Spec:
    """A spec of the keys that have no default, and these."""
    values = {"data": {"train": "train.csv", "target": "y"}}
    return Spec.model_validate({**values, **sections, "data": values["data"] | sections.get("data", {})})


def make_with(key: str, value: object) -> Spec:
    section, name = key.split(".")
    return make(**{section: {name: value}})


def value_of(spec: Spec, key: str) -> object:
    section, name = key.split(".")
    return getattr(getattr(spec, section), name)


@pytest.mark.parametrize(("key", "default"), DEFAULTS)
def test_every_default_is_the_documented_one(key: str, default: object) -> None:
    found = value_of(make(), key)
    assert found == default
    assert type(found) is type(default)


def test_no_key_is_without_a_documented_default() -> None:
    values = make().model_dump()
    keys = {f"{section}.{key}" for section, content in values.items() for key in content}
    assert keys == {key for key, _ in DEFAULTS} | {"data.train", "data.target", "output.dir"}


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_value_outside_its_limits_is_refused_at_its_key(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        make_with(key, value)
    places = {".".join(map(str, error["loc"][:2])) for error in refusal.value.errors()}
    assert places == {key}


@pytest.mark.parametrize(("sections", "reason"), CONFLICTS)
def test_values_that_contradict_each_other_are_refused(
    sections: dict[str, dict[str, Any]], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        make(**sections)


@pytest.mark.parametrize("key", ["data.target", "data.features", "data.id"])
def test_one_column_stands_for_a_list_of_one(key: str) -> None:
    assert value_of(make_with(key, "b"), key) == ["b"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("inference.kernel", "nngp"), ("inference.time", 2.0), ("output.kernels", "ntk_train_train")],
)
def test_one_value_stands_for_a_list_of_one(key: str, value: object) -> None:
    assert value_of(make_with(key, value), key) == [value]


def test_a_column_may_be_called_by_a_number() -> None:
    spec = make(data={"target": 2020, "features": [1, "b"], "id": 0})
    assert (spec.data.target, spec.data.features, spec.data.id) == (["2020"], ["1", "b"], ["0"])


@pytest.mark.parametrize("section", ["network", "inference", "output", "compute"])
def test_an_empty_section_is_the_default(section: str) -> None:
    assert Spec.model_validate(
        {"data": {"train": "t.csv", "target": "y"}, section: None}
    ) == Spec.model_validate({"data": {"train": "t.csv", "target": "y"}})


def test_ntkgp_is_asked_for_at_infinity_only() -> None:
    inference = make(inference={"kernel": ["ntk", "ntkgp", "nngp"], "time": [0, "inf", 0.5]}).inference
    assert inference.times_of("ntkgp") == [math.inf]
    assert inference.times_of("ntk") == inference.times_of("nngp") == [0, math.inf, 0.5]


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make().network.depth = 4  # type: ignore[misc]


def test_a_spec_without_a_place_says_so() -> None:
    with pytest.raises(ValueError, match=r"no output\.dir"):
        _ = make().place
