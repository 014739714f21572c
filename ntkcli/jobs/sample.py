"""A job on some of its training rows."""

from dataclasses import replace

from ntkcli.data.sample import sample
from ntkcli.errors import SpecError
from ntkcli.jobs.job import Job


def sampled(job: Job, rows: int) -> Job:
    """Return a job on some of the training rows, drawn with a fixed seed, in their order.

    Scaling, classes and tables of activations stay those of all training rows, and test rows what they are.

    Args:
        job: the job.
        rows: how many training rows to keep.

    Raises:
        SpecError: they are fewer than two, or more than there are.
    """
    dataset, n = job.dataset, len(job.train)
    if not 2 <= rows <= n:
        raise SpecError(f"--rows {rows}: give a number from 2 to that of the training rows, {n}")
    train = dataset.train.some(sample(n, rows))
    test = dataset.test if dataset.has_test_rows else train
    inputs = job.evaluator.network.rows(train.x, job.evaluator.dtype)
    weighted = inputs.with_weights(train.weights)
    return replace(
        job,
        dataset=replace(dataset, train=train, test=test),
        train=weighted,
        test=job.test if dataset.has_test_rows else inputs,
        all_rows=None,
    )
