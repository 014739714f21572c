"""The pass over all rows of a job, which sums what an approximation needs to know of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ntkcli.arrays import IntArray
from ntkcli.jobs.job import Job
from ntkcli.jobs.tabulation import precision_reported, spans_of
from ntkcli.journal import Advance
from ntkcli.keeping import Checkpoint
from ntkcli.kernels.executor import Here
from ntkcli.regression.feature_sums import GROUP_ROWS, ROWS, FeatureSums, Part, group_sums, in_units
from ntkcli.results.baseline_tally import BaselineTally

# Rows that are read at once.
PART_ROWS = 2 * ROWS


@dataclass(frozen=True)
class Summation:
    """What is summed over the training rows.

    features: for the kernels.
    baselines: for what they are compared with.
    """

    features: FeatureSums
    baselines: BaselineTally

    def add_all(self, job: Job, held_out: IntArray, advance: Advance) -> None:
        """Add the training rows of a job, but for some to the features' sums.

        Args:
            job: has the rows.
            held_out: the numbers of the rows in their file that are held out.
            advance: called with the number of rows added.

        Raises:
            DataError: a file changed while it was read.
            NumericalError: a row's kernel leaves its range.
        """
        sums, executor = self.features, job.cluster or Here()
        features = sums.features.alone if job.cluster else sums.features
        task = partial(group_sums, features, sums.cross is not None)
        checkpoint = self._checkpoint(job, held_out)
        if known := checkpoint.load():
            sums.go_on(known)
            advance(sums.rows)
        with precision_reported():
            groups = _behind(sums.rows, in_units(self._parts(job, held_out), GROUP_ROWS))
            for group in executor.map(task, groups):
                sums.include(group)
                advance(group.rows)
                checkpoint.save(sums.state)
        checkpoint.save(replace(sums.state, is_result=True))

    def _checkpoint(self, job: Job, held_out: IntArray) -> Checkpoint:
        """Of the same features alone; the job, whose rows they are of, is the same."""
        features = self.features.features
        whitenings = [own.inverse for own in features.whitenings.values()]
        known = np.array([GROUP_ROWS]), held_out, features.centres, *whitenings
        return job.checkpoints.of("sums", "row", *known)

    def _parts(self, job: Job, held_out: IntArray) -> Iterator[Part]:
        rows, network = job.row_source, job.evaluator.network
        for table in rows.train(PART_ROWS):
            y = job.dataset.schema.targets.outputs(table.targets)
            spans_of(network, job.spec.network, table, job.spec.compute.stored_dtype)
            self.baselines.add(table.x, y)
            kept = ~np.isin(table.rows, held_out)
            # Not where a job takes rows for equal that are not.
            weights = table.weights if job.dataset.schema.weights else None
            yield table.x[kept], y[kept], *([] if weights is None else [weights[kept]])


def _behind(rows: int, groups: Iterator[Part]) -> Iterator[Part]:
    """Yield the groups behind so many rows."""
    for group in groups:
        if rows <= 0:
            yield group
        rows -= len(group[0])
