"""The ridge of a search's best, settled on the rows that it will be fitted to, or on more than were searched.

Of few rows, hardly any two are alike, and their noise hardly shows: of more rows, another ridge is best.
"""

from dataclasses import replace

from ntkcli.errors import ResourceError
from ntkcli.jobs.job import Job
from ntkcli.jobs.ranges import AUTOMATIC_STEPS, LARGEST_RIDGE, LEAST_RIDGE, spaced
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.space import Range
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.candidates import Candidate, FreeAxes
from ntkcli.tuning.chains import Configuration
from ntkcli.tuning.evaluation import Evaluation
from ntkcli.tuning.inputs import Inputs
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.tuning.trials import Outcome, left_to_the_fit, ranked
from ntkcli.units import counted

# Rows at most, and ridges; these reach so many steps of the search to either side of the best.
ROWS, POINTS, STEPS_ASIDE = 5000, 17, 2


def settled(plan: SearchPlan, inputs: Inputs, job: Job, best: Outcome) -> Outcome:
    """Return the best with the ridge that is best of finer steps around its own, on as many rows as may be.

    These are all rows, or as many as take no longer than the search did, and 5,000 at most if fewer were
    searched. Where the space lists ridges, or the spec has one, it stays; and so does one as good as any, and
    one that the fit finds for itself.

    Args:
        plan: of the search.
        inputs: the data of the search.
        job: holds the spec's data.
        best: of the search.
    """
    spec = inputs.source.spec
    ridges = _finer(plan.tune, spec.inference, best.candidate)
    if not ridges or "ridge" in left_to_the_fit(spec, best.candidate.kernel):
        return best
    wider, candidate = _with_more_rows(plan, inputs, job), best.candidate
    axes = FreeAxes([candidate.kernel], [candidate.ridge_scale], [*ridges], [candidate.time])
    configuration = Configuration(best.trial.number, best.trial.values)
    with job.journal.phase("settle"):
        evaluation = Evaluation.of(replace(wider, axes=axes), inputs, job)
        trials = [*evaluation.trials([[configuration]])]
    found = ranked(trials, plan.tune.objective)
    if not found:
        return best
    equals = [one for one in found if one.score.value == found[0].score.value]
    before = [one for one in equals if one.candidate == candidate]
    chosen = replace((before or equals)[0], trial=best.trial)
    if chosen.candidate != candidate:
        score = f"{plan.tune.objective} {chosen.score.value:.6g}"
        on = counted(len(wider.rows), "row")
        job.journal.tell(f"inference.ridge of the best: {chosen.candidate.ridge:.6g}, on {on} ({score})")
    return chosen


def _finer(tune: TuneSpec, inference: InferenceSpec, best: Candidate) -> list[float]:
    """Return the search's ridges, and finer steps around the best of them; none where it has no range."""
    axis = tune.space.get("inference.ridge")
    if axis is None and inference.ridge == "auto":
        low, high, steps = LEAST_RIDGE, LARGEST_RIDGE, AUTOMATIC_STEPS
    elif isinstance(axis, Range) and axis.log:
        low, high, steps = axis.low, axis.high, axis.steps or AUTOMATIC_STEPS
    else:
        return []
    ratio = (high / low) ** (STEPS_ASIDE / (steps - 1))
    least, largest = max(low, best.ridge / ratio), min(high, best.ridge * ratio)
    finer = spaced(least, largest, POINTS, log=True)
    return sorted({*spaced(low, high, steps, log=True), *finer, best.ridge})


def settling_rows(plan: SearchPlan, n: int) -> int:
    """Return how many of n rows take no longer with one network than those of a search with all."""
    rows = len(plan.rows)
    return max(rows, min(n, ROWS, int(rows * plan.networks ** (1 / 3))))


def _with_more_rows(plan: SearchPlan, inputs: Inputs, job: Job) -> SearchPlan:
    """Return the plan of a search of one network, on rows that take as long as the search of all did."""
    rows = settling_rows(plan, len(job.train))
    if rows == len(plan.rows):
        return plan
    tune = plan.tune.model_copy(update={"rows": rows})
    wider = SearchPlan.of(inputs.source, tune, job)
    try:
        wider.check()
    except ResourceError:
        return plan
    return wider
