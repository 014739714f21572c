"""Searches of small data, and their scores the long way: each candidate by itself, in dense algebra."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import multivariate_normal, norm

from ntkcli.arrays import FloatArray
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.kernels.rows import GramName
from ntkcli.regression.kernel import KERNELS
from ntkcli.spec.file import SpecFile, read_spec
from ntkcli.spec.space import section_with
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.directory import TuneDirectory
from ntkcli.tuning.scoring import Scored
from ntkcli.tuning.search import search
from ntkcli.tuning.splits import Split, splits
from ntkcli.tuning.structure import Structure
from ntkcli.tuning.trials import Trial

from ..inference.gaussian import dense_flow

MakeSpec = Callable[..., Path]


def searched(
    path: Path, place: Path, journal: Journal | None = None
) -> tuple[SpecFile, TuneSpec, list[Trial]]:
    """Search the space of a spec."""
    source = read_spec(path)
    assert source.spec.tune is not None
    with TuneDirectory(place, overwrite=False) as directory:
        trials = search(source, source.spec.tune, directory, journal or Journal()).trials
    return source, source.spec.tune, trials


@dataclass(frozen=True)
class Dense:
    """A network's kernels of all training rows, and the targets."""

    job: Job
    matrices: dict[GramName, FloatArray]

    @classmethod
    def of(cls, source: SpecFile, values: dict[str, Any]) -> "Dense":
        """Of a spec with a network's values in it."""
        spec = source.spec.model_copy(update={"network": section_with(source.spec.network, values)})
        with open_job(replace(source, spec=spec), Journal()) as job:
            found = job.evaluator.symmetric(job.train, ["nngp", "ntk"])
            return cls(job, {kernel: matrix.to_array() for kernel, matrix in found.items()})

    @cached_property
    def y(self) -> FloatArray:
        return self.job.dataset.y_train

    @property
    def scale(self) -> FloatArray:
        return self.job.dataset.target_scaling.scale

    @property
    def labels(self) -> Any:
        return self.y.argmax(axis=1) if self.job.dataset.is_classification else None

    def cut(self, tune: TuneSpec) -> list[Split]:
        structure = Structure.of(self.job.dataset.train, self.labels, tune.validation)
        return splits(len(self.y), tune.validation, structure)

    def ridge_and_time(self, candidate: Candidate, rows: Any) -> tuple[float, float]:
        """In absolute terms, and in units of the exponent."""
        asked = self.job.spec.inference
        trace = candidate.ridge_scale == "trace"
        diagonal = self.matrices[KERNELS[candidate.kernel].gram].diagonal()[rows]
        share = len(rows) * self.y.shape[1] if asked.loss == "mean" else 1
        unit = diagonal.mean() if trace else 1.0
        return candidate.ridge * unit, candidate.time * asked.learning_rate / share

    def predict(self, candidate: Candidate, split: Split) -> tuple[FloatArray, FloatArray]:
        """Means (m, k), and variances of observations (m,)."""
        a, b = split.train, split.held_out
        ridge, time = self.ridge_and_time(candidate, a)
        m, k = self.matrices[KERNELS[candidate.kernel].gram], self.matrices["nngp"]
        flow = dense_flow(m[np.ix_(a, a)] + ridge * np.eye(len(a)), time)
        gain = m[np.ix_(b, a)] @ flow
        if candidate.kernel == "ntk":
            cov = k[np.ix_(b, b)] - gain @ k[np.ix_(a, b)] - k[np.ix_(b, a)] @ gain.T
            cov = cov + gain @ k[np.ix_(a, a)] @ gain.T
            return gain @ self.y[a], np.diagonal(cov)
        twice = dense_flow(m[np.ix_(a, a)] + ridge * np.eye(len(a)), 2 * time)
        cov = m[np.ix_(b, b)] - m[np.ix_(b, a)] @ twice @ m[np.ix_(a, b)]
        return gain @ self.y[a], np.diagonal(cov) + ridge

    def leave_one_out(self, candidate: Candidate, rows: Any) -> tuple[FloatArray, FloatArray]:
        """Residuals (r, k) and variances (r,) of each of the rows, predicted by the others of them.

        Ridge and time are those for all of the rows.
        """
        ridge, time = self.ridge_and_time(candidate, rows)
        plain = replace(candidate, ridge_scale="absolute", ridge=ridge)
        asked = self.job.spec.inference.model_copy(update={"loss": "sum", "learning_rate": 1.0})
        spec = self.job.spec.model_copy(update={"inference": asked})
        alone = Dense(replace(self.job, source=replace(self.job.source, spec=spec)), self.matrices)
        plain = replace(plain, time=time)
        found = [alone.predict(plain, Split(np.delete(rows, i), rows[[i]])) for i in range(len(rows))]
        mean, variance = zip(*found, strict=True)
        return self.y[rows] - np.concatenate(mean), np.concatenate(variance)

    def variance_scale(self, candidate: Candidate, rows: Any) -> FloatArray:
        given = self.job.spec.inference.variance_scale
        if given != "auto":
            return np.full(self.y.shape[1], given)
        residual, variance = self.leave_one_out(candidate, rows)
        return np.asarray(np.mean(residual**2 / variance[:, None], axis=0))

    def rmse(self, residual: FloatArray) -> float:
        roots = np.sqrt(np.mean(residual**2, axis=0))
        return float(roots[0] * self.scale[0] if len(roots) == 1 else roots.mean())

    def nll(self, residual: FloatArray, variance: FloatArray) -> float:
        """Of residuals (m, k) and variances (m, k)."""
        losses = -norm.logpdf(residual, scale=np.sqrt(variance))
        return float(losses.mean() + (math.log(self.scale[0]) if len(self.scale) == 1 else 0.0))

    def evidence(self, candidate: Candidate, scale: float = 1.0) -> float:
        rows = np.arange(len(self.y))
        ridge, _ = self.ridge_and_time(candidate, rows)
        gram = scale * (self.matrices[KERNELS[candidate.kernel].gram] + ridge * np.eye(len(rows)))
        return float(sum(multivariate_normal(cov=gram).logpdf(column) for column in self.y.T))


def numbers(scored: Scored) -> list[float]:
    """The scores, NaN where there is none."""
    return [math.nan if score.value is None else score.value for score in scored.values()]
