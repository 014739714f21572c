"""Objectives in closed form, for which no rows are held out: leave-one-out scores and the evidence."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.results.calibration import variance_scale
from ntkcli.results.number_metrics import joined_rmse
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.tune import Objective
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.decomposed import Decomposed, Targets
from ntkcli.tuning.objectives import Score, negative_log_density


def closed_forms(
    objective: Objective,
    whole: Decomposed,
    candidates: Sequence[Candidate],
    targets: Targets,
    inference: InferenceSpec,
) -> list[Score]:
    """Return the scores of some candidates; where the matrix to invert is singular there is no value.

    Args:
        objective: log_marginal_likelihood, loo_rmse or loo_nll.
        whole: the Gram matrix of all n rows, decomposed.
        candidates: ridges and times to score, of one kernel.
        targets: what is predicted.
        inference: the spec's variance scale and learning rate.

    Rasmussen & Williams 2006, equations (2.30) and (5.10) to (5.12), for time inf.
    """
    settings = [whole.regularisation(candidate, inference) for candidate in candidates]
    values: Iterable[float]
    if objective == "log_marginal_likelihood":
        values = (_evidence(whole, targets, at, inference) for at in settings)
    elif objective == "loo_rmse":
        left_out = whole.smoother.left_out(settings, with_variance=False)
        values = (joined_rmse(found.residual, targets.scale) for found in left_out)
    else:
        left_out = whole.left_out(candidates[0].kernel, settings)
        values = (_loo_nll(found, targets, inference) for found in left_out)
    return [Score(value if math.isfinite(value) else None) for value in values]


def _evidence(whole: Decomposed, targets: Targets, at: Regularisation, inference: InferenceSpec) -> float:
    """Return log N(y; 0, s G), the evidence of the targets as the solvers see them; NaN if G is singular."""
    if not whole.smoother.is_regular(at):
        return math.nan
    if inference.variance_scale == "auto":
        return whole.smoother.evidence_scaled(at.ridge)
    # The density of y under N(0, s G) is that of y / sqrt(s) under N(0, G), in another unit.
    s, y = inference.variance_scale, targets.y
    smoother = whole.smoother
    if s != 1.0:
        smoother = SpectralSmoother(whole.spectrum, y / math.sqrt(s))
    return smoother.evidence(at.ridge) - 0.5 * y.size * math.log(s)


def _loo_nll(found: LeaveOneOut, targets: Targets, inference: InferenceSpec) -> float:
    given, k = inference.variance_scale, found.residual.shape[1]
    scale = variance_scale(found) if given == "auto" else np.full(k, given)
    variance = found.variance[:, None] * scale
    return float(negative_log_density(found.residual, variance, targets.scale))
