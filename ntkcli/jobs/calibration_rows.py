"""The training rows that probabilities, variances and intervals are calibrated by."""

from dataclasses import dataclass, replace

from ntkcli.data.sample import sample
from ntkcli.errors import ResourceError
from ntkcli.planning.plan import Planner
from ntkcli.results.calibration import UnseenRows, Way
from ntkcli.spec.spec import Spec

# Enough to fit a number or two.
ROWS = 1000
# Rows that are held out come at most as one in so many, and are predicted by a fit of so many others at most.
SHARE, FITTED_ROWS = 5, 2000
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
    fit, intervals are calibrated by rows that are held out from a smaller fit, unless there are too few.

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
    is_asked_for = output.interval_from == "held_out"
    return held_out if is_asked_for or not _is_affordable(planner, left_out) else left_out


def _is_affordable(planner: Planner, left_out: CalibrationRows) -> bool:
    """Whether leaving out rows takes no longer than the fit alone, and no memory that there is not."""
    if planner.question is None:
        return False
    other = replace(planner, question=replace(planner.question, leave_one_out=left_out.rows))
    try:
        alone, together = planner.best(), other.best()
    except ResourceError:
        # The fit itself is refused, and says why.
        return True
    is_quick = together.operations - alone.operations <= max(alone.operations, CHEAP)
    return is_quick and (other.fits(together) or not planner.fits(alone))
