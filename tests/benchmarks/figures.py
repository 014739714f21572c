"""All measured figures as one JSON file, so that they can be quoted and drawn."""

import json
from pathlib import Path
from typing import Any, Self

from fits import Fit
from growth import Growth, Series
from limits import Machine
from process import Usage


class Figures:
    """A file that is written anew with every figure, so that what was measured stays."""

    def __init__(self, path: Path, content: dict[str, Any] | None = None) -> None:
        self.path = path
        self.content = content or {}

    @classmethod
    def reopened(cls, path: Path) -> Self:
        """With what was measured earlier, if anything was."""
        return cls(path, json.loads(path.read_text()) if path.exists() else None)

    def add(self, name: str, content: Any) -> None:
        """Add or replace one entry."""
        self.content[name] = content
        self.path.write_text(json.dumps(self.content, indent=2) + "\n")


def fit_figures(fit: Fit, machine: Machine) -> dict[str, Any]:
    """One job: what was reached, beside what is wanted."""
    job = fit.job
    wanted = {"faster": job.faster, "smaller": job.smaller, "aim": job.aim}
    found: dict[str, Any] = {"time": job.time, "std": job.std, "wanted": wanted, "ntk": fit.ntk._asdict()}
    for mode, usage in fit.peers.items():
        found[mode] = usage._asdict() | {"faster": fit.faster(mode), "smaller": fit.smaller(mode)}
    found |= {"differences": fit.differences, "phases": fit.phases}
    limit = job.peak_limit(fit.rows)
    if limit is not None:
        found |= {"peak_limit_bytes": limit, "limit_holds": fit.ntk.peak_bytes <= limit}
    if job.is_plain_factorisation:
        found["share_of_dgemm"] = fit.factorisation_gflops / machine.dgemm_gflops
    return found


def growth_figures(growth: Growth) -> dict[str, Any]:
    """Both sides' points and exponents."""
    return {name: series_figures(getattr(growth, name)) for name in ("ntk", "mixed", "pcg", "peer")}


def series_figures(series: Series) -> dict[str, Any]:
    """One side's points and exponents."""
    columns = zip(*series.usages.values(), strict=True)
    return {
        "rows": list(series.usages),
        **dict(zip(Usage._fields, map(list, columns), strict=True)),
        "slopes": series.slopes._asdict(),
    }
