"""The findings of `ntk check` that every kind of job has: memory, disk and the cluster."""

from collections.abc import Iterator

from ntkcli.commands.finding import Finding
from ntkcli.jobs.clusters import shared_out
from ntkcli.spec.spec import Spec
from ntkcli.units import bytes_text


def memory_finding(needed: int, available: int, allowed: str) -> Finding:
    """Return the memory that is needed of what there is, in bytes.

    Args:
        needed: at the peak.
        available: free, or allowed by the spec.
        allowed: the word for that.
    """
    text = f"about {bytes_text(needed)} of {bytes_text(available)} {allowed}"
    return Finding("memory", text, {"memory": {"needed_bytes": needed, "available_bytes": available}})


def disk_finding(needed: int, available: int) -> Finding:
    """Return the disk that is needed of what is free, in bytes."""
    text = f"{bytes_text(needed)} of {bytes_text(available)} free, tables not counted"
    return Finding("disk", text, {"disk": {"needed_bytes": needed, "available_bytes": available}})


def cluster_findings(spec: Spec) -> Iterator[Finding]:
    """Yield what of a fit runs on the cluster of a spec that has one."""
    if spec.compute.scheduler is not None:
        shared = shared_out(spec)
        content = {"cluster": {"scheduler": spec.compute.scheduler, "shared_out": [shared]}}
        yield Finding("cluster", f"{spec.compute.scheduler}: {shared}", content)
