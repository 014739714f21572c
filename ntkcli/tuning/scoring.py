"""The scores of every candidate for one network, by held-out rows or in closed form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.jobs.ranges import automatic_times
from ntkcli.kernels.executor import Executor, Here
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.spectrum import eigenvalues_alone
from ntkcli.regression.kernel import KERNELS, inverted_grams
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.tune import Objective
from ntkcli.tuning.candidates import Candidate, FreeAxes
from ntkcli.tuning.closed_forms import closed_forms
from ntkcli.tuning.decomposed import Decomposed, Kernels, Targets, weighted_gram
from ntkcli.tuning.held_out import HeldOut
from ntkcli.tuning.objectives import (
    Accuracy,
    Criterion,
    FoldSummary,
    LogDensity,
    LogLoss,
    RootMeanSquare,
    Score,
)
from ntkcli.tuning.splits import Split

# Numbers in an array that has a row for every training row and a column for every candidate and output.
MOST_NUMBERS = 4_000_000

Scored = dict[Candidate, Score]


@dataclass(frozen=True)
class Scorer:
    """Scores one network after another by one objective.

    axes: the candidates.
    inference: the spec's variance scale and learning rate, which all candidates share.
    targets: of the rows that are scored.
    splits: into training and held-out rows; none for the closed forms.
    executor: works on the folds or, where there are none, on the Gram matrices. With `Here`, they come one
        after another, each with all threads that BLAS has.
    """

    objective: Objective
    axes: FreeAxes
    inference: InferenceSpec
    targets: Targets
    splits: Sequence[Split]
    executor: Executor = field(default_factory=Here)

    def scores(self, kernels: Kernels) -> Scored:
        """Return the score of every candidate of a network, in the order of the axes.

        Raises:
            NumericalError: an eigendecomposition fails.
        """
        grams = inverted_grams(self.axes.kernels)
        if self.splits:
            parts = [self._held_out(kernels, gram) for gram in grams]
        else:
            parts = [*self.executor.map(partial(self._closed_form, kernels), grams)]
        order = self.axes.kernels.index
        found = [item for part in parts for item in part.items()]
        return dict(sorted(found, key=lambda item: order(item[0].kernel)))

    def _held_out(self, kernels: Kernels, gram: GramName) -> Scored:
        chunks = list(self._chunks(self._candidates(self._times(kernels, gram), gram)))
        criterion = self._criterion()
        task = partial(self._summaries, kernels, gram, chunks, criterion)
        folds = self.executor.map(task, self.splits)
        rows = [split.held_out for split in self.splits]
        by_chunk = zip(chunks, zip(*folds, strict=True), strict=True)
        found: Scored = {}
        for chunk, kept in by_chunk:
            scores = criterion.scores([FoldSummary(*fold) for fold in zip(rows, kept, strict=True)])
            found |= zip(chunk, scores, strict=True)
        return found

    def _summaries(
        self,
        kernels: Kernels,
        gram: GramName,
        chunks: Sequence[Sequence[Candidate]],
        criterion: Criterion,
        split: Split,
    ) -> list[FloatArray]:
        """Return what the criterion keeps of a fold's predictions, for every chunk of candidates."""
        fold = Decomposed(kernels, gram, split.train, self.targets)
        held_out = HeldOut(fold, split.held_out, self.inference)
        return [
            criterion.of_fold(
                split.held_out,
                held_out.means(chunk),
                held_out.variances(chunk) if self.objective == "nll" else None,
            )
            for chunk in chunks
        ]

    def _closed_form(self, kernels: Kernels, gram: GramName) -> Scored:
        rows = np.arange(len(self.targets.y))
        whole = Decomposed(kernels, gram, rows, self.targets)
        times = automatic_times(whole.spectrum.eigenvalues, whole.rate(self.inference))
        found: Scored = {}
        for chunk in self._chunks(self._candidates(times, gram)):
            scores = closed_forms(self.objective, whole, chunk, self.targets, self.inference)
            found |= zip(chunk, scores, strict=True)
        return found

    def _times(self, kernels: Kernels, gram: GramName) -> list[float]:
        """Return automatic times by the eigenvalues of the first fold, where the axes have none."""
        if self.axes.times is not None:
            return []
        rows = self.splits[0].train
        # By the executor, with the threads that the folds have.
        (eigenvalues,) = self.executor.map(partial(_eigenvalues, kernels, gram, self.targets), [rows])
        return automatic_times(eigenvalues, self.inference.rate(self.targets.y[rows].size))

    def _candidates(self, times: list[float], gram: GramName) -> list[Candidate]:
        """Return the candidates of the kernels that invert a Gram matrix; `times` if the axes have none."""
        found = self.axes.candidates(times)
        return [candidate for candidate in found if KERNELS[candidate.kernel].gram == gram]

    def _chunks(self, candidates: list[Candidate]) -> Iterator[list[Candidate]]:
        """Yield candidates of one kernel, as many as there is room for."""
        length = max(1, MOST_NUMBERS // self.targets.y.size)
        for kernel in dict.fromkeys(candidate.kernel for candidate in candidates):
            own = [candidate for candidate in candidates if candidate.kernel == kernel]
            yield from (own[start : start + length] for start in range(0, len(own), length))

    def _criterion(self) -> Criterion:
        if self.objective == "rmse":
            return RootMeanSquare(self.targets.y, self.targets.scale)
        if self.objective == "nll":
            return LogDensity(self.targets.y, self.targets.scale)
        if self.targets.labels is None:
            raise ValueError(f"{self.objective} needs classes")
        kind = Accuracy if self.objective == "accuracy" else LogLoss
        return kind(self.targets.labels)


def _eigenvalues(kernels: Kernels, gram: GramName, targets: Targets, rows: IntArray) -> FloatArray:
    return eigenvalues_alone(weighted_gram(kernels, gram, rows, targets))
