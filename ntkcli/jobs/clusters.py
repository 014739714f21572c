"""The cluster that a spec names."""

from contextlib import AbstractContextManager, nullcontext

from ntkcli.cluster.cluster import Cluster
from ntkcli.cluster.connection import connected
from ntkcli.journal import Journal
from ntkcli.planning.machine import thread_count
from ntkcli.spec.spec import ComputeSpec, Spec

# How long a cluster may have no worker, unless it is said otherwise.
WAIT_SECONDS = 300.0
NOTHING_THERE = "nothing of a fit without inference.approximation runs on a cluster"


def cluster_of(spec: ComputeSpec, patience: float) -> AbstractContextManager[Cluster | None]:
    """Connect to the cluster of a spec for a `with` block; None where it has none.

    Args:
        spec: the compute section.
        patience: seconds for which there may be no worker.

    Raises:
        SpecError: Dask is not installed.
        ResourceError: no scheduler answers.
    """
    if spec.scheduler is None:
        return nullcontext()
    return connected(spec.scheduler, thread_count(spec.threads), patience)


def cluster_of_fit(spec: Spec, patience: float, journal: Journal) -> AbstractContextManager[Cluster | None]:
    """Connect to the cluster of a spec, as `cluster_of`, if its fit has something to do there."""
    if spec.compute.scheduler is not None and spec.inference.approximation is None:
        journal.warn(f"compute.scheduler: {NOTHING_THERE}")
        return nullcontext()
    return cluster_of(spec.compute, patience)


def shared_out(spec: Spec) -> str:
    """Return what of a spec's fit runs on its cluster."""
    if spec.inference.approximation is None:
        return NOTHING_THERE
    return "sums over the rows, and predictions; centres and eigendecompositions are computed here"
