"""What makes a fit fail, or surprise, whatever its numbers turn out to be."""

import math

from ntkcli.errors import SpecError
from ntkcli.job import Job
from ntkcli.networks.layers import degeneracy, sampled_propagation
from ntkcli.question import GRAM_OF, time_text
from ntkcli.runs.predictions import check_names
from ntkcli.runs.report import report_of
from ntkcli.singularity import check_invertible
from ntkcli.units import counted


def preflight(job: Job) -> None:
    """Refuse what cannot work before any of it is computed, and say what may surprise.

    Raises:
        SpecError: a time is so long that its exponent leaves the range of float64.
        DataError: predictions.csv would have two columns of one name.
        NumericalError: time inf is asked for, and the Gram matrix is singular whatever the rounding.
    """
    spec, train = job.spec, job.dataset.train
    schema = job.dataset.schema
    check_names(report_of(schema.targets, spec.output), schema.ids, train.file.path)
    if not job.dataset.has_test_rows:
        job.journal.tell("there is no data.test and no data.split: predicting the training rows themselves")
    if spec.output.noise and "ntk" in spec.inference.kernel:
        job.journal.warn("output.noise does not change kernel ntk: its ridge is no noise variance")
    if job.dataset.is_classification:
        rows = counted(len(job.question.left_out), "training row")
        job.journal.tell(f"probabilities: their temperature is by leave-one-out, of {rows}")
    warning = degeneracy(sampled_propagation(job.gram.network, train.x))
    if warning:
        job.journal.warn(warning)
    for time in spec.inference.times:
        # A posterior's variance is that of twice the time.
        if math.isfinite(time) and not math.isfinite(2 * job.question.exponent(time)):
            raise SpecError(
                f"{job.source.path}: inference.time: {time_text(time)} times the learning rate leaves the "
                "range of float64: use inf"
            )
    if spec.inference.ridge == 0 and math.inf in spec.inference.times:
        inverted = sorted({GRAM_OF[kernel] for kernel in spec.inference.kernel})
        diagonals = [job.train.diagonal(gram) for gram in inverted]
        check_invertible(job.gram.network, diagonals, train)
