"""The part of `ntk show` that a fit has: how it is calibrated, and its scores."""

from collections.abc import Iterator, Sequence

from ntkcli.commands.finding import Finding
from ntkcli.runs.reader import Run
from ntkcli.runs.records import CalibratedRecord, MetricsRecord, TargetRecord
from ntkcli.units import counted

OF_NUMBERS = ("rmse", "mae", "r2", "nll", "coverage", "width")
OF_CLASSES = ("accuracy", "balanced_accuracy", "log_loss", "brier", "ece")


def fit_findings(run: Run) -> Iterator[Finding]:
    """Yield how the intervals or probabilities are calibrated, and what the scores are of."""
    calibration = run.record.calibration
    metrics = run.metrics
    content = {
        "calibration": calibration.model_dump() if calibration else None,
        "scores": [score.model_dump(exclude_unset=True) for score in metrics.scores],
        "baselines": [score.model_dump(exclude_unset=True) for score in metrics.baselines],
        "scores_of": metrics.rows,
        "interval": metrics.interval,
        "interval_from": metrics.interval_from,
    }
    if calibration is None:
        yield Finding("calibration", "none", content)
    else:
        rows = f"by {calibration.by.replace('_', ' ')}, {counted(calibration.rows, 'row')}"
        yield Finding("calibration", rows, content)
        for found in calibration.found:
            yield Finding("", f"{found.kernel} at time {found.time}: {_calibrated(found)}")
    rows = "the training rows themselves" if metrics.rows == "train" else "the test rows"
    source = (
        "normal" if metrics.interval_from == "normal" else f"by {metrics.interval_from.replace('_', ' ')}"
    )
    intervals = "" if run.record.classes else f"; {100 * metrics.interval:g} % intervals, {source}"
    yield Finding("scores", f"of {rows}{intervals}")


def score_lines(metrics: MetricsRecord) -> list[list[str]]:
    """Return the scores of every kernel, time and target as cells below a head, and of the baselines."""
    scores = metrics.scores
    names = [
        name for name in (*OF_NUMBERS, *OF_CLASSES) if any(getattr(each, name) is not None for each in scores)
    ]
    lines = [["kernel", "time", "target", *names]]
    lines += [[each.kernel, each.time, each.target, *_cells(each, names)] for each in scores]
    return lines + [[each.model, "", each.target, *_cells(each, names)] for each in metrics.baselines]


def _cells(score: TargetRecord, names: Sequence[str]) -> list[str]:
    values = (getattr(score, name) for name in names)
    return ["-" if value is None else f"{value:.4g}" for value in values]


def _calibrated(found: CalibratedRecord) -> str:
    parts = [f"variances times {_numbers(found.variance_scale)}", f"noise {_numbers(found.noise)}"]
    parts += [f"intervals {_numbers(found.half_width)} std wide each way"] if found.half_width else []
    parts += [] if found.temperature in (None, 1.0) else [f"temperature {found.temperature:.4g}"]
    return ", ".join(parts)


def _numbers(values: Sequence[float | None]) -> str:
    return ", ".join("-" if value is None else f"{value:.4g}" for value in values)
