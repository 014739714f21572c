"""The difference between what two runs predict of the same rows, with its standard error."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.results.number_metrics import json_number, mean_standard_error


@dataclass(frozen=True)
class PairedDifference:
    """A metric of one run less that of another, on the same rows, which are taken as independent.

    metric: its name.
    difference: None where it is infinite.
    standard_error: None where it is not known.
    """

    metric: str
    difference: float | None
    standard_error: float | None

    @classmethod
    def of_means(cls, metric: str, of_rows: FloatArray, others: FloatArray) -> Self:
        """Of a metric that is a mean over rows.

            mean_i d_i  +-  std(d) / sqrt(n),    d_i = a_i - b_i

        Args:
            metric: its name.
            of_rows: a, (n,).
            others: b, (n,), of the same rows.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            d = of_rows - others
            return cls(metric, json_number(np.mean(d)), mean_standard_error(d))

    @classmethod
    def of_roots(cls, metric: str, squares: FloatArray, others: FloatArray) -> Self:
        """Of a metric that is the root of a mean over rows, by the delta method.

            A - B  +-  std(d) / sqrt(n),    d_i = a_i / 2A - b_i / 2B,    A = sqrt(mean a), B = sqrt(mean b)

        A root that is 0 counts as known.

        Args:
            metric: its name.
            squares: a, (n,).
            others: b, (n,), of the same rows.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            roots = [np.sqrt(np.mean(values)) for values in (squares, others)]
            one, other = (
                values / (2 * root) if root > 0 else np.zeros_like(values)
                for values, root in zip((squares, others), roots, strict=True)
            )
            return cls(metric, json_number(roots[0] - roots[1]), mean_standard_error(one - other))

    @property
    def standard_errors(self) -> float | None:
        """The difference in standard errors; None where there is none."""
        if self.difference is None or not self.standard_error:
            return None
        return self.difference / self.standard_error

    @property
    def content(self) -> dict[str, Any]:
        """The difference as JSON has it."""
        return {**asdict(self), "standard_errors": self.standard_errors}
