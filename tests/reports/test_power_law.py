import math

import numpy as np
import pandas as pd
import pytest

from ntkcli.reports.figure import new_figure
from ntkcli.reports.power_law import PowerLaw, SlopeCells, draw_power_laws
from ntkcli.reports.style import KERNELS

from .tables import slope


def law(values: dict[int, list[float]], fitted: SlopeCells, name: str = "ntk") -> PowerLaw:
    rows = [(width, value) for width, each in values.items() for value in each]
    return PowerLaw(name, pd.DataFrame(rows, columns=["width", "value"]), fitted)


def test_means_have_standard_errors() -> None:
    means = law({8: [1.0, 3.0], 32: [5.0]}, {}).means
    assert means["mean"].to_dict() == {8: 2.0, 32: 5.0}
    assert means["sem"][8] == pytest.approx(1.0)
    assert math.isnan(means["sem"][32])


def test_the_label_has_slope_and_interval() -> None:
    assert law({8: [1.0]}, slope(-0.5)).label == "ntk: slope -0.50 (-0.62 to -0.38)"
    assert law({8: [1.0]}, slope(None)).label == "ntk: no slope fitted"
    assert law({8: [1.0]}, {"value": -0.5}).label == "ntk: slope -0.50"


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_what_has_no_place_is_counted(value: float) -> None:
    with_one = law({8: [1.0, value, 3.0]}, {})
    assert with_one.label == "ntk: no slope fitted; 1 at 0 or not finite"
    assert with_one.means["mean"].to_dict() == {8: 2.0}


def test_a_line_of_the_right_slope_meets_the_points() -> None:
    widths, values = law({w: [3 * w**-0.5] for w in (16, 64, 1024)}, {}).line(-0.5)
    np.testing.assert_allclose(widths, [16, 1024])
    np.testing.assert_allclose(values, 3 * widths**-0.5)


def labels(*laws: PowerLaw) -> list[str]:
    axes = new_figure(4, 3).subplots()
    draw_power_laws(axes, dict(zip(KERNELS.values(), laws, strict=False)))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    return [str(label) for label in axes.get_legend_handles_labels()[1]]


def test_theory_is_drawn_once_for_the_slope_that_two_share() -> None:
    one = law({8: [1.0], 32: [0.5]}, slope())
    assert labels(one, one).count("theory: slope -0.5") == 1


def test_theory_needs_two_widths_and_a_slope() -> None:
    assert not [label for label in labels(law({8: [1.0, 2.0]}, slope())) if "theory" in label]
    assert not [label for label in labels(law({8: [1.0], 32: [0.5]}, {})) if "theory" in label]
