"""The choice of a model's kernels and times, and the model opened to predict with them."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ntkcli.data.formats import open_table
from ntkcli.data.remedies import OF_MODEL
from ntkcli.data.standard_input import readable
from ntkcli.data.table import Table
from ntkcli.data.table_file import TableFile
from ntkcli.errors import NumericalError, SpecError
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Threads
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.threads import with_threads
from ntkcli.models.factoring import factoring_lines
from ntkcli.models.model import TABLE_ROWS, Model
from ntkcli.models.predictor import Predictor
from ntkcli.models.reader import load_model
from ntkcli.planning.alternatives import cheapest_other
from ntkcli.planning.machine import multiply_rate, thread_count
from ntkcli.regression.question import Pair, time_text
from ntkcli.runs.replacement import again_if_replaced


@dataclass(frozen=True)
class Choice:
    """The kernels and times of a model to predict with, and whether with standard deviations.

    kernels: their names; none stands for all.
    times: none stands for all.
    std: None stands for what the fit had.
    """

    kernels: Collection[str] = ()
    times: Collection[float] = ()
    std: bool | None = None

    def pairs(self, model: Model, run: Path) -> list[Pair]:
        """Return the chosen kernels and times of a model.

        Args:
            model: as it was read.
            run: its run directory, for the message.

        Raises:
            SpecError: the model was not fitted with one of them.
        """
        pairs = [
            pair
            for pair in model.pairs
            if (not self.kernels or pair.kernel in self.kernels)
            and (not self.times or pair.time in self.times)
        ]
        known = {kernel for kernel, _ in pairs}, {time for _, time in pairs}
        if not pairs or not set(self.kernels) <= known[0] or not set(self.times) <= known[1]:
            there = ", ".join(f"{kernel} at {time_text(time)}" for kernel, time in model.pairs)
            raise SpecError(f"{run}: the model was not fitted for that: it has {there}")
        return pairs


@contextmanager
def model_at_work(
    run: Path,
    table: Path,
    choice: Choice,
    journal: Journal,
    also_read: Callable[[Model], object] = lambda model: None,
) -> Iterator[tuple[Model, Predictor, Iterator[Table]]]:
    """Open the model of a run and a file to predict, for the `with` block.

    All of it is of one run, though another may take its place meanwhile.

    Args:
        run: the run directory.
        table: the file, or `-` for standard input.
        choice: of kernels, times and standard deviations.
        journal: receives what has to be computed again.
        also_read: reads what else will be needed of the model's files.

    Yields:
        The model, its predictor, and the tables of the file's rows.

    Raises:
        NtkError: the model or the file is not what it should be.
    """
    executor = Threads(thread_count("auto"))
    with readable(table) as path, with_threads(executor.workers):

        def opened() -> tuple[Model, list[Pair], Predictor, TableFile]:
            model = load_model(run)
            also_read(model)
            pairs = choice.pairs(model, run)
            std = model.file.output.std if choice.std is None else choice.std
            file = open_table(path, model.file.csv, OF_MODEL)
            model.schema.check_columns(file)
            if std:
                _check_variances(model, pairs, run)
                _check_scale(model, pairs, run)
                for line in factoring_lines(model, pairs):
                    journal.tell(line)
            with _explaining(model, pairs, run):
                predictor = Predictor(model, pairs, std=std, executor=executor, journal=journal)
            return model, pairs, predictor, file

        model, pairs, predictor, file = again_if_replaced(run, opened)
        with _explaining(model, pairs, run):
            yield model, predictor, model.schema.tables(file, rows=TABLE_ROWS)


@contextmanager
def _explaining(model: Model, pairs: list[Pair], run: Path) -> Iterator[None]:
    """Say of factorisations that fail in a block what helps.

    Raises:
        NumericalError: one does.
    """
    try:
        yield
    except ConvergenceError as error:
        raise _explained(error, model, pairs, run) from error
    except SingularMatrixError as error:
        raise NumericalError(
            f"{run}: std: the Gram matrix of the training rows, computed again, is singular to rounding "
            f"(smallest pivot or eigenvalue {error.value:.2g}): use --no-std, or fit again with a larger "
            "inference.ridge or output.factor: true"
        ) from error


def _explained(error: ConvergenceError, model: Model, pairs: list[Pair], run: Path) -> NumericalError:
    """Return the error that says what failed, and what helps."""
    stages = [record.kept.stage for record in model.file.stages]
    tried = [stage.solver for stage in stages if stage.solver.is_iterative and set(stage.pairs) & set(pairs)]
    nouns = " or ".join(dict.fromkeys(solver.noun for solver in tried))
    planner = model.planner(pairs, std=True, threads=thread_count("auto"))
    again = ["a larger compute.tolerance", *cheapest_other(planner, tried, multiply_rate())]
    return NumericalError(
        f"{run}: {nouns} stops at {error} (compute.tolerance: {model.file.question.tolerance:g}): "
        f"use --no-std, or fit again with {' or '.join(again)}"
    )


def _check_variances(model: Model, pairs: list[Pair], run: Path) -> None:
    """Refuse standard deviations of an ensemble whose approximation was summed up without them.

    Raises:
        SpecError: inference.approximation was given, and output.std false.
    """
    if kernels := model.without_variance(pairs):
        raise SpecError(
            f"{run}: the model has no std for {' and '.join(kernels)}: with inference.approximation it takes "
            "sums over the training rows that were not made, as output.std is false: fit it with output.std: "
            "true"
        )


def _check_scale(model: Model, pairs: list[Pair], run: Path) -> None:
    """Refuse standard deviations whose scale the fit was to find, but did not.

    Raises:
        SpecError: inference.variance_scale was auto, and output.std false.
    """
    if any(np.isnan(model.calibrations[pair].variance_scale).any() for pair in pairs):
        raise SpecError(
            f"{run}: the model has no std: inference.variance_scale: auto was not found, as output.std is "
            "false: fit it with output.std: true"
        )
