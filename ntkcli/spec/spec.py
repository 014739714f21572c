"""The spec: every key of the YAML file, its type, its default and its limits."""

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.section import Section, conflict
from ntkcli.spec.types import AnyNumberOf, Column, FilePath, Finite, Memory, Several, Time, listed

KernelName = Literal["ntk", "nngp", "ntkgp"]
MatrixName = Literal[
    "nngp_train_train",
    "nngp_test_train",
    "nngp_test_test",
    "ntk_train_train",
    "ntk_test_train",
    "ntk_test_test",
]


class DataSpec(Section):
    """Which files, and what their columns are."""

    train: FilePath
    test: FilePath | None = None
    target: Several[Column]
    features: Literal["all"] | Several[Column] = "all"
    id: Several[Column] | None = None
    standardize: bool = True
    normalize_rows: bool = False
    standardize_target: bool = True

    @field_validator("features", "id", mode="before")
    @classmethod
    def _one_column_is_a_list(cls, value: object) -> object:
        return value if value in ("all", None) else listed(value)

    @model_validator(mode="after")
    def _a_column_has_one_role(self) -> Self:
        features = [] if self.features == "all" else self.features
        roles = {"target": self.target, "features": features, "id": self.id or []}
        for first, second in (("target", "features"), ("target", "id"), ("features", "id")):
            shared = [name for name in roles[first] if name in roles[second]]
            if shared:
                what = f"column {shared[0]!r} is both in {first} and in {second}: keep one of them"
                raise conflict(second, what)
        return self


class InferenceSpec(Section):
    """What is asked of the kernel."""

    kernel: Several[KernelName] = Field(default=["ntk"])
    time: Several[Time] = Field(default=[math.inf])
    learning_rate: Finite = Field(default=1.0, gt=0)
    loss: Literal["sum", "mean"] = "sum"
    ridge: Finite = Field(default=0.0, ge=0)
    ridge_scale: Literal["absolute", "trace"] = "absolute"

    @model_validator(mode="after")
    def _ntkgp_needs_infinite_time(self) -> Self:
        if "ntkgp" in self.kernel and math.inf not in self.time:
            what = "kernel ntkgp is a posterior, which exists at time inf only: add inf to time"
            raise conflict("time", what)
        return self

    def times_of(self, kernel: KernelName) -> list[float]:
        """The times at which `kernel` is asked for: ntkgp exists at inf only."""
        return [time for time in self.time if kernel != "ntkgp" or time == math.inf]

    @property
    def has_finite_time(self) -> bool:
        """Whether something has to be computed that is neither the prior nor the limit."""
        return any(0 < time < math.inf for kernel in self.kernel for time in self.times_of(kernel))


class OutputSpec(Section):
    """What is written, and where."""

    dir: FilePath | None = None
    kernels: AnyNumberOf[MatrixName] = Field(default=[])
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
    def stored_dtype(self) -> Literal["float64", "float32"]:
        """What Gram matrices are stored and factored as."""
        return "float64" if self.dtype == "float64" else "float32"

    @property
    def iteration_tolerance(self) -> float:
        """Where iterations stop: the tolerance, or not far from the rounding of the dtype."""
        if self.tolerance == "auto":
            return 1e-5 if self.dtype == "float32" else 1e-10
        return self.tolerance

    @property
    def residual_tolerance(self) -> float:
        """The largest residual that passes: several errors of iterations and of rounding add up there."""
        return 100 * self.iteration_tolerance


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
            raise conflict("output.kernels", f"{asked[0]} needs test rows: name a data.test")
        return self

    @model_validator(mode="after")
    def _finite_times_are_beyond_cholesky(self) -> Self:
        if self.compute.solver == "cholesky" and self.inference.has_finite_time:
            what = "cholesky solves for time inf only, and inference.time has a finite one: use auto"
            raise conflict("compute.solver", what)
        return self

    @model_validator(mode="after")
    def _mixed_is_for_infinite_time(self) -> Self:
        cannot = self.inference.has_finite_time or self.compute.solver == "eigh"
        if self.compute.dtype == "mixed" and cannot:
            what = "mixed refines a Cholesky solution at time inf: use float64 for finite times and eigh"
            raise conflict("compute.dtype", what)
        return self

    @property
    def place(self) -> Path:
        """The run directory: output.dir, which reading the spec file fills in."""
        if self.output.dir is None:
            raise ValueError("the spec does not come from a file, and has no output.dir")
        return self.output.dir
