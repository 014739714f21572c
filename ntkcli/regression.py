"""Kernel regression with one network: from rows to predictions, one stage after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.gram_store import GramStore
from ntkcli.inference.leave_one_out import LeftOut, leave_one_out
from ntkcli.inference.prediction import Prediction, concatenate
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.question import Question
from ntkcli.solved_stage import SolvedStage, solve_stage
from ntkcli.stage_predictor import PRIOR_OF, Pair, StagePredictor
from ntkcli.stages import Stage

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Answer:
    """The prediction of one kernel at one time.

    noise: variance of an observation around the function: the ridge, for a posterior.
    left_out: the question's training rows predicted without themselves, or None; the variances of an
        ensemble (ntk) are not known, NaN, where no spread is asked for.
    """

    kernel: str
    time: float
    prediction: Prediction
    noise: float
    left_out: LeftOut | None = None


@dataclass
class Regression:
    """Training rows and a question, ready to predict.

    store: the training rows and their Gram matrices.
    y: (n, k) training targets.
    stages: how the question is answered.
    keep: is shown every stage as it is solved.
    solvers: filled while predicting: for each stage, the solver and how far it can be trusted.
    """

    store: GramStore
    y: FloatArray
    question: Question
    stages: Sequence[Stage]
    keep: Callable[[SolvedStage], None] = lambda solved: None
    solvers: list[dict[str, Any]] = field(default_factory=list)

    def answers(self, test: Rows) -> Iterator[Answer]:
        """Predictions for the rows `test`, every kernel and time of the question.

        Raises:
            SingularMatrixError: a Gram matrix that has to be inverted is singular to rounding.
            ConvergenceError: Lanczos does not reach its tolerance.
        """
        for stage in self.stages:
            # Solved in the call, so that the factorisation lives no longer than the generator.
            yield from self._answers_of(solve_stage(stage, self.store, self.y, self.question), test)

    def _answers_of(self, solved: SolvedStage, test: Rows) -> Iterator[Answer]:
        """Stream the test rows past the solutions of one stage, chunk after chunk."""
        self.keep(solved)
        pairs = solved.stage.pairs
        parts: dict[Pair, list[Prediction]] = {pair: [] for pair in pairs}
        predictor = StagePredictor(solved, self.store, self.question, pairs)
        length = len(test) if self.question.spread == "covariance" else CHUNK_ROWS
        with self.store.journal.phase("predict", len(test)) as advance:
            for strip in strips(slice(0, len(test)), length):
                for pair, prediction in predictor.predict(test[strip]):
                    parts[pair].append(prediction)
                advance(strip.stop - strip.start)
        left_out = self._left_out(solved)
        if solved.flow:
            self.solvers.append(solved.record(self.question))
        for pair in pairs:
            noise = 0.0 if pair[0] == "ntk" else solved.ridge
            yield Answer(*pair, concatenate(parts.pop(pair)), noise, left_out.get(pair))

    def _left_out(self, solved: SolvedStage) -> dict[Pair, LeftOut]:
        """The training rows that the question names, predicted without themselves, by kernel and time."""
        rows = np.asarray(self.question.left_out, dtype=np.intp)
        if not rows.size:
            return {}
        with self.store.journal.phase("leave out", len(rows) * len(solved.stage.pairs)) as advance:
            found = {}
            for pair in solved.stage.pairs:
                parts = []
                for strip in strips(slice(0, len(rows)), CHUNK_ROWS):
                    parts.append(self._without(solved, pair, rows[strip]))
                    advance(strip.stop - strip.start)
                found[pair] = LeftOut(
                    np.concatenate([part.residual for part in parts]),
                    np.concatenate([part.variance for part in parts]),
                )
            return found

    def _without(self, solved: SolvedStage, pair: Pair, rows: IntArray) -> LeftOut:
        kernel, time = pair
        if solved.flow is None:
            prior = self.store.rows.diagonal(PRIOR_OF[kernel])[rows]
            return LeftOut(self.y[rows], prior + (0.0 if kernel == "ntk" else solved.ridge))
        multiply = self.store.matrices["nngp"].product if self._reads_nngp(kernel) else None
        found = leave_one_out(solved.flow, self.y, rows, self.question.exponent(time), multiply)
        if kernel == "ntk" and multiply is None:
            return replace(found, variance=np.full(len(rows), np.nan))
        return found

    def _reads_nngp(self, kernel: str) -> bool:
        """Where nobody wants a spread, the NNGP's matrix is not at hand, and an ensemble's is not known."""
        return kernel == "ntk" and self.question.spread != "none"
