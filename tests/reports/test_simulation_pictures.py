import math

import numpy as np

from ntkcli.reports.simulation_pictures import kernel_error_picture, predictions_picture, training_picture

from .drawn import heading, labels, points, with_bars
from .pictures import FITTED, KERNEL_SLOPES, SEVEN
from .tables import kernel_errors, predictions, training


def test_kernel_errors_have_their_slopes_and_ticks_at_the_widths() -> None:
    (axes,) = kernel_error_picture(kernel_errors(widths=SEVEN), KERNEL_SLOPES).axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_xticks().tolist() == list(SEVEN)
    fitted = "slope -0.50 (-0.62 to -0.38)"
    assert labels(axes) == [f"nngp: {fitted}", f"ntk: {fitted}", "theory: slope -0.5", "single networks"]


def test_points_of_two_kernels_are_side_by_side() -> None:
    (axes,) = kernel_error_picture(kernel_errors(), {}).axes
    nngp, ntk = (set(series[:, 0]) for series in with_bars(axes))
    assert not nngp & ntk


def test_every_width_has_its_loss_and_the_closed_form_is_black() -> None:
    loss, *others = training_picture(training(SEVEN), FITTED).axes
    assert labels(loss) == [*(f"width {width:,}" for width in SEVEN), "infinite width, expected"]
    assert loss.lines[-1].get_color() == "#000000"
    assert (loss.get_xscale(), loss.get_yscale()) == ("log", "log")
    assert len(others) == 3


def test_the_closed_form_is_the_expected_loss_over_time() -> None:
    loss = training_picture(training(times=[0.0, 1.0, 2.0]), FITTED).axes[0]
    np.testing.assert_allclose(points(loss.lines[-1]).ravel(), [1, math.exp(-1), 2, math.exp(-2)])


def test_a_loss_ends_where_one_of_its_networks_has_diverged() -> None:
    table = training([64], times=[1.0, 2.0, 3.0])
    table.loc[(table["time"] == 3.0) & (table["seed"] == 0), "train_loss"] = math.inf
    loss = training_picture(table, FITTED).axes[0]
    assert points(loss.lines[0])[:, 0].tolist() == [1.0, 2.0]


def test_quantities_are_those_of_the_last_time() -> None:
    table = training(times=[1.0, 3.0])
    _, weights, *_ = training_picture(table, FITTED).axes
    (means,) = with_bars(weights)
    last = table[table["time"] == 3.0].groupby("width")["weight_change"].mean()
    np.testing.assert_array_equal(means[:, 1], last)
    assert heading(weights) == "Change of the weights, time 3"


def test_predictions_ascend_with_the_closed_form_and_are_at_most_60() -> None:
    left, right = predictions_picture(predictions(SEVEN, rows=200), "MPa").axes
    mean = points(left.lines[0])[:, 1]
    assert len(mean) == 60
    assert (np.diff(mean) >= 0).all()
    assert set(labels(left)) == {
        "infinite width: mean",
        "infinite width: ± 2 std",
        "width 2,048: mean ± 2 std",
    }
    assert left.get_ylabel() == "prediction of strength (MPa)"
    assert right.get_ylabel() == "std of finite networks (MPa)"


def test_standard_deviations_have_a_colour_for_each_width_and_a_diagonal() -> None:
    _, right = predictions_picture(predictions(SEVEN)).axes
    *widths, diagonal = right.lines
    assert len({line.get_color() for line in widths}) == 7
    assert all(len(points(line)) == 20 for line in widths)
    ends = points(diagonal)
    np.testing.assert_array_equal(ends[:, 0], ends[:, 1])
    assert right.get_xlim() == right.get_ylim()


def test_one_network_each_has_no_standard_deviations() -> None:
    (left,) = predictions_picture(predictions(seeds=1)).axes
    assert "width 256: mean" in labels(left)


def test_the_first_output_is_drawn() -> None:
    table = predictions()
    table.loc[table["output"] == "slump", "closed_form_mean"] = 1e6
    left, _ = predictions_picture(table).axes
    assert left.get_ylim()[1] < 10
