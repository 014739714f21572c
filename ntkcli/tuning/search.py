"""The search of a space: what it needs is planned, every network is scored, and a study goes on."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec

import numpy as np

from ntkcli.errors import ResourceError, RunDirectoryError, SpecError
from ntkcli.job import Job, open_job
from ntkcli.journal import Journal
from ntkcli.kernels.recursion import Recursion
from ntkcli.plan import Budget
from ntkcli.sizes import Sizes
from ntkcli.spec.file import SpecFile
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.candidates import FreeAxes
from ntkcli.tuning.decomposed import Targets
from ntkcli.tuning.directory import STUDY, TuneDirectory
from ntkcli.tuning.evaluation import Evaluation
from ntkcli.tuning.grid import grid
from ntkcli.tuning.memory import check_memory, eigh_numbers
from ntkcli.tuning.scoring import Scorer
from ntkcli.tuning.splits import Indices, Split, SplitError, splits
from ntkcli.tuning.study import Study
from ntkcli.tuning.trials import Trial, ranked


def check_optuna(source: SpecFile, tune: TuneSpec) -> None:
    """Refuse a search that needs Optuna where that is not installed.

    Raises:
        SpecError: it is not.
    """
    try:
        missing = tune.search != "grid" and find_spec("optuna") is None
    except (ImportError, ValueError):
        missing = True
    if missing:
        raise SpecError(
            f"{source.path}: tune.search: {tune.search} needs Optuna: pip install 'ntkcli[tune]', or use grid"
        )


def search(source: SpecFile, tune: TuneSpec, directory: TuneDirectory, journal: Journal) -> list[Trial]:
    """Score every network that is asked for, in their order.

    Raises:
        SpecError: the objective is not one of the data, or there are too few rows for the folds.
        DataError: the data is not what the spec says.
        ResourceError: the matrices do not fit.
        RunDirectoryError: the directory has a study of something else.
    """
    study_path = directory.path / STUDY
    if tune.search == "grid" and study_path.exists():
        raise RunDirectoryError(
            f"{directory.path}: holds {STUDY}, of a search that is not finished: give --overwrite, or "
            "another --out"
        )
    with open_job(_with_plain_network(source), journal) as job:
        evaluation = _evaluation(source, tune, job)
        if tune.search == "grid":
            choices = grid(tune)
            with _progress(tune, journal, [], len(choices)) as tell:
                return evaluation.trials(choices, tell)
        study = Study(study_path, tune, fingerprint(source, job.dataset.train.file.digest))
        return _draw(evaluation, study, tune, journal)


def _with_plain_network(source: SpecFile) -> SpecFile:
    """The spec, whose own network may be none of those that are tried: for a job without any."""
    plain = {"network": NetworkSpec(depth=1), "inference": InferenceSpec()}
    return replace(source, spec=source.spec.model_copy(update=plain))


def _draw(evaluation: Evaluation, study: Study, tune: TuneSpec, journal: Journal) -> list[Trial]:
    trials = study.trials()
    if trials:
        journal.tell(f"resuming after {len(trials)} trials")
    with _progress(tune, journal, trials, tune.trials - len(trials)) as tell:
        for number in range(len(trials), tune.trials):
            asked, choice = study.ask(number)
            known = [trial for trial in trials if trial.values == choice.values]
            if known:
                trial = replace(known[0], number=number)
                tell(trial)
            else:
                (trial,) = evaluation.trials([choice], tell)
            study.tell(asked, trial)
            trials.append(trial)
    return trials


@contextmanager
def _progress(
    tune: TuneSpec, journal: Journal, before: list[Trial], length: int
) -> Iterator[Callable[[Trial], None]]:
    """Shows how many trials are done, and the best score so far."""
    seen = list(before)
    with journal.phase("tune", max(0, length)) as advance:

        def tell(trial: Trial) -> None:
            seen.append(trial)
            best = ranked(seen, tune.objective)
            if best:
                journal.note(f"tune, {tune.objective} {best[0].score.value:.4g}")
            advance(1)

        yield tell


def _evaluation(source: SpecFile, tune: TuneSpec, job: Job) -> Evaluation:
    dataset, asked = job.dataset, source.spec.inference
    rows = _rows(tune, len(job.train))
    y = dataset.y_train[rows]
    labels = y.argmax(axis=1) if dataset.is_classification else None
    _check_objective(source, tune, is_classification=labels is not None)
    cut = _splits(source, tune, len(rows), labels)
    axes = FreeAxes.of(tune, asked)
    workers = _workers(replace(job.sizes, n=len(rows)), job.budget, tune, axes, cut)
    targets = Targets(y, dataset.target_scaling.scale, labels)
    scorer = Scorer(tune.objective, axes, asked, targets, cut, workers)
    recursion = Recursion(axes.needs_ntk, job.gram.threads, job.gram.tile_rows)
    return Evaluation(source, dataset, rows, scorer, recursion, job.journal)


def _rows(tune: TuneSpec, n: int) -> Indices:
    """The training rows that networks are scored by: all, or some at random."""
    if tune.rows == "all" or tune.rows >= n:
        return np.arange(n)
    return np.sort(np.random.default_rng(tune.seed).permutation(n)[: tune.rows])


def _check_objective(source: SpecFile, tune: TuneSpec, *, is_classification: bool) -> None:
    of_classes, of_numbers = ("accuracy", "log_loss"), ("nll", "loo_nll")
    if is_classification and tune.objective in of_numbers:
        what = f"{tune.objective} is of numbers, and the target is a class: use log_loss, accuracy or rmse"
        raise SpecError(f"{source.path}: tune.objective: {what}")
    if not is_classification and tune.objective in of_classes:
        what = f"{tune.objective} is of classes, and the target is a number: use rmse or nll"
        raise SpecError(f"{source.path}: tune.objective: {what}, or data.task: classification")


def _splits(source: SpecFile, tune: TuneSpec, n: int, labels: Indices | None) -> list[Split]:
    if not tune.needs_validation:
        return []
    try:
        return splits(n, tune.validation, labels)
    except SplitError as error:
        raise SpecError(f"{source.path}: tune.validation.{error.key}: {error}") from error


def _workers(sizes: Sizes, budget: Budget, tune: TuneSpec, axes: FreeAxes, cut: list[Split]) -> int:
    """How many folds there is memory for at once.

    Raises:
        ResourceError: for none.
    """
    for workers in range(min(sizes.threads, len(cut)), 1, -1):
        with suppress(ResourceError):
            _check_memory(sizes, budget, tune, axes, cut, workers)
            return workers
    _check_memory(sizes, budget, tune, axes, cut, 1)
    return 1


def _check_memory(
    sizes: Sizes, budget: Budget, tune: TuneSpec, axes: FreeAxes, cut: list[Split], workers: int
) -> None:
    """Inner products and kernels of all rows; folds' matrices, eigenvectors, and what is made of them."""
    n, k = sizes.n, sizes.k
    factored = max([len(split.train) for split in cut], default=n)
    held_out = max([len(split.held_out) for split in cut], default=0)
    spread = tune.objective in ("nll", "loo_nll")
    # Of an ensemble K between the rows, times V, and V^T K V.
    prior = 3 * factored**2 if spread and "ntk" in axes.kernels else 0
    predicting = factored**2 + prior + (5 if spread else 2) * held_out * factored
    # What lets other threads work meanwhile takes a copy.
    solving = eigh_numbers(factored) + (workers > 1) * factored**2
    kept = axes.most * n * k if tune.objective == "log_loss" else 0
    numbers = (2 + axes.needs_ntk) * n**2 + workers * max(solving, predicting) + kept
    check_memory(sizes, budget, numbers, factored=factored, what="tune")


def fingerprint(source: SpecFile, digest: str) -> str:
    """Of all that the scores depend on: not the number of trials, nor where anything is.

    digest: of the training file.
    """
    content = source.spec.model_dump(
        mode="json", exclude={"output": True, "compute": True, "tune": {"trials"}, "data": {"train", "test"}}
    )
    content["rows"] = digest
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
