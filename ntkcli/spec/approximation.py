"""inference.approximation: features of some centres in the place of all training rows."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ntkcli.spec.section import Section

Count = Annotated[int, Field(ge=2)]


class NystromSpec(Section):
    """The approximation's keys; docs/spec.md describes them."""

    method: Literal["nystrom"]
    centres: Literal["auto"] | Count = "auto"
    sample: Literal["auto"] | Count = "auto"
    seed: Annotated[int, Field(ge=0)] = 0


def _absent(value: object) -> object:
    """Read `none`, which YAML takes for a text."""
    return None if value == "none" else value


Approximation = Annotated[NystromSpec | None, BeforeValidator(_absent)]
