"""Rows that are held out from a smaller fit, to calibrate intervals by."""

import numpy as np

from ntkcli.data.sample import sample
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.jobs.calibration_rows import FITTED_ROWS
from ntkcli.jobs.job import Job
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression.held_out import hold_out
from ntkcli.regression.question import Pair


def held_out(job: Job) -> dict[Pair, LeaveOneOut]:
    """Return predictions of the rows that the job's intervals are calibrated by, if they are held out.

    There are none, and a warning, where the smaller fit has no answer.
    """
    if job.calibration.by != "held_out":
        return {}
    rows = np.array(job.calibration.rows)
    others = np.setdiff1d(np.arange(len(job.train)), rows)
    fitted = others[sample(len(others), FITTED_ROWS)]
    dataset = job.dataset
    with job.journal.phase("hold out"):
        try:
            table, y = dataset.train, dataset.y_train
            return hold_out(job.evaluator, table.x, y, job.question, (fitted, rows), table.weights)
        except SingularMatrixError as error:
            job.journal.warn(no_row_held_out(error))
            return {}


def no_row_held_out(error: SingularMatrixError) -> str:
    """Return the warning that intervals are normal, since a smaller fit fails."""
    return f"no row can be held out to calibrate intervals by, and they are normal: {error}"
