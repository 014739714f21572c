"""Rows that are held out are predicted as by a fit that never saw them."""

import math

import numpy as np
import pytest

from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.held_out import hold_out
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Question, Uncertainty
from ntkcli.spec.network import NetworkSpec

NETWORK = network_of(NetworkSpec(sigma_b=0.3), 3)
RNG = np.random.default_rng(8)
X, Y = RNG.normal(size=(30, 3)), RNG.normal(size=(30, 2))
FITTED, HELD_OUT = np.arange(0, 20), np.arange(20, 30)
KERNELS_AND_TIMES: dict[KernelName, list[float]] = {
    "ntk": [0.5, math.inf],
    "nngp": [0.5, math.inf],
    "ntkgp": [math.inf],
}


@pytest.mark.parametrize("uncertainty", ["none", "variance"])
def test_rows_held_out_are_predicted_by_the_others_alone(uncertainty: Uncertainty) -> None:
    question = Question(KERNELS_AND_TIMES, ridge=0.1, rate=0.2, uncertainty=uncertainty)
    found = hold_out(Evaluator(NETWORK), X, Y, question, (FITTED, HELD_OUT))
    # As much is learned of 20 rows in a time that is longer by 30 / 20.
    alone = Question(KERNELS_AND_TIMES, ridge=0.1, rate=0.3)
    model = FittedModel.fit(NETWORK, X[FITTED], Y[FITTED], alone)
    for answer in model.predict(X[HELD_OUT]):
        deleted, kernel = found[answer.pair], KERNELS[answer.pair.kernel]
        np.testing.assert_allclose(deleted.residual, Y[HELD_OUT] - answer.prediction.mean, atol=1e-9)
        assert answer.prediction.variance is not None
        noise = 0.1 if kernel.is_posterior else 0.0
        np.testing.assert_allclose(deleted.variance, answer.prediction.variance + noise, atol=1e-9)
    assert set(found) == set(question.pairs)
