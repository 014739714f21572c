"""A stage that is solved: its factorisation, its coefficients, and how far they can be trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from ntkcli.arrays import ArraySink, FloatArray
from ntkcli.inference.flow import Flow, Health, Keepable
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.prediction import Prediction
from ntkcli.inference.solution import SolutionHealth
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.regression.question import Pair, Question, time_text
from ntkcli.regression.stages import Stage
from ntkcli.regression.support import Support
from ntkcli.units import percent_text

# The array of the rows whose kernels are taken, beside those of the stages: training rows, or centres.
TRAINING_ROWS, CENTRES, WEIGHTS = "x_train", "centres", "weights"


@dataclass(frozen=True)
class Answer:
    """The prediction of one kernel at one time.

    noise: variance of an observation around the function: the ridge, for a posterior.
    leave_one_out: the question's training rows predicted without themselves, or None; the variances of an
        ensemble (ntk) are not known, NaN, where no uncertainty is asked for.
    """

    pair: Pair
    prediction: Prediction
    noise: float
    leave_one_out: LeaveOneOut | None = None

    def unseen(self, y: FloatArray, weights: FloatArray | None = None) -> LeaveOneOut:
        """What a fit without some rows says of them, as if each had been left out of it alone.

        Args:
            y: targets (s, k) of the rows that were predicted.
            weights: theirs, (s,), by which their noise is less; None for 1.

        Returns:
            Residuals (s, k), and variances (s,): of a noisy observation for posteriors, over the networks for
            ensembles, and NaN where none were asked for.
        """
        variance, noise = self.prediction.variance, self.noise if weights is None else self.noise / weights
        unknown = np.full(len(y), np.nan)
        return LeaveOneOut(
            np.asarray(y - self.prediction.mean), unknown if variance is None else variance + noise
        )


@dataclass(frozen=True)
class SampledVariances:
    """How the variances of many test rows were had.

    samples: functions of the prior.
    relative_error, largest_relative_error: the standard error of a standard deviation, of the median test row
        and the largest of any.
    degree: of the polynomial that drew them.
    """

    samples: int
    relative_error: float
    largest_relative_error: float
    degree: int

    @property
    def text(self) -> str:
        """What is said of the standard deviations."""
        typical, largest = percent_text(self.relative_error), percent_text(self.largest_relative_error)
        return f"standard deviations from {self.samples:,} samples, about {typical} off, {largest} at most"


@dataclass(frozen=True)
class SolverRecord:
    """What a solver did for one stage.

    ridge: lambda as it was added to the diagonal.
    health: of the factorisation.
    times: the health of the solution at each time.
    sampled: how variances were had; None where each test row was solved for, or there are none.
    """

    gram: GramName
    solver: str
    ridge: float
    health: Health
    times: Mapping[float, SolutionHealth]
    sampled: SampledVariances | None = None


@dataclass(frozen=True)
class KeptFactor:
    """A factorisation among kept arrays: the solver that reads it, and the numbers that go with it."""

    kind: str
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class KeptStage:
    """A fitted stage among kept arrays.

    factor: None where the factorisation is not kept.
    features: how many stand for the training rows, r; None where these are the support themselves.
    """

    stage: Stage
    ridge: float
    factor: KeptFactor | None = None
    features: int | None = None


@dataclass
class FittedStage:
    """What a stage's predictions are made from.

    stage: what was solved.
    question: that the stage belongs to.
    support: the rows that the coefficients belong to; for an ensemble's variance it holds their NNGP matrix.
    ridge: lambda as it was added to the diagonal.
    outputs: k.
    flow: of the Gram matrix; None at time 0, where there is nothing to solve, where only means are wanted, or
        when it was released.
    coefficients: (n, k) by time.
    health: of the solutions, by time.
    sampled: how the last variances were had, if by samples.
    """

    stage: Stage
    question: Question
    support: Support
    ridge: float
    outputs: int
    flow: Flow | None = None
    coefficients: dict[float, FloatArray] = field(default_factory=dict)
    health: dict[float, SolutionHealth] = field(default_factory=dict)
    sampled: SampledVariances | None = None

    @property
    def needed_flow(self) -> Flow:
        """The flow, for what cannot be had without it.

        Raises:
            ValueError: it was released, or never kept.
        """
        if self.flow is None:
            raise ValueError(f"the factorisation of the {self.stage.gram} Gram matrix is gone")
        return self.flow

    def release(self) -> None:
        """Give back the memory of the factorisation: from here on there are means alone."""
        self.flow = None

    def answer(self, pair: Pair, prediction: Prediction, leave_one_out: LeaveOneOut | None = None) -> Answer:
        """A prediction with the noise that goes with it."""
        return Answer(pair, prediction, self.question.noise(pair.kernel, self.ridge), leave_one_out)

    @property
    def record(self) -> SolverRecord | None:
        """What the solver did; None where there was nothing to solve."""
        if self.flow is None:
            return None
        stage, health = self.stage, self.flow.health
        return SolverRecord(stage.gram, stage.solver.name, self.ridge, health, self.health, self.sampled)

    @property
    def sampling_text(self) -> str:
        """How far off variances are that are from samples; nothing where there are none."""
        return f"{' and '.join(self.stage.kernels)}: {self.sampled.text}" if self.sampled else ""

    def save(self, arrays: ArraySink, place: int, *, with_factor: bool) -> KeptStage:
        """Keep the coefficients and, if wanted, the factorisation of a solver that keeps one.

        Args:
            arrays: where.
            place: among the stages, from 0.
            with_factor: whether the factorisation is kept; that of features always is, as it is small and
                cannot be computed again.
        """
        for time, coefficients in self.coefficients.items():
            arrays.write(coefficients_name(self.stage.gram, time), coefficients)
        features = self.support.save(place, arrays)
        factor = None
        if (with_factor or features) and isinstance(self.flow, Keepable):
            factor = KeptFactor(self.stage.solver.name, self.flow.save(factor_name(place), arrays))
        return KeptStage(self.stage, self.ridge, factor, features)

    def on(self, evaluator: Evaluator, rows: Rows) -> Self:
        """The same with the support rows as another network sees them, which the evaluator computes with."""
        return replace(self, support=replace(self.support, evaluator=evaluator, rows=rows))


def rows_name(stages: Sequence[KeptStage]) -> str:
    """The array of the rows whose kernels some stages take."""
    return TRAINING_ROWS if all(stage.features is None for stage in stages) else CENTRES


def coefficients_name(gram: GramName, time: float) -> str:
    """The array of the coefficients of one Gram matrix at one time."""
    return f"coefficients/{gram}_t{time_text(time)}"


def factor_name(place: int) -> str:
    """The array of the factorisation of a stage, by its place among the stages."""
    return f"factors/{place}"
