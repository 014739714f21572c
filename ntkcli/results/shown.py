"""What a terminal shows of metrics: tables, and notes that explain them."""

from collections.abc import Iterator, Sequence

from ntkcli.layout import aligned_right
from ntkcli.regression.question import time_text
from ntkcli.results.class_metrics import ClassMetrics
from ntkcli.results.importance import Importances
from ntkcli.results.metrics import Metrics
from ntkcli.results.number_metrics import NumberMetrics
from ntkcli.results.score import BaselineScore, KernelScore, TargetMetrics
from ntkcli.units import percent_text

# What a table shows where the target was not observed.
UNOBSERVED: dict[str, float | None] = {"rmse": None, "nll": None, "coverage": None}
BASELINES = {"mean": "the mean of the training rows", "linear": "least squares"}


def score_table(metrics: Metrics) -> str:
    """Return a table with a line for every kernel, time and target, the baselines below them, and notes.

    The target's column is there only if there are several, and the baselines only if any target was observed.
    """
    several = len({score.target for score in metrics.scores}) > 1
    names = ["kernel", "time", *(["target"] if several else [])]
    lines = [["rows", *names, *_heads(metrics), "seconds"]]
    for score in metrics.scores:
        cells = _cells(score, with_target=several)
        lines.append(
            [_rows(metrics, score), score.kernel, time_text(score.time), *cells, f"{score.ready:.2f}"]
        )
    if any(score.metrics is not None for score in metrics.baselines):
        baselines = [(score, _cells(score, with_target=several)) for score in metrics.baselines]
        lines += [[_rows(metrics, score), score.baseline, "", *cells, ""] for score, cells in baselines]
    return "\n".join([aligned_right(lines), *_notes(metrics, lines)])


def importance_table(importances: Importances) -> str:
    """Return what was shuffled, and a table with a line for every feature, the most important first."""
    where = f"{importances.kernel} at time {time_text(importances.time)}, {importances.rows:,} rows"
    names = ["feature", *(each.feature for each in importances.features)]
    width = max(map(len, names))
    lines = [
        [each.feature.ljust(width), _number(each.increase), _number(each.standard_error)]
        for each in importances.features
    ]
    head = ["feature".ljust(width), f"{importances.metric} increase", "standard error"]
    return f"{where}, each feature shuffled:\n{aligned_right([head, *lines])}"


def _heads(metrics: Metrics) -> list[str]:
    """The names of the metrics, with the level that coverage is of."""
    summaries = [score.metrics.summary for score in metrics.scores if score.metrics is not None]
    level = f"coverage of {100 * metrics.interval:g} %"
    return [level if name == "coverage" else name for name in (summaries or [UNOBSERVED])[0]]


def _notes(metrics: Metrics, lines: list[list[str]]) -> Iterator[str]:
    """Explain what the table has: baselines, intervals, and dashes."""
    shown = {cell for line in lines for cell in line}
    plain = [f"{name}: {text}" for name, text in BASELINES.items() if name in shown]
    if plain:
        yield ", ".join(plain)
    found = [score.metrics for score in metrics.scores]
    if any(_rows(metrics, score) != str(metrics.rows) for score in metrics.scores):
        yield f"rows: those with a target, of {metrics.rows:,} that are predicted"
    if any(isinstance(part, NumberMetrics) and part.interval for part in found):
        yield f"intervals: {_intervals_text(metrics)}"
    if metrics.unseen and any(isinstance(part, ClassMetrics) for part in found):
        temperatures = [each.temperature for each in metrics.errors]
        yield f"probabilities: their temperature is by {metrics.unseen.text}{_error_text(temperatures)}"
    if "-" in shown:
        yield f"-: {_why_missing(found)}"


def _intervals_text(metrics: Metrics) -> str:
    unseen, level = metrics.unseen, metrics.interval
    if unseen is None:
        return "normal, not calibrated"
    if not metrics.are_fitted:
        scales = [error for each in metrics.errors for error in each.variance_scale]
        return f"normal, with variances scaled by {unseen.text}{_error_text(scales)}"
    # The largest of s distances is as likely as any other to be exceeded by the next.
    most = unseen.count / (unseen.count + 1)
    few = f", too few for more than {100 * most:.3g} %" if most < level else ""
    error = f" (standard error of their coverage: {percent_text(unseen.coverage_error(level))})"
    return f"by {unseen.text}{few or error}"


def _error_text(errors: Sequence[float | None]) -> str:
    """The largest of some relative standard errors; nothing where none is known."""
    known = [error for error in errors if error is not None]
    several = "at most " if len(known) > 1 else ""
    return f" (standard error: {several}{percent_text(max(known))})" if known else ""


def _why_missing(found: Sequence[TargetMetrics | None]) -> str:
    if None in found:
        return "the target was not observed"
    if any(isinstance(part, NumberMetrics) and part.interval is None for part in found):
        return "there are no standard deviations (output.std, --no-std)"
    return (
        "a variance or a probability is 0, ranks have no density, or the number leaves the range of float64"
    )


def _rows(metrics: Metrics, score: KernelScore | BaselineScore) -> str:
    """The number of rows that are scored or, where the target was not observed in any, predicted."""
    return str(metrics.scored.get(score.target) or metrics.rows)


def _cells(score: KernelScore | BaselineScore, *, with_target: bool) -> list[str]:
    numbers = UNOBSERVED if score.metrics is None else score.metrics.summary
    return [*([score.target] if with_target else []), *map(_number, numbers.values())]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
