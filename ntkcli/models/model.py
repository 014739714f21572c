"""A fitted model: what a fit has left, in files or in memory, ready to predict new rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from ntkcli.arrays import ArraySource
from ntkcli.data.table import Schema
from ntkcli.errors import DataError, ResourceError
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.network import Network
from ntkcli.kernels.range_errors import KernelRangeError, VarianceLimitError
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.models.array_files import AGAIN, SURPRISES
from ntkcli.models.model_file import NAME, ModelFile
from ntkcli.planning.budget import Budget
from ntkcli.planning.features import features_bytes
from ntkcli.planning.footprint import stage_bytes
from ntkcli.planning.machine import usable_memory
from ntkcli.planning.path_sampling import with_sampling
from ntkcli.planning.planner import Planner
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.feature_support import prior_name
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import WEIGHTS, KeptStage, rows_name
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Pair, Question
from ntkcli.results.baselines import Baseline
from ntkcli.results.calibration import Calibration
from ntkcli.results.presentation import Presentation, presentation_of
from ntkcli.solvers.solver import MissingNumberError, Solver
from ntkcli.solvers.storage import Place
from ntkcli.units import bytes_text, counted

# Rows of a file that are read and predicted at once: whole strips of tiles.
TABLE_ROWS = 8192
# Where Gram matrices may be that predictions compute again, what is quicker first.
PLACES_AGAIN: tuple[Place, ...] = ("memory", "tiles")


class KeptArrays(ArraySource, Protocol):
    """Where the arrays of a model are: in files, or in memory."""

    @property
    def folder(self) -> Path:
        """The folder that they are in, or where there is room for others."""

    def shape(self, name: str, dimensions: int) -> list[int]:
        """Return the shape of an array, which has to have so many dimensions."""


@dataclass(frozen=True)
class Model:
    """A model that was fitted before.

    arrays: reads the arrays that only some predictions need.
    file: model.json.
    schema: how rows of a file become inputs.
    network: the network with its activations tabulated as in the fit.
    """

    arrays: KeptArrays
    file: ModelFile
    schema: Schema
    network: Network

    @property
    def pairs(self) -> list[Pair]:
        """Every kernel and time that the model was fitted for, in the order of the spec."""
        return [Pair(record.kernel, record.time) for record in self.file.calibrations]

    def solvers_again(self, pairs: Collection[Pair]) -> list[Solver]:
        """The solvers that have to begin again for variances of some kernels and times: nothing is stored."""
        kept = [record.kept for record in self.file.stages]
        lacking = [each.stage for each in kept if each.factor is None and set(each.stage.pairs) & set(pairs)]
        return list(
            {stage.solver.name: stage.solver for stage in lacking if stage.solver.reads_gram}.values()
        )

    def without_variance(self, pairs: Collection[Pair]) -> list[KernelName]:
        """The kernels of some pairs whose features were summed for means alone: ensembles at time > 0."""
        found = [
            pair.kernel
            for place, record in enumerate(self.file.stages)
            if record.features and prior_name(place) not in self.file.arrays
            for pair in record.kept.stage.pairs
            if pair in pairs and not KERNELS[pair.kernel].is_posterior
        ]
        return list(dict.fromkeys(found))

    def presentation(self, *, std: bool) -> Presentation:
        """Return how the fit's spec presents predictions, with or without standard deviations."""
        return presentation_of(self.schema.targets, self.file.output.model_copy(update={"std": std}))

    def fitted(
        self, pairs: Sequence[Pair], *, std: bool, executor: Executor, journal: Journal
    ) -> FittedModel:
        """Load what predicts some of the kernels and times.

        Args:
            pairs: the kernels and times, in order.
            std: whether standard deviations are wanted; they take factorisations, which are computed again
                where they were not stored.
            executor: computes kernels.
            journal: receives the progress of that.

        Raises:
            DataError: an array of the model is missing or damaged.
            ResourceError: the factorisations do not fit in memory.
            SingularMatrixError, ConvergenceError: one cannot be computed again.
        """
        question = self._question(pairs, std=std)
        place, kept = self._placed(question, executor.workers)
        evaluator = Evaluator(self.network, executor=executor, dtype=self.file.dtype)
        d, k = len(self.schema.features.columns), self.schema.targets.count
        try:
            return FittedModel.load(
                evaluator, kept, question, (d, k), self.arrays, journal, place, weighted=self._has_weights
            )
        except MissingNumberError as error:
            raise DataError(f"{self.arrays.folder / NAME}: is damaged: {error}: {AGAIN}") from error
        except (SingularMatrixError, ConvergenceError):
            # They are of what is computed again, and say nothing against the files.
            raise
        except (KernelRangeError, VarianceLimitError) as error:
            path = self.arrays.folder / f"{rows_name(kept)}.npy"
            raise DataError(f"{path}: is damaged: the kernel of a row leaves its range: {AGAIN}") from error
        except SURPRISES as error:
            raise DataError(
                f"{self.arrays.folder}: is damaged: no fit wrote these numbers: {AGAIN}"
            ) from error

    def planner(self, pairs: Sequence[Pair], *, std: bool, threads: int) -> Planner:
        """Return the planner of another fit for some of the kernels and times, and for one table of rows."""
        budget = Budget.of(None, self.arrays.folder)
        return Planner(self._sizes(threads), budget, self._question(pairs, std=std))

    def _question(self, pairs: Sequence[Pair], *, std: bool) -> Question:
        record = self.file.question
        times: dict[KernelName, list[float]] = {}
        for kernel, time in pairs:
            times.setdefault(kernel, []).append(time)
        return Question(
            times=times,
            rate=record.rate,
            ridge=record.ridge,
            ridge_scale=record.ridge_scale,
            uncertainty="variance" if std else "none",
            tolerance=record.tolerance,
            variance_samples=record.variance_samples,
            is_noise_known=record.is_noise_known,
        )

    @property
    def _has_weights(self) -> bool:
        """Whether the training rows are kept, and their weights with them."""
        return WEIGHTS in self.file.arrays

    def _placed(self, question: Question, threads: int) -> tuple[Place, list[KeptStage]]:
        """Where Gram matrices are that are computed again, and the stages, with samples where these do.

        Raises:
            ResourceError: they do not fit in memory, and solvers need them there.
        """
        sizes, needs = self._sizes(threads), []
        kept = [record.kept for record in self.file.stages]
        if any(one.features is not None for one in kept):
            # They are as they were kept: nothing is computed again.
            self._check_features(question, kept, sizes)
            return "memory", kept
        for place in PLACES_AGAIN:
            planned = [replace(one, stage=with_sampling(one.stage, sizes, question, place)) for one in kept]
            stages = [one.stage for one in planned if set(one.stage.pairs) & set(question.pairs)]
            if not question.has_uncertainty:
                return place, planned
            if all(place in stage.solver.places for stage in stages):
                needs.append(sizes.base + sum(stage_bytes(stage, sizes, question, place) for stage in stages))
                if needs[-1] <= usable_memory():
                    return place, planned
        raise _too_little_memory("std", min(needs), "use --no-std, or ask for one --time and --kernel")

    def _check_features(self, question: Question, kept: Sequence[KeptStage], sizes: Sizes) -> None:
        wanted = [one for one in kept if set(one.stage.pairs) & set(question.pairs)]
        needed = sizes.base + features_bytes(wanted, sizes, question)
        if needed > usable_memory():
            raise _too_little_memory(
                f"a model of {counted(sizes.n, 'centre')}", needed, "ask for one --time and --kernel"
            )

    def _sizes(self, threads: int) -> Sizes:
        n, d = self.arrays.shape(rows_name([record.kept for record in self.file.stages]), 2)
        return Sizes(
            n=n,
            m=TABLE_ROWS,
            d=d,
            k=self.schema.targets.count,
            itemsize=np.dtype(self.file.dtype).itemsize,
            depth=self.network.depth,
            threads=threads,
        )

    @property
    def calibrations(self) -> Mapping[Pair, Calibration]:
        """The calibration of every kernel and time; a variance scale that the fit did not find is NaN."""
        unknown = [np.nan] * self.schema.targets.count
        return {
            Pair(found.kernel, found.time): Calibration(
                np.array(unknown if found.variance_scale is None else found.variance_scale),
                np.zeros(self.schema.targets.count) if found.noise is None else np.array(found.noise),
                found.temperature,
                None if found.half_width is None else np.array(found.half_width),
                found.errors,
            )
            for found in self.file.calibrations
        }

    @cached_property
    def baselines(self) -> list[Baseline]:
        """The baselines that were fitted to the same rows: the mean, and linear least squares.

        Raises:
            DataError: an array is missing or damaged.
        """
        return [self._baseline(name) for name in ("mean", "linear")]

    def _baseline(self, name: str) -> Baseline:
        d, k = len(self.schema.features.columns), self.schema.targets.count
        shapes = {"weights": (d, k), "intercept": (k,), "variance": (k,)}
        parts = {part: self.arrays.read(f"{name}_{part}", *shape) for part, shape in shapes.items()}
        for part, values in parts.items():
            if not np.isfinite(values).all() or (part == "variance" and (values < 0).any()):
                path = self.arrays.folder / f"{name}_{part}.npy"
                raise DataError(f"{path}: is damaged: it is that of no baseline: {AGAIN}")
        return Baseline(name, **parts)


def _too_little_memory(what: str, needed: int, remedy: str) -> ResourceError:
    return ResourceError(
        f"not enough memory: {what} needs about {bytes_text(needed)}, and {bytes_text(usable_memory())} are "
        f"free: {remedy}"
    )
