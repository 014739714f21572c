"""inference.approximation: features of some centres in the place of all training rows."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ntkcli.spec.section import Section, Written, conflict, unit

Count = Annotated[int, Field(ge=2)]


class NystromSpec(Section):
    """Features of some training rows, the centres, in the place of all."""

    method: Literal["nystrom"]
    """`nystrom`; it has to be there."""

    centres: Annotated[Literal["auto"] | Count, unit("rows")] = "auto"
    """How many rows stand for all; `auto`: what memory and about five minutes allow."""

    sample: Annotated[Literal["auto"] | Count, unit("rows")] = "auto"
    """How many rows centres are chosen from, those in memory at most; `auto`: two for each centre, 5,000
    at least.
    """

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of that choice."""

    @model_validator(mode="after")
    def _centres_are_rows_of_the_sample(self) -> Self:
        if self.sample != "auto" and self.centres != "auto" and self.sample < self.centres:
            what = f"{self.centres} centres are more than a sample of {self.sample}: use auto, or more rows"
            raise conflict("sample", what)
        return self


def _absent(value: object) -> object:
    """Read `none`, which YAML takes for a text."""
    return None if value == "none" else value


Approximation = Annotated[NystromSpec | None, BeforeValidator(_absent), Written({"const": "none"})]
