"""A figure: whether it can be drawn at all, an empty one, and its PNG file."""

import warnings
from typing import IO, TYPE_CHECKING

from ntkcli.errors import SpecError
from ntkcli.extras import is_installed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 150
PADDING = 0.08  # inches


def check_matplotlib() -> None:
    """Refuse to draw where matplotlib is not installed.

    Raises:
        SpecError: it is not.
    """
    if not is_installed("matplotlib"):
        raise SpecError("--plot needs matplotlib: pip install 'ntkcli[report]'")


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure, whose parts make room for each other when it is saved.

    Args:
        width: in inches.
        height: in inches.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=PADDING, h_pad=PADDING)
    return Figure(figsize=(width, height), layout=layout)


def save_figure(figure: "Figure", file: IO[bytes]) -> None:
    """Write a figure that was not saved before as PNG: the same table gives the same bytes.

    Args:
        figure: from one of the functions that draw a picture.
        file: a binary file to write to.
    """
    with warnings.catch_warnings():
        # A target may be named in a script that the font lacks; a box instead of a letter is no fault.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(file, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
