"""A model that is loaded as an estimator: its kernel and time, its parameters, and its rows."""

from typing import Any

import numpy as np
import pandas as pd

from ntkcli.errors import SpecError
from ntkcli.estimators.parameters import SECTIONS
from ntkcli.models.model import Model
from ntkcli.regression.question import Pair, time_text


def chosen_pair(model: Model, kernel: str | None, time: float | None, path: object) -> Pair:
    """Return the only kernel and time of a model, or that of a kernel and a time.

    Raises:
        SpecError: there are several, or none.
    """
    found = [pair for pair in model.pairs if kernel in (None, pair.kernel) and time in (None, pair.time)]
    if len(found) != 1:
        there = ", ".join(f"{kernel} at {time_text(time)}" for kernel, time in model.pairs)
        raise SpecError(f"{path}: the model has {there}: give load one kernel and one time of these")
    return found[0]


def parameters_of(model: Model, pair: Pair, names: list[str]) -> dict[str, Any]:
    """Return the parameters of an estimator that a model tells of."""
    file, question = model.file, model.file.question
    known = {key: getattr(file.network, key) for key in SECTIONS["network"]}
    known |= {key: getattr(file.output, key) for key in SECTIONS["output"]}
    known |= {"kernel": pair.kernel, "time": pair.time, "learning_rate": question.rate, "dtype": file.dtype}
    known |= {"ridge": question.ridge, "ridge_scale": question.ridge_scale, "tolerance": question.tolerance}
    features = model.schema.features
    known["normalize_rows"] = features.rules.normalize_rows
    known["relevance"] = "equal" if (features.relevance == 1).all() else features.factors
    for key, scaling in (
        ("standardize", features.scaling),
        ("standardize_target", model.schema.targets.scaling),
    ):
        known[key] = bool(scaling.mean.any() or (scaling.scale != 1).any())
    known = {
        key: value.model_dump() if hasattr(value, "model_dump") else value for key, value in known.items()
    }
    return {key: value for key, value in known.items() if key in names}


def frame_with_texts(x: Any, model: Model) -> pd.DataFrame:
    """Return rows as a frame for a model that has features of text: from a frame alone."""
    features = model.schema.features
    names = [feature.name for feature in features.features]
    if not isinstance(x, pd.DataFrame) or not set(names) <= set(x.columns):
        raise ValueError(f"the model has features of text: give a DataFrame with columns {', '.join(names)}")
    frame = x[names].copy()
    for name in features.numbers:
        frame[name] = frame[name].astype(np.float64)
    for name in features.texts:
        frame[name] = frame[name].map(lambda cell: "" if pd.isna(cell) else str(cell)).astype("str")
    return frame
