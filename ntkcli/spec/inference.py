"""The inference section of a spec: the kernels, times and ridge to predict with."""

import math
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ntkcli.kernels.rows import GramName
from ntkcli.regression.kernel import KERNELS, KernelName, inverted_grams
from ntkcli.regression.question import Ridge, RidgeScale
from ntkcli.spec.approximation import Approximation
from ntkcli.spec.section import Section, conflict, unit
from ntkcli.spec.types import Finite, Several, Time

GivenRidge = Annotated[Finite, Field(ge=0)]


class InferenceSpec(Section):
    """The kernels, times and ridge to predict with."""

    kernel: Several[KernelName] = Field(default=["ntk"])
    """`ntk`, `nngp` or `ntkgp`, or a list of them."""

    time: Annotated[Literal["auto"] | Several[Time], unit("1 / learning_rate")] = Field(default=[math.inf])
    """Of training: a number from 0 on, `inf`, or a list of them; or `auto`."""

    learning_rate: Finite = Field(default=1.0, gt=0)
    """What times are multiplied by."""

    loss: Literal["sum", "mean"] = "sum"
    """`sum`, or `mean`, which divides by rows * outputs."""

    ridge: Annotated[
        Literal["auto"] | GivenRidge | dict[GramName, GivenRidge], unit("that of ridge_scale")
    ] = "auto"
    """Added to the Gram matrix's diagonal: a number, `{ntk: A, nngp: B}`, or `auto`: found from the data."""

    ridge_scale: RidgeScale = "trace"
    """`absolute`, or `trace`: the ridge times trace / n of the Gram matrix is added."""

    variance_scale: Literal["auto"] | Annotated[Finite, Field(gt=0)] = 1.0
    """Variances are multiplied by it; `auto`: by what fits left out rows."""

    approximation: Approximation = None
    """`{method: nystrom, ...}`, for very many rows; `none` is the same as null."""

    @model_validator(mode="after")
    def _some_kernels_need_infinite_time(self) -> Self:
        for kernel in limited_to_infinity(self.kernel):
            if self.time == "auto" or math.inf not in self.time:
                remedy = "use inf" if self.time == "auto" else "add inf to time"
                what = f"kernel {kernel} is a posterior, which exists at time inf only: {remedy}"
                raise conflict("time", what)
        return self

    @model_validator(mode="after")
    def _automatic_time_is_for_one_kernel(self) -> Self:
        if self.time == "auto" and len(self.kernel) > 1:
            raise conflict("time", "auto picks for one kernel, and there are several: name one in kernel")
        return self

    @model_validator(mode="after")
    def _every_gram_matrix_has_a_ridge(self) -> Self:
        if isinstance(self.ridge, dict):
            grams = inverted_grams(self.kernel)
            for gram in grams:
                if gram not in self.ridge:
                    names = " and ".join(name for name in self.kernel if KERNELS[name].gram == gram)
                    raise conflict("ridge", f"has none for {names}: give {gram} a number too")
            for gram in self.ridge:
                if gram not in grams:
                    raise conflict("ridge", f"{gram} is for no kernel of inference.kernel: take it out here")
        return self

    @property
    def is_automatic(self) -> bool:
        """Whether the ridge or the time is `auto`, and has yet to be found from the data."""
        return self.ridge == "auto" or self.time == "auto"

    def with_stand_ins(self) -> Self:
        """Return this section with a number in the place of each `auto`, which takes as much work."""
        ridge = 0.1 if self.ridge == "auto" else self.ridge
        time = [1.0] if self.time == "auto" else self.time
        return self.model_copy(update={"ridge": ridge, "time": time})

    @property
    def times(self) -> list[float]:
        """The times, which must not be `auto` any more.

        Raises:
            ValueError: they are.
        """
        if self.time == "auto":
            raise ValueError("inference.time is still auto")
        return self.time

    @property
    def given_ridge(self) -> Ridge:
        """The ridge, or that of each of several Gram matrices, which must not be `auto` any more.

        Raises:
            ValueError: it is.
        """
        if self.ridge == "auto":
            raise ValueError("inference.ridge is still auto")
        if isinstance(self.ridge, dict) and len(self.ridge) == 1:
            return next(iter(self.ridge.values()))
        return self.ridge

    def times_of(self, kernel: KernelName) -> list[float]:
        """Return those of the times at which a kernel exists."""
        return [time for time in self.times if KERNELS[kernel].exists_at(time)]

    def rate(self, targets: int) -> float:
        """Return the factor that turns a time into units of the exponent, for n k = `targets` numbers."""
        return self.learning_rate / (targets if self.loss == "mean" else 1)

    @property
    def has_finite_time(self) -> bool:
        """Whether a kernel is wanted at a time other than 0 and inf."""
        if self.time == "auto":
            return True
        return any(0 < time < math.inf for kernel in self.kernel for time in self.times_of(kernel))


def limited_to_infinity(kernels: Iterable[object]) -> list[object]:
    """Return those of some names that are of kernels which exist at time inf only."""
    return [name for name in kernels if name in KERNELS and not KERNELS[name].has_finite_times]
