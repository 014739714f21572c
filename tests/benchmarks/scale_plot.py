"""Draw the growth of seconds and peak memory at scale: scale_plot.py FIGURES PNG"""

import json
import sys
from pathlib import Path

from growth_plot import Sides, draw_growth

SIDES: Sides = {
    "ntk": ("ntk", "o", "#0072b2"),
    "nystroem": ("Nystroem", "s", "#d55e00"),
    "nystroem_in_parts": ("Nystroem in parts", "^", "#e69f00"),
    "boosting": ("boosting", "D", "#009e73"),
    "svgp": ("SVGP", "v", "#cc79a7"),
}


def main(figures: str, picture: str) -> None:
    """Of what was measured at two sizes or more."""
    growth = json.loads(Path(figures).read_text())["growth"]
    sides = {side: style for side, style in SIDES.items() if side in growth}
    draw_growth(growth, sides, "A whole fit with the same number of centres", picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
