"""Kernel matrices written into a run directory."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.gram_store import GramStore
from ntkcli.kernels.gram import Gram
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.progress import Advance
from ntkcli.runs.npy import write_npy


def write_matrices(
    folder: Path,
    names: Sequence[str],
    store: GramStore,
    test: Rows,
    advance: Advance,
) -> None:
    """Write kernel matrices such as "ntk_test_train", rows of the first, columns of the second, no ridge.

    Args:
        folder: gets one .npy for each name.
        names: kernel, rows and columns, joined by underscores.
        store: the training rows, with the Gram matrices that are at hand already.
        test: the other rows.
        advance: called with the number of rows written.
    """
    sides = {"train": store.rows, "test": test}
    for name in names:
        kernel, rows, columns = name.split("_")
        a, b = sides[rows], sides[columns]
        if rows == columns:
            known = store.matrices if rows == "train" else {}
            panels = _square(store, kernel, a, known)
        else:
            panels = _rectangle(store.gram, kernel, a, b)
        write_npy(folder / f"{name}.npy", (len(a), len(b)), store.gram.dtype, _told(panels, advance))


def write_covariance(folder: Path, name: str, covariance: FloatArray, units: FloatArray) -> None:
    """Write a covariance (m, m) in the targets' units: (m, m) for one target, (k, m, m) for several.

    Args:
        folder: gets NAME.npy.
        name: kernel and time, such as ntk_t0.5.
        covariance: of standardised targets.
        units: (k,) of the k targets, what a variance of 1 is in their units squared.
    """
    shape = (len(units), *covariance.shape) if len(units) > 1 else covariance.shape
    panels = (row * unit for unit in units.tolist() for row in covariance)
    write_npy(folder / f"{name}.npy", shape, np.float64, panels)


def rows_to_write(names: Sequence[str], train: Rows, test: Rows) -> int:
    """Rows of all these matrices together: the length of `write_matrices`' progress."""
    lengths = {"train": len(train), "test": len(test)}
    return sum(lengths[name.split("_")[1]] for name in names)


def _square(
    store: GramStore, kernel: str, rows: Rows, known: dict[str, SymmetricBlocks]
) -> Iterator[FloatArray]:
    if kernel not in known:
        known = store.gram.symmetric(rows, [kernel], allocate=store.allocate)
    yield from known[kernel].panels()


def _rectangle(gram: Gram, kernel: str, a: Rows, b: Rows) -> Iterator[FloatArray]:
    for strip in strips(slice(0, len(a)), CHUNK_ROWS):
        yield gram.rectangle(a[strip], b, [kernel])[kernel]


def _told(panels: Iterator[FloatArray], advance: Advance) -> Iterator[FloatArray]:
    for panel in panels:
        yield panel
        advance(len(panel))
