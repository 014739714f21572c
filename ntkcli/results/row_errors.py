"""What a prediction costs on each row, read from predictions.csv."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.results.number_metrics import json_number
from ntkcli.results.paired import PairedDifference

ROOT, SQUARES = "rmse", "squared_error"


@dataclass(frozen=True)
class RowErrors:
    """The losses of a target's predictions, row by row.

    target: its name.
    losses: (n,) each, by the name of the metric that is their mean.
    """

    target: str
    losses: dict[str, FloatArray]

    @classmethod
    def of_numbers(cls, target: str, y: FloatArray, centre: FloatArray, std: FloatArray | None) -> Self:
        """Of numbers: squared and absolute errors and, with a std, the negative log density.

        Args:
            target: its name.
            y: observed, (n,).
            centre: the mean or median that was predicted, (n,).
            std: of an observation, (n,); None where it is not known.
        """
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            error = y - centre
            losses = {SQUARES: error**2, "mae": np.abs(error)}
            if std is not None:
                losses["nll"] = 0.5 * (np.log(2 * np.pi * std**2) + (error / std) ** 2)
        return cls(target, losses)

    @classmethod
    def of_classes(cls, target: str, own: FloatArray, right: FloatArray) -> Self:
        """Of classes: the log loss, and whether the class is right.

        Args:
            target: its name.
            own: probability of the true class, (n,).
            right: 1 where the true class is predicted, else 0, (n,).
        """
        with np.errstate(divide="ignore"):
            log_loss = 0.0 - np.log(own)
        return cls(target, {"log_loss": log_loss, "accuracy": right})

    def of_rows(self, rows: IntArray) -> "RowErrors":
        """Return the losses of some rows, by their places."""
        return RowErrors(self.target, {name: losses[rows] for name, losses in self.losses.items()})

    def without(self, metric: str) -> "RowErrors":
        """Return all losses but that of a metric."""
        return RowErrors(self.target, {name: of for name, of in self.losses.items() if name != metric})

    @property
    def scores(self) -> dict[str, float | None]:
        """The metrics over the rows that have the target; None where one is infinite."""
        with np.errstate(over="ignore", invalid="ignore"):
            means = {name: float(np.mean(of[~np.isnan(of)])) for name, of in self.losses.items()}
        found = {ROOT: float(np.sqrt(means.pop(SQUARES)))} if SQUARES in means else {}
        return {name: json_number(value) for name, value in (found | means).items()}

    def less(self, other: "RowErrors") -> list[PairedDifference]:
        """Return the differences of the metrics that both have."""
        both = [name for name in self.losses if name in other.losses]
        found = [PairedDifference.of_means(name, self.losses[name], other.losses[name]) for name in both]
        if SQUARES in both:
            roots = self.losses[SQUARES], other.losses[SQUARES]
            found.insert(0, PairedDifference.of_roots(ROOT, *roots))
        return found
