"""`data.log: auto`: the columns whose logarithm lowers the leave-one-out error of a kernel regression.

The kernel is the NNGP of a relu network of depth 3 on at most 500 rows, the ridge the best of a grid. A
skewed column need not gain by its logarithm: where the target follows the column itself, the logarithm bends
a straight line.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.raw_data import RawData
from ntkcli.data.sample import sample
from ntkcli.errors import NumericalError
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.jobs.network import network_of
from ntkcli.jobs.ranges import spaced
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.range_errors import KernelRangeError
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.regression.question import ridge_unit
from ntkcli.spec.data import DataSpec
from ntkcli.spec.network import NetworkSpec

ROWS, DEPTH, SIGMA_B = 500, 3, 0.3
# In units of trace / n of the Gram matrix: never so low that it is singular.
RIDGES = spaced(1e-5, 3.0, 12, log=True)
# Columns that are tried, the most skewed ones: each takes an eigendecomposition.
MOST_COLUMNS = 30
# A gain counts if it is above so many of its standard errors. More of them miss gains that test rows confirm.
STANDARD_ERRORS = 0.5


def with_chosen_log(raw: RawData, spec: DataSpec, executor: Executor, journal: Journal) -> DataSpec:
    """Return the data section with the columns that `data.log: auto` stands for; told to the journal.

    Args:
        raw: the rows.
        spec: the data section, which is returned as it is where its log is a list.
        executor: computes the kernels.
        journal: receives progress.

    Raises:
        DataError: a column is not what the spec says.
    """
    if spec.log != "auto":
        return spec
    chosen = LogChoice.of(raw, spec, executor).columns([*raw.skewed][:MOST_COLUMNS], journal)
    names = [name for name in raw.columns.features if name in chosen]
    what = f"takes the logarithm of {', '.join(names)}" if names else "takes no logarithm"
    journal.tell(f"data.log: auto {what} (of {len(raw.skewed)} skewed)")
    return spec.model_copy(update={"log": names})


@dataclass(frozen=True)
class LogChoice:
    """A greedy choice among columns: the logarithm that helps most, then the next, until none helps.

    inputs: returns the inputs (rows, d) of at most 500 training rows, given the columns whose logarithm is
        taken; they are standardised as the spec says, behind the logarithm.
    y: the targets of these rows (rows, k), as the solvers see them.
    executor: computes the kernels.
    """

    inputs: Callable[[list[str]], FloatArray]
    y: FloatArray
    executor: Executor

    @classmethod
    def of(cls, raw: RawData, spec: DataSpec, executor: Executor) -> "LogChoice":
        """Return the choice for the training rows of a spec."""
        rows = sample(len(raw.train), ROWS)

        def inputs(names: list[str]) -> FloatArray:
            _, table, _ = raw.fit(spec.model_copy(update={"log": names}))
            return np.asarray(table.x[rows])

        schema, table, _ = raw.fit(spec.model_copy(update={"log": []}))
        return cls(inputs, schema.targets.outputs(table.targets)[rows], executor)

    def columns(self, candidates: list[str], journal: Journal) -> list[str]:
        """Return the columns whose logarithm is worth taking, in the order of their choice.

        One that does harm beside those chosen so far is not tried again.
        """
        if not candidates:
            return []
        chosen: list[str] = []
        errors = self.errors([])
        while candidates:
            found = self._tried(chosen, candidates, journal)
            gains = {name: Gain.of(errors, other) for name, other in found.items()}
            best = max(candidates, key=lambda name: gains[name].mean if gains[name].is_clear else -math.inf)
            if not gains[best].is_clear:
                break
            chosen.append(best)
            errors = found[best]
            candidates = [name for name in candidates if name != best and gains[name].mean > 0]
        return chosen

    def _tried(self, chosen: list[str], candidates: list[str], journal: Journal) -> dict[str, FloatArray]:
        """Return the errors with each candidate beside those that are chosen."""
        found = {}
        with journal.phase("log", len(candidates)) as advance:
            for name in candidates:
                found[name] = self.errors([*chosen, name])
                advance(1)
        return found

    def errors(self, names: list[str]) -> FloatArray:
        """Return the squared leave-one-out error of every row, at the best ridge; inf where there is none.

        Args:
            names: the columns whose logarithm is taken.
        """
        try:
            return left_out_errors(self.inputs(names), self.y, self.executor)
        except (KernelRangeError, NumericalError):
            return np.full(len(self.y), np.inf)


def left_out_errors(x: FloatArray, y: FloatArray, executor: Executor) -> FloatArray:
    """Return the squared error of every row predicted from all others, (n,), at the ridge of least mean.

    Args:
        x: (n, d) inputs.
        y: (n, k) targets; the errors of several are added up.
        executor: computes the kernel.

    Raises:
        KernelRangeError: the kernel of a row leaves the range of float64.
        NumericalError: the eigendecomposition fails.
    """
    network = network_of(NetworkSpec(depth=DEPTH, sigma_b=SIGMA_B), x.shape[1])
    kernel = Evaluator(network, executor=executor).symmetric(network.rows(x), ["nngp"])["nngp"].to_array()
    unit = ridge_unit("trace", kernel.diagonal())
    smoother = SpectralSmoother(Spectrum.of(kernel), y)
    settings = [Regularisation(ridge * unit, math.inf) for ridge in RIDGES]
    found = smoother.left_out(settings, with_variance=False)
    return min((np.sum(left_out.residual**2, axis=1) for left_out in found), key=np.mean)


@dataclass(frozen=True)
class Gain:
    """The mean by which squared errors of the same rows get less, and its standard error; NaN if unknown."""

    mean: float
    error: float

    @classmethod
    def of(cls, before: FloatArray, after: FloatArray) -> "Gain":
        """Return the gain from some squared errors (n,) to others."""
        with np.errstate(invalid="ignore"):
            gains = before - after
            return cls(float(gains.mean()), float(gains.std(ddof=1)) / math.sqrt(len(gains)))

    @property
    def is_clear(self) -> bool:
        """Whether the gain is above what chance makes."""
        return self.mean > STANDARD_ERRORS * self.error
