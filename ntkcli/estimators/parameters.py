"""Parameters of estimators: they are keys of a spec, each with the key's default and limits."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import yaml
from pydantic import ValidationError

from ntkcli.errors import SpecError
from ntkcli.kernels.executor import Threads
from ntkcli.planning.machine import thread_count
from ntkcli.spec.faults import validation_faults
from ntkcli.spec.layer import Layer, Layers
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.section import Section
from ntkcli.spec.spec import ComputeSpec, Spec
from ntkcli.spec.yaml_document import Document

T = TypeVar("T", bound=Section)

# The parameters, by the section of the spec that has them as keys.
SECTIONS: dict[str, tuple[str, ...]] = {
    "data": ("standardize", "normalize_rows", "relevance", "standardize_target"),
    "network": tuple(NetworkSpec.model_fields),
    "inference": ("kernel", "time", "learning_rate", "loss", "ridge", "ridge_scale", "variance_scale"),
    "output": ("noise", "interval", "interval_from", "factor"),
    "compute": ("dtype", "solver", "tolerance", "variance_samples", "memory", "threads"),
}
# Keys that may be several in a spec, where an estimator has one.
SINGLE = ("kernel", "time")


def spec_of(parameters: Mapping[str, Any], targets: list[str], task: str, weight: str | None) -> Spec:
    """Return the spec that some parameters are keys of, for a table in memory.

    Args:
        parameters: by name.
        targets: the columns of the targets.
        task: regression or classification.
        weight: the column of the weights, if there is one.

    Raises:
        SpecError: a value is not what a spec may have; the message has all that are not.
    """
    several = [key for key in SINGLE if not isinstance(parameters[key], str | float | int | np.number)]
    if several:
        raise SpecError(f"{several[0]}: should be one value (found {parameters[several[0]]!r})")
    values = {
        section: {key: parameters[key] for key in keys if key in parameters}
        for section, keys in SECTIONS.items()
    }
    if values["network"]["readout"] is None:
        values["network"]["readout"] = {}
    values["data"] |= {"train": "X", "target": targets, "task": task, "weight": weight}
    # Whether variances are wanted from the fit: predictions have theirs in any case.
    calibrates = (
        parameters["variance_scale"] == "auto" or parameters.get("interval_from", "normal") != "normal"
    )
    values["output"] |= {"dir": tempfile.gettempdir(), "std": calibrates}
    values["output"].setdefault("interval_from", "normal")
    return validated(Spec, values)


def executor_of(threads: Any) -> Threads:
    """Return so many threads of this machine; `auto` is as in a spec.

    Raises:
        SpecError: it is not a number of threads.
    """
    spec = validated(ComputeSpec, {"threads": threads})
    return Threads(thread_count(spec.threads))


def validated(section: type[T], values: Mapping[str, Any]) -> T:
    """Return a section of some values, in the types of YAML or of NumPy.

    Raises:
        SpecError: a value is not what the section may have; the message has all that are not.
    """
    values = _plain(values)
    try:
        return section.model_validate(values)
    except ValidationError as error:
        given = Layer("parameters", Path(), Document(yaml.safe_dump(_shown(values))))
        faults = validation_faults(Layers([given], main=given), error)
        raise SpecError("; ".join(fault.what for _, fault in faults)) from error


def _plain(value: Any) -> Any:
    """Return a value in the types of YAML, where it has others: NumPy's, and tuples."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {_plain(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _shown(value: Any) -> Any:
    """Return a plain value whose parts that YAML has not are their texts."""
    if isinstance(value, dict):
        return {_shown(key): _shown(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_shown(part) for part in value]
    return value if value is None or isinstance(value, str | bool | int | float) else repr(value)
