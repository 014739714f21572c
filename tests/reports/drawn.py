"""What was drawn in a panel."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D

from ntkcli.arrays import FloatArray


def labels(axes: Axes) -> list[str]:
    """Of the legend, from its first column on."""
    return [str(label) for label in axes.get_legend_handles_labels()[1]]


def heading(axes: Axes) -> str:
    """Of the legend."""
    legend = axes.get_legend()
    assert legend is not None
    return str(legend.get_title().get_text())


def points(line: Line2D) -> FloatArray:
    """x and y of a line, (n, 2)."""
    return np.asarray(line.get_xydata(), dtype=np.float64)


def with_bars(axes: Axes) -> list[FloatArray]:
    """x and y of points with error bars, (n, 2) for each series."""
    return [points(container[0]) for container in axes.containers if isinstance(container, ErrorbarContainer)]


def bars(axes: Axes) -> list[list[float]]:
    """Lower and upper ends of the error bars of the first series."""
    container: Any = axes.containers[0]
    return [path.vertices[:, 1].tolist() for path in container[2][0].get_paths()]
