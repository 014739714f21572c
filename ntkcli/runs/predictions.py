"""The predictions of one kernel at one time, read back from predictions.csv."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.errors import DataError
from ntkcli.files.input_file import open_regular
from ntkcli.results.row_errors import RowErrors
from ntkcli.runs.reader import Run
from ntkcli.runs.reading import reading

# Lines that are in memory beside those that are kept.
CHUNK_LINES = 100_000
# What the nll by the table may differ from that in metrics.json, relatively.
SAME = 1e-6


@dataclass(frozen=True)
class Predictions:
    """The predictions of a run by a kernel at a time.

    run: the fit that they are of.
    kernel, time: as predictions.csv has them.
    table: their lines.
    """

    run: Run
    kernel: str
    time: str
    table: pd.DataFrame

    @classmethod
    def of(cls, run: Run, kernel: str, time: str) -> Self:
        """Read the lines of a pair.

        Raises:
            DataError: the file cannot be read, is damaged, or has no observed targets.
        """
        path = run.path("predictions.csv")
        try:
            with reading(path):
                table = _read(path, run, kernel, time)
        except (ValueError, KeyError) as error:
            raise run.damaged(path.name, error) from error
        if table.empty:
            raise DataError(f"{path}: has no rows of {kernel} at time {time}: run ntk fit again")
        return cls(run, kernel, time, table)

    @property
    def row_names(self) -> list[str]:
        """The columns that tell which row it is: ids, and the row's number."""
        return [*self.table.columns[: self.table.columns.get_loc("kernel")]]

    @property
    def targets(self) -> list[str]:
        """The targets."""
        return self.run.record.targets

    def keys(self, names: list[str]) -> pd.Index:
        """Return what each row has in some columns."""
        found = self.table[names]
        return pd.MultiIndex.from_frame(found) if len(names) > 1 else pd.Index(found[names[0]])

    def errors(self, target: str) -> RowErrors:
        """Return what the predictions of a target cost on each row; NaN where it was not observed.

        Raises:
            DataError: a column is missing.
        """
        try:
            is_class = bool(self.run.record.classes)
            return self._of_classes(target) if is_class else self._of_numbers(target)
        except KeyError as error:
            raise self.run.damaged("predictions.csv", error) from error

    def _of_numbers(self, target: str) -> RowErrors:
        column = "median" if f"{target}_median" in self.table else "mean"
        y, centre = self.table[target].to_numpy(), self.table[f"{target}_{column}"].to_numpy()
        if column == "median":
            # The density of a transformed target is not that of a normal one.
            return RowErrors.of_numbers(target, y, centre, None)
        found = RowErrors.of_numbers(target, y, centre, self._std(target))
        return found if self._has_the_nll_of_the_fit(found) else found.without("nll")

    def _of_classes(self, target: str) -> RowErrors:
        observed, predicted = self.table[target].to_numpy(), self.table[f"{target}_class"].to_numpy()
        own = np.full(len(observed), np.nan)
        for label in self.run.record.classes:
            of_class = observed == label
            own[of_class] = self.table[f"{target}_probability_{label}"].to_numpy()[of_class]
        right = np.where(np.isnan(own), np.nan, observed == predicted)
        return RowErrors.of_classes(target, own, right)

    def _std(self, target: str) -> FloatArray | None:
        """The std of an observation, which a fitted interval is a multiple of; else that in the table."""
        if f"{target}_std" not in self.table:
            return None
        half = self._half_width(target)
        if not half:
            return np.asarray(self.table[f"{target}_std"].to_numpy())
        width = self.table[f"{target}_upper"].to_numpy() - self.table[f"{target}_lower"].to_numpy()
        return np.asarray(width / 2 / half)

    def _half_width(self, target: str) -> float | None:
        calibration = self.run.record.calibration
        for found in calibration.found if calibration else []:
            if (found.kernel, found.time) == (self.kernel, self.time) and found.half_width:
                return found.half_width[self.targets.index(target)]
        return None

    def _has_the_nll_of_the_fit(self, found: RowErrors) -> bool:
        """Whether the nll is that in metrics.json: a table's std may leave out the noise of observations."""
        pair = self.kernel, self.time, found.target
        scores = [
            score for score in self.run.metrics.scores if (score.kernel, score.time, score.target) == pair
        ]
        nll = found.scores.get("nll")
        return any(
            nll is not None and score.nll is not None and abs(nll - score.nll) <= SAME * max(1.0, abs(nll))
            for score in scores
        )


def _read(path: Path, run: Run, kernel: str, time: str) -> pd.DataFrame:
    """Read the lines of a pair, some of the file at a time.

    Raises:
        ValueError: it is no table of predictions; KeyError: a column is missing.
    """
    with open_regular(path) as file:
        names = [str(name) for name in pd.read_csv(file, nrows=0, dtype=str).columns]
    place = names.index("kernel")
    record = run.record
    for target in record.targets:
        if target not in names:
            raise DataError(f"{path}: has no column {target!r}: compare runs whose test data has the targets")
    texts = [*names[:place], "kernel", "time"]
    texts += [target + end for target in record.targets for end in ("", "_class")] if record.classes else []
    wanted = texts + [name for name in names if _is_number(name, record.targets) and name not in texts]
    parts = pd.read_csv(
        path,
        usecols=[name for name in wanted if name in names],
        dtype={name: str if name in texts else np.float64 for name in wanted},
        keep_default_na=False,
        na_values={name: [""] for name in wanted if name not in texts},
        chunksize=CHUNK_LINES,
    )
    with parts:
        kept = [part[(part["kernel"] == kernel) & (part["time"] == time)] for part in parts]
    return pd.concat(kept, ignore_index=True)


def _is_number(name: str, targets: list[str]) -> bool:
    """Whether a column has numbers of a target that errors are made of."""
    ends = ("_mean", "_median", "_std", "_lower", "_upper")
    return any(
        name == target or name.startswith(f"{target}_probability_") or name in [target + end for end in ends]
        for target in targets
    )
