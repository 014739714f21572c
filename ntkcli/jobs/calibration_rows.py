"""The training rows that probabilities, variances and intervals are calibrated by."""

from dataclasses import dataclass, replace

import numpy as np

from ntkcli.arrays import IntArray
from ntkcli.data.groups import whole_groups
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
    groups: of which they are all rows; None for rows by themselves.
    """

    by: Way = "leave_one_out"
    rows: tuple[int, ...] = ()
    groups: int | None = None

    @classmethod
    def drawn(
        cls, by: Way, rows: tuple[int, int], groups: IntArray | None, *, spare: int = 0
    ) -> "CalibrationRows":
        """Draw rows at random, or those of whole groups.

        Args:
            by: as above.
            rows: to draw from, and wanted.
            groups: numbers of the rows' groups; None for rows by themselves.
            spare: groups that are not drawn in any case.
        """
        if groups is None:
            return cls(by, tuple(sample(*rows).tolist()))
        found = whole_groups(groups, rows[1], spare=spare)
        return cls(by, tuple(found.tolist()), len(np.unique(groups[found])))

    @property
    def unseen(self) -> UnseenRows | None:
        """What is told of them; None where there are none."""
        return UnseenRows(self.by, len(self.rows), self.groups) if self.rows else None

    @property
    def left_out(self) -> tuple[int, ...]:
        """The rows that are left out one at a time."""
        return self.rows if self.by == "leave_one_out" else ()


def calibration_rows(
    spec: Spec, planner: Planner, *, is_classification: bool, groups: IntArray | None = None
) -> CalibrationRows:
    """Choose the rows that a spec's predictions are calibrated by.

    Rows left out are those of the fit itself, and the first choice. Where they would take longer than the
    fit, intervals are calibrated by rows that are held out from a smaller fit, unless there are too few rows
    or there is too little memory; where there is none for either, intervals are normal ones.

    Args:
        spec: says what is calibrated.
        planner: of the fit, without any rows left out.
        is_classification: whether the target is a class, whose probabilities need them.
        groups: numbers of the rows' groups, (n,), which are left out or held out whole; None for rows by
            themselves. At finite times groups are held out.
    """
    output, n = spec.output, planner.sizes.n
    left_out = CalibrationRows.drawn("leave_one_out", (n, ROWS), groups)
    held_out = CalibrationRows.drawn("held_out", (n, min(ROWS, n // SHARE)), groups, spare=1)
    is_wanted = is_classification or spec.inference.variance_scale == "auto"
    if groups is not None and planner.question and planner.question.has_finite_times:
        return held_out if is_wanted or output.has_fitted_intervals else CalibrationRows()
    if is_wanted:
        return left_out
    if not output.has_fitted_intervals:
        return CalibrationRows()
    if output.interval_from == "leave_one_out" or not held_out.rows:
        return left_out
    if output.interval_from == "held_out":
        return held_out
    return _affordable(planner, left_out, held_out, groups)


def held_out_rows(
    spec: Spec, available: int, *, is_classification: bool, groups: IntArray | None = None
) -> CalibrationRows:
    """Choose the rows that an approximation is calibrated by: held out, and then fitted with all others.

    Args:
        spec: says what is calibrated.
        available: training rows to choose from.
        is_classification: whether the target is a class, whose probabilities need them.
        groups: numbers of the rows' groups, which are held out whole; None for rows by themselves.
    """
    output, inference = spec.output, spec.inference
    is_wanted = is_classification or inference.variance_scale == "auto" or output.has_fitted_intervals
    if not is_wanted:
        return CalibrationRows()
    return held_out_of_many(available, groups)


def held_out_of_many(available: int, groups: IntArray | None = None) -> CalibrationRows:
    """The rows that an approximation is judged by before they are fitted with all others: one at least."""
    wanted = min(ROWS_OF_MANY, max(1, available // SHARE))
    return CalibrationRows.drawn("held_out", (available, wanted), groups, spare=1)


def _affordable(
    planner: Planner, left_out: CalibrationRows, held_out: CalibrationRows, groups: IntArray | None
) -> CalibrationRows:
    """Choose rows left out if that takes no longer than the fit alone, and else what there is memory for."""
    if planner.question is None:
        return CalibrationRows()
    other = replace(planner, question=planner.question.leaving_out(left_out.rows, groups))
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
