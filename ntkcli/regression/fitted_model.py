"""A fitted model in memory: stages that are solved, ready to predict any rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import ArraySink, ArraySource, FloatArray
from ntkcli.inference.prediction import Prediction
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Executor, Threads
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import Rows
from ntkcli.regression.fitted_stage import WEIGHTS, Answer, FittedStage, KeptStage, rows_name
from ntkcli.regression.predict import in_order, predict
from ntkcli.regression.question import Pair, Question, Uncertainty
from ntkcli.regression.reach import Reach
from ntkcli.regression.solve import fit_stage, load_stage
from ntkcli.regression.stages import Stage, ways
from ntkcli.regression.support import Support
from ntkcli.solvers.storage import Place


@dataclass
class FittedModel:
    """The answer to a question, for any rows.

    x: (n, d) training rows, or the centres (m, d) that stand for them.
    evaluator: computes kernels of the network that was fitted.
    question: what was asked.
    stages: what answers it.
    weights: (n,) > 0, of the training rows' squared errors; None where all are 1, and for centres.
    """

    x: FloatArray
    evaluator: Evaluator
    question: Question
    stages: list[FittedStage] = field(default_factory=list)
    weights: FloatArray | None = None

    @cached_property
    def _reach(self) -> Reach:
        return Reach(self.evaluator.network, self.evaluator.dtype)

    @classmethod
    def fit(
        cls,
        network: Network,
        x: FloatArray,
        y: FloatArray,
        question: Question,
        stages: Sequence[Stage] | None = None,
        *,
        weights: FloatArray | None = None,
        executor: Executor | None = None,
        dtype: npt.DTypeLike = np.float64,
        journal: Journal | None = None,
    ) -> Self:
        """Fit a network's kernels to training rows; factorisations are kept if an uncertainty is asked for.

        Args:
            network: the network; tables of its activations are made for these rows.
            x: (n, d) training rows.
            y: (n, k) training targets; the prior's mean is 0, so centre them.
            question: kernels, times, ridge and uncertainty.
            stages: how it is answered, as `ways` lists it; by default with one factorisation for each Gram
                matrix and need.
            weights: (n,) > 0: the ridge of row i is the question's over weights[i], and its squared
                error counts so much in the loss; None for 1.
            executor: computes kernels; by default one thread.
            dtype: that Gram matrices are stored and factored in.
            journal: receives phases and progress.

        Raises:
            KernelRangeError, VarianceLimitError: a row's kernel leaves the range of floating point, or that
                of an activation.
            PrecisionError: an activation cannot be had to 1e-9 for these rows.
            SingularMatrixError: a Gram matrix that has to be inverted is singular to rounding.
            ConvergenceError: an iteration does not reach its tolerance.
        """
        tabulated = network.tabulated(network.spans(x, dtype))
        evaluator = Evaluator(tabulated, executor=executor or Threads(), dtype=dtype)
        model = cls(x, evaluator, question, weights=weights)
        rows = model._support_rows(tabulated)
        for stage in next(ways(question)) if stages is None else stages:
            # A support for each, since a stage overwrites the Gram matrix that it factors.
            fitted = fit_stage(stage, Support(model.evaluator, rows), y, question, journal or Journal())
            if not question.has_uncertainty:
                fitted.release()
            model.stages.append(fitted)
        return model

    def fit_in_turn(
        self, stages: Sequence[Stage], support: Support, y: FloatArray, journal: Journal
    ) -> Iterator[FittedStage]:
        """Fit stages one after another, in the memory of one: as `ntk fit` does.

        Each has its factorisation until the next is asked for; afterwards the model predicts means.

        Args:
            stages: how the question is answered.
            support: the training rows; stages share their Gram matrices.
            y: (n, k) training targets.
            journal: receives phases and progress.

        Raises:
            SingularMatrixError, ConvergenceError: as `fit`.
        """
        for stage in stages:
            fitted = fit_stage(stage, support, y, self.question, journal)
            self.stages.append(fitted)
            yield fitted
            fitted.release()

    @property
    def alone(self) -> Self:
        """This model, for a thread that predicts by itself."""
        evaluator = self.evaluator.alone
        stages = [stage.on(evaluator, stage.support.rows) for stage in self.stages]
        return replace(self, evaluator=evaluator, stages=stages)

    def asking(self, uncertainty: Uncertainty) -> Self:
        """This model, asked for another uncertainty; for one at all it has to have its factorisations."""
        question = replace(self.question, uncertainty=uncertainty)
        stages = [replace(stage, question=question) for stage in self.stages]
        return replace(self, question=question, stages=stages)

    def predict(self, x: FloatArray) -> list[Answer]:
        """The answer of every kernel and time, in the order asked, for rows (m, d).

        Raises:
            KernelRangeError, VarianceLimitError, PrecisionError: as `fit`.
        """
        parts: dict[Pair, list[Prediction]] = {pair: [] for pair in self.question.pairs}
        networks = self._reach.networks_for(x, together=self.question.uncertainty == "covariance")
        for rows, network in networks:
            for pair, prediction in self._predict(network, x[rows]):
                parts[pair].append(prediction)
        order = np.argsort(np.concatenate([rows for rows, _ in networks]))
        stages = {pair: stage for stage in self.stages for pair in stage.stage.pairs}
        return [stages[pair].answer(pair, in_order(found, order)) for pair, found in parts.items()]

    def _predict(self, network: Network, x: FloatArray) -> Iterable[tuple[Pair, Prediction]]:
        """What every stage predicts for rows that one network serves."""
        stages, dtype = self.stages, self.evaluator.dtype
        if network is not self.evaluator.network:
            evaluator, support = replace(self.evaluator, network=network), self._support_rows(network)
            stages = [stage.on(evaluator, support) for stage in stages]
        rows = network.rows(x, dtype)
        for stage in stages:
            wanted = [pair for pair in self.question.pairs if pair in stage.stage.pairs]
            yield from predict(stage, rows, wanted).items()
        for own, other in zip(self.stages, stages, strict=True):
            own.sampled = other.sampled or own.sampled

    def _support_rows(self, network: Network) -> Rows:
        return network.rows(self.x, self.evaluator.dtype).with_weights(self.weights)

    def save(self, arrays: ArraySink, *, with_factors: bool = True) -> list[KeptStage]:
        """Keep rows, coefficients and, if wanted, factorisations; what else is to be known of each stage."""
        kept = [
            stage.save(arrays, place, with_factor=with_factors) for place, stage in enumerate(self.stages)
        ]
        arrays.write(rows_name(kept), self.x)
        if self.weights is not None:
            arrays.write(WEIGHTS, self.weights)
        return kept

    @classmethod
    def load(
        cls,
        evaluator: Evaluator,
        kept: Sequence[KeptStage],
        question: Question,
        columns: tuple[int, int],
        arrays: ArraySource,
        journal: Journal | None = None,
        place: Place = "memory",
        *,
        weighted: bool = False,
    ) -> Self:
        """A model that `save` kept, for as much of its question as is asked now.

        Args:
            evaluator: computes kernels of the network that was fitted.
            kept: what is known of the stages.
            question: kernels, times and uncertainty wanted now.
            columns: features d and outputs k.
            arrays: where the model is kept.
            journal: receives the progress of factorisations that were not kept, and are computed again.
            place: where these have their Gram matrices.
            weighted: whether the training rows have weights.

        Raises:
            DataError: an array is missing or damaged.
        """
        journal = journal or Journal()
        features, outputs = columns
        x = arrays.read(rows_name(kept), -1, features)
        weights = arrays.read(WEIGHTS, len(x)) if weighted else None
        model = cls(x, evaluator, question, weights=weights)
        rows = model._support_rows(evaluator.network)
        wanted = set(question.pairs)
        model.stages = [
            load_stage(
                stage, number, Support(evaluator, rows, place=place), question, outputs, arrays, journal
            )
            for number, stage in enumerate(kept)
            if wanted & set(stage.stage.pairs)
        ]
        return model


def answers(model: FittedModel, x: FloatArray) -> list[Answer]:
    """What a model answers for rows (c, d), whatever rows it has seen before."""
    # Or its tables would be as wide as those before had them.
    return replace(model).predict(x)
