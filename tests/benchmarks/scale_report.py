"""The figures at scale as people read them: Markdown."""

from typing import Any

from process import GIB, Usage
from scale_jobs import Job, Limits
from scale_methods import Outcome

METHODS = {
    "ntk": "`ntk fit`",
    "nystroem": "scikit-learn's Nystroem and Ridge",
    "nystroem_in_parts": "Nystroem and Ridge, features added up in parts",
    "boosting": "HistGradientBoostingRegressor",
    "svgp": "GPyTorch's SVGP",
}


def report(content: dict[str, Any], jobs: list[Job]) -> str:
    """Both tables.

    content: figures by job and method, and of the growth.
    """
    measured = [job for job in jobs if job.name in content]
    lines = ["| rows | centres | | time | peak memory | test RMSE | coverage | limits |", "|" + "---|" * 8]
    for job in measured:
        lines += [_line(job, name, content[job.name][name]) for name in METHODS if name in content[job.name]]
    return "\n".join([*lines, "", *_growth_lines(content["growth"]), ""])


def outcome_text(outcome: Outcome) -> str:
    """One line, for a terminal."""
    if "failure" in outcome:
        return str(outcome["failure"])
    usage = Usage(outcome["seconds"], outcome["peak_bytes"])
    return f"{usage}, RMSE {_rmse(outcome)}, coverage {_coverage(outcome) or 'none'}"


def _line(job: Job, method: str, outcome: Outcome) -> str:
    cells = [f"{job.name}: {job.rows:,}", f"{job.centres:,}", METHODS[method]]
    if "failure" in outcome:
        return _row([*cells, outcome["failure"], "", "", "", ""])
    usage = [_seconds(outcome["seconds"]), f"{outcome['peak_bytes'] / GIB:.2f} GiB"]
    limits = _verdicts(job.limits, outcome) if method == "ntk" else ""
    return _row([*cells, *usage, _rmse(outcome), _coverage(outcome), limits])


def _growth_lines(growth: dict[str, Any]) -> list[str]:
    """A row for every size, and the exponents."""
    if not growth:
        return []
    lines = [_row(["rows", *(METHODS[name] for name in growth)]), "|" + "---|" * (1 + len(growth))]
    sizes = sorted({rows for series in growth.values() for rows in series["rows"]})
    lines += [_row([f"{rows:,}", *(_point(series, rows) for series in growth.values())]) for rows in sizes]
    slopes = (series["slopes"] for series in growth.values())
    return [*lines, _row(["exponent", *(f"{one['seconds']:.2f}, {one['peak_bytes']:.2f}" for one in slopes)])]


def _point(series: dict[str, Any], rows: int) -> str:
    if rows not in series["rows"]:
        return ""
    place = series["rows"].index(rows)
    return f"{_seconds(series['seconds'][place])}, {series['peak_bytes'][place] / GIB:.2f} GiB"


def _verdicts(limits: Limits, outcome: Outcome) -> str:
    """Each limit, and whether it holds."""
    rmse = min(score["rmse"] for score in outcome["scores"])
    coverages = [score["coverage"] for score in outcome["scores"]]
    found = []
    for limit, reached, style in (
        (limits.seconds, outcome["seconds"], "{:g} s"),
        (limits.gib, outcome["peak_bytes"] / GIB, "{:g} GiB"),
        (limits.rmse, rmse, "RMSE {:g}"),
    ):
        if limit is not None:
            found.append(f"{style.format(limit)}: {_verdict(holds=reached <= limit)}")
    if limits.coverage is not None:
        low, high = limits.coverage
        holds = all(low <= coverage <= high for coverage in coverages)
        found.append(f"coverage {low:.0%} to {high:.0%}: {_verdict(holds=holds)}")
    return ", ".join(found)


def _verdict(*, holds: bool) -> str:
    return "holds" if holds else "does not hold"


def _rmse(outcome: Outcome) -> str:
    return ", ".join(_named(score, f"{score['rmse']:.4g}") for score in outcome["scores"])


def _coverage(outcome: Outcome) -> str:
    scores = [score for score in outcome["scores"] if score["coverage"] is not None]
    return ", ".join(_named(score, f"{score['coverage']:.1%}") for score in scores)


def _named(score: dict[str, Any], text: str) -> str:
    """With the name of the kernel, where there is one."""
    return f"{text} `{score['kernel']}`" if "kernel" in score else text


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
