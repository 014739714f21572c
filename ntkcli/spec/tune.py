"""The tune section of a spec: the space that `ntk tune` searches, and its objective."""

import math
from collections.abc import Iterator, Mapping
from itertools import accumulate, islice, product
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails

from ntkcli.regression.kernel import KERNELS
from ntkcli.spec.inference import InferenceSpec, limited_to_infinity
from ntkcli.spec.section import Filled, Section, conflict, unit
from ntkcli.spec.space import (
    DATA_KEYS,
    FREE_KEYS,
    SECTIONS,
    Axis,
    Location,
    Space,
    ends_of,
    faults_of,
    section_with,
    tunable_keys,
)
from ntkcli.spec.suggestions import did_you_mean
from ntkcli.spec.types import Column, Finite

Objective = Literal["rmse", "nll", "accuracy", "log_loss", "log_marginal_likelihood", "loo_rmse", "loo_nll"]
Seed = Annotated[int, Field(ge=0, lt=2**32)]

# Combinations that are tried to find a value that makes no network with any of the others.
MOST_NETWORKS = 2000


class ValidationSpec(Section):
    """The validation of a search: folds, which hold out every row once, or one holdout of some rows."""

    folds: Annotated[int, Field(ge=2)] | None = None
    """How many parts of the rows are held out, one after another; 5, unless there is a holdout or a
    column.
    """

    holdout: Annotated[Annotated[Finite, Field(gt=0, lt=1)] | None, unit("share of the rows")] = None
    """Held out once, in the place of folds."""

    seed: Seed = 0
    """Seed of what is drawn."""

    groups: Column | None = None
    """A column, whose rows of one value are held out together; by default that of data.groups."""

    time: Column | None = None
    """A column, in whose order each fold is held out from a fit of the rows before it."""

    column: Column | None = None
    """A column that names the fold of each row, in the place of folds."""

    @model_validator(mode="before")
    @classmethod
    def _five_folds_are_the_default(cls, values: Any) -> Any:
        is_open = isinstance(values, Mapping) and not values.keys() & {"folds", "holdout", "column"}
        return {"folds": 5, **values} if is_open else values

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [key for key in ("folds", "holdout", "column") if getattr(self, key) is not None]
        if len(given) != 1:
            ask = "keep" if given else "give"
            raise conflict(given[-1] if given else "", f"needs folds, holdout or column: {ask} one of them")
        structured = [key for key in ("groups", "time", "column") if getattr(self, key) is not None]
        if len(structured) > 1:
            raise conflict(structured[-1], f"{structured[0]} says how rows are cut: keep one of the two")
        return self


class TuneSpec(Section):
    """The tune section: a search over networks, kernels, ridges and times."""

    objective: Objective = "rmse"
    """The score that decides: `rmse`, `nll`, `accuracy` or `log_loss` of rows held out; `loo_rmse`,
    `loo_nll` or `log_marginal_likelihood`, in closed form.
    """

    validation: Filled[ValidationSpec] = ValidationSpec()
    """How rows are held out: `{folds: 5}`, `{holdout: 0.2}`, or by a column."""

    search: Literal["grid", "random", "tpe"] = "grid"
    """`grid`: all networks of the space; `random`, or `tpe` of Optuna, draw them."""

    trials: Annotated[int, unit("networks")] = Field(default=50, ge=1)
    """How many are drawn."""

    rows: Annotated[Literal["auto", "all"] | Annotated[int, Field(ge=2)], unit("rows")] = "auto"
    """How many training rows are scored, at random, or `all`; `auto`: 2,000."""

    seed: Seed = 0
    """Seed of the rows, and of the networks drawn."""

    space: Space
    """The keys to change, such as `network.depth`, each with a list of values or `{low: A, high: B}`."""

    @property
    def trial_axes(self) -> dict[str, Axis]:
        """The axes of the space in which trials differ, by key path: those of data and network."""
        return {key: axis for key, axis in self.space.items() if key not in FREE_KEYS}

    @property
    def data_axes(self) -> dict[str, list[Any]]:
        """The axes of the space in which the inputs of the network differ, by key path."""
        return {key: axis for key, axis in self.space.items() if key in DATA_KEYS and isinstance(axis, list)}

    @property
    def needs_validation(self) -> bool:
        """Whether the objective holds out rows; the others are closed forms."""
        return self.objective in ("rmse", "nll", "accuracy", "log_loss")

    @property
    def has_errors(self) -> bool:
        """Whether a score has a standard error: all but the evidence are means over rows."""
        return self.objective != "log_marginal_likelihood"

    @model_validator(mode="after")
    def _folds_are_of_use(self) -> Self:
        given = [key for key in ("time", "column") if getattr(self.validation, key) is not None]
        if given and not self.needs_validation:
            what = f"{self.objective} holds out no folds: use objective rmse or nll, or leave this out"
            raise conflict(f"validation.{given[0]}", what)
        return self

    @model_validator(mode="after")
    def _keys_can_be_tuned(self) -> Self:
        known = tunable_keys()
        faults = []
        for key in self.space:
            around = [prefix for prefix in _prefixes(key) if prefix in self.space]
            if key not in known:
                others = ", ".join((*FREE_KEYS, *DATA_KEYS))
                hint = did_you_mean(key, known) or f"; a space has network.*, {others}"
                faults.append(_fault((key,), f"is not a key that can be tuned{hint}"))
            elif around:
                faults.append(_fault((key,), f"is a part of {around[0]}, which is tuned too: keep one"))
        _raise(faults)
        return self

    @model_validator(mode="after")
    def _a_sampler_needs_networks(self) -> Self:
        if self.search != "grid" and not self.trial_axes:
            what = f"{self.search} draws networks, and space has no network.* or data.* key: use grid"
            raise conflict("search", f"{what}, which scores all kernels, ridges and times")
        return self


def _checked(tune: TuneSpec | None, info: ValidationInfo) -> TuneSpec | None:
    """Validate the values of a space in the sections whose values they replace."""
    sections: dict[str, Any] = {name: info.data[name] for name in SECTIONS if name in info.data}
    if tune is None or len(sections) < len(SECTIONS):
        return tune
    faults: list[InitErrorDetails] = []
    cut = next((key for key in ("time", "column") if getattr(tune.validation, key) is not None), None)
    if cut and sections["data"].groups:
        what = f"may part the rows of data.groups, {sections['data'].groups!r}: keep one of the two"
        faults.append(_fault((cut,), what, "validation"))
    for key, axis in tune.space.items():
        for place, value in ends_of(key, axis).items():
            found = faults_of(sections[key.split(".")[0]], key, value)
            faults += [fault | {"loc": ("space", key, *place, *fault["loc"])} for fault in found]
    _raise(faults)
    for name in ("data", "network"):
        _raise(list(_unusable_values(tune, name, sections[name])))
    _check_kernels(tune, sections["inference"])
    return tune


def _unusable_values(tune: TuneSpec, name: str, section: Section) -> Iterator[InitErrorDetails]:
    """Yield a fault for each value that makes no valid section of a name with any others of the space."""
    ends = {key: ends_of(key, axis) for key, axis in tune.trial_axes.items() if key.startswith(f"{name}.")}
    reasons: dict[tuple[str, Location], str] = {}
    used: set[tuple[str, Location]] = set()
    for places in islice(product(*ends.values()), MOST_NETWORKS):
        chosen = list(zip(ends, places, strict=True))
        try:
            section_with(section, {key: ends[key][place] for key, place in chosen})
            used.update(chosen)
        except ValidationError as error:
            (details, *_) = error.errors(include_url=False)
            where = details.get("ctx", {}).get("key", "")
            for one in chosen:
                reasons.setdefault(one, f"{name}{'.' if where else ''}{where}: {details['msg']}")
    if math.prod(map(len, ends.values())) <= MOST_NETWORKS:
        for (key, place), reason in reasons.items():
            if (key, place) not in used:
                made = "network that there can be" if name == "network" else "data section that is valid"
                yield _fault((key, *place), f"makes no {made}: {reason}")


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
