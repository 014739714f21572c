"""Objectives in closed form, for which no rows are held out: leave-one-out scores and the evidence."""

import math
from collections.abc import Sequence

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.results.calibration import variance_scale
from ntkcli.results.number_metrics import joined_rmse, joined_rmse_error, mean_standard_error
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
    if objective == "log_marginal_likelihood":
        return [_score(_evidence(whole, targets, at, inference), None) for at in settings]
    if objective == "loo_rmse":
        left_out = whole.left_out(candidates[0].kernel, settings, with_variance=False)
        residuals, scale = (found.residual for found in left_out), targets.scale
        return [_score(joined_rmse(each, scale), joined_rmse_error(each, scale)) for each in residuals]
    left_out = whole.left_out(candidates[0].kernel, settings)
    losses = (_loo_losses(found, targets, inference) for found in left_out)
    return [_score(float(each.mean()), mean_standard_error(each)) for each in losses]


def _score(value: float, error: float | None) -> Score:
    return Score(value, error) if math.isfinite(value) else Score(None)


def _evidence(whole: Decomposed, targets: Targets, at: Regularisation, inference: InferenceSpec) -> float:
    """Return log N(y; 0, s G), the evidence of the targets as the solvers see them; NaN if G is singular."""
    if not whole.smoother.is_regular(at):
        return math.nan
    # Of targets that are multiplied by roots, the density is less by as much as these are larger.
    shift = 0.0 if whole.roots is None else float(np.log(whole.roots).sum()) * targets.y.shape[1]
    if inference.variance_scale == "auto":
        return shift + whole.smoother.evidence_scaled(at.ridge)
    # The density of y under N(0, s G) is that of y / sqrt(s) under N(0, G), in another unit.
    s, y = inference.variance_scale, whole.y
    smoother = whole.smoother
    if s != 1.0:
        smoother = SpectralSmoother(whole.spectrum, y / math.sqrt(s))
    return shift + smoother.evidence(at.ridge) - 0.5 * y.size * math.log(s)


def _loo_losses(found: LeaveOneOut, targets: Targets, inference: InferenceSpec) -> FloatArray:
    """Return the negative log density of each row, (n,)."""
    given, k = inference.variance_scale, found.residual.shape[1]
    scale = variance_scale(found) if given == "auto" else np.full(k, given)
    variance = found.variance[:, None] * scale
    return negative_log_density(found.residual[:, None], variance[:, None], targets.scale)
