"""Kernel regression with one network: from rows to predictions, one Gram matrix after the other."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Flow, PriorFlow, make_flow
from ntkcli.inference.gradient_flow import ensemble
from ntkcli.inference.posterior import posterior
from ntkcli.inference.prediction import Prediction, concatenate
from ntkcli.journal import Journal
from ntkcli.kernels.gram import Gram, strips
from ntkcli.kernels.network import Rows
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.plan import CHUNK_ROWS

# The Gram matrix that a kernel's predictions invert.
GRAM_OF = {"ntk": "ntk", "ntkgp": "ntk", "nngp": "nngp"}


@dataclass(frozen=True)
class Question:
    """What is asked of the kernels.

    times: for each of "ntk", "nngp", "ntkgp" asked for, times t >= 0 or inf.
    rate: what a time is multiplied with in the exponent: learning rate, and 1 / (n k) for the mean loss.
    ridge: lambda >= 0; in units of trace / n of the Gram matrix if `ridge_scale` is "trace".
    spread: what is wanted beside the mean.
    """

    times: dict[str, list[float]]
    rate: float = 1.0
    ridge: float = 0.0
    ridge_scale: Literal["absolute", "trace"] = "absolute"
    spread: Literal["none", "variance", "covariance"] = "variance"

    @property
    def grams(self) -> list[str]:
        """The Gram matrices needed."""
        return self.grams_of(self.times)

    def grams_of(self, kernels: Collection[str]) -> list[str]:
        """The Gram matrices that some kernels' predictions read: ntk's spread takes K as well."""
        needed = {GRAM_OF[kernel] for kernel in kernels}
        if "ntk" in kernels and self.spread != "none":
            needed.add("nngp")
        return sorted(needed)

    def pairs(self, gram: str) -> list[tuple[str, float]]:
        """Every (kernel, time) that is predicted from one Gram matrix."""
        return [(k, time) for k, times in self.times.items() if GRAM_OF[k] == gram for time in times]

    def absolute_ridge(self, matrix: SymmetricBlocks) -> float:
        """Lambda as it is added to the diagonal of `matrix`."""
        scale = float(matrix.diagonal.mean()) if self.ridge_scale == "trace" else 1.0
        return self.ridge * scale


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
class _Solution:
    """F_t(G) at one time: as an operator, and applied to the targets."""

    exponent: float
    flow: Flow
    coefficients: FloatArray


@dataclass(frozen=True)
class _Chunk:
    """Kernels of some test rows with the training rows, (c, n), and with themselves, (c,) or (c, c)."""

    test_train: dict[str, FloatArray]
    test: dict[str, FloatArray]


@dataclass
class Regression:
    """Training rows and a question, ready to predict.

    gram: computes Gram matrices of the network.
    train: the training rows.
    y: (n, k) training targets.
    solvers: filled while predicting: for each Gram matrix the solver, the ridge and the matrix's health.
    """

    gram: Gram
    train: Rows
    y: FloatArray
    question: Question
    journal: Journal = field(default_factory=Journal)
    solvers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answers(self, matrices: dict[str, SymmetricBlocks], test: Rows) -> Iterator[Answer]:
        """Predictions for the rows `test`, every kernel and time of the question.

        Args:
            matrices: the training rows' Gram matrices named by `question.grams`; used up.

        Raises:
            SingularMatrixError: time inf is asked for, and a Gram matrix with its ridge is singular.
        """
        # ntk first: its spread reads K, which nngp's factorisation overwrites.
        for name in ("ntk", "nngp"):
            if self.question.pairs(name):
                yield from self._answers_from(name, matrices, test)

    def _answers_from(self, name: str, matrices: dict[str, SymmetricBlocks], test: Rows) -> Iterator[Answer]:
        """The answers of one Gram matrix, whose factorisation lives no longer than this."""
        pairs = self.question.pairs(name)
        ridge = self.question.absolute_ridge(matrices[name])
        solutions = self._solve(name, matrices, ridge, sorted({time for _, time in pairs}))
        parts: dict[tuple[str, float], list[Prediction]] = {pair: [] for pair in pairs}
        for pair, prediction in self._predict(pairs, solutions, matrices.get("nngp"), test):
            parts[pair].append(prediction)
            if sum(len(part.mean) for part in parts[pair]) == len(test):
                noise = 0.0 if pair[0] == "ntk" else ridge
                yield Answer(*pair, concatenate(parts.pop(pair)), noise)

    def _solve(
        self, name: str, matrices: dict[str, SymmetricBlocks], ridge: float, times: list[float]
    ) -> dict[float, _Solution]:
        """Factor a Gram matrix in its place, and solve for the coefficients at every time."""
        with self.journal.phase("solve", matrices[name].block_count) as advance:
            # Popped in the call, so that nothing here keeps the blocks alive.
            factored = make_flow(matrices.pop(name), ridge, times, advance)
            self.solvers[name] = {"solver": factored.name, "ridge": ridge, **factored.health}
            solutions = {}
            for time in times:
                flow = factored if time > 0 else PriorFlow()
                exponent = time * self.question.rate
                solutions[time] = _Solution(exponent, flow, flow.apply(exponent, self.y))
            return solutions

    def _predict(
        self,
        pairs: list[tuple[str, float]],
        solutions: dict[float, _Solution],
        k_train_train: SymmetricBlocks | None,
        test: Rows,
    ) -> Iterator[tuple[tuple[str, float], Prediction]]:
        """Stream the test rows past the solutions of one Gram matrix, chunk after chunk."""
        length = len(test) if self.question.spread == "covariance" else CHUNK_ROWS
        with self.journal.phase("predict", len(test)) as advance:
            for strip in strips(slice(0, len(test)), length):
                chunk = self._chunk(test[strip], [kernel for kernel, _ in pairs])
                for kernel, time in pairs:
                    yield (
                        (kernel, time),
                        self._predict_chunk(kernel, solutions[time], k_train_train, chunk),
                    )
                advance(strip.stop - strip.start)

    def _chunk(self, rows: Rows, kernels: list[str]) -> _Chunk:
        grams = self.question.grams_of(kernels)
        if self.question.spread == "covariance":
            test = {name: matrix.to_array() for name, matrix in self.gram.symmetric(rows, grams).items()}
        else:
            test = {name: rows.diagonal(name) for name in grams}
        return _Chunk(self.gram.rectangle(rows, self.train, grams), test)

    def _predict_chunk(
        self, kernel: str, solution: _Solution, k_train_train: SymmetricBlocks | None, chunk: _Chunk
    ) -> Prediction:
        gram = GRAM_OF[kernel]
        time, flow, coefficients = solution.exponent, solution.flow, solution.coefficients
        if self.question.spread == "none":
            return Prediction(chunk.test_train[gram] @ coefficients)
        if kernel != "ntk":
            return posterior(flow, time, coefficients, chunk.test_train[gram], chunk.test[gram])
        assert k_train_train is not None
        return ensemble(
            flow,
            time,
            coefficients,
            chunk.test_train["ntk"],
            chunk.test_train["nngp"],
            chunk.test["nngp"],
            k_train_train.half_product,
        )
