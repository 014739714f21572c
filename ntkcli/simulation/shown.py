"""What a terminal shows of a simulation."""

import math
from typing import Any

from ntkcli.layout import aligned_left


def summary_text(summary: dict[str, Any]) -> str:
    """Return the tables of a summary.json: slopes with width, and how predictions agree."""
    tables = filter(None, [slope_lines(summary), agreement_lines(summary)])
    return "\n\n".join(map(aligned_left, tables))


def slope_lines(summary: dict[str, Any]) -> list[list[str]]:
    """Return a table of the slopes with width, as lines of cells below a head."""
    lines = [["with width", "slope", "95 % interval", "theory"]]
    for name, slope in summary["slopes"].items():
        interval = "-" if slope["lower"] is None else f"{slope['lower']:.2f} to {slope['upper']:.2f}"
        theory = ("at most " if slope["is_bound"] else "") + _number(slope["theory"], "g")
        lines.append([name, _number(slope["value"], ".2f"), interval, theory])
    return lines


def agreement_lines(summary: dict[str, Any]) -> list[list[str]]:
    """Return a table of how predictions agree at the last time, as lines of cells below a head.

    Its last line is of networks that are draws from the closed form. It is empty where nothing was trained.
    """
    last, seeds = summary["times"][-1], summary["seeds"]
    names = ["z_score", "z_median", "std_ratio", "ks_statistic", "ks_rejected"]
    lines = [
        [str(found["width"]), f"{float(last):.4g}", *(_number(found[name], ".3g") for name in names)]
        for found in summary["predictions"]
        if found["time"] == last
    ]
    if not lines:
        return []
    ideal = ["1", "1", _number(expected_std(seeds), ".3g"), f"{expected_distance(seeds):.3g}", "0.05"]
    return [["width", "time", *names], *lines, ["closed form", "", *ideal]]


def expected_std(seeds: int) -> float | None:
    """The mean of the standard deviation of so many draws of N(0, 1); None of a single one."""
    if seeds < 2:
        return None
    return math.sqrt(2 / (seeds - 1)) * math.exp(math.lgamma(seeds / 2) - math.lgamma((seeds - 1) / 2))


def expected_distance(seeds: int) -> float:
    """About the mean Kolmogorov-Smirnov distance of so many draws to the distribution that they are from."""
    return 0.8687 / math.sqrt(seeds)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
