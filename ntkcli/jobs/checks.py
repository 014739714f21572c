"""Checks of a job: before it begins, where a factorisation fails, and once it is solved."""

import math
from collections.abc import Sequence

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.duplicates import duplicate_rows
from ntkcli.data.table import Table
from ntkcli.errors import NumericalError, SpecError
from ntkcli.jobs.job import Job
from ntkcli.jobs.layers import degeneracy, sampled_propagation
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression.fitted_stage import SolverRecord
from ntkcli.regression.kernel import KERNELS, inverted_grams
from ntkcli.regression.question import time_text
from ntkcli.regression.stages import Stage
from ntkcli.results.predictions import check_names
from ntkcli.results.presentation import presentation_of
from ntkcli.solvers.solver import KeepingSolver

# How rows are unseen, in words.

REMEDY = "give inference.ridge a value above 0 (such as 1e-3), or a finite inference.time"


def tell_rows(job: Job) -> None:
    """Report it where the rows to predict are the training rows."""
    if not job.dataset.has_test_rows:
        job.journal.tell("there is no data.test and no data.split: predicting the training rows themselves")


def preflight(job: Job) -> None:
    """Refuse a job that cannot work before anything is computed, and report what may surprise.

    Raises:
        SpecError: a time is so long that its exponent leaves the range of float64.
        DataError: predictions.csv would have two columns of one name.
        NumericalError: a Gram matrix is to be inverted that is singular even in exact arithmetic.
    """
    spec, train = job.spec, job.dataset.train
    schema = job.dataset.schema
    check_names(presentation_of(schema.targets, spec.output), schema.ids, train.file.path)
    tell_rows(job)
    fits_noise = spec.output.has_fitted_intervals and not job.dataset.is_classification
    fits_noise = fits_noise or spec.data.noise is not None
    for kernel in spec.inference.kernel:
        if spec.output.noise and not KERNELS[kernel].is_posterior and not fits_noise:
            job.journal.warn(f"output.noise does not change kernel {kernel}: its ridge is no noise variance")
    if job.dataset.is_classification:
        unseen = job.calibration.unseen
        job.journal.tell(f"probabilities: their temperature is by {unseen.text if unseen else 'no row'}")
    warning = degeneracy(sampled_propagation(job.evaluator.network, train.x))
    if warning:
        job.journal.warn(warning)
    for time in spec.inference.times:
        # A posterior's variance is that of twice the time.
        if math.isfinite(time) and not math.isfinite(2 * job.question.exponent(time)):
            raise SpecError(
                f"{job.source.path}: inference.time: {time_text(time)} times the learning rate leaves the "
                "range of float64: use inf"
            )
    if without := grams_without_ridge(job):
        check_invertible(job.evaluator.network, [job.train.diagonal(gram) for gram in without], train)


def grams_without_ridge(job: Job) -> list[GramName]:
    """Return the Gram matrices of all rows that are inverted as they are: for time inf, without a ridge."""
    inference = job.spec.inference
    if math.inf not in inference.times or inference.approximation:
        return []
    return [gram for gram in inverted_grams(inference.kernel) if job.question.has_no_ridge(gram)]


def check_invertible(network: Network, diagonals: list[FloatArray], train: Table) -> None:
    """Refuse, before any work, a Gram matrix without ridge that is singular even in exact arithmetic.

    Args:
        network: whose kernels they are.
        diagonals: (n,) each, of the Gram matrices that are to be inverted.
        train: the training rows.

    Raises:
        NumericalError: two rows are equal, a row has kernel 0, or a linear network has more rows than
            its kernel has rank; the message names lines.
    """
    _check_diagonals(diagonals, train)
    if network.drops_units:
        # Dropout adds to the diagonal.
        return
    _check_repeats(train)
    features, rows = train.x.shape[1], len(train)
    rank = features + network.has_biases
    if network.is_linear and rows > rank:
        raise NumericalError(
            f"{train.file.path}: a linear network on {features} features has a Gram matrix of rank {rank} at "
            f"most, and there are {rows} rows: {REMEDY}"
        )


def _check_diagonals(diagonals: list[FloatArray], train: Table) -> None:
    zero = [row for diagonal in diagonals for row in np.flatnonzero(diagonal == 0)]
    if zero:
        row = int(zero[0])
        why = "is so small that it counts as 0" if train.x[row].any() else "is 0, as all its features are"
        raise NumericalError(
            f"{train.place(row)}: without biases, the kernel of this row {why}: "
            f"give network.sigma_b a value above 0, or {REMEDY}"
        )


def _check_repeats(train: Table) -> None:
    repeats = duplicate_rows(train.x)
    if repeats:
        first, second = (train.line(row) for row in repeats[0])
        more = f" ({len(repeats)} rows repeat others)" if len(repeats) > 1 else ""
        raise NumericalError(
            f"{train.file.path}: lines {first} and {second} have the same features{more}, so the Gram "
            f"matrix is singular: {REMEDY}"
        )


def warn_of_unkept(job: Job, stages: Sequence[Stage]) -> None:
    """Warn where a factorisation is to be kept, and a solver of some stages has none."""
    solvers = [stage.solver for stage in stages if stage.solver.reads_gram]
    names = dict.fromkeys(solver.name for solver in solvers if not isinstance(solver, KeepingSolver))
    if job.spec.output.factor and names:
        job.journal.warn(
            f"output.factor: true keeps nothing of {' and '.join(names)}, which has no factorisation: std of "
            "new rows begins again from the Gram matrix"
        )


def explain(error: SingularMatrixError, train: Table, dtype: str) -> NumericalError:
    """Return the error that explains a failed factorisation to the user.

    Args:
        error: names the row at which the factorisation failed.
        train: the training rows.
        dtype: that the Gram matrix is stored in.
    """
    more_digits = "use compute.dtype: float64, " if dtype == "float32" else ""
    return NumericalError(
        f"{train.place(error.row)}: the Gram matrix is singular to rounding: to the kernel, this "
        f"row is nearly a combination of others (smallest pivot or eigenvalue {error.value:.2g}): "
        f"{more_digits}raise inference.ridge, or stop at a finite inference.time"
    )


def check_accuracy(job: Job, records: Sequence[SolverRecord]) -> None:
    """Refuse float32 solutions whose residual is above the tolerance, and warn of such float64 ones.

    A float64 solution is only warned of, as no dtype is more exact.

    Args:
        job: the job that was solved.
        records: of its solvers.

    Raises:
        NumericalError: a solution from float32 is not as exact as compute.tolerance.
    """
    compute = job.spec.compute
    tolerance = compute.residual_tolerance
    for record in records:
        for time, health in record.times.items():
            residual = health.residual if math.isfinite(health.residual) else math.inf
            where = f"the {record.gram} Gram matrix at time {time_text(time)}"
            if residual <= tolerance:
                continue
            if compute.stored_dtype == "float32":
                raise NumericalError(
                    f"{where} is solved to {residual:.2g} only in {compute.dtype}, and compute.tolerance "
                    f"allows {tolerance:.2g}: use compute.dtype: float64, or a larger inference.ridge"
                )
            job.journal.warn(f"{where} is near singular: the equations hold to {residual:.2g} only")
