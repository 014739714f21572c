"""A quantity of finite networks that falls with their width as a power of it, on logarithmic axes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ntkcli.arrays import FloatArray
from ntkcli.reports.axes import draw_bars, log_limits, set_log, set_log_at, visible_ends
from ntkcli.reports.style import BLACK, GREY, Style

# As a command fits it: value, lower, upper and theory, each of which may be None.
SlopeCells = Mapping[str, float | None]


@dataclass(frozen=True)
class PowerLaw:
    """A quantity of networks of several widths and seeds.

    name: of the quantity, for the legend.
    networks: columns width and value, a row per network; only what is finite and above 0 has a place on the
        axes.
    slope: of the logarithms.
    """

    name: str
    networks: pd.DataFrame
    slope: SlopeCells

    @property
    def shown(self) -> pd.DataFrame:
        """The networks that have a place on the axes."""
        return self.networks[self.networks["value"].between(0, np.inf, inclusive="neither")]

    @property
    def means(self) -> pd.DataFrame:
        """Mean and standard error (sem, NaN of one network) of each width."""
        values = self.shown.groupby("width")["value"]
        return pd.DataFrame({"mean": values.mean(), "sem": values.sem()})

    @property
    def label(self) -> str:
        """What the legend says."""
        value, lower, upper = (self.slope.get(key) for key in ("value", "lower", "upper"))
        fitted = "no slope fitted" if value is None else f"slope {value:.2f}"
        interval = f" ({lower:.2f} to {upper:.2f})" if lower is not None and upper is not None else ""
        missing = len(self.networks) - len(self.shown)
        left_out = f"; {missing:,} at 0 or not finite" if missing else ""
        return f"{self.name}: {fitted}{interval}{left_out}"

    @property
    def reach(self) -> float:
        """How many times wider than its left end the right end of the axis is, about."""
        return max(4.0, float(self.networks["width"].max() / self.networks["width"].min()))

    def line(self, slope: float) -> tuple[FloatArray, FloatArray]:
        """Return the ends of a line of a slope, through the centre of the logarithms of the means."""
        widths, values = np.log(self.means.index.to_numpy(dtype=np.float64)), np.log(self.means["mean"])
        ends = np.array([widths.min(), widths.max()])
        return np.exp(ends), np.exp(values.mean() + slope * (ends - widths.mean()))


def draw_power_laws(axes: Axes, laws: Mapping[Style, PowerLaw]) -> None:
    """Draw networks, means with standard errors, fitted lines, and lines of the slopes that theory says.

    Args:
        axes: the panel.
        laws: quantities by their style.
    """
    # Side by side, points of two quantities do not cover each other.
    values = [
        _draw(axes, law, style, law.reach ** (0.012 * i)) for i, (style, law) in enumerate(laws.items())
    ]
    _draw_theory(axes, list(laws.values()))
    axes.plot([], [], label="single networks", **_small(Style(GREY, "o", "-")))
    set_log_at(axes, [width for law in laws.values() for width in law.networks["width"].unique()])
    set_log(axes, "y", log_limits(np.concatenate(values)))
    axes.set_xlabel("width")


def _draw(axes: Axes, law: PowerLaw, style: Style, shift: float) -> FloatArray:
    """Draw one quantity, its widths times a factor, and return all values that the panel should show."""
    networks, means, slope = law.shown, law.means, law.slope.get("value")
    axes.plot(networks["width"] * shift, networks["value"], **_small(style))
    draw_bars(axes, means.index * shift, means["mean"], means["sem"], style.points)
    fitted = slope is not None and len(means) > 0
    axes.plot([], [], label=law.label, **(style.curve if fitted else style.points))
    ends = visible_ends(means["mean"], means["sem"])
    if slope is None or not fitted:
        return np.concatenate([networks["value"], *ends])
    line = law.line(slope)
    axes.plot(*line, color=style.colour, linestyle=style.line)
    return np.concatenate([networks["value"], *ends, line[1]])


def _draw_theory(axes: Axes, laws: list[PowerLaw]) -> None:
    """One line for each slope that theory says, through the first quantity that it says it of."""
    slopes = {law.slope.get("theory"): law for law in reversed(laws) if len(law.means) > 1}
    for slope, law in slopes.items():
        if slope is not None:
            most = "at most " if law.slope.get("is_bound") else ""
            label = f"theory: slope {most}{slope:g}"
            axes.plot(*law.line(slope), color=BLACK, linestyle=(0, (1, 1.5)), label=label)


def _small(style: Style) -> dict[str, Any]:
    return style.points | {"markersize": 3, "alpha": 0.5, "markeredgewidth": 0.5}
