"""Kernel regression with one network: from rows to predictions, one stage after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.gram_store import GramStore
from ntkcli.inference.flow import Action
from ntkcli.inference.gradient_flow import ensemble
from ntkcli.inference.posterior import posterior
from ntkcli.inference.prediction import Prediction, concatenate, with_spread
from ntkcli.kernels.gram import CHUNK_ROWS, strips
from ntkcli.kernels.network import Rows
from ntkcli.question import Question
from ntkcli.solved_stage import SolvedStage, solve_stage
from ntkcli.stages import Stage

# The kernel of the functions before training.
PRIOR_OF = {"ntk": "nngp", "nngp": "nngp", "ntkgp": "ntk"}


@dataclass(frozen=True)
class Answer:
    """The prediction of one kernel at one time.

    noise: variance of an observation around the function: the ridge, for a posterior.
    """

    kernel: str
    time: float
    prediction: Prediction
    noise: float


@dataclass(frozen=True)
class _Chunk:
    """Some test rows.

    test_train: their kernels with the training rows, (c, n), by Gram matrix.
    test: their kernels with themselves, (c,) or (c, c), if a spread is asked for.
    action: the stage's flow acting on (n, c) of its own kernel, if a spread is asked for.
    """

    rows: Rows
    test_train: dict[str, FloatArray]
    test: dict[str, FloatArray]
    action: Action | None


@dataclass
class Regression:
    """Training rows and a question, ready to predict.

    store: the training rows and their Gram matrices.
    y: (n, k) training targets.
    stages: how the question is answered.
    solvers: filled while predicting: for each stage, the solver and how far it can be trusted.
    """

    store: GramStore
    y: FloatArray
    question: Question
    stages: Sequence[Stage]
    solvers: list[dict[str, Any]] = field(default_factory=list)

    def answers(self, test: Rows) -> Iterator[Answer]:
        """Predictions for the rows `test`, every kernel and time of the question.

        Raises:
            SingularMatrixError: a Gram matrix that has to be inverted is singular to rounding.
            ConvergenceError: Lanczos does not reach its tolerance.
        """
        for stage in self.stages:
            self.store.need(stage.matrices(self.question))
            # Solved in the call, so that the factorisation lives no longer than the generator.
            yield from self._answers_of(solve_stage(stage, self.store, self.y, self.question), test)

    def _answers_of(self, solved: SolvedStage, test: Rows) -> Iterator[Answer]:
        """Stream the test rows past the solutions of one stage, chunk after chunk."""
        parts: dict[tuple[str, float], list[Prediction]] = {pair: [] for pair in solved.stage.pairs}
        length = len(test) if self.question.spread == "covariance" else CHUNK_ROWS
        with self.store.journal.phase("predict", len(test)) as advance:
            for strip in strips(slice(0, len(test)), length):
                chunk = self._chunk(solved, test[strip])
                for kernel, time in solved.stage.pairs:
                    parts[kernel, time].append(self._predict(solved, chunk, kernel, time))
                del chunk
                advance(strip.stop - strip.start)
        if solved.flow:
            self.solvers.append(solved.record(self.question))
        for pair in solved.stage.pairs:
            noise = 0.0 if pair[0] == "ntk" else solved.ridge
            yield Answer(*pair, concatenate(parts.pop(pair)), noise)

    def _chunk(self, solved: SolvedStage, rows: Rows) -> _Chunk:
        stage, gram, spread = solved.stage, self.store.gram, self.question.spread
        names = self.question.grams_of(stage.kernels)
        priors = sorted({PRIOR_OF[kernel] for kernel in stage.kernels})
        test = {name: rows.diagonal(name) for name in priors if spread == "variance"}
        if spread == "covariance":
            test = {name: matrix.to_array() for name, matrix in gram.symmetric(rows, priors).items()}
        if solved.flow is None:
            return _Chunk(rows, {}, test, None)
        test_train = gram.rectangle(rows, self.store.rows, names)
        action = solved.flow.on(test_train[stage.gram].T) if spread != "none" else None
        return _Chunk(rows, test_train, test, action)

    def _predict(self, solved: SolvedStage, chunk: _Chunk, kernel: str, time: float) -> Prediction:
        gram, exponent = solved.stage.gram, self.question.exponent(time)
        if solved.flow is None:
            mean = np.zeros((len(chunk.rows), self.y.shape[1]))
            return with_spread(mean, chunk.test["nngp"]) if chunk.test else Prediction(mean)
        mean = chunk.test_train[gram] @ solved.solutions[exponent].coefficients
        if chunk.action is None:
            return Prediction(mean)
        if kernel != "ntk":
            return posterior(chunk.action, exponent, mean, chunk.test[gram])
        half_product = self.store.matrices["nngp"].half_product
        return ensemble(
            chunk.action, exponent, mean, chunk.test_train["nngp"], chunk.test["nngp"], half_product
        )
