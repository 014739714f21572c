"""The Gram matrices of a job by the features of its approximation's centres."""

import math
from dataclasses import dataclass, replace
from typing import Any

from ntkcli.jobs.approximation import Approximation
from ntkcli.jobs.job import Job
from ntkcli.regression.kernel import inverted_grams
from ntkcli.spec.approximation import NystromSpec
from ntkcli.spectra.feature_gram import FeatureGram


@dataclass(frozen=True)
class ApproximateGrams:
    """The Gram matrices that a job's predictions invert, from one pass over its rows.

    job: with a number for its ridge.
    found: each of them.
    centres: how many there are.
    """

    job: Job
    found: list[FeatureGram]
    centres: int

    @classmethod
    def of(cls, job: Job, approximation: NystromSpec) -> "ApproximateGrams":
        """Sum over the rows of a job; `ridge: auto` is found as by a fit to time inf.

        Args:
            job: without `auto` for its time.
            approximation: of its spec.

        Raises:
            ResourceError, SpecError: the approximation is not possible.
            DataError: a file changed while it was read.
            NumericalError: a row's kernel leaves its range.
        """
        own = _asking_for_modes(job)
        approximated = Approximation.of(own, own.nystrom_planner(approximation).checked())
        ridge = approximated.automatic().ridge
        approximated.complete()
        nystrom = approximated.nystrom
        job = job.with_inference(job.spec.inference.model_copy(update={"ridge": ridge}))
        found = []
        for gram in nystrom.spectra:
            absolute = job.question.absolute_ridge(gram, nystrom.mean_diagonal(gram))
            found.append(FeatureGram(job, gram, nystrom, absolute))
        return cls(job, found, len(approximated.centres.rows))

    @property
    def content(self) -> dict[str, Any]:
        """What run.json and summary.json have of the approximation."""
        left_out = {one.gram: one.left_out for one in self.found}
        return {"method": "nystrom", "centres": self.centres, "left_out": left_out}


def _asking_for_modes(job: Job) -> Job:
    """Return a job whose kernels are its Gram matrices', each with the sums that its time course takes."""
    spec = job.spec
    changes = {"kernel": inverted_grams(spec.inference.kernel), "time": [math.inf], "variance_scale": 1.0}
    inference = spec.inference.model_copy(update=changes)
    asked = {"std": True, "covariance": False, "samples": 0, "interval_from": "normal"}
    output = spec.output.model_copy(update=asked)
    changed = spec.model_copy(update={"inference": inference, "output": output})
    return replace(job, source=replace(job.source, spec=changed))
