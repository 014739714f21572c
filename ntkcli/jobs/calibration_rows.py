"""The training rows that probabilities, variances and intervals are calibrated by."""

from dataclasses import dataclass, replace

from ntkcli.data.sample import sample
from ntkcli.errors import ResourceError
from ntkcli.planning.footprint import stage_bytes
from ntkcli.planning.planner import Planner
from ntkcli.regression.held_out import smaller_question, smaller_stages
from ntkcli.results.unseen_rows import UnseenRows, Way
from ntkcli.spec.spec import Spec

# Enough to fit a number or two.
ROWS = 1000
# Rows that are held out come at most as one in so many, and are predicted by a fit of so many others at most.
SHARE, FITTED_ROWS = 5, 2000
# Enough to choose among many settings, where there are many rows anyway.
ROWS_OF_MANY = 4000
# Operations of a matrix product that nobody notices: a second or two.
CHEAP = 1e11


@dataclass(frozen=True)
class CalibrationRows:
    """The rows to calibrate by.

    by: whether they are left out one at a time, or held out from a fit of other rows.
    rows: their indices, ascending; none where nothing is calibrated.
    """

    by: Way = "leave_one_out"
    rows: tuple[int, ...] = ()

    @property
    def unseen(self) -> UnseenRows | None:
        """What is told of them; None where there are none."""
        return UnseenRows(self.by, len(self.rows)) if self.rows else None

    @property
    def left_out(self) -> tuple[int, ...]:
        """The rows that are left out one at a time."""
        return self.rows if self.by == "leave_one_out" else ()


def calibration_rows(spec: Spec, planner: Planner, *, is_classification: bool) -> CalibrationRows:
    """Choose the rows that a spec's predictions are calibrated by.

    Rows left out are those of the fit itself, and the first choice. Where they would take longer than the
    fit, intervals are calibrated by rows that are held out from a smaller fit, unless there are too few rows
    or there is too little memory; where there is none for either, intervals are normal ones.

    Args:
        spec: says what is calibrated.
        planner: of the fit, without any rows left out.
        is_classification: whether the target is a class, whose probabilities need them.
    """
    output, n = spec.output, planner.sizes.n
    left_out = CalibrationRows("leave_one_out", tuple(sample(n, ROWS).tolist()))
    if is_classification or spec.inference.variance_scale == "auto":
        return left_out
    if not output.has_fitted_intervals:
        return CalibrationRows()
    held_out = CalibrationRows("held_out", tuple(sample(n, min(ROWS, n // SHARE)).tolist()))
    if output.interval_from == "leave_one_out" or not held_out.rows:
        return left_out
    if output.interval_from == "held_out":
        return held_out
    return _affordable(planner, left_out, held_out)


def held_out_rows(spec: Spec, available: int, *, is_classification: bool) -> CalibrationRows:
    """Choose the rows that an approximation is calibrated by: held out, and then fitted with all others.

    Args:
        spec: says what is calibrated.
        available: training rows to choose from.
        is_classification: whether the target is a class, whose probabilities need them.
    """
    output, inference = spec.output, spec.inference
    is_wanted = is_classification or inference.variance_scale == "auto" or output.has_fitted_intervals
    if not is_wanted:
        return CalibrationRows()
    return CalibrationRows("held_out", held_out_of_many(available))


def held_out_of_many(available: int) -> tuple[int, ...]:
    """The rows that an approximation is judged by before they are fitted with all others: one at least."""
    return tuple(sample(available, min(ROWS_OF_MANY, max(1, available // SHARE))).tolist())


def _affordable(planner: Planner, left_out: CalibrationRows, held_out: CalibrationRows) -> CalibrationRows:
    """Choose rows left out if that takes no longer than the fit alone, and else what there is memory for."""
    if planner.question is None:
        return CalibrationRows()
    other = replace(planner, question=replace(planner.question, leave_one_out=left_out.rows))
    try:
        alone, together = planner.best(), other.best()
    except ResourceError:
        # The fit itself is refused, and says why.
        return left_out
    is_possible = other.fits(together) or not planner.fits(alone)
    if is_possible and together.operations - alone.operations <= max(alone.operations, CHEAP):
        return left_out
    needed = planner.sizes.base + smaller_fit_bytes(planner, len(held_out.rows))
    if needed <= planner.budget.memory:
        return held_out
    return left_out if is_possible else CalibrationRows()


def smaller_fit_bytes(planner: Planner, rows: int) -> int:
    """Return the bytes of the fit that some rows are held out from, at its peak beside the base.

    Args:
        planner: of the fit of all rows.
        rows: how many are held out.
    """
    if planner.question is None:
        return 0
    fitted = min(FITTED_ROWS, planner.sizes.n - rows)
    question = smaller_question(planner.question, fitted / planner.sizes.n)
    sizes = replace(planner.sizes, n=fitted, m=rows, itemsize=8)
    # Their factorisations are all kept until the rows are predicted.
    stages = smaller_stages(question)
    return sum(stage_bytes(stage, sizes, question) for stage in stages)
