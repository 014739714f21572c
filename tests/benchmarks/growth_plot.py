"""Draw the growth of seconds and peak memory: growth_plot.py FIGURES PNG"""

# mypy: disable-error-code="import-not-found"

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

# Of each side its name, marker and colour.
Sides = dict[str, tuple[str, str, str]]

SIDES: Sides = {
    "ntk": ("ntk", "o", "#0072b2"),
    "mixed": ("ntk, dtype: mixed", "^", "#56b4e9"),
    "pcg": ("ntk, pcg with a ridge", "D", "#009e73"),
    "peer": ("neural-tangents", "s", "#d55e00"),
}
PANELS = {"seconds": ("wall-clock time (s)", 1.0), "peak_bytes": ("peak memory (GiB)", 2.0**30)}


def main(figures: str, picture: str) -> None:
    """The growth of `make bench`."""
    growth = json.loads(Path(figures).read_text())["growth"]
    draw_growth(growth, SIDES, "A whole fit, mean at time inf", picture)


def draw_growth(growth: dict[str, Any], sides: Sides, title: str, picture: str) -> None:
    """Two panels, one beside the other, 1200 x 500 pixels."""
    figure = Figure(figsize=(12, 5), dpi=100, layout="constrained")
    for axes, key in zip(figure.subplots(1, 2), PANELS, strict=True):
        draw(axes, growth, sides, key)
    figure.suptitle(f"{title}; slopes are least squares on logarithms")
    figure.savefig(picture)


def draw(axes: Axes, growth: dict[str, Any], sides: Sides, key: str) -> None:
    """One quantity of all sides, both axes logarithmic."""
    label, unit = PANELS[key]
    for side, (name, marker, colour) in sides.items():
        series = growth[side]
        values = [value / unit for value in series[key]]
        slope = f"{name}: slope {series['slopes'][key]:.2f}"
        axes.loglog(series["rows"], values, marker=marker, color=colour, label=slope)
    axes.set(xlabel="training rows", ylabel=label)
    ticks = sorted({rows for side in sides for rows in growth[side]["rows"]})
    axes.set_xticks(ticks, [f"{rows:,}" for rows in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(which="major", color="#dddddd")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
