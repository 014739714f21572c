"""The simulate section of a spec: finite networks to draw and to train beside the infinitely wide one."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ntkcli.spec.section import Section, conflict
from ntkcli.spec.types import Finite, Several

Width = Annotated[int, Field(ge=1, le=2**20)]


class SimulateSpec(Section):
    """The simulate section; docs/spec.md describes its keys."""

    widths: Several[Width] = Field(default=[64, 128, 256, 512, 1024, 2048, 4096])
    largest_trained: Annotated[int, Field(ge=0)] = 1024
    seeds: Annotated[int, Field(ge=1, le=100_000)] = 20
    rows: Annotated[int, Field(ge=2)] = 256
    learning_rate: Literal["auto"] | Annotated[Finite, Field(gt=0)] = "auto"

    @model_validator(mode="after")
    def _widths_increase(self) -> Self:
        for before, after in pairwise(self.widths):
            if after <= before:
                raise conflict("widths", f"should increase, but {after} follows {before}")
        return self


def _filled(value: object) -> object:
    """Read a section that is there and empty as one with all defaults."""
    return {} if value is None else value


GivenSimulate = Annotated[SimulateSpec | None, BeforeValidator(_filled)]
