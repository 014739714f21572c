"""Pictures of a kernel's spectrum, and of what follows from it: learning curve and course of training."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntkcli.reports.axes import (
    EIGENVALUE_DEPTH,
    LOSS_DEPTH,
    draw_bars,
    in_unit,
    legend_above,
    log_limits,
    log_spread,
    positive,
    set_log,
    set_log_at,
    visible_ends,
)
from ntkcli.reports.figure import new_figure
from ntkcli.reports.style import BLACK, KERNELS, LIGHT_GREY, Style
from ntkcli.reports.time_axis import TimeAxis

# The half width of a 95 % interval, in standard errors.
NORMAL_95 = 1.96
# Where training has ended, errors differ by rounding alone.
EQUAL = 1e-9


def spectrum_picture(spectrum: pd.DataFrame) -> Figure:
    """Draw eigenvalues against their modes, and the share of the target's power in the modes so far.

    Args:
        spectrum: kernel, mode (from 1), eigenvalue (0 has no place on the axis and is counted in the legend)
            and cumulative_power (a share, 0 to 1).
    """
    figure = new_figure(10, 4.6)
    left, right = figure.subplots(1, 2)
    for name, rows in _kernels(spectrum):
        curve = KERNELS[name].curve | {"markersize": 4, "markevery": log_spread(len(rows), 12)}
        values = rows["eigenvalue"].to_numpy(dtype=np.float64, copy=True)
        values[~(values > 0)] = math.nan
        zeros = int(np.isnan(values).sum())
        label = f"{name}, without {zeros:,} that are 0" if zeros else name
        left.plot(rows["mode"], values, label=label, **curve)
        right.plot(rows["mode"], rows["cumulative_power"], label=name, **curve)
    for axes in (left, right):
        if spectrum["mode"].max() > 10:
            set_log(axes, "x", log_limits(spectrum["mode"]))
        else:
            set_log_at(axes, spectrum["mode"].unique())
        axes.set_xlabel("mode, by falling eigenvalue")
    set_log(left, "y", log_limits(spectrum["eigenvalue"], EIGENVALUE_DEPTH))
    left.set_ylabel("eigenvalue of the Gram matrix")
    right.set(ylabel="share of the target's power", ylim=(-0.02, 1.02))
    right.grid(axis="y", color=LIGHT_GREY, linewidth=0.8)
    legend_above(left, "Eigenvalues")
    legend_above(right, "The target in the modes so far")
    return figure


def learning_curve_picture(curve: pd.DataFrame, rows_today: int, unit: str = "") -> Figure:
    """Draw the error that is predicted for numbers of training rows, and the one measured with 95 % bars.

    Args:
        curve: kernel, rows, predicted_mse, measured_mse and measured_se (both NaN where not measured).
        rows_today: how many training rows there are; what is predicted for more is dashed and shaded.
        unit: of the error, the square of the target's; "" for none.
    """
    figure = new_figure(7.5, 5)
    axes = figure.subplots()
    for place, (name, rows) in enumerate(_kernels(curve)):
        # Side by side, measured points of two kernels do not cover each other.
        shift = (curve["rows"].max() / curve["rows"].min()) ** (0.012 * place)
        _draw_learning_curve(axes, name, rows.sort_values("rows"), rows_today, shift)
    set_log_at(axes, curve["rows"].unique())
    measured, half = curve["measured_mse"], NORMAL_95 * curve["measured_se"]
    set_log(axes, "y", log_limits([curve["predicted_mse"], measured, *visible_ends(measured, half)]))
    if curve["rows"].max() > rows_today:
        axes.axvspan(rows_today, axes.get_xlim()[1], color="#eeeeee", label="extrapolated", zorder=0)
    axes.set(xlabel="training rows", ylabel=in_unit("mean squared error", unit))
    legend_above(axes, "Learning curve", columns=3)
    return figure


def _draw_learning_curve(axes: Axes, name: str, rows: pd.DataFrame, rows_today: int, shift: float) -> None:
    style = KERNELS[name]
    known = rows["rows"] <= rows_today
    # What is extrapolated goes on from the last point that is not.
    beyond = ~known | (rows["rows"] == rows.loc[known, "rows"].max())
    predicted = style.curve | {"markersize": 3, "linestyle": "-"}
    axes.plot(rows["rows"][known], rows["predicted_mse"][known], label=f"{name}: predicted", **predicted)
    axes.plot(rows["rows"][beyond], rows["predicted_mse"][beyond], **predicted | {"linestyle": "--"})
    measured = rows[rows["measured_mse"] > 0]
    if len(measured):
        half = NORMAL_95 * measured["measured_se"]
        points = style.points | {"label": f"{name}: measured, 95 %", "markersize": 7}
        draw_bars(axes, measured["rows"] * shift, measured["measured_mse"], half, points)


def time_course_picture(course: pd.DataFrame, unit: str) -> Figure:
    """Draw training loss, errors and the distance of the weights against the training time.

    Time 0 has no place on the axis; time inf is a short level line at its right end.

    Args:
        course: kernel, time (0 to inf), train_loss, test_rmse and loo_rmse (NaN where unknown),
            weight_distance and weight_distance_rms.
        unit: of the target; "" for none.
    """
    kinds = {"test_rmse": ("test", "-"), "loo_rmse": ("leave-one-out", "--")}
    kinds = {key: kind for key, kind in kinds.items() if np.isfinite(course[key]).any()}
    figure = new_figure(15 if kinds else 10, 4.8)
    panels = list(figure.subplots(1, 3 if kinds else 2))
    times = TimeAxis.of(course["time"])
    _draw_loss(panels[0], course, times)
    if kinds:
        _draw_errors(panels[1], course, times, kinds)
        panels[1].set_ylabel(in_unit("root mean squared error", unit))
    _draw_distance(panels[-1], course, times)
    for axes in panels:
        times.set_up(axes)
    return figure


def _draw_loss(axes: Axes, course: pd.DataFrame, times: TimeAxis) -> None:
    limits = log_limits(course["train_loss"], LOSS_DEPTH)
    for name, rows in _kernels(course):
        low = (np.isinf(rows["time"]) & (rows["train_loss"] < limits[0])).any()
        label = f"{name} (below the axis at time inf)" if low else name
        times.draw(axes, rows["time"], rows["train_loss"], _timed(name), label)
    set_log(axes, "y", limits)
    axes.set_ylabel("training loss")
    legend_above(axes, "Loss on the training rows")


def _draw_errors(
    axes: Axes, course: pd.DataFrame, times: TimeAxis, kinds: dict[str, tuple[str, str]]
) -> None:
    for name, rows in _kernels(course):
        for key, (kind, line) in kinds.items():
            if np.isfinite(rows[key]).any():
                curve = _timed(name) | {"linestyle": line}
                times.draw(axes, rows["time"], rows[key], curve, f"{name}: {kind}")
        _mark_least(axes, name, rows[np.isfinite(rows["loo_rmse"])], times)
    shown = positive(course[list(kinds)])
    if shown.size and shown.max() > 20 * shown.min():
        set_log(axes, "y", log_limits(shown))
    axes.grid(axis="y", color=LIGHT_GREY, linewidth=0.8)
    legend_above(axes, "Errors on rows not trained on", columns=course["kernel"].nunique())


def _mark_least(axes: Axes, name: str, rows: pd.DataFrame, times: TimeAxis) -> None:
    """Mark the least leave-one-out error; the legend says its time, also of 0, which has no place."""
    if not len(rows):
        return
    # The last of equal ones, as in summary.json.
    least = rows[rows["loo_rmse"] <= rows["loo_rmse"].min() * (1 + EQUAL)].iloc[-1]
    star = Style(KERNELS[name].colour, "*", "none").points | {"markersize": 15, "markeredgecolor": BLACK}
    label = f"{name}: least at time {least['time']:.3g}"
    axes.plot(times.places([least["time"]]), [least["loo_rmse"]], label=label, zorder=3, **star)


def _draw_distance(axes: Axes, course: pd.DataFrame, times: TimeAxis) -> None:
    kinds = {
        "weight_distance": ("outputs start at 0", "-"),
        "weight_distance_rms": ("rms over initialisations", "--"),
    }
    for name, rows in _kernels(course):
        for key, (kind, line) in kinds.items():
            times.draw(axes, rows["time"], rows[key], _timed(name) | {"linestyle": line}, f"{name}: {kind}")
    set_log(axes, "y", log_limits(course[list(kinds)], LOSS_DEPTH))
    axes.set_ylabel("distance from the initial weights")
    legend_above(axes, "Distance of the weights", columns=course["kernel"].nunique())


def _timed(name: str) -> dict[str, Any]:
    """A kernel's curve where line styles say something else."""
    return KERNELS[name].curve | {"linestyle": "-", "markersize": 4}


def _kernels(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each kernel, in the order that they come in."""
    return [(str(name), rows) for name, rows in table.groupby("kernel", sort=False)]
