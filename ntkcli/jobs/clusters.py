"""The cluster that a spec names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ntkcli.cluster.connection import connected
from ntkcli.jobs.job import Job
from ntkcli.spec.spec import Spec

NOTHING_THERE = "nothing of a fit without inference.approximation runs on a cluster"


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


def shared_out(spec: Spec) -> str:
    """Return what of a spec's fit runs on its cluster."""
    if spec.inference.approximation is None:
        return NOTHING_THERE
    return "sums over the rows, and predictions; centres and eigendecompositions are computed here"
