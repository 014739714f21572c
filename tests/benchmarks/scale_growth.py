"""How seconds and peak memory grow with the rows, centres the same: from what the jobs took."""

from typing import Any

from figures import series_figures
from growth import Series
from process import Usage
from scale_jobs import GROWTH, LONG, PEERS, Job

# Fewer have no slope.
FEWEST = 2


def growth(content: dict[str, Any], jobs: list[Job]) -> dict[str, Any]:
    """By method, its points and exponents, where there are two points or more.

    content: figures by job and method.
    jobs: as they were measured.
    """
    names = {job.name for job in (*GROWTH, LONG)}
    found = {}
    for method in ("ntk", *PEERS):
        series = Series()
        for job in sorted((job for job in jobs if job.name in names), key=lambda job: job.rows):
            outcome = content.get(job.name, {}).get(method, {})
            if "seconds" in outcome:
                series.usages[job.rows] = Usage(outcome["seconds"], outcome["peak_bytes"])
        if len(series.usages) >= FEWEST:
            found[method] = series_figures(series)
    return found
