"""Colours, markers and lines: to be told apart by who is colour-blind, and in print without colours."""

from dataclasses import dataclass
from typing import Any

# Okabe and Ito (2008), "Color Universal Design", with grey for yellow, which paper swallows; black is for
# references.
BLUE, VERMILLION, GREEN, ORANGE = "#0072b2", "#d55e00", "#009e73", "#e69f00"
PURPLE, SKY, GREY, BLACK = "#cc79a7", "#56b4e9", "#999999", "#000000"
COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, GREY, SKY, PURPLE)
LIGHT_GREY = "#dddddd"

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
# Fewer than the colours, and without a common factor: 28 pairs of a colour and a line.
LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (5, 2, 1, 2)), (0, (1, 1.5)))


@dataclass(frozen=True)
class Style:
    """How one series looks.

    colour: of its lines and markers.
    marker: matplotlib's name of the marker.
    line: matplotlib's line style.
    filled: whether markers are filled.
    """

    colour: str
    marker: str
    line: Any
    filled: bool = True

    @property
    def points(self) -> dict[str, Any]:
        """Matplotlib's arguments of points without a line."""
        fill = self.colour if self.filled else "white"
        return {"color": self.colour, "marker": self.marker, "markerfacecolor": fill, "linestyle": "none"}

    @property
    def curve(self) -> dict[str, Any]:
        """Matplotlib's arguments of a line with markers."""
        return self.points | {"linestyle": self.line}


KERNELS = {"ntk": Style(BLUE, "o", "-"), "nngp": Style(VERMILLION, "s", LINES[1], filled=False)}


def series_styles(count: int) -> list[Style]:
    """Return a style for each of a number of series, all different up to 28 of them."""
    return [
        Style(COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)], LINES[i % len(LINES)])
        for i in range(count)
    ]
