"""inference.approximation: features of some centres in the place of all training rows."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ntkcli.spec.section import Section, conflict

Count = Annotated[int, Field(ge=2)]


class NystromSpec(Section):
    """The approximation's keys; docs/spec.md describes them."""

    method: Literal["nystrom"]
    centres: Literal["auto"] | Count = "auto"
    sample: Literal["auto"] | Count = "auto"
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _centres_are_rows_of_the_sample(self) -> Self:
        if self.sample != "auto" and self.centres != "auto" and self.sample < self.centres:
            what = f"{self.centres} centres are more than a sample of {self.sample}: use auto, or more rows"
            raise conflict("sample", what)
        return self


def _absent(value: object) -> object:
    """Read `none`, which YAML takes for a text."""
    return None if value == "none" else value


Approximation = Annotated[NystromSpec | None, BeforeValidator(_absent)]
