"""The predictor of a model: predictions for the rows of a table, in the targets' units."""

from collections.abc import Sequence

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.table import Table
from ntkcli.jobs.tabulation import ranges_reported
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Executor
from ntkcli.models.model import Model
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import Answer
from ntkcli.regression.question import Pair
from ntkcli.regression.stages import Stage
from ntkcli.results.result import Result


class Predictor:
    """Predicts with some kernels and times of a model.

    has_std: whether its results have standard deviations.

    Args:
        model: as it was read.
        pairs: the kernels and times, in order.
        std: whether standard deviations are wanted.
        executor: computes kernels.
        journal: receives the progress of factorisations that are computed again.

    Raises:
        DataError: an array of the model is missing or damaged.
        ResourceError: the factorisations do not fit in memory.
    """

    def __init__(
        self, model: Model, pairs: Sequence[Pair], *, std: bool, executor: Executor, journal: Journal
    ) -> None:
        self._model = model
        self._fitted = model.fitted(pairs, std=std, executor=executor, journal=journal)
        self._calibrations, self._journal = model.calibrations, journal
        self._told: list[Stage] = []
        self.has_std = std

    def results(self, table: Table) -> list[Result]:
        """Predict the rows of a table, and return a result for every kernel and time, in order.

        Raises:
            NumericalError: a row's kernel leaves the range of an activation, or a prediction that of float64.
        """
        schema = self._model.schema
        noise, scaling = schema.noise(table), schema.targets.scaling
        answers = self._answers(self._fitted, table)
        return [Result.of(answer, scaling, self._calibrations[answer.pair], noise) for answer in answers]

    def covariances(self, table: Table) -> list[FloatArray]:
        """Predict the rows of a table together: the covariance of the function, (m, m, k), in order.

        Its diagonal is the variance of a result; the predictor has to have standard deviations.

        Raises:
            NumericalError: as `results`.
        """
        scale = self._model.schema.targets.scaling.scale
        found: list[FloatArray] = []
        for answer in self._answers(self._fitted.asking("covariance"), table):
            covariance = answer.prediction.covariance
            assert covariance is not None
            found.append(covariance[:, :, None] * scale**2 * self._calibrations[answer.pair].variance_scale)
        return found

    def _answers(self, fitted: FittedModel, table: Table) -> list[Answer]:
        file = self._model.file
        with (
            ranges_reported(file.network, table, file.dtype, advice="correct the row, or fit again with"),
            np.errstate(over="ignore", invalid="ignore"),
        ):
            answers = fitted.predict(table.x)
        self._tell_samples()
        return answers

    def _tell_samples(self) -> None:
        """Say once how far off the standard deviations of many rows are."""
        for fitted in self._fitted.stages:
            if fitted.sampled and fitted.stage not in self._told:
                self._told.append(fitted.stage)
                self._journal.tell(fitted.sampling_text)
