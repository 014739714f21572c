"""Groups of training rows predicted by training without them, from what is factored of all rows.

As for single rows (see `contour`), with blocks in the place of the numbers [x]_i: at t = inf the residuals
of a group are [G^{-1}]_gg^{-1} [G^{-1} y]_g, and their covariance as noisy observations is [G^{-1}]_gg^{-1}.
"""

import math
from collections.abc import Sequence

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.contour import Contour
from ntkcli.inference.flow import Deletion, Flow
from ntkcli.inference.leave_one_out import LeaveOneOut, unit_columns


def members(groups: IntArray) -> list[IntArray]:
    """The places of the rows of every group, by the groups' labels (n,)."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1) if len(groups) else []


def group_deletion(flow: Flow, n: int, rows: IntArray, groups: IntArray) -> Deletion:
    """What deleting rows, with all others of their groups, makes of their residuals at t = inf.

    Args:
        flow: of G (n, n), ridge included.
        n: rows of G.
        rows: indices (s,) of all rows of some groups.
        groups: their labels, (s,).
    """
    inverse = flow.on(unit_columns(n, rows)).product(math.inf).astype(np.float64, copy=False)
    weights, variances = np.empty_like(inverse), np.empty(len(rows))
    for own in members(groups):
        block = np.linalg.inv(inverse[np.ix_(rows[own], own)])
        weights[:, own] = inverse[:, own] @ block
        variances[own] = block.diagonal()
    return Deletion(weights, variances)


def groups_in_the_limit(
    vectors: FloatArray, eigenvalues: FloatArray, targets: FloatArray, groups: Sequence[IntArray]
) -> LeaveOneOut:
    """The rows of all groups, at t = inf; their variances are those of noisy observations.

    Args:
        vectors: V (n, n).
        eigenvalues: g > 0 of G, (n,).
        targets: V^T y (n, k).
        groups: the rows of each.
    """
    residuals, variances = np.empty(targets.shape), np.empty(len(vectors))
    for own in groups:
        solved = vectors[own] / eigenvalues
        block = np.linalg.inv(solved @ vectors[own].T)
        residuals[own] = block @ (solved @ targets)
        variances[own] = block.diagonal()
    return LeaveOneOut(residuals, variances)


def rotated_group_weights(vectors: FloatArray, eigenvalues: FloatArray, contour: Contour) -> FloatArray:
    """V^T w of the rows of one group, as rows: (r, n).

    Args:
        vectors: those rows of V, (r, n).
        eigenvalues: g (n,) of G, positive if the contour is that of inf.
        contour: of the time.
    """
    found = np.zeros(vectors.shape)
    for shift, weight in zip(contour.shifts, contour.weights, strict=True):
        solved = vectors / (contour.scale * eigenvalues + shift)
        found += (weight * np.linalg.solve(solved @ vectors.T, solved)).real
    return found
