"""The simulate section of a spec: finite networks to draw and to train beside the infinitely wide one."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ntkcli.spec.section import Section, conflict, unit
from ntkcli.spec.types import Finite, Several

Width = Annotated[int, Field(ge=1, le=2**20)]


class SimulateSpec(Section):
    """Finite networks to draw and to train beside the infinitely wide one."""

    widths: Annotated[Several[Width], unit("units of a layer")] = Field(
        default=[64, 128, 256, 512, 1024, 2048, 4096]
    )
    """Of the hidden layers, increasing."""

    largest_trained: Annotated[int, Field(ge=0), unit("units of a layer")] = 1024
    """The largest width that is trained; of wider networks, the kernels at the start are compared."""

    seeds: Annotated[int, Field(ge=1, le=100_000), unit("networks")] = 20
    """How many networks of each width."""

    rows: Annotated[int, Field(ge=2), unit("rows")] = 256
    """Of the training file, and of the test file, drawn at random, always the same."""

    learning_rate: Literal["auto"] | Annotated[Finite, Field(gt=0)] = "auto"
    """Of gradient descent, full batch, on the spec's loss; `auto`: half of the largest that is stable at
    infinite width. A larger one than that is refused, and a network with a smaller limit of its own takes
    shorter steps.
    """

    @model_validator(mode="after")
    def _widths_increase(self) -> Self:
        for before, after in pairwise(self.widths):
            if after <= before:
                raise conflict("widths", f"should increase, but {after} follows {before}")
        return self
