"""The cluster that a spec names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ntkcli.cluster.connection import connected
from ntkcli.jobs.job import Job
from ntkcli.planning.worker_memory import shared_bytes, task_bytes
from ntkcli.solvers.storage import Place
from ntkcli.spec.spec import Spec


@contextmanager
def clustered(job: Job, patience: float) -> Iterator[Job]:
    """Connect a job to the cluster of its spec, if that has one, for a `with` block.

    Args:
        job: whose long tasks are carried out there.
        patience: seconds for which there may be no worker.

    Raises:
        SpecError: Dask is not installed.
        ResourceError: no scheduler answers, or it has no worker.
    """
    scheduler = job.spec.compute.scheduler
    if scheduler is None:
        yield job
        return
    threads = job.evaluator.executor.workers
    with connected(scheduler, threads, patience, job.journal) as cluster:
        yield replace(job, cluster=cluster)


def check_workers(job: Job, place: Place) -> None:
    """Check that a job's workers, if it has any, have the memory that tiles of Gram matrices take.

    Args:
        job: whose Gram matrices they are.
        place: where the entries of these are.

    Raises:
        ResourceError: one has not; the message says what it would take.
    """
    if job.cluster:
        job.cluster.check_memory(shared_bytes(job.sizes, place), task_bytes(job.sizes, place))


def shared_out(spec: Spec) -> str:
    """Return what of a spec's fit runs on its cluster."""
    if spec.inference.approximation is None:
        return "tiles of Gram matrices; they are factored here, and predictions are computed here"
    return "sums over the rows, and predictions; centres and eigendecompositions are computed here"
