"""The spec: every key of the YAML file, its type, its default and its limits."""

import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

# The type of pydantic's errors for values that do not go together.
CONFLICT = "conflict"

KernelName = Literal["ntk", "nngp", "ntkgp"]
MatrixName = Literal[
    "nngp_train_train",
    "nngp_test_train",
    "nngp_test_test",
    "ntk_train_train",
    "ntk_test_train",
    "ntk_test_test",
]


def _number(value: object) -> object:
    """Read the numbers that YAML takes for text: 1e-3, inf."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _not_nan(value: float) -> float:
    if math.isnan(value):
        raise ValueError("should be a number, not NaN")
    return value


def _listed(value: object) -> object:
    """One value stands for a list of one."""
    return value if isinstance(value, list) else [value]


def _distinct(values: list[Any]) -> list[Any]:
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"should name everything once, but has twice: {', '.join(repeated)}")
    return values


def _column_name(value: object) -> object:
    """Column names such as 2020 look like numbers to YAML; they are still names."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("should be a column's name: write it in quotes")
    return value


def _path(value: object, info: ValidationInfo) -> object:
    """Paths are relative to the folder of the spec file, which the validation context names."""
    if not isinstance(value, str) or not value:
        return value
    if "\0" in value:
        raise ValueError("should be a file path: it holds a NUL character")
    try:
        return Path((info.context or {}).get("folder", "."), Path(value).expanduser())
    except RuntimeError as error:
        raise ValueError("should be a file path: there is no such user") from error


def _memory(value: object) -> object:
    """Bytes, as a number or with a unit."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"\s*(\d{1,18}(?:\.\d*)?)\s*([KMGT]?)(i?)B?\s*", value, re.IGNORECASE)
    if not found:
        raise ValueError("should be a size such as 8GiB, 500MB or a number of bytes")
    number, prefix, binary = found.groups()
    unit = 1024 if binary or not prefix else 1000
    return int(float(number) * unit ** " KMGT".index(prefix.upper() or " "))


def _conflict(key: str, what: str) -> PydanticCustomError:
    """A fault between keys of a section, told at one of them."""
    return PydanticCustomError(CONFLICT, "{what}", {"key": key, "what": what})


Number = Annotated[float, BeforeValidator(_number), AfterValidator(_not_nan)]
Finite = Annotated[Number, Field(allow_inf_nan=False)]
Time = Annotated[Number, Field(ge=0)]
Column = Annotated[str, BeforeValidator(_column_name)]
Columns = Annotated[list[Column], BeforeValidator(_listed), AfterValidator(_distinct), Field(min_length=1)]
FilePath = Annotated[Path, BeforeValidator(_path)]
Memory = Annotated[int, BeforeValidator(_memory), Field(gt=0)]


class Section(BaseModel):
    """What all sections share: no unknown key, no silent conversion from one type to another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DataSpec(Section):
    """Which files, and what their columns are."""

    train: FilePath
    test: FilePath | None = None
    target: Columns
    features: Literal["all"] | Columns = "all"
    id: Columns | None = None
    standardize: bool = True
    standardize_target: bool = True

    @field_validator("features", "id", mode="before")
    @classmethod
    def _one_column_is_a_list(cls, value: object) -> object:
        return value if value in ("all", None) else _listed(value)

    @model_validator(mode="after")
    def _a_column_has_one_role(self) -> Self:
        features = [] if self.features == "all" else self.features
        roles = {"target": self.target, "features": features, "id": self.id or []}
        for first, second in (("target", "features"), ("target", "id"), ("features", "id")):
            shared = [name for name in roles[first] if name in roles[second]]
            if shared:
                what = f"column {shared[0]!r} is both in {first} and in {second}: keep one of them"
                raise _conflict(second, what)
        return self


class NetworkSpec(Section):
    """The infinitely wide network."""

    depth: int = Field(default=3, ge=1)
    activation: Literal["relu", "erf", "identity"] = "relu"
    sigma_w: Finite = Field(default=math.sqrt(2), gt=0)
    sigma_b: Finite = Field(default=0.1, ge=0)


class InferenceSpec(Section):
    """What is asked of the kernel."""

    kernel: Annotated[
        list[KernelName], BeforeValidator(_listed), AfterValidator(_distinct), Field(min_length=1)
    ] = ["ntk"]
    time: Annotated[
        list[Time], BeforeValidator(_listed), AfterValidator(_distinct), Field(min_length=1)
    ] = [math.inf]  # fmt: skip
    learning_rate: Finite = Field(default=1.0, gt=0)
    loss: Literal["sum", "mean"] = "sum"
    ridge: Finite = Field(default=0.0, ge=0)
    ridge_scale: Literal["absolute", "trace"] = "absolute"

    @model_validator(mode="after")
    def _ntkgp_needs_infinite_time(self) -> Self:
        if "ntkgp" in self.kernel and math.inf not in self.time:
            what = "kernel ntkgp is a posterior, which exists at time inf only: add inf to time"
            raise _conflict("time", what)
        return self

    def times_of(self, kernel: KernelName) -> list[float]:
        """The times at which `kernel` is asked for: ntkgp exists at inf only."""
        return [time for time in self.time if kernel != "ntkgp" or time == math.inf]


class OutputSpec(Section):
    """What is written, and where."""

    dir: FilePath | None = None
    kernels: Annotated[list[MatrixName], BeforeValidator(_listed), AfterValidator(_distinct)] = []
    interval: Finite = Field(default=0.95, gt=0, lt=1)
    std: bool = True
    noise: bool = False
    covariance: bool = False


class ComputeSpec(Section):
    """How it is computed."""

    dtype: Literal["float64", "float32", "mixed"] = "float64"
    solver: Literal["auto", "cholesky", "eigh", "lanczos"] = "auto"
    tolerance: Literal["auto"] | Annotated[Finite, Field(gt=0, lt=1)] = "auto"
    memory: Literal["auto"] | Memory = "auto"
    threads: Literal["auto"] | Annotated[int, Field(ge=1, le=4096)] = "auto"
    tile: Literal["auto"] | Annotated[int, Field(ge=1, le=2048)] = "auto"

    @property
    def storage(self) -> Literal["float64", "float32"]:
        """What Gram matrices are stored and factored as."""
        return "float64" if self.dtype == "float64" else "float32"

    @property
    def iteration_tolerance(self) -> float:
        """Where iterations stop: the tolerance, or near the rounding of the dtype."""
        if self.tolerance == "auto":
            return 1e-5 if self.dtype == "float32" else 1e-10
        return self.tolerance

    @property
    def residual_tolerance(self) -> float:
        """The largest residual that passes: the tolerance, or what all but the worst matrices allow."""
        if self.tolerance == "auto":
            return 1e-3 if self.dtype == "float32" else 1e-8
        return self.tolerance


class Spec(Section):
    """A whole spec file."""

    data: DataSpec
    network: NetworkSpec = NetworkSpec()
    inference: InferenceSpec = InferenceSpec()
    output: OutputSpec = OutputSpec()
    compute: ComputeSpec = ComputeSpec()

    @field_validator("network", "inference", "output", "compute", mode="before")
    @classmethod
    def _empty_section_is_the_default(cls, value: object) -> object:
        return {} if value is None else value

    @model_validator(mode="after")
    def _test_matrices_need_test_rows(self) -> Self:
        asked = [name for name in self.output.kernels if "test" in name]
        if asked and self.data.test is None:
            raise _conflict("output.kernels", f"{asked[0]} needs test rows: name a data.test")
        return self

    @model_validator(mode="after")
    def _finite_times_are_beyond_cholesky(self) -> Self:
        if self.compute.solver == "cholesky" and any(0 < time < math.inf for time in self.inference.time):
            what = "cholesky solves for time inf only, and inference.time has a finite one: use auto"
            raise _conflict("compute.solver", what)
        return self

    @model_validator(mode="after")
    def _mixed_is_for_infinite_time(self) -> Self:
        finite = any(0 < time < math.inf for time in self.inference.time)
        if self.compute.dtype == "mixed" and (finite or self.compute.solver == "eigh"):
            what = "mixed refines a Cholesky solution at time inf: use float64 for finite times and eigh"
            raise _conflict("compute.dtype", what)
        return self

    @property
    def place(self) -> Path:
        """The run directory: output.dir, which reading the spec file fills in."""
        if self.output.dir is None:
            raise ValueError("the spec does not come from a file, and has no output.dir")
        return self.output.dir
