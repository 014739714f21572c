"""The network section of a spec: the architecture, and how its weights are drawn and trained."""

import math
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from ntkcli.kernels.activations.parameters import LARGEST
from ntkcli.spec.activation import Activations, ActivationSetting
from ntkcli.spec.section import Section, Written, conflict, unit
from ntkcli.spec.types import Finite, PerLayer
from ntkcli.units import counted

Above0 = Annotated[Finite, Field(gt=0, le=LARGEST)]
AtLeast0 = Annotated[Finite, Field(ge=0, le=LARGEST)]


class ReadoutSpec(Section):
    """The standard deviations of the last layer; None where they are those of the others."""

    sigma_w: Above0 | None = None
    """Standard deviation of its weights, times sqrt(fan-in)."""

    sigma_b: AtLeast0 | None = None
    """Standard deviation of its bias."""


class FrozenSpec(Section):
    """Training of all layers but the first ones."""

    first_frozen: Annotated[int, unit("layers")] = Field(ge=0)
    """How many of the first layers are not trained."""


class ResidualSpec(Section):
    """Skip connections."""

    every: Annotated[int, unit("hidden layers")] = Field(default=1, ge=1)
    """How long a block is."""

    scale: Above0 = 1.0
    """What the output of a block is multiplied by."""


def _switch(value: object) -> object:
    """Read true as a section with all defaults, and false as none."""
    if isinstance(value, bool):
        return {} if value else None
    return value


class NetworkSpec(Section):
    """The architecture, and how its weights are drawn and trained."""

    depth: Annotated[int, unit("layers")] = Field(default=3, ge=1, le=10_000)
    """Weight layers: depth - 1 hidden ones and the readout."""

    activation: Activations = "relu"
    """A name, `{name: NAME, ...}` with parameters, or a list with one for each hidden layer; `ntk
    activations` has all.
    """

    sigma_w: PerLayer[Above0] | Literal["critical"] = math.sqrt(2)
    """Standard deviation of weights, times sqrt(fan-in); a list with one for each weight layer; or
    `critical`. `σ_w` is the same key.
    """

    sigma_b: PerLayer[AtLeast0] = 0.1
    """Standard deviation of biases, or a list. `σ_b` is the same key."""

    readout: ReadoutSpec = ReadoutSpec()
    """Of the last layer, where it differs from the others."""

    train: Literal["all", "readout"] | FrozenSpec = "all"
    """The layers that are trained: `all`, `readout`, or `{first_frozen: j}`."""

    bias_init: Literal["normal", "zero"] = "normal"
    """`zero`: biases start at 0, and enter the NTK alone."""

    residual: Annotated[ResidualSpec | None, BeforeValidator(_switch), Written({"type": "boolean"})] = None
    """Skip connections: `true`, or `{every: s, scale: a}`."""

    layer_norm: bool = False
    """Layer normalisation behind every layer but the readout."""

    # Models that are there already have it as dropout.
    keep_probability: Annotated[Finite, Field(gt=0, le=1), unit("share of the units")] = Field(
        default=1.0, validation_alias=AliasChoices("keep_probability", "dropout")
    )
    """Dropout behind every activation: the probability to keep a unit."""

    parameterization: Literal["ntk", "standard"] = "ntk"
    """`ntk`, or `standard`, which needs a width."""

    width: Annotated[Annotated[int, Field(ge=1, le=10**15)] | None, unit("units of a layer")] = None
    """Of all hidden layers, with `parameterization: standard`."""

    @model_validator(mode="after")
    def _lists_have_a_value_for_each_layer(self) -> Self:
        lengths = {"sigma_w": self.depth, "sigma_b": self.depth, "activation": self.depth - 1}
        for key, length in lengths.items():
            values = getattr(self, key)
            if isinstance(values, list) and len(values) != length:
                layers = "hidden layer" if key == "activation" else "weight layer"
                what = f"depth {self.depth} needs {length}, one for each {layers}"
                raise conflict(key, f"has {counted(len(values), 'value')}: {what}")
        return self

    @model_validator(mode="after")
    def _a_list_has_the_readout_in_it(self) -> Self:
        for key in ("sigma_w", "sigma_b"):
            if isinstance(getattr(self, key), list) and getattr(self.readout, key) is not None:
                what = f"network.{key} is a list, whose last value is the readout's: give it there"
                raise conflict(f"readout.{key}", what)
        return self

    @model_validator(mode="after")
    def _width_belongs_to_the_standard_parameterization(self) -> Self:
        if self.parameterization == "standard" and self.width is None:
            raise conflict("parameterization", "standard needs network.width, the width of the hidden layers")
        if self.parameterization == "ntk" and self.width is not None:
            raise conflict("width", "has a meaning with parameterization: standard only: leave it out")
        return self

    @model_validator(mode="after")
    def _layers_are_there_to_be_frozen_or_skipped(self) -> Self:
        if self.frozen > self.depth - 1:
            what = f"depth {self.depth} has {self.depth - 1} layers before the readout"
            raise conflict("train.first_frozen", what)
        if self.residual and self.residual.every > self.depth - 2:
            what = (
                f"has no block of {self.residual.every} between the first layer and the readout: "
                f"use a depth of at least {self.residual.every + 2}"
            )
            raise conflict("residual", what)
        return self

    @model_validator(mode="after")
    def _critical_is_of_plain_networks(self) -> Self:
        others = {
            "residual": self.residual,
            "layer_norm": self.layer_norm,
            "dropout": self.keep_probability < 1,
        }
        found = [key for key, value in others.items() if value]
        if self.sigma_w == "critical" and found:
            raise conflict("sigma_w", f"critical is for networks without {found[0]}: give a number")
        return self

    @property
    def frozen(self) -> int:
        """The number of first layers that are not trained."""
        if isinstance(self.train, FrozenSpec):
            return self.train.first_frozen
        return self.depth - 1 if self.train == "readout" else 0

    @property
    def activations(self) -> list[ActivationSetting]:
        """The activations, one for each hidden layer."""
        if isinstance(self.activation, list):
            return self.activation
        return [self.activation] * (self.depth - 1)

    def per_layer(self, key: Literal["sigma_w", "sigma_b"]) -> list[float]:
        """Return sigma_w or sigma_b of each weight layer; a critical sigma_w is not resolved here."""
        values = getattr(self, key)
        listed = list(values) if isinstance(values, list) else [values] * self.depth
        last = getattr(self.readout, key)
        return listed if last is None else [*listed[:-1], last]
