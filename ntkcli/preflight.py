"""What makes a fit fail, or surprise, whatever its numbers turn out to be."""

import math

from ntkcli.job import Job
from ntkcli.runs.results import check_names
from ntkcli.singularity import check_invertible


def preflight(job: Job) -> None:
    """Refuse what cannot work before any of it is computed, and say what may surprise.

    Raises:
        DataError: predictions.csv would have two columns of one name.
        NumericalError: time inf is asked for, and the Gram matrix is singular whatever the rounding.
    """
    spec, train = job.spec, job.dataset.train
    check_names(job.dataset)
    if not job.dataset.has_test_file:
        job.journal.tell("there is no data.test: predicting the training rows themselves")
    if spec.output.noise and "ntk" in spec.inference.kernel:
        job.journal.warn("output.noise does not change kernel ntk: its ridge is no noise variance")
    if spec.inference.ridge == 0 and math.inf in spec.inference.time:
        check_invertible(job.gram.network, train.x, train.file)
