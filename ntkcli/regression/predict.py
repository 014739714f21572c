"""Predictions of one solved stage for any rows, some at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.ensemble import ensemble
from ntkcli.inference.flow import Action
from ntkcli.inference.posterior import posterior
from ntkcli.inference.prediction import Prediction, with_spread
from ntkcli.kernels.rows import Rows
from ntkcli.regression.gram_store import GramStore
from ntkcli.regression.question import Question
from ntkcli.regression.solve import SolvedStage

# The kernel of the functions before training.
PRIOR_OF = {"ntk": "nngp", "nngp": "nngp", "ntkgp": "ntk"}

Pair = tuple[str, float]


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


@dataclass(frozen=True)
class StagePredictor:
    """A solved stage, ready for test rows.

    store: the training rows; for an ensemble's spread it holds their NNGP matrix.
    question: which spread is wanted.
    pairs: those of the stage's (kernel, time) that are.
    """

    solved: SolvedStage
    store: GramStore
    question: Question
    pairs: Sequence[Pair]

    def predict(self, rows: Rows) -> Iterator[tuple[Pair, Prediction]]:
        """What every pair predicts for some rows."""
        chunk = self._chunk(rows)
        for kernel, time in self.pairs:
            yield (kernel, time), self._predict(chunk, kernel, time)

    def _chunk(self, rows: Rows) -> _Chunk:
        gram, spread = self.store.gram, self.question.spread
        kernels = [kernel for kernel, _ in self.pairs]
        priors = sorted({PRIOR_OF[kernel] for kernel in kernels})
        test = {name: rows.diagonal(name) for name in priors if spread == "variance"}
        if spread == "covariance":
            test = {name: matrix.to_array() for name, matrix in gram.symmetric(rows, priors).items()}
        if self.solved.stage.solver == "none":
            return _Chunk(rows, {}, test, None)
        test_train = gram.rectangle(rows, self.store.rows, self.question.grams_of(kernels))
        action = None
        if spread != "none" and self.solved.flow:
            action = self.solved.flow.on(test_train[self.solved.stage.gram].T)
        return _Chunk(rows, test_train, test, action)

    def _predict(self, chunk: _Chunk, kernel: str, time: float) -> Prediction:
        gram, exponent = self.solved.stage.gram, self.question.exponent(time)
        if self.solved.stage.solver == "none":
            mean = np.zeros((len(chunk.rows), self.solved.outputs))
            return with_spread(mean, chunk.test["nngp"]) if chunk.test else Prediction(mean)
        mean = chunk.test_train[gram] @ self.solved.coefficients[exponent]
        if chunk.action is None:
            return Prediction(mean)
        if kernel != "ntk":
            return posterior(chunk.action, exponent, mean, chunk.test[gram])
        half_product = self.store.matrices["nngp"].half_product
        return ensemble(
            chunk.action, exponent, mean, chunk.test_train["nngp"], chunk.test["nngp"], half_product
        )
