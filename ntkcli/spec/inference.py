"""The inference section: what is asked of the kernel."""

import math
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import RidgeScale
from ntkcli.spec.section import Section, conflict
from ntkcli.spec.types import Finite, Several, Time


class InferenceSpec(Section):
    """What is asked of the kernel."""

    kernel: Several[KernelName] = Field(default=["ntk"])
    time: Literal["auto"] | Several[Time] = Field(default=[math.inf])
    learning_rate: Finite = Field(default=1.0, gt=0)
    loss: Literal["sum", "mean"] = "sum"
    ridge: Literal["auto"] | Annotated[Finite, Field(ge=0)] = 0.0
    ridge_scale: RidgeScale = "absolute"
    variance_scale: Literal["auto"] | Annotated[Finite, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _some_kernels_need_infinite_time(self) -> Self:
        for kernel in limited_to_infinity(self.kernel):
            if self.time == "auto" or math.inf not in self.time:
                remedy = "use inf" if self.time == "auto" else "add inf to time"
                what = f"kernel {kernel} is a posterior, which exists at time inf only: {remedy}"
                raise conflict("time", what)
        return self

    @model_validator(mode="after")
    def _auto_is_for_one_kernel(self) -> Self:
        for key in ("ridge", "time"):
            if getattr(self, key) == "auto" and len(self.kernel) > 1:
                raise conflict(key, "auto picks for one kernel, and there are several: name one in kernel")
        return self

    @property
    def is_automatic(self) -> bool:
        """Whether the data has yet to say what the ridge or the time is."""
        return self.ridge == "auto" or self.time == "auto"

    def with_stand_ins(self) -> Self:
        """The same with numbers where `auto` is yet to be found; they take as much work."""
        ridge = 0.1 if self.ridge == "auto" else self.ridge
        time = [1.0] if self.time == "auto" else self.time
        return self.model_copy(update={"ridge": ridge, "time": time})

    @property
    def times(self) -> list[float]:
        """The times, once they are numbers."""
        if self.time == "auto":
            raise ValueError("inference.time is still auto")
        return self.time

    @property
    def ridge_value(self) -> float:
        """The ridge, once it is a number."""
        if self.ridge == "auto":
            raise ValueError("inference.ridge is still auto")
        return self.ridge

    def times_of(self, kernel: KernelName) -> list[float]:
        """The times at which `kernel` is asked for: those at which it exists."""
        return [time for time in self.times if KERNELS[kernel].exists_at(time)]

    def rate(self, targets: int) -> float:
        """What a time is multiplied with in the exponent, for n k numbers to be learnt."""
        return self.learning_rate / (targets if self.loss == "mean" else 1)

    @property
    def has_finite_time(self) -> bool:
        """Whether something has to be computed that is neither the prior nor the limit."""
        if self.time == "auto":
            return True
        return any(0 < time < math.inf for kernel in self.kernel for time in self.times_of(kernel))


def limited_to_infinity(kernels: Iterable[object]) -> list[object]:
    """Those of some kernels' names that exist at time inf only."""
    return [name for name in kernels if name in KERNELS and not KERNELS[name].has_finite_times]
