"""Jobs of approximations of a small table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.planning.nystrom_plan import NystromPlan
from ntkcli.spec.file import read_spec

from ..lines import Lines


@contextmanager
def approximate_job(spec: Path) -> Iterator[tuple[Job, NystromPlan]]:
    """A job of a spec with an approximation, and its plan."""
    source = read_spec(spec)
    with open_job(source, Journal(Lines())) as job:
        approximation = source.spec.inference.approximation
        assert approximation is not None
        yield job, job.nystrom_planner(approximation).checked()


def nystrom(centres: int = 20, **keys: Any) -> dict[str, Any]:
    """An inference section with an approximation."""
    ridge = {"ridge": 0.05, **keys}
    return {"kernel": "nngp", **ridge, "approximation": {"method": "nystrom", "centres": centres}}
