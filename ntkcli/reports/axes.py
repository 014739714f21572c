"""What all panels share: logarithmic axes that stay readable, and legends that cover no data."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from ntkcli.arrays import FloatArray
from ntkcli.reports.style import LIGHT_GREY

MOST_TICKS = 7
# How many times smaller than the largest value an axis shows: beyond, an eigenvalue is rounding, and a loss
# or a distance too small to matter.
EIGENVALUE_DEPTH, LOSS_DEPTH = 1e15, 1e8


def plain(text: str) -> str:
    """Return a user's text as matplotlib must get it, lest two dollar signs become mathematics."""
    return text.replace("$", r"\$")


def in_unit(label: str, unit: str) -> str:
    """Return a label with its unit in brackets, if there is one."""
    return f"{label} ({plain(unit)})" if unit else label


def positive(values: Any) -> FloatArray:
    """Return those values that a logarithmic axis can show: finite ones above 0."""
    flat: FloatArray = np.asarray(values, dtype=np.float64).ravel()
    return flat[np.isfinite(flat) & (flat > 0)]


def log_limits(values: Any, depth: float = math.inf) -> tuple[float, float]:
    """Return the limits of a logarithmic axis that shows the values above 0, with a margin.

    Args:
        values: of any shape; what is not positive and finite does not count.
        depth: how many times smaller than the largest value the lower limit may be.
    """
    shown = positive(values)
    if not shown.size:
        return 0.1, 1.0
    low, high = math.log10(shown.min()), math.log10(shown.max())
    low = max(low, high - math.log10(depth))
    margin = max(0.05 * (high - low), 0.02) if high > low else 0.3
    # Both stay within float64, where there is a next power on either side.
    return 10 ** max(low - margin, -307.0), 10 ** min(high + margin, 308.0)


def log_ticks(low: float, high: float) -> list[float]:
    """Return round values inside the limits: powers of ten, with multiples if few, or evenly spaced."""
    start, stop = math.log10(low), math.log10(high)
    powers = 10.0 ** np.arange(math.floor(start), math.floor(stop) + 1)
    if stop - start > 3.5:
        powers = powers[(low <= powers) & (powers <= high)]
        ticks = powers[:: math.ceil(len(powers) / MOST_TICKS)]
    elif stop - start > 0.7:
        ticks = np.outer(powers, [1, 3] if stop - start > 1.5 else [1, 2, 5])
    else:
        ticks = np.asarray(MaxNLocator(4).tick_values(low, high))
    return [float(tick) for tick in np.ravel(ticks) if low <= tick <= high]


def log_labels(ticks: Sequence[float]) -> list[str]:
    """Return what stands at the ticks: plain numbers where all are short, powers of ten otherwise."""
    if all(1e-3 <= tick < 1e5 for tick in ticks):
        return [f"{tick:,.6g}" for tick in ticks]
    return [_scientific(tick) for tick in ticks]


def _scientific(value: float) -> str:
    mantissa, exponent = f"{value:.5e}".split("e")
    factor = f"{float(mantissa):g}"
    power = f"10^{{{int(exponent)}}}"
    return f"${power}$" if factor == "1" else rf"${factor} \times {power}$"


def set_log_scale(axes: Axes, which: Literal["x", "y"], limits: tuple[float, float]) -> None:
    """Make an axis logarithmic, with these limits, whatever was drawn."""
    # Otherwise matplotlib warns where nothing is above 0.
    axes.autoscale(False, axis=which)
    axes.set(**{f"{which}scale": "log", f"{which}lim": limits})


def set_log(axes: Axes, which: Literal["x", "y"], limits: tuple[float, float]) -> None:
    """Make an axis logarithmic, with these limits and readable ticks."""
    set_log_scale(axes, which, limits)
    ticks = log_ticks(*limits)
    set_ticks(axes, which, ticks, log_labels(ticks))


def set_ticks(axes: Axes, which: Literal["x", "y"], ticks: Sequence[float], labels: Sequence[str]) -> None:
    """Put labelled ticks on an axis, with grid lines and without minor ticks."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(ticks, labels)
    axis.set_minor_locator(NullLocator())
    axes.grid(axis=which, color=LIGHT_GREY, linewidth=0.8)
    axes.set_axisbelow(True)


def set_log_at(axes: Axes, values: Iterable[float]) -> None:
    """Make the x-axis logarithmic with ticks at the values themselves, as many as do not touch each other."""
    values = sorted(positive(list(values)).tolist())
    low, high = log_limits(values)
    set_log_scale(axes, "x", (low, high))
    room, ticks = math.log(high / low) / 10, list[float]()
    # From the right: the largest one is always named.
    for value in reversed(values):
        if not ticks or math.log(ticks[-1] / value) >= room:
            ticks.append(value)
    ticks.reverse()
    set_ticks(axes, "x", ticks, [f"{tick:,.6g}" for tick in ticks])


def draw_bars(axes: Axes, x: Any, values: Any, half: Any, points: dict[str, Any]) -> None:
    """Draw points with error bars on a logarithmic axis; one that reaches 0 leaves the panel at the bottom.

    Args:
        axes: the panel, whose limits are set by another.
        x: places (n,).
        values: above 0, (n,).
        half: half the length of the bars (n,), NaN for none.
        points: matplotlib's arguments of the points.
    """
    values, half = np.asarray(values, dtype=np.float64), np.asarray(half, dtype=np.float64)
    downwards = np.minimum(half, values * (1 - 1e-15))
    plain_points = {key: value for key, value in points.items() if key != "label"}
    line = axes.errorbar(x, values, np.stack([downwards, half]), capsize=3, **plain_points)[0]
    # A legend lists lines in the order that they are drawn in, and error bars after all of them.
    line.set_label(points.get("label", "_"))


def visible_ends(values: Any, half: Any) -> tuple[FloatArray, FloatArray]:
    """Return the ends of error bars that a panel should show, which is not all of one that nears 0."""
    values, half = np.asarray(values, dtype=np.float64), np.asarray(half, dtype=np.float64)
    return np.maximum(values - half, values / 3), values + half


def legend_above(axes: Axes, heading: str, columns: int = 1) -> None:
    """Put heading and legend above a panel, where they cover no data."""
    if not axes.get_legend_handles_labels()[0]:
        axes.set_title(heading, loc="left", fontsize="medium", fontweight="bold")
        return
    axes.legend(
        title=heading,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.01),
        borderaxespad=0.0,
        frameon=False,
        alignment="left",
        ncols=columns,
        fontsize="small",
        borderpad=0.0,
        handlelength=3.0,
        title_fontproperties={"weight": "bold", "size": "medium"},
    )


def spread(count: int, most: int) -> list[int]:
    """Return at most so many indices below count, the first and the last among them, evenly spaced."""
    return (
        np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist() if count else []
    )


def log_spread(count: int, most: int) -> list[int]:
    """Return at most so many indices below count, evenly spaced on a logarithmic axis from 1 to count."""
    return np.unique(np.geomspace(1, count, most).round().astype(int) - 1).tolist() if count else []
