"""Pictures of finite networks of several widths and seeds, beside the infinitely wide one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntkcli.reports.axes import LOSS_DEPTH, in_unit, legend_above, log_limits, set_log, spread
from ntkcli.reports.figure import new_figure
from ntkcli.reports.power_law import PowerLaw, SlopeCells, draw_power_laws
from ntkcli.reports.style import BLACK, BLUE, KERNELS, LIGHT_GREY, Style, series_styles
from ntkcli.reports.time_axis import TimeAxis

# More bars than that would touch each other.
MOST_ROWS = 60
MOST_POINTS = 100
QUANTITIES = {
    "weight_change": "change of the weights",
    "kernel_change": "change of the kernel",
    "gap_to_linearised": "gap to the linearised network",
}


def kernel_error_picture(kernels: pd.DataFrame, slopes: Mapping[str, SlopeCells]) -> Figure:
    """Draw how far kernels of finite networks are from those of the infinitely wide one, against the width.

    Args:
        kernels: kernel, width, seed and relative_error.
        slopes: of the logarithms by kernel: value, lower, upper and theory, each may be None.
    """
    figure = new_figure(7, 5)
    axes = figure.subplots()
    draw_power_laws(
        axes,
        {
            KERNELS[str(name)]: PowerLaw(
                str(name), _valued(rows, "relative_error"), slopes.get(str(name), {})
            )
            for name, rows in kernels.groupby("kernel", sort=False)
        },
    )
    axes.set_ylabel("relative error of the kernel at initialisation")
    legend_above(axes, "Kernels of finite networks", columns=2)
    return figure


def training_picture(training: pd.DataFrame, slopes: Mapping[str, SlopeCells]) -> Figure:
    """Draw the training loss of each width over time, and what is left of laziness at the last time.

    Args:
        training: width, seed, time, train_loss, weight_change, kernel_change, gap_to_linearised and
            closed_form_loss (the expected one of infinitely wide networks).
        slopes: of the logarithms by the name of the column, as in `kernel_error_picture`.
    """
    figure = new_figure(11, 9)
    (first, *others) = figure.subplots(2, 2).ravel()
    _draw_losses(first, training)
    last = training[training["time"] == training["time"].max()]
    for axes, (key, name) in zip(others, QUANTITIES.items(), strict=True):
        law = PowerLaw("mean", _valued(last, key), slopes.get(key, {}))
        draw_power_laws(axes, {Style(BLUE, "o", "-"): law})
        axes.set_ylabel(name)
        legend_above(axes, f"{name.capitalize()}, time {training['time'].max():.4g}")
    return figure


def _draw_losses(axes: Axes, training: pd.DataFrame) -> None:
    times = TimeAxis.of(training["time"])
    # Time 0 is not on the axis.
    training = training[training["time"] > 0] if times.finite else training
    # A line ends where one of its networks has diverged: the mean of the others would be of the lucky ones.
    finite = np.isfinite(training["train_loss"])
    finite = finite.groupby([training["width"], training["time"]]).transform("all")
    shown = [training["closed_form_loss"].to_numpy()]
    for style, (width, rows) in _by_width(training[finite]):
        loss = rows.groupby("time")["train_loss"]
        mean, low, high = loss.mean(), loss.quantile(0.1), loss.quantile(0.9)
        shown += [low.to_numpy(), high.to_numpy()]
        places = times.places(mean.index)
        axes.fill_between(places, low, high, color=style.colour, alpha=0.2, linewidth=0)
        times.draw(axes, mean.index, mean, style.curve | {"markersize": 4}, f"width {width:,}")
    closed_form = training.groupby("time")["closed_form_loss"].mean()
    # The marker is for one time alone, which gives no line.
    line = {"color": BLACK, "linewidth": 2, "marker": "_", "markersize": 25 if len(closed_form) == 1 else 0}
    times.draw(axes, closed_form.index, closed_form, line, "infinite width, expected")
    set_log(axes, "y", log_limits(np.concatenate(shown), LOSS_DEPTH))
    times.set_up(axes)
    axes.set_ylabel("training loss")
    legend_above(axes, "Mean loss; bands are 10 to 90 % of the seeds", columns=3)


def predictions_picture(predictions: pd.DataFrame, unit: str = "") -> Figure:
    """Draw mean and standard deviation of finite networks' predictions against the closed form's.

    Both are of the last time and of the first output. The left panel is of the largest width; it is the only
    one where there are no standard deviations, of a network each.

    Args:
        predictions: width, time, row, mean, std (NaN of one network), closed_form_mean, closed_form_std and
            output.
        unit: of the target; "" for none.
    """
    last = predictions[predictions["time"] == predictions["time"].max()]
    first = str(last["output"].iloc[0])
    shown = f"prediction of {first}" if last["output"].nunique() > 1 else "prediction"
    last = last[last["output"] == last["output"].iloc[0]]
    ratios = [1.4, 1.0] if np.isfinite(last["std"]).any() else [1.4]
    figure = new_figure(5.8 * sum(ratios), 6)
    left, *rest = figure.subplots(1, len(ratios), width_ratios=ratios, squeeze=False)[0]
    _draw_predictions(left, last[last["width"] == last["width"].max()])
    left.set_ylabel(in_unit(shown, unit))
    for right in rest:
        _draw_deviations(right, last)
        right.set_xlabel(in_unit("std of infinitely wide networks", unit))
        right.set_ylabel(in_unit("std of finite networks", unit))
    return figure


def _draw_predictions(axes: Axes, rows: pd.DataFrame) -> None:
    count = len(rows)
    rows = rows.sort_values(["closed_form_mean", "row"]).iloc[spread(count, MOST_ROWS)]
    x, mean, half = np.arange(len(rows)), rows["closed_form_mean"], 2 * rows["closed_form_std"]
    band: dict[str, Any] = {"color": LIGHT_GREY, "linewidth": 0, "label": "infinite width: ± 2 std"}
    axes.fill_between(x, mean - half, mean + half, **band)
    axes.plot(x, mean, color=BLACK, label="infinite width: mean")
    bars = " ± 2 std" if np.isfinite(rows["std"]).any() else ""
    label = f"width {rows['width'].iloc[0]:,}: mean{bars}"
    points = Style(BLUE, "o", "-").points | {"markersize": 4, "elinewidth": 1, "label": label}
    axes.errorbar(x, rows["mean"], 2 * rows["std"], **points)
    axes.set_xlabel(f"{len(rows):,} of {count:,} rows, by the closed form's mean")
    axes.set_xticks([])
    axes.grid(axis="y", color=LIGHT_GREY, linewidth=0.8)
    axes.set_axisbelow(True)
    legend_above(axes, f"Predictions at time {rows['time'].iloc[0]:.4g}", columns=3)


def _draw_deviations(axes: Axes, last: pd.DataFrame) -> None:
    for style, (width, rows) in _by_width(last):
        rows = rows.sort_values(["closed_form_std", "row"]).iloc[spread(len(rows), MOST_POINTS)]
        points = style.points | {"markersize": 3.5, "alpha": 0.7, "label": f"width {width:,}"}
        axes.plot(rows["closed_form_std"], rows["std"], **points)
    known = last[["closed_form_std", "std"]].to_numpy(dtype=np.float64)
    high = float(np.max(known, where=np.isfinite(known), initial=0.0)) * 1.05 or 1.0
    axes.plot([0, high], [0, high], color=BLACK, linestyle="--", label="equal", zorder=1)
    axes.set(xlim=(0, high), ylim=(0, high), aspect="equal")
    axes.grid(color=LIGHT_GREY, linewidth=0.8)
    axes.set_axisbelow(True)
    legend_above(axes, "Standard deviations of rows", columns=3)


def _by_width(table: pd.DataFrame) -> list[tuple[Style, tuple[int, pd.DataFrame]]]:
    groups = [(int(str(width)), rows) for width, rows in table.groupby("width")]
    return list(zip(series_styles(len(groups)), groups, strict=True))


def _valued(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table[["width", column]].rename(columns={column: "value"})
