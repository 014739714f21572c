"""The approximation of a job: centres, sums over all rows, and what they answer before and after `auto`."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.sample import sample
from ntkcli.data.table import Table
from ntkcli.inference.features import FeatureSmoother
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.jobs.automatic import with_found
from ntkcli.jobs.calibration_rows import held_out_of_many
from ntkcli.jobs.held_out import no_row_held_out
from ntkcli.jobs.job import Job
from ntkcli.jobs.regularisation_search import Axes, Found, RegularisationSearch
from ntkcli.jobs.summation import Summation
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.product import product
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.planning.nystrom_plan import NystromPlan
from ntkcli.regression.centres import Centres
from ntkcli.regression.feature_map import FeatureMap
from ntkcli.regression.feature_sums import FeatureSums
from ntkcli.regression.held_out import smaller_question
from ntkcli.regression.kernel import inverted_grams
from ntkcli.regression.nystrom import Nystrom
from ntkcli.regression.question import Pair, Question
from ntkcli.results.baseline_tally import BaselineTally
from ntkcli.spec.inference import InferenceSpec
from ntkcli.units import counted


@dataclass
class Approximation:
    """What one pass over the rows of a job gives.

    job: as it was before `auto` was found.
    centres: that were chosen, by their places among the rows at hand.
    held_out: places of the rows that are left out until `complete`.
    sums: over all others, and then over all.
    nystrom: what the sums answer.
    """

    job: Job
    centres: Centres
    held_out: IntArray
    sums: Summation
    nystrom: Nystrom

    @classmethod
    def of(cls, job: Job, plan: NystromPlan) -> Self:
        """Choose centres, and sum over the rows.

        Raises:
            DataError: a file changed while it was read.
            NumericalError: a row's kernel leaves its range.
        """
        journal, train, outputs = job.journal, job.dataset.train, job.dataset.schema.targets.count
        rows = rows_held_out(job)
        with journal.phase("centres"):
            centres = chosen_centres(job, plan, rows)
            features = FeatureMap.of(job.evaluator, train.x[centres.rows], plan.grams)
        sums = FeatureSums.empty(features, outputs, with_cross=plan.has_cross)
        summation = Summation(sums, BaselineTally(train.x.shape[1], outputs))
        with journal.phase("sums", job.row_source.train_rows) as advance:
            summation.add_all(job, train.rows[rows], advance)
        return cls(job, centres, rows, summation, _decomposed(job, sums))

    def automatic(self) -> InferenceSpec:
        """Return the inference section with values for `auto`: those that predict the rows held out best.

        Raises:
            NumericalError: there is no answer at any ridge and time tried.
        """
        job = self.job
        if not job.spec.inference.is_automatic:
            return job.spec.inference
        with job.journal.phase("automatic"):
            features = self.sums.features.features.features(self._held_out.x).values
            found = {gram: self._searched(gram, features.pop(gram)) for gram in self.nystrom.spectra}
        return with_found(job, found, "held-out", f", of {counted(len(self.held_out), 'row')}")

    def _searched(self, gram: GramName, features: FloatArray) -> Found:
        """Search by the features (h, r) of the rows held out."""
        job, own, inference = self.job, self.nystrom.spectra[gram], self.job.spec.inference
        y = self._outputs_held_out
        if (weights := self._held_out.weights) is not None:
            features, y = features * np.sqrt(weights)[:, None], y * np.sqrt(weights)[:, None]
        smoother = FeatureSmoother(own.spectrum, own.targets, product(features, own.spectrum.vectors), y)
        rows = self.sums.features.rows, job.row_source.train_rows
        mean = float(self.nystrom.mean_diagonal(gram)[0])
        axes = Axes.of(job, gram, own.spectrum.eigenvalues, mean, rows)
        return RegularisationSearch(smoother.left_out, axes, job.dataset.target_scaling.scale).best(
            ridge_is_free=inference.ridge == "auto", time_is_free=inference.time == "auto"
        )

    def unseen(self, question: Question) -> dict[Pair, LeaveOneOut]:
        """Return the rows held out as the sums without them predict them, by kernel and time.

        There are none, and a warning, where these have no answer and only intervals want them.

        Args:
            question: of the fit of all rows.

        Raises:
            SingularMatrixError: they have no answer.
        """
        job = self.job
        table, y = self._held_out, self._outputs_held_out
        asked = smaller_question(question, self.sums.features.rows / job.row_source.train_rows)
        if not question.has_uncertainty:
            asked = replace(asked, uncertainty="none")
        with job.journal.phase("hold out"):
            try:
                answers = self.nystrom.model(asked).predict(table.x)
                return {answer.pair: answer.unseen(y, table.weights) for answer in answers}
            except SingularMatrixError as error:
                if job.dataset.is_classification or job.spec.inference.variance_scale == "auto":
                    raise
                job.journal.warn(no_row_held_out(error))
                return {}

    def complete(self) -> None:
        """Add the rows that were held out, and decompose the sums over all rows."""
        if self.held_out.size:
            # Or the memory of the smaller fit would be there beside that of the whole one.
            del self.nystrom
            table = self._held_out
            self.sums.features.add(table.x, self._outputs_held_out, table.weights)
            self.nystrom = _decomposed(self.job, self.sums.features)

    @cached_property
    def _held_out(self) -> Table:
        return self.job.dataset.train.some(self.held_out)

    @property
    def _outputs_held_out(self) -> FloatArray:
        return self.job.dataset.y_train[self.held_out]


def _decomposed(job: Job, sums: FeatureSums) -> Nystrom:
    with job.journal.phase("solve"):
        return Nystrom.of(sums, inverted_grams(job.spec.inference.kernel))


def chosen_centres(job: Job, plan: NystromPlan, held_out: IntArray) -> Centres:
    """Choose the centres from a sample of the rows at hand, without those held out if enough are left."""
    rows = np.setdiff1d(np.arange(len(job.train)), held_out)
    if len(rows) < plan.sample:
        rows = np.arange(len(job.train))
    rows = rows[sample(len(rows), plan.sample, plan.seed)]
    found = Centres.chosen(job.evaluator, job.dataset.train.x[rows], plan.leading, plan.centres, plan.seed)
    return Centres(rows[found.rows], found.left_out)


def rows_held_out(job: Job) -> IntArray:
    """Return the places of the rows, of those at hand, by which `auto` is found or calibrations are."""
    is_automatic = job.spec.inference.is_automatic
    groups = job.dataset.train.groups
    found = held_out_of_many(len(job.train), groups) if is_automatic else job.calibration
    return np.array(found.rows, dtype=np.intp)
