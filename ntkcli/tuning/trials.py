"""The trials of a search: their ranking, trials.csv, and the spec of the best."""

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import time_text
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.spec.data import DataSpec
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.space import section_with
from ntkcli.spec.spec import Spec
from ntkcli.spec.tune import Objective, TuneSpec
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.objectives import LARGER_IS_BETTER, Score
from ntkcli.tuning.scoring import Scored


@dataclass(frozen=True)
class Trial:
    """The scores of one network.

    number: that of its configuration, from 0.
    values: what the trial has for the keys of the space that data and network have, by key path.
    data: the keys of the data section that are found from data, as they were found: without `auto`.
    scored: every candidate with its score; empty for a network that failed.
    seconds: how long it took.
    failure: why the network failed; None if it did not.
    """

    number: int
    values: dict[str, Any]
    data: dict[str, Any]
    scored: Scored
    seconds: float
    failure: str | None = None


@dataclass(frozen=True)
class Outcome:
    """The score of one candidate of one trial."""

    trial: Trial
    candidate: Candidate
    score: Score


def ranked(trials: Sequence[Trial], objective: Objective) -> list[Outcome]:
    """Return every outcome that has a score, the best first; equal ones stay in the order of the trials."""
    found = [
        Outcome(trial, candidate, score)
        for trial in trials
        for candidate, score in trial.scored.items()
        if score.value is not None
    ]
    return sorted(found, key=lambda outcome: loss(objective, outcome.score))


def loss(objective: Objective, score: Score) -> float:
    """Return a score as a loss, of which less is better; inf where there is no score."""
    value = math.inf if score.value is None else score.value
    return -value if score.value is not None and objective in LARGER_IS_BETTER else value


def best_spec(spec: Spec, best: Outcome) -> Spec:
    """Return the spec with the data values, network, kernel, ridge and time of an outcome, for `ntk fit`.

    What an approximation finds for itself is `auto`.
    """
    candidate = best.candidate
    found = {
        "kernel": [candidate.kernel],
        "ridge": candidate.ridge,
        "ridge_scale": candidate.ridge_scale,
        "time": [candidate.time],
    }
    inference = spec.inference.model_copy(update=found | left_to_the_fit(spec, candidate.kernel))
    data = section_with(spec.data, best.trial.data)
    return fitted_spec(spec, data, section_with(spec.network, best.trial.values), inference)


def left_to_the_fit(spec: Spec, kernel: KernelName) -> dict[str, Any]:
    """Return the keys of the inference section that are `auto` in the fit of a search's best.

    The features of some centres want another ridge than all rows have, and many rows another time than few;
    an approximation finds both by rows held out. What the space has stays as the search found it.

    Args:
        spec: with the search's tune section.
        kernel: the best.
    """
    inference, tune = spec.inference, spec.tune
    if inference.approximation is None or tune is None:
        return {}
    left: dict[str, Any] = {}
    if inference.ridge == "auto" and not {"inference.ridge", "inference.ridge_scale"} & {*tune.space}:
        left["ridge"] = "auto"
    is_free = inference.time == "auto" and "inference.time" not in tune.space
    if is_free and KERNELS[kernel].has_finite_times and tune.objective != "log_marginal_likelihood":
        left["time"] = "auto"
    return left


def fitted_spec(spec: Spec, data: DataSpec, network: NetworkSpec, inference: InferenceSpec) -> Spec:
    """Return a spec with another data, network and inference section, and without `tune`.

    A solver or a dtype that does not support the section's finite times is replaced by the default.
    """
    compute = spec.compute
    solver = SOLVERS.get(compute.solver)
    if inference.has_finite_time and solver and not solver.has_finite_times:
        compute = compute.model_copy(update={"solver": "auto"})
    if inference.has_finite_time and compute.dtype == "mixed":
        compute = compute.model_copy(update={"dtype": "float64"})
    changes = {"data": data, "network": network, "inference": inference, "compute": compute}
    return spec.model_copy(update={**changes, "tune": None})


def trial_table(trials: Sequence[Trial], tune: TuneSpec) -> str:
    """Return the text of trials.csv: a line for every candidate of a network, or one if it failed."""
    head = ["trial", *tune.trial_axes, "kernel", "ridge", "ridge_scale", "time", tune.objective]
    errors = ["standard_error"] if tune.has_errors else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*head, *errors, "seconds"])
    for trial in trials:
        for cells in _lines(trial, with_error=bool(errors)):
            values = [value_text(trial.values[key]) for key in tune.trial_axes]
            writer.writerow([trial.number, *values, *cells, f"{trial.seconds:.3f}"])
    return text.getvalue()


def _lines(trial: Trial, *, with_error: bool) -> Iterator[list[str]]:
    if trial.failure is not None:
        yield [""] * (6 if with_error else 5)
    for candidate, score in trial.scored.items():
        error = [_number(score.error)] if with_error else []
        yield [*candidate_cells(candidate), _number(score.value), *error]


def candidate_cells(candidate: Candidate) -> list[str]:
    """Return the cells of a candidate: kernel, ridge, ridge_scale and time."""
    return [candidate.kernel, repr(candidate.ridge), candidate.ridge_scale, time_text(candidate.time)]


def value_text(value: Any) -> str:
    """Return a value of the spec as text that YAML reads back."""
    return value if isinstance(value, str) else json.dumps(value)


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def trial_content(trial: Trial) -> dict[str, Any]:
    """Return a trial as JSON, in which infinity is a text."""
    scores = [
        [c.kernel, c.ridge_scale, c.ridge, time_text(c.time), score.value, score.error]
        for c, score in trial.scored.items()
    ]
    return {
        "values": trial.values,
        "data": trial.data,
        "scores": scores,
        "seconds": trial.seconds,
        "failure": trial.failure,
    }


def trial_of(number: int, content: dict[str, Any]) -> Trial:
    """Return a trial from what `trial_content` made of it."""
    scored = {
        Candidate(kernel, scale, ridge, float(time)): Score(value, error)
        for kernel, scale, ridge, time, value, error in content["scores"]
    }
    return Trial(number, content["values"], content["data"], scored, content["seconds"], content["failure"])
