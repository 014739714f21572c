"""The trial of an approximation that nobody has asked for: some centres, to see what they leave out."""

from ntkcli.arrays import FloatArray
from ntkcli.data.sample import sample
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.planning.approximated import Approximated
from ntkcli.planning.nystrom_plan import NystromPlan
from ntkcli.planning.nystrom_planner import STEPS, NystromPlanner
from ntkcli.planning.work import Work
from ntkcli.regression.centres import Centres

# Operations of a matrix product that choosing centres takes at most: a second of one processor.
MOST_OPERATIONS = 3e10


def approximated(planner: NystromPlanner, evaluator: Evaluator, x: FloatArray) -> Approximated | None:
    """Choose some centres from a sample of rows, as many as take a second; None where none are allowed.

    Args:
        planner: of the approximation.
        evaluator: computes kernels of the job's network.
        x: the training rows that are in memory (n, d).
    """
    plan = planner.best()
    if plan.memory_bytes > planner.budget.memory or plan.model_bytes > planner.budget.disk:
        return None
    tried = _tried(planner, plan)
    rows = x[sample(len(x), tried.sample, tried.seed)]
    found = Centres.chosen(evaluator, rows, tried.leading, tried.centres, tried.seed)
    # There are fewer where the rows are no more: then they leave nothing out, nor would more of them.
    is_all = len(found.rows) < tried.centres
    return Approximated(plan, plan.centres if is_all else tried.centres, found.left_out_by(tried.centres))


def _tried(planner: NystromPlanner, plan: NystromPlan) -> NystromPlan:
    """The plan itself, or one with as many centres as are quickly chosen."""
    fewer = [planner.plan(count) for count in sorted(STEPS) if count < plan.centres]
    quick = [other for other in [*fewer, plan] if _choosing(other) <= MOST_OPERATIONS]
    return quick[-1] if quick else [*fewer, plan][0]


def _choosing(plan: NystromPlan) -> float:
    entries, algebra = float(plan.sample * plan.centres), 2.0 * plan.sample * plan.centres**2
    return Work(entries, algebra).operations(plan.sizes)
