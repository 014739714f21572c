"""The whole spec: every key of the YAML file with its type, its default and its limits."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from ntkcli.errors import SpecError
from ntkcli.solvers.catalogue import SOLVERS, choices
from ntkcli.spec.data import DataSpec
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.section import Filled, Section, conflict, unit
from ntkcli.spec.simulate import SimulateSpec
from ntkcli.spec.tune import CheckedTune
from ntkcli.spec.types import AnyNumberOf, FilePath, Finite, Memory, Scheduler, one_of

MatrixName = Literal[
    "nngp_train_train",
    "nngp_test_train",
    "nngp_test_test",
    "ntk_train_train",
    "ntk_test_train",
    "ntk_test_test",
]

SolverSetting = Annotated[
    str,
    AfterValidator(lambda name: one_of(name, ["auto", *choices()])),
    WithJsonSchema({"enum": ["auto", *choices()]}),
]


class OutputSpec(Section):
    """What is written, and where."""

    dir: FilePath | None = None
    """The run directory; by default runs/NAME beside NAME.yaml."""

    kernels: AnyNumberOf[MatrixName] = Field(default=[])
    """Gram matrices to write as .npy: any of `nngp_` or `ntk_` with `train_train`, `test_train` or
    `test_test` behind it.
    """

    interval: Annotated[Finite, unit("share of new observations")] = Field(default=0.95, gt=0, lt=1)
    """The central interval in lower and upper."""

    interval_from: Literal["auto", "leave_one_out", "held_out", "normal"] = "auto"
    """`auto`: as wide as left out rows need, by `leave_one_out` or `held_out`; `normal`: by the standard
    deviation alone.
    """

    std: bool = True
    """`false`: means only, which is cheaper."""

    noise: bool = False
    """`true`: std is of a new observation, as the interval is."""

    covariance: bool = False
    """`true`: the full test covariance as .npy, one for each kernel and time."""

    samples: Annotated[int, Field(ge=0), unit("functions")] = 0
    """So many functions drawn at the test rows, as .npy."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the draws."""

    factor: bool = False
    """`true`: the model keeps its factorisation, for std of new rows."""

    @property
    def has_fitted_intervals(self) -> bool:
        """Whether intervals are wanted that are fitted to rows left out, and not normal ones."""
        return self.std and self.interval_from != "normal"

    @model_validator(mode="after")
    def _fitted_intervals_need_variances(self) -> Self:
        if self.interval_from in ("leave_one_out", "held_out") and not self.std:
            what = f"{self.interval_from} gives intervals, which std: false leaves out: keep one of them"
            raise conflict("interval_from", what)
        return self


class ComputeSpec(Section):
    """Precision, solver and resources."""

    dtype: Literal["float64", "float32", "mixed"] = "float64"
    """`float64`; `float32`: half the memory, a few digits; `mixed`: float32, with means refined at time
    inf.
    """

    solver: SolverSetting = "auto"
    """`auto`; `cholesky` or `pcg`, for time inf only; `chebyshev`, `eigh` or `lanczos`."""

    tolerance: Annotated[
        Literal["auto"] | Annotated[Finite, Field(gt=0, lt=1)], unit("relative residual")
    ] = "auto"
    """Where iterations stop; `auto`: 1e-10, or 1e-5 in float32."""

    variance_samples: Annotated[Literal["auto", "none"] | Annotated[int, Field(ge=2)], unit("functions")] = (
        "auto"
    )
    """Of pcg and chebyshev, for std of many test rows; `none`: exact; or a number."""

    memory: Annotated[Literal["auto"] | Memory, unit("bytes")] = "auto"
    """The most to plan for: `auto`, what is free, or a size such as 8GiB."""

    threads: Annotated[Literal["auto"] | Annotated[int, Field(ge=1, le=4096)], unit("threads")] = "auto"
    """`auto`: OMP_NUM_THREADS, or else every processor allowed."""

    tile: Annotated[Literal["auto"] | Annotated[int, Field(ge=1, le=2048)], unit("rows")] = "auto"
    """Of a tile of kernel arithmetic."""

    scheduler: Scheduler | None = None
    """Of a Dask cluster: `tcp://host:8786`, the path of its file, or `local`."""

    cache: FilePath | None = None
    """A folder that keeps Gram matrices for later runs with other times, ridges or targets."""

    cache_size: Annotated[Memory, unit("bytes")] = Field(default="20GiB", validate_default=True)
    """The most that the cache may have: those go first that were used last long ago."""

    @property
    def stored_dtype(self) -> Literal["float64", "float32"]:
        """The dtype that Gram matrices are stored and factored in."""
        return "float64" if self.dtype == "float64" else "float32"

    @property
    def iteration_tolerance(self) -> float:
        """The relative residual at which iterations stop; `auto` is not far from the dtype's rounding."""
        if self.tolerance == "auto":
            return 1e-5 if self.dtype == "float32" else 1e-10
        return self.tolerance

    @property
    def residual_tolerance(self) -> float:
        """The largest residual that is accepted: several errors of iterations and rounding add up in it."""
        return 100 * self.iteration_tolerance


class Spec(Section):
    """The content of a whole spec file."""

    data: DataSpec
    """The files, the roles of their columns, and how they are encoded."""

    network: Filled[NetworkSpec] = NetworkSpec()
    """The architecture, and how its weights are drawn and trained."""

    inference: Filled[InferenceSpec] = InferenceSpec()
    """The kernels, times and ridge to predict with."""

    output: Filled[OutputSpec] = OutputSpec()
    """What is written, and where."""

    compute: Filled[ComputeSpec] = ComputeSpec()
    """Precision, solver and resources."""

    tune: CheckedTune = None
    """What `ntk tune` searches."""

    simulate: Filled[SimulateSpec | None] = None
    """The finite networks of `ntk simulate`."""

    @model_validator(mode="after")
    def _test_matrices_need_test_rows(self) -> Self:
        asked = [name for name in self.output.kernels if "test" in name]
        if asked and not self.data.has_test_rows:
            raise conflict("output.kernels", f"{asked[0]} needs test rows: give data.test or data.split")
        return self

    @model_validator(mode="after")
    def _finite_times_are_beyond_some_solvers(self) -> Self:
        solver = SOLVERS.get(self.compute.solver)
        if solver and self.inference.has_finite_time and not solver.has_finite_times:
            what = f"{solver.name} solves for time inf only, and inference.time has a finite one: use auto"
            raise conflict("compute.solver", what)
        return self

    @model_validator(mode="after")
    def _samples_are_for_solvers_by_products(self) -> Self:
        solver, wanted = SOLVERS.get(self.compute.solver), self.compute.variance_samples
        if solver and not solver.is_by_products and not isinstance(wanted, str):
            takers = " or ".join(name for name in choices() if SOLVERS[name].is_by_products)
            what = f"{solver.name} has exact variances, without samples: use auto, or solver {takers}"
            raise conflict("compute.variance_samples", what)
        return self

    @model_validator(mode="after")
    def _scales_are_by_rows_left_out(self) -> Self:
        if self.inference.approximation:
            return self
        if self.output.interval_from == "held_out" and self.inference.variance_scale == "auto":
            what = "variance_scale: auto is by rows left out, and intervals go with it: use leave_one_out"
            raise conflict("output.interval_from", what)
        return self

    @model_validator(mode="after")
    def _mixed_is_for_infinite_time(self) -> Self:
        solver = SOLVERS.get(self.compute.solver)
        is_refined = solver is None or solver.can_be_refined or not solver.answers(math.inf)
        if self.compute.dtype == "mixed" and (self.inference.has_finite_time or not is_refined):
            what = "mixed refines solutions at time inf: use float64 for finite times and eigh"
            raise conflict("compute.dtype", what)
        return self

    @model_validator(mode="after")
    def _approximations_have_no_gram_matrix(self) -> Self:
        if self.inference.approximation:
            for key, why, remedy in self._needs_of_all_rows():
                what = f"{why}, and inference.approximation keeps no training rows: {remedy}"
                raise conflict(key, what)
        return self

    @model_validator(mode="after")
    def _covariances_are_of_plain_targets(self) -> Self:
        if self.output.covariance and self.data.has_target_transform:
            what = "a transformed target has none in its own unit: give output.samples, or no transform"
            raise conflict("output.covariance", what)
        return self

    @property
    def can_be_approximated(self) -> bool:
        """Whether an approximation would go with the other sections."""
        return next(self._needs_of_all_rows(), None) is None

    def _needs_of_all_rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield the keys that have no meaning where training rows are only summed over, why, and a remedy."""
        output, compute = self.output, self.compute
        if output.kernels:
            remedy = "leave it out, or use `ntk kernel` without the approximation"
            yield "output.kernels", f"{output.kernels[0]} is of all rows", remedy
        if output.factor:
            yield "output.factor", "true keeps a factor of the Gram matrix", "leave it out"
        if output.interval_from == "leave_one_out":
            yield "output.interval_from", "leave_one_out leaves out a row at a time", "use auto or held_out"
        if compute.solver != "auto":
            yield "compute.solver", f"{compute.solver} solves with the Gram matrix", "use auto"
        if compute.dtype != "float64":
            yield "compute.dtype", f"{compute.dtype} is how the Gram matrix is stored", "use float64"
        if isinstance(compute.variance_samples, int):
            yield "compute.variance_samples", "samples are drawn at all rows", "use auto"

    @property
    def place(self) -> Path:
        """The run directory: output.dir, which `read_spec` fills in.

        Raises:
            ValueError: the spec was not read from a file.
        """
        if self.output.dir is None:
            raise ValueError("the spec does not come from a file, and has no output.dir")
        return self.output.dir

    def place_beside(self, ending: str) -> Path:
        """Return the directory beside the run directory that has its name with `-ENDING` behind it.

        Raises:
            SpecError: the run directory has no name, as the root has none.
        """
        place = self.place if self.place.name not in ("", "..") else Path(os.path.realpath(self.place))
        if not place.name:
            raise SpecError(f"output.dir: {place} has no name to put -{ending} behind: give --out")
        return place.with_name(f"{place.name}-{ending}")
