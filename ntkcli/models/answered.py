"""The answers of a job's model for tables of rows, several of them at once."""

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from ntkcli.data.table import Table
from ntkcli.jobs.job import Job
from ntkcli.jobs.tabulation import precision_reported, spans_of
from ntkcli.kernels.executor import Here, in_step
from ntkcli.regression.fitted_model import FittedModel, answers
from ntkcli.regression.fitted_stage import Answer


def answered(
    job: Job, model: FittedModel, tables: Iterable[Table], *, one_by_one: bool
) -> Iterator[tuple[Table, list[Answer]]]:
    """Yield tables with what a model answers for their rows.

    Args:
        job: on whose cluster, or in whose threads, tables are answered.
        model: what is asked.
        tables: the rows, few tables of which are in memory.
        one_by_one: whether each table has all threads, and the memory that it takes.

    Raises:
        NumericalError: a row's kernel leaves its range.
    """
    executor = Here() if one_by_one else job.cluster or job.evaluator.executor
    task = partial(_answers, model if one_by_one else model.alone)
    with precision_reported():
        yield from in_step(executor, task, _checked(job, tables))


def _checked(job: Job, tables: Iterable[Table]) -> Iterator[Table]:
    """The tables, as long as no row's kernel leaves its range."""
    for table in tables:
        spans_of(job.evaluator.network, job.spec.network, table, job.spec.compute.stored_dtype)
        yield table


def _answers(model: FittedModel, table: Table) -> list[Answer]:
    with np.errstate(over="ignore", invalid="ignore"):
        return answers(model, table.x)
