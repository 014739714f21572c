"""The tune section of a spec: the space that `ntk tune` searches, and its objective."""

import math
from collections.abc import Iterator, Mapping
from itertools import accumulate, islice, product
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails

from ntkcli.regression.kernel import KERNELS
from ntkcli.spec.inference import InferenceSpec, limited_to_infinity
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.section import Section, conflict
from ntkcli.spec.space import FREE_KEYS, Axis, Location, Space, changed, ends_of, faults_of, tunable_keys
from ntkcli.spec.suggestions import did_you_mean
from ntkcli.spec.types import Finite

Objective = Literal["rmse", "nll", "accuracy", "log_loss", "log_marginal_likelihood", "loo_rmse", "loo_nll"]
Seed = Annotated[int, Field(ge=0, lt=2**32)]

# Combinations that are tried to find a value that makes no network with any of the others.
MOST_NETWORKS = 2000


class ValidationSpec(Section):
    """The validation of a search: folds, which hold out every row once, or one holdout of some rows."""

    folds: Annotated[int, Field(ge=2)] | None = None
    holdout: Annotated[Finite, Field(gt=0, lt=1)] | None = None
    seed: Seed = 0

    @model_validator(mode="before")
    @classmethod
    def _five_folds_are_the_default(cls, values: Any) -> Any:
        is_open = isinstance(values, Mapping) and not values.keys() & {"folds", "holdout"}
        return {"folds": 5, **values} if is_open else values

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.folds is None) == (self.holdout is None):
            raise conflict("holdout" if self.holdout else "", "needs folds or holdout: give one of them")
        return self


class TuneSpec(Section):
    """The tune section: a search over networks, kernels, ridges and times.

    objective: the score that decides.
    search: whether networks are those of a grid, or drawn at random or by Optuna's TPE sampler.
    trials: the number of networks drawn.
    rows: the training rows that are scored: all, or so many at random.
    seed: of the rows, and of the networks drawn.
    space: the keys to change, with their values.
    """

    objective: Objective = "rmse"
    validation: ValidationSpec = ValidationSpec()
    search: Literal["grid", "random", "tpe"] = "grid"
    trials: int = Field(default=50, ge=1)
    rows: Literal["all"] | Annotated[int, Field(ge=2)] = "all"
    seed: Seed = 0
    space: Space

    @field_validator("validation", mode="before")
    @classmethod
    def _empty_section_is_the_default(cls, value: object) -> object:
        return {} if value is None else value

    @property
    def network_axes(self) -> dict[str, Axis]:
        """The axes of the space in which networks differ, by key path."""
        return {key: axis for key, axis in self.space.items() if key not in FREE_KEYS}

    @property
    def needs_validation(self) -> bool:
        """Whether the objective holds out rows; the others are closed forms."""
        return self.objective in ("rmse", "nll", "accuracy", "log_loss")

    @model_validator(mode="after")
    def _keys_can_be_tuned(self) -> Self:
        known = tunable_keys()
        faults = []
        for key in self.space:
            around = [prefix for prefix in _prefixes(key) if prefix in self.space]
            if key not in known:
                hint = did_you_mean(key, known) or "; a space has network.* and " + ", ".join(FREE_KEYS)
                faults.append(_fault((key,), f"is not a key that can be tuned{hint}"))
            elif around:
                faults.append(_fault((key,), f"is a part of {around[0]}, which is tuned too: keep one"))
        _raise(faults)
        return self

    @model_validator(mode="after")
    def _a_sampler_needs_networks(self) -> Self:
        if self.search != "grid" and not self.network_axes:
            what = f"{self.search} draws networks, and space has no network.* key: use grid, which scores all"
            raise conflict("search", f"{what} kernels, ridges and times")
        return self


def _checked(tune: TuneSpec | None, info: ValidationInfo) -> TuneSpec | None:
    """Validate the values of a space in the sections whose values they replace."""
    network, inference = info.data.get("network"), info.data.get("inference")
    if tune is None or network is None or inference is None:
        return tune
    sections = {"network": network, "inference": inference}
    faults: list[InitErrorDetails] = []
    for key, axis in tune.space.items():
        for place, value in ends_of(key, axis).items():
            found = faults_of(sections[key.split(".")[0]], key, value)
            faults += [fault | {"loc": ("space", key, *place, *fault["loc"])} for fault in found]
    _raise(faults)
    _raise(list(_unusable_values(tune, network)))
    _check_kernels(tune, inference)
    return tune


def _unusable_values(tune: TuneSpec, network: NetworkSpec) -> Iterator[InitErrorDetails]:
    """Yield a fault for each value that makes no valid network with any others of the space."""
    ends = {key: ends_of(key, axis) for key, axis in tune.network_axes.items()}
    reasons: dict[tuple[str, Location], str] = {}
    used: set[tuple[str, Location]] = set()
    for places in islice(product(*ends.values()), MOST_NETWORKS):
        chosen = list(zip(ends, places, strict=True))
        try:
            network_with(network, {key: ends[key][place] for key, place in chosen})
            used.update(chosen)
        except ValidationError as error:
            (details, *_) = error.errors(include_url=False)
            where = details.get("ctx", {}).get("key", "")
            for one in chosen:
                reasons.setdefault(one, f"network{'.' if where else ''}{where}: {details['msg']}")
    if math.prod(map(len, ends.values())) <= MOST_NETWORKS:
        for (key, place), reason in reasons.items():
            if (key, place) not in used:
                yield _fault((key, *place), f"makes no network that there can be: {reason}")


def _check_kernels(tune: TuneSpec, inference: InferenceSpec) -> None:
    kernels = tune.space.get("inference.kernel", inference.kernel)
    times = tune.space.get("inference.time", inference.time)
    has_limit = times == "auto" or (isinstance(times, list) and math.inf in times)
    place = "inference.time" if "inference.time" in tune.space else "inference.kernel"
    limited = limited_to_infinity(kernels) if isinstance(kernels, list) else []
    if limited and not has_limit and place in tune.space:
        what = f"kernel {limited[0]} is a posterior, which exists at time inf only: add inf to inference.time"
        _raise([_fault((place,), what)])
    has_ensemble = any(name in KERNELS and not KERNELS[name].is_posterior for name in kernels)
    if tune.objective == "log_marginal_likelihood" and (has_ensemble or not has_limit):
        what = "log_marginal_likelihood is of kernels nngp and ntkgp at time inf: tune over these, or use "
        _raise([_fault((), f"{what}loo_rmse", "objective")])


def network_with(network: NetworkSpec, values: Mapping[str, Any]) -> NetworkSpec:
    """Return a network section with some of its values replaced.

    Args:
        network: the section.
        values: the new values, by key path from the spec.

    Raises:
        ValidationError: the values do not go together.
    """
    section = network.model_dump()
    for key, value in values.items():
        section = changed(section, key, value)
    return NetworkSpec.model_validate(section)


def _prefixes(key: str) -> Iterator[str]:
    """Return the paths around a key: for network.readout.sigma_w, they are network and network.readout."""
    *parts, _ = key.split(".")
    return accumulate(parts, "{}.{}".format)


def _fault(place: Location, what: str, key: str = "space") -> InitErrorDetails:
    return InitErrorDetails(type=conflict("", what), loc=(key, *place), input=None)


def _raise(faults: list[InitErrorDetails]) -> None:
    if faults:
        raise ValidationError.from_exception_data("tune", faults)


CheckedTune = Annotated[TuneSpec | None, AfterValidator(_checked)]
