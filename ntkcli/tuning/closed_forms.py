"""Objectives in closed form, for which no rows are held out: leave-one-out scores and the evidence."""

import math

import numpy as np

from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.results.calibration import variance_scale
from ntkcli.results.number_metrics import joined_rmse
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.tune import Objective
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.decomposed import Decomposed, Targets
from ntkcli.tuning.objectives import Score, negative_log_density


def closed_form(
    objective: Objective, whole: Decomposed, candidate: Candidate, targets: Targets, inference: InferenceSpec
) -> Score:
    """Return a candidate's score; it has no value where the matrix to invert is singular.

    Args:
        objective: log_marginal_likelihood, loo_rmse or loo_nll.
        whole: the Gram matrix of all n rows, decomposed.
        candidate: the kernel, ridge and time to score.
        targets: what is predicted.
        inference: the spec's variance scale and learning rate.

    Rasmussen & Williams 2006, equations (2.30) and (5.10) to (5.12), for time inf.
    """
    at = whole.regularisation(candidate, inference)
    try:
        if objective == "log_marginal_likelihood":
            value = _evidence(whole, targets, at.ridge, inference)
        elif objective == "loo_rmse":
            value = joined_rmse(whole.smoother.residual(*at), targets.scale)
        else:
            value = _loo_nll(whole, candidate, at, targets, inference)
    except SingularMatrixError:
        return Score(None)
    return Score(value if math.isfinite(value) else None)


def _evidence(whole: Decomposed, targets: Targets, ridge: float, inference: InferenceSpec) -> float:
    """Return log N(y; 0, s G), the evidence of the targets as the solvers see them."""
    if inference.variance_scale == "auto":
        return whole.smoother.evidence_scaled(ridge)
    # The density of y under N(0, s G) is that of y / sqrt(s) under N(0, G), in another unit.
    s, y = inference.variance_scale, targets.y
    smoother = whole.smoother
    if s != 1.0:
        smoother = SpectralSmoother(whole.spectrum, y / math.sqrt(s))
    return smoother.evidence(ridge) - 0.5 * y.size * math.log(s)


def _loo_nll(
    whole: Decomposed, candidate: Candidate, at: Regularisation, targets: Targets, inference: InferenceSpec
) -> float:
    residual = whole.smoother.residual(*at)
    variance = whole.leave_one_out_variance(candidate.kernel, at)
    given, found = inference.variance_scale, LeaveOneOut(residual, variance)
    scale = variance_scale(found) if given == "auto" else np.full(residual.shape[1], given)
    return float(negative_log_density(residual, variance[:, None] * scale, targets.scale))
