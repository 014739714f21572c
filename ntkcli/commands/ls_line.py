"""A line of `ntk ls`: a run in short."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from ntkcli.commands.show_run import network_text
from ntkcli.runs.best_pair import PairScores, best_pair
from ntkcli.runs.reader import Run
from ntkcli.units import seconds_text

METRICS = ("rmse", "nll", "accuracy", "log_loss")


@dataclass(frozen=True)
class RunLine:
    """A run in short; None where it has no such thing.

    run: its directory.
    command: that wrote it.
    date: of its last file, UTC in ISO 8601.
    rows: training rows.
    network: activations and depth.
    kernel, time: of the pair that predicts best.
    rmse, nll, accuracy, log_loss: of that pair; of several targets, the rmse is the mean of their rmse over
        that of the mean of the training rows, and the nll the mean.
    seconds: that the run took.
    """

    run: str
    command: str
    date: str
    rows: int | None
    network: str
    kernel: str | None
    time: str | None
    rmse: float | None
    nll: float | None
    accuracy: float | None
    log_loss: float | None
    seconds: float | None

    @classmethod
    def of(cls, place: Path) -> Self:
        """Read a run.

        Raises:
            DataError: it is not whole, or damaged.
        """
        run = Run.at(place)
        fit = run.fit
        record = fit.record
        pair = best_of(fit) if fit.kind == "fit" else None
        scales = scales_of(fit) if pair else {}
        return cls(
            run=str(place),
            command=run.kind,
            date=run.written.isoformat(timespec="seconds"),
            rows=record.data["train"].rows if "train" in record.data else None,
            network=network_text(record.network),
            kernel=pair.kernel if pair else None,
            time=pair.time if pair else None,
            rmse=pair.mean("rmse", scales) if pair else None,
            nll=pair.mean("nll") if pair else None,
            accuracy=pair.mean("accuracy") if pair else None,
            log_loss=pair.mean("log_loss") if pair else None,
            seconds=record.seconds.get("total"),
        )

    def sort_key(self, key: str) -> Any:
        """Return what the line is sorted by, times as numbers; None where there is none."""
        value = getattr(self, key)
        return float(value) if key == "time" and value is not None else value

    @property
    def content(self) -> dict[str, Any]:
        """The line as JSON has it."""
        return asdict(self)

    @property
    def cells(self) -> dict[str, str]:
        """The line as a table has it, by column."""
        numbers = {name: getattr(self, name) for name in METRICS}
        return {
            "run": self.run,
            "command": self.command,
            "date": f"{datetime.fromisoformat(self.date).astimezone():%Y-%m-%d %H:%M}",
            "rows": "-" if self.rows is None else f"{self.rows:,}",
            "network": self.network,
            "kernel": self.kernel or "-",
            "time": self.time or "-",
            **{name: "-" if value is None else f"{value:.4g}" for name, value in numbers.items()},
            "seconds": "-" if self.seconds is None else seconds_text(self.seconds),
        }


# What lines can be sorted by.
KEYS = tuple(field.name for field in fields(RunLine))


def best_of(fit: Run) -> PairScores | None:
    """Return the pair of a fit that predicts best."""
    return best_pair(fit.metrics.scores, scales_of(fit))


def scales_of(fit: Run) -> dict[str, float]:
    """Return the rmse of the training rows' mean for each of several targets; of one it is not needed."""
    if len(fit.record.targets) < 2:
        return {}
    means = (score for score in fit.metrics.baselines if score.model == "mean")
    return {score.target: score.rmse for score in means if score.rmse}
