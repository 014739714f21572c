"""Rows left out with their groups are predicted as by a fit without the groups."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ntkcli.journal import Journal
from ntkcli.regression.deletion import delete_rows
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.question import Question
from ntkcli.regression.stages import ways

from ..kernels.inputs import make_network

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(14, 3)), RANDOM.normal(size=(14, 2))
WEIGHTS = RANDOM.uniform(0.5, 2.0, size=14)
GROUPS = np.array([4, 1, 4, 2, 2, 1, 4, 9, 2, 1, 4, 4, 9, 2])
NETWORK = make_network("relu")


@pytest.mark.parametrize("at_once", [1, 6, 128])
@pytest.mark.parametrize("solver", ["cholesky", "eigh", "lanczos", "pcg"])
@pytest.mark.parametrize("kernel", ["nngp", "ntkgp", "ntk"])
def test_a_group_left_out_is_a_group_that_was_deleted(
    monkeypatch: pytest.MonkeyPatch, kernel: KernelName, solver: str, at_once: int
) -> None:
    monkeypatch.setattr("ntkcli.regression.question.CHUNK_ROWS", at_once)
    # Not all rows of the fit, but all of each group.
    rows = np.flatnonzero(GROUPS != 9)
    plain = Question(times={kernel: [math.inf]}, ridge=0.2, tolerance=1e-12)
    asked = replace(plain, leave_one_out=tuple(rows), left_out_groups=tuple(GROUPS[rows]))
    model = FittedModel.fit(NETWORK, X, Y, asked, next(ways(asked, solver)), weights=WEIGHTS)
    (found,) = delete_rows(model.stages[0], Y, Journal()).values()
    for label in {1, 2, 4}:
        own, others = rows[GROUPS[rows] == label], np.flatnonzero(label != GROUPS)
        smaller = FittedModel.fit(NETWORK, X[others], Y[others], plain, weights=WEIGHTS[others])
        (answer,) = smaller.predict(X[own])
        expected = answer.unseen(Y[own], WEIGHTS[own])
        places = np.searchsorted(rows, own)
        np.testing.assert_allclose(found.residual[places], expected.residual, rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(found.variance[places], expected.variance, rtol=1e-7, atol=1e-9)
