"""What the estimators have in common: parameters, the fit, predictions in parts, and models on disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from warnings import warn

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ntkcli.arrays import FloatArray
from ntkcli.data.held_table import HeldTable
from ntkcli.data.raw_data import RawData
from ntkcli.data.table import Table
from ntkcli.errors import SpecError
from ntkcli.estimators.errors import in_words_of_parameters, value_errors
from ntkcli.estimators.loading import chosen_pair, frame_with_texts, parameters_of
from ntkcli.estimators.parameters import executor_of, spec_of
from ntkcli.estimators.training_rows import TrainingRows, frame_of, free_name
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.linalg.threads import with_threads
from ntkcli.models.held_model import fit_in_memory, load_into_memory, save_model
from ntkcli.models.model import Model
from ntkcli.models.predictor import Predictor
from ntkcli.regression.question import Pair
from ntkcli.spec.file import SpecFile
from ntkcli.spec.spec import Spec


@dataclass
class _Predictors:
    """Those of a fitted model, with and without standard deviations, once they are made."""

    made: dict[bool, Predictor] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Without those that are made: they are made again."""
        return {"made": {}}


class NTKEstimator(BaseEstimator):  # type: ignore[misc]
    """An infinitely wide network, fitted to arrays as `ntk fit` does.

    The parameters are keys of a spec, with its defaults and its limits; docs/spec.md describes them.
    """

    _task: str
    _model: Model
    ridge_: Any
    time_: float

    def _fit(
        self,
        x: FloatArray,
        y: FloatArray,
        counts: FloatArray | None,
        targets: list[str],
        classes: list[str] | None,
    ) -> None:
        """Fit to rows x (n, d) and y: (n, k) numbers, or places (n, 1) among the texts of classes.

        Raises:
            InvalidValueError: a parameter or the data is not what it should be, or the fit has no answer.
            ResourceError: there is too little memory.
        """
        rows = TrainingRows(x, y, counts).distinct
        if len(rows.x) < 2:
            raise ValueError("fewer than two different rows have a weight above 0: give more")
        rows = replace(rows, factors=self._factors(rows))
        weight = None if rows.weights is None else free_name("sample_weight", [*self._names, *targets])
        journal = Journal()
        with value_errors():
            spec = spec_of(self.get_params(deep=False), targets, self._task, weight)
            output = spec.output.model_copy(update={"std": True})
            if rows.counts is not None:
                spec = _counted(spec, float(rows.counts.mean()))
            table = rows.table(self._names, targets, classes, weight)
            raw = RawData.held(table, spec.data, rows.counts)
            with open_job(SpecFile(Path("parameters"), "", spec), journal, raw=raw) as job:
                self._set_model(fit_in_memory(job, output))
        for text in journal.warnings:
            warn(in_words_of_parameters(text), UserWarning, stacklevel=3)

    def _factors(self, rows: TrainingRows) -> FloatArray | None:
        """By how much rows count more or less than they are there, (n,), of mean 1; None for 1."""
        return None

    def _set_model(self, model: Model, pair: Pair | None = None) -> None:
        self._model, self._pair, self._predictors = model, pair or model.pairs[0], _Predictors()
        self.ridge_, self.time_ = model.file.question.ridge, self._pair.time

    @property
    def _names(self) -> list[str]:
        """The names of the features."""
        named = getattr(self, "feature_names_in_", None)
        return [f"x{i}" for i in range(self.n_features_in_)] if named is None else [*map(str, named)]

    @contextmanager
    def _predicting(self, x: Any, *, std: bool) -> Iterator[tuple[Predictor, Table]]:
        """Check rows (m, d), and open what predicts them, for the `with` block.

        Raises:
            InvalidValueError: a row is not what it should be, or has no answer.
            NotFittedError: the estimator is not fitted.
        """
        check_is_fitted(self, "_model")
        table, model = self._table(x), self._model
        with value_errors():
            executor = executor_of(self.threads)
        with value_errors(), with_threads(executor.workers):
            made = self._predictors.made
            if std not in made:
                made[std] = Predictor(model, [self._pair], std=std, executor=executor, journal=Journal())
            (rows,) = model.schema.tables(table)
            yield made[std], rows

    def _table(self, x: Any) -> HeldTable:
        if self._model.schema.features.texts:
            return HeldTable("X", frame_with_texts(x, self._model))
        x = validate_data(self, x, reset=False, dtype=np.float64)
        return HeldTable("X", frame_of(x, self._names))

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the fitted model into a directory, from which `ntk predict` predicts.

        Args:
            path: the directory, which appears whole or not at all.
            overwrite: whether one that is there, and holds a model alone, is replaced.

        Raises:
            NotFittedError: the estimator is not fitted.
            RunDirectoryError: the place is taken, or cannot be written.
        """
        check_is_fitted(self, "_model")
        with value_errors():
            save_model(self._model, Path(path), overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path, *, kernel: str | None = None, time: float | None = None) -> Self:
        """Read a model that `save` or `ntk fit` wrote.

        Args:
            path: the run directory.
            kernel, time: of the model's kernels and times, if there are several.

        Returns:
            A fitted estimator whose parameters are those of the model.

        Raises:
            DataError: there is no model, or it is damaged.
            InvalidValueError: it is not of this kind of target, or several kernels and times could be meant.
        """
        model = load_into_memory(Path(path))
        with value_errors():
            pair = chosen_pair(model, kernel, time, path)
            task = "classification" if model.schema.targets.is_classification else "regression"
            if task != cls._task:
                raise SpecError(f"{path}: the model is one of {task}: load it with the other estimator")
        found = cls(**parameters_of(model, pair, cls._get_param_names()))
        found._set_model(model, pair)
        names = [feature.name for feature in model.schema.features.features]
        found.n_features_in_ = len(names)
        found.feature_names_in_ = np.array(names, dtype=object)
        found._loaded()
        return found

    def _loaded(self) -> None:
        """Set what a fit sets beside the model: here nothing."""


def checked_weights(weights: Any, x: FloatArray) -> FloatArray:
    """The weights (n,) >= 0 of rows x, of which some are above 0.

    Raises:
        ValueError: they are not that.
    """
    return np.asarray(_check_sample_weight(weights, x, dtype=np.float64, ensure_non_negative=True))


def _counted(spec: Spec, mean: float) -> Spec:
    """Return a spec whose ridge and time are those of a row that is there once.

    A fit takes weights over their mean, with a ridge and a time for the average row. A ridge that is found
    from the data is for the average row too.
    """
    inference = spec.inference
    changes: dict[str, Any] = {}
    if isinstance(inference.ridge, dict):
        changes["ridge"] = {gram: ridge / mean for gram, ridge in inference.ridge.items()}
    elif inference.ridge != "auto":
        changes["ridge"] = inference.ridge / mean
    if inference.loss == "sum":
        changes["learning_rate"] = inference.learning_rate * mean
    return spec.model_copy(update={"inference": inference.model_copy(update=changes)})
