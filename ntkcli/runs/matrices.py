"""Kernel matrices, predictive covariances and function samples as files of a run directory."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.journal import Advance
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Here
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.planning.sizes import Side, matrix_parts
from ntkcli.regression.support import Support
from ntkcli.runs.npy_files import save_array, write_panels


def write_matrices(
    folder: Path,
    names: Sequence[str],
    support: Support,
    test: Rows,
    advance: Advance,
) -> None:
    """Write kernel matrices K(A, B), without a ridge, to files NAME.npy.

    Args:
        folder: gets one file for each name.
        names: such as "ntk_test_train": kernel, rows A and columns B, joined by underscores.
        support: the training rows, with the Gram matrices that are computed already.
        test: the rows to predict.
        advance: called with the number of rows written.
    """
    sides: dict[Side, Rows] = {"train": support.rows, "test": test}
    for name in names:
        gram, rows, columns = matrix_parts(name)
        a, b = sides[rows], sides[columns]
        if rows == columns:
            known = support.matrices if rows == "train" else {}
            panels = _square(support, gram, a, known)
        else:
            panels = _rectangle(support, gram, a, b)
        shape, dtype = (len(a), len(b)), support.evaluator.dtype
        write_panels(folder / f"{name}.npy", shape, dtype, _counted(panels, advance))


def write_covariance(folder: Path, name: str, covariance: FloatArray, units: FloatArray) -> None:
    """Write a covariance in the targets' units to NAME.npy: (m, m) for one target, (k, m, m) for several.

    Args:
        folder: gets the file.
        name: kernel and time, such as ntk_t0.5.
        covariance: of a standardised target's function at m rows, (m, m).
        units: factors (k,) from a standardised variance to each of the k targets' units squared.
    """
    shape = (len(units), *covariance.shape) if len(units) > 1 else covariance.shape
    panels = (row * unit for unit in units.tolist() for row in covariance)
    write_panels(folder / f"{name}.npy", shape, np.float64, panels)


def write_samples(folder: Path, name: str, functions: FloatArray) -> None:
    """Write function samples to NAME.npy: (count, m) for one target, (count, m, k) for several.

    Args:
        folder: gets the file.
        name: kernel and time, such as ntkgp_tinf.
        functions: samples at m rows of k targets, in their units, (count, m, k).
    """
    single = functions.shape[2] == 1
    save_array(folder / f"{name}.npy", functions[:, :, 0] if single else functions)


def rows_to_write(names: Sequence[str], train: Rows, test: Rows) -> int:
    """Return the number of rows of all matrices together: what `write_matrices`' steps add up to.

    Args:
        names: of the matrices, as for `write_matrices`.
        train: the training rows.
        test: the rows to predict.
    """
    lengths: dict[Side, int] = {"train": len(train), "test": len(test)}
    return sum(lengths[matrix_parts(name)[1]] for name in names)


def _square(
    support: Support, gram: GramName, rows: Rows, known: dict[GramName, SymmetricBlocks]
) -> Iterator[FloatArray]:
    if gram not in known:
        known = support.gram_evaluator.symmetric(
            rows, [gram], allocate=support.allocate, keeper=support.keeper
        )
    yield from known[gram].panels()


def _rectangle(support: Support, gram: GramName, a: Rows, b: Rows) -> Iterator[FloatArray]:
    """The panels of K(a, b), those that are kept and those that are computed."""
    evaluator = support.evaluator.alone if support.cluster else support.evaluator
    task = partial(rectangle_panel, evaluator, gram, a, b)
    cuts = [*strips(slice(0, len(a)), CHUNK_ROWS)]
    sizes = [(cut.stop - cut.start) * len(b) for cut in cuts]
    with support.keeper.array(partial(support.evaluator.identity, gram, a, b), sizes) as kept:
        done = 0
        for done, cut in enumerate(cuts):
            panel = np.empty((cut.stop - cut.start, len(b)))
            if not kept.read(done, panel.reshape(-1)):
                break
            yield panel
        else:
            return
        for place, panel in enumerate((support.cluster or Here()).map(task, cuts[done:]), done):
            kept.keep(place, panel)
            yield panel


def rectangle_panel(evaluator: Evaluator, gram: GramName, a: Rows, b: Rows, rows: slice) -> FloatArray:
    """The kernels (r, len(b)) of some of the rows a with the rows b."""
    return evaluator.rectangle(a[rows], b, [gram])[gram]


def _counted(panels: Iterator[FloatArray], advance: Advance) -> Iterator[FloatArray]:
    for panel in panels:
        yield panel
        advance(len(panel))
