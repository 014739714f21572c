import math

import numpy as np
import pytest

from ntkcli.reports.spectrum_pictures import learning_curve_picture, spectrum_picture, time_course_picture

from .drawn import bars, labels, points
from .tables import learning_curve, spectrum, time_course


def test_both_kernels_are_in_both_panels_of_a_spectrum() -> None:
    eigenvalues, power = spectrum_picture(spectrum()).axes
    assert labels(eigenvalues) == labels(power) == ["ntk", "nngp"]
    assert (eigenvalues.get_xscale(), eigenvalues.get_yscale()) == ("log", "log")
    assert (power.get_xscale(), power.get_yscale()) == ("log", "linear")


def test_eigenvalues_of_0_are_left_out_and_counted() -> None:
    axes, _ = spectrum_picture(spectrum(["ntk"], modes=20, zeros=3)).axes
    assert labels(axes) == ["ntk, without 3 that are 0"]
    assert np.isnan(points(axes.lines[0])[:, 1]).sum() == 3


def test_a_large_spectrum_has_few_markers() -> None:
    axes, _ = spectrum_picture(spectrum(["ntk"], modes=5000)).axes
    (line,) = axes.lines
    assert len(points(line)) == 5000
    assert np.size(np.asarray(line.get_markevery())) <= 12


def test_few_modes_are_whole_numbers() -> None:
    axes, _ = spectrum_picture(spectrum(modes=2)).axes
    assert axes.get_xticks().tolist() == [1, 2]


def test_a_learning_curve_beyond_the_rows_of_today_is_dashed_and_shaded() -> None:
    (axes,) = learning_curve_picture(learning_curve(["ntk"]), 200, "MPa^2").axes
    known, beyond = axes.lines[:2]
    assert points(known)[:, 0].tolist() == [50, 100, 200]
    assert points(beyond)[:, 0].tolist() == [200, 400, 800]
    assert (known.get_linestyle(), beyond.get_linestyle()) == ("-", "--")
    assert labels(axes) == ["ntk: predicted", "ntk: measured, 95 %", "extrapolated"]
    assert axes.get_ylabel() == "mean squared error (MPa^2)"


def test_nothing_is_shaded_where_nothing_is_extrapolated() -> None:
    (axes,) = learning_curve_picture(learning_curve(["ntk"]), 800).axes
    assert labels(axes) == ["ntk: predicted", "ntk: measured, 95 %"]


def test_what_is_not_measured_has_no_points() -> None:
    (axes,) = learning_curve_picture(learning_curve(measured=False), 200).axes
    assert labels(axes) == ["ntk: predicted", "nngp: predicted", "extrapolated"]
    assert not axes.containers


def test_bars_are_95_percent_intervals() -> None:
    table = learning_curve(["ntk"])
    (axes,) = learning_curve_picture(table, 200).axes
    low, high = bars(axes)[0]
    assert (high - low) / 2 == pytest.approx(1.96 * table["measured_se"][0])


def test_a_time_course_marks_the_least_leave_one_out_error() -> None:
    _, errors, _ = time_course_picture(time_course(["ntk"]), "MPa").axes
    assert labels(errors) == ["ntk: test", "ntk: leave-one-out", "ntk: least at time 10"]
    assert points(errors.lines[-1]).tolist() == [[10.0, 1.0]]
    assert errors.get_ylabel() == "root mean squared error (MPa)"


def test_the_least_may_be_at_a_time_that_is_not_on_the_axis() -> None:
    table = time_course(["ntk"]).assign(loo_rmse=lambda course: 1 + np.minimum(course["time"], 5.0))
    _, errors, _ = time_course_picture(table, "").axes
    assert "ntk: least at time 0" in labels(errors)


def test_without_test_observations_there_is_the_leave_one_out_error() -> None:
    _, errors, _ = time_course_picture(time_course(["ntk"], test=False), "").axes
    assert labels(errors) == ["ntk: leave-one-out", "ntk: least at time 10"]


def test_without_any_errors_there_is_no_panel_of_them() -> None:
    loss, distance = time_course_picture(time_course(test=False, leave_one_out=False), "").axes
    assert (loss.get_ylabel(), distance.get_ylabel()) == (
        "training loss",
        "distance from the initial weights",
    )


def test_a_loss_far_below_the_first_does_not_squash_the_axis() -> None:
    loss = time_course_picture(time_course(["ntk"], [0.0, 1e-3, 1.0, 30.0, math.inf]), "").axes[0]
    assert loss.get_ylim()[0] > 1e-9
    assert labels(loss) == ["ntk (below the axis at time inf)"]


def test_an_error_that_leaves_float64_is_not_drawn_and_never_the_least() -> None:
    table = time_course(["ntk"])
    table.loc[table["time"] == 10.0, "loo_rmse"] = math.nan
    table.loc[table["time"] == 0.1, "loo_rmse"] = math.inf
    _, errors, _ = time_course_picture(table, "").axes
    assert labels(errors)[-1] == "ntk: least at time 100"


def test_the_distances_of_the_weights_differ_in_their_lines() -> None:
    distance = time_course_picture(time_course(["ntk"], [1.0, 2.0]), "").axes[-1]
    assert [line.get_linestyle() for line in distance.lines] == ["-", "--"]
    assert labels(distance) == ["ntk: outputs start at 0", "ntk: rms over initialisations"]
