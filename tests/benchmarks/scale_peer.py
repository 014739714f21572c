"""A peer on CSV files, CSV out; runs under the peers' own Python.

scale_peer.py METHOD TRAIN TEST OUT TARGET CENTRES

OUT has a column "mean", and "std" of observations where there is one.
"""

import sys
from pathlib import Path

import pandas as pd
from scale_boosting import boosting
from scale_encoding import FloatArray, Rows
from scale_nystroem import nystroem, nystroem_in_parts


def svgp(rows: Rows, centres: int) -> dict[str, FloatArray]:
    """Imported when it is asked for, since torch is large."""
    from scale_svgp import svgp

    return svgp(rows, centres)


METHODS = {
    "nystroem": nystroem,
    "nystroem_in_parts": nystroem_in_parts,
    "boosting": boosting,
    "svgp": svgp,
}


def main(method: str, train: str, test: str, out: str, target: str, centres: str) -> None:
    """Read, fit, predict, write."""
    rows = Rows.read(Path(train), Path(test), target)
    pd.DataFrame(METHODS[method](rows, int(centres))).to_csv(out, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
