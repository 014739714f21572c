import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ntkcli.spec.csv_format import CsvFormat
from ntkcli.spec.network import ReadoutSpec
from ntkcli.spec.spec import Spec

DEFAULTS: list[tuple[str, Any]] = [
    ("data.test", None),
    ("data.split", None),
    ("data.csv", CsvFormat()),
    ("data.task", "auto"),
    ("data.features", "all"),
    ("data.id", None),
    ("data.weight", None),
    ("data.noise", None),
    ("data.groups", None),
    ("data.categorical", []),
    ("data.unknown", "error"),
    ("data.missing", "error"),
    ("data.dates", {}),
    ("data.log", []),
    ("data.standardize", True),
    ("data.normalize_rows", False),
    ("data.standardize_target", True),
    ("data.target_transform", "none"),
    ("data.weight", None),
    ("data.noise", None),
    ("data.class_weight", "none"),
    ("network.depth", 3),
    ("network.activation", "relu"),
    ("network.sigma_w", 1.4142135623730951),
    ("network.sigma_b", 0.1),
    ("network.readout", ReadoutSpec()),
    ("network.train", "all"),
    ("network.bias_init", "normal"),
    ("network.residual", None),
    ("network.layer_norm", False),
    ("network.keep_probability", 1.0),
    ("network.parameterization", "ntk"),
    ("network.width", None),
    ("inference.kernel", ["ntk"]),
    ("inference.time", [math.inf]),
    ("inference.learning_rate", 1.0),
    ("inference.loss", "sum"),
    ("inference.ridge", "auto"),
    ("inference.ridge_scale", "trace"),
    ("inference.variance_scale", 1.0),
    ("inference.approximation", None),
    ("output.kernels", []),
    ("output.interval", 0.95),
    ("output.interval_from", "auto"),
    ("data.relevance", "equal"),
    ("output.std", True),
    ("output.noise", False),
    ("output.covariance", False),
    ("output.samples", 0),
    ("output.seed", 0),
    ("output.factor", False),
    ("compute.dtype", "float64"),
    ("compute.solver", "auto"),
    ("compute.tolerance", "auto"),
    ("compute.variance_samples", "auto"),
    ("compute.memory", "auto"),
    ("compute.threads", "auto"),
    ("compute.cache", None),
    ("compute.cache_size", 20 * 2**30),
    ("compute.tile", "auto"),
    ("compute.scheduler", None),
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
    ("network.activation", "tanhh"),
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
    ("output.samples", -1),
    ("output.samples", 1.5),
    ("output.samples", True),
    ("output.seed", -1),
    ("output.factor", "yes"),
    ("output.dir", 3),
    ("compute.dtype", "float16"),
    ("compute.solver", "qr"),
    ("compute.solver", ["eigh"]),
    ("compute.tolerance", 0),
    ("compute.tolerance", 1),
    ("compute.tolerance", -1e-6),
    ("compute.tolerance", math.nan),
    ("compute.tolerance", math.inf),
    ("compute.tolerance", "small"),
    ("compute.tolerance", True),
    ("compute.variance_samples", 1),
    ("compute.variance_samples", 2.5),
    ("compute.variance_samples", True),
    ("compute.variance_samples", "some"),
    ("compute.memory", -1),
    ("compute.memory", 0),
    ("compute.memory", 1.5),
    ("compute.memory", True),
    ("compute.memory", None),
    ("compute.memory", math.inf),
    ("compute.memory", "lots"),
    ("compute.memory", "-8GiB"),
    ("compute.memory", "0GiB"),
    ("compute.memory", "8GiB or so"),
    ("compute.memory", "8e9"),
    ("compute.memory", "8PB"),
    ("compute.threads", 0),
    ("compute.threads", 1.5),
    ("compute.tile", -1),
    ("compute.scheduler", 8786),
    ("compute.scheduler", ""),
    ("compute.scheduler", "tcp://"),
    ("compute.scheduler", "tcp://host"),
    ("compute.scheduler", "http://host:8786"),
    ("compute.scheduler", "tcp://two words:8786"),
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
    ({"inference": {"time": [1, "inf"]}, "compute": {"solver": "cholesky"}}, "cholesky .* time inf only"),
    ({"inference": {"time": 1}, "compute": {"dtype": "mixed"}}, "mixed refines .* at time inf"),
    ({"compute": {"dtype": "mixed", "solver": "eigh"}}, "mixed refines .* at time inf"),
]

MEMORY = [
    ("8GiB", 8 * 2**30),
    ("8 GiB", 8 * 2**30),
    ("8gib", 8 * 2**30),
    ("1.5 GiB", 3 * 2**29),
    ("0.5TiB", 2**39),
    ("3Mi", 3 * 2**20),
    ("2KiB", 2048),
    ("8G", 8 * 10**9),
    ("8GB", 8 * 10**9),
    ("500MB", 500 * 10**6),
    ("500 kB", 500 * 10**3),
    ("0.5TB", 5 * 10**11),
    ("100B", 100),
    ("123456789", 123456789),
    (123456789, 123456789),
    (2**70, 2**70),
    ("auto", "auto"),
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
    values = make().model_dump(exclude={"tune", "simulate"})
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


@pytest.mark.parametrize(("value", "size"), MEMORY)
def test_a_memory_is_bytes_with_or_without_a_unit(value: object, size: object) -> None:
    assert make_with("compute.memory", value).compute.memory == size


@given(number=st.integers(1, 10**6), prefix=st.sampled_from("KMGT"), binary=st.booleans())
def test_a_unit_with_an_i_is_binary_and_one_without_is_decimal(
    number: int, prefix: str, binary: bool
) -> None:
    size = number * (1024 if binary else 1000) ** ("KMGT".index(prefix) + 1)
    assert make_with("compute.memory", f"{number}{prefix}{'i' * binary}B").compute.memory == size


def test_the_default_of_a_size_is_one() -> None:
    assert make_with("compute.threads", 1).compute.cache_size == 20 * 2**30


def test_a_memory_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(ValidationError):
        make_with("compute.memory", "9" * 400 + "GiB")


@pytest.mark.parametrize(
    ("value", "tolerance"), [("auto", "auto"), ("1e-6", 1e-6), (0.5, 0.5), (1e-300, 1e-300)]
)
def test_a_tolerance_is_a_number_between_0_and_1(value: object, tolerance: object) -> None:
    assert make_with("compute.tolerance", value).compute.tolerance == tolerance


@pytest.mark.parametrize("solver", ["auto", "pcg", "chebyshev"])
@pytest.mark.parametrize("value", ["auto", "none", 2, 10_000])
def test_variance_samples_are_a_number_from_2_on(solver: str, value: object) -> None:
    inference = {"time": [1.0 if solver == "chebyshev" else math.inf]}
    compute = make(inference=inference, compute={"solver": solver, "variance_samples": value}).compute
    assert compute.variance_samples == value


@pytest.mark.parametrize("solver", ["cholesky", "eigh", "lanczos"])
def test_solvers_that_factor_take_no_number_of_variance_samples(solver: str) -> None:
    assert make(compute={"solver": solver, "variance_samples": "none"}).compute.solver == solver
    with pytest.raises(ValidationError, match=r"exact variances.*use auto, or solver chebyshev or pcg"):
        make(compute={"solver": solver, "variance_samples": 128})


@pytest.mark.parametrize("dtype", ["float64", "float32", "mixed"])
def test_a_tolerance_is_of_iterations_and_a_hundred_times_that_of_residuals(dtype: str) -> None:
    compute = make(compute={"tolerance": 1e-4, "dtype": dtype}).compute
    assert compute.iteration_tolerance == 1e-4
    assert compute.residual_tolerance == pytest.approx(1e-2)


def test_without_a_tolerance_it_is_what_the_numbers_allow() -> None:
    computes = {dtype: make(compute={"dtype": dtype}).compute for dtype in ("float64", "float32", "mixed")}
    for compute in computes.values():
        assert 1e-12 < compute.iteration_tolerance < compute.residual_tolerance < 1e-2
    assert computes["float64"].iteration_tolerance == computes["mixed"].iteration_tolerance
    assert computes["float64"].residual_tolerance == computes["mixed"].residual_tolerance
    assert computes["float32"].iteration_tolerance > 100 * computes["float64"].iteration_tolerance


@pytest.mark.parametrize(
    ("dtype", "storage"), [("float64", "float64"), ("float32", "float32"), ("mixed", "float32")]
)
def test_mixed_stores_float32(dtype: str, storage: str) -> None:
    assert make(compute={"dtype": dtype}).compute.stored_dtype == storage


@pytest.mark.parametrize("time", [0, "inf", [0, "inf"]])
def test_cholesky_and_mixed_are_for_time_0_and_inf(time: object) -> None:
    compute = make(inference={"time": time}, compute={"solver": "cholesky", "dtype": "mixed"}).compute
    assert (compute.solver, compute.dtype) == ("cholesky", "mixed")


@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
def test_other_solvers_are_for_any_time(solver: str) -> None:
    spec = make(inference={"time": [0, 1, "inf"]}, compute={"solver": solver})
    assert spec.compute.solver == solver


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
