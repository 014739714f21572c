"""The search of a space: a grid is scored in full, a random or TPE search draws its networks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ntkcli.cluster import WAIT_SECONDS
from ntkcli.data.raw_data import RawData
from ntkcli.data.survey import survey
from ntkcli.errors import RunDirectoryError, SpecError
from ntkcli.extras import is_installed
from ntkcli.jobs.clusters import clustered
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job, with_ridge_of_noise
from ntkcli.journal import Journal
from ntkcli.runs.fingerprint import fingerprint
from ntkcli.spec.file import SpecFile
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.directory import GRID, STUDY, TuneDirectory
from ntkcli.tuning.evaluation import Evaluation
from ntkcli.tuning.inputs import Inputs
from ntkcli.tuning.kept_trials import KeptTrials
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.tuning.settling import settled
from ntkcli.tuning.study import Study
from ntkcli.tuning.traversal import all_of_grid, drawn
from ntkcli.tuning.trials import Outcome, Trial, ranked


def check_optuna(source: SpecFile, tune: TuneSpec) -> None:
    """Refuse a search that needs Optuna where that is not installed.

    Raises:
        SpecError: it is not.
    """
    if tune.search != "grid" and not is_installed("optuna"):
        raise SpecError(
            f"{source.path}: tune.search: {tune.search} needs Optuna: pip install 'ntkcli[tune]', or use grid"
        )


@dataclass(frozen=True)
class Searched:
    """What a search has found.

    trials: in the order of their numbers.
    best: the best of them, its ridge settled; None where nothing has a score.
    """

    trials: list[Trial]
    best: Outcome | None


def search(
    source: SpecFile,
    tune: TuneSpec,
    directory: TuneDirectory,
    journal: Journal,
    *,
    patience: float = WAIT_SECONDS,
) -> Searched:
    """Score all networks of the grid, or those drawn.

    Args:
        source: the spec.
        tune: its tune section.
        directory: where the trials are kept until the search is done.
        journal: receives progress and warnings.
        patience: seconds for which a cluster may have no worker.

    Raises:
        SpecError: the objective does not fit the kind of target, there are too few rows for the folds, or
            there is no Dask for the cluster.
        DataError: the data is not what the spec says, or predictions.csv of the best would have two columns
            of one name.
        ResourceError: the matrices do not fit in memory, here or there, or there is no cluster.
        RunDirectoryError: the directory has a study of something else.
    """
    study_path = directory.path / STUDY
    other = STUDY if tune.search == "grid" else GRID
    if (directory.path / other).exists():
        raise RunDirectoryError(
            f"{directory.path}: holds {other}, of a search that is not finished: give --overwrite, or "
            "another --out"
        )
    with journal.phase("read"):
        is_sampled = source.spec.inference.approximation is not None
        raw = survey(source.spec.data).raw if is_sampled else RawData.read(source.spec.data)
    with open_job(with_plain_inputs(source), journal, raw=raw) as job:
        source = replace(source, spec=with_ridge_of_noise(source.spec, job.dataset))
        plan = SearchPlan.of(source, tune, job)
        plan.check()
        inputs = Inputs(_with_transform_of(job, source), raw, job.evaluator.executor, journal)
        inputs.prepare(tune)
        mark = search_fingerprint(source, job.dataset.train.file.digest)
        with _shared_out(job, tune, patience) as shared:
            if shared.cluster:
                shared.cluster.check_memory(plan.shared_bytes, plan.task_bytes)
            evaluation = Evaluation.of(plan, inputs, shared)
            if tune.search == "grid":
                trials = all_of_grid(evaluation, KeptTrials.of(directory, mark), tune, journal)
            else:
                trials = drawn(evaluation, Study(study_path, tune, mark), tune, journal)
        best = ranked(trials, tune.objective)
        return Searched(trials, settled(plan, inputs, job, best[0]) if best else None)


def with_plain_network(source: SpecFile) -> SpecFile:
    """Return the spec with a default network and inference section, to open a job that only needs the data.

    The spec's own network need not be among those that are tried, and may not even work. An approximation
    stays, as it says how the data is read.
    """
    inference = InferenceSpec(approximation=source.spec.inference.approximation)
    plain = {"network": NetworkSpec(depth=1), "inference": inference}
    return replace(source, spec=source.spec.model_copy(update=plain))


def with_plain_inputs(source: SpecFile) -> SpecFile:
    """Return the spec with a plain network, and with nothing in its data section that takes long to find.

    Every combination of data values, the spec's own among them, is prepared when its turn comes.
    """
    plain = with_plain_network(source)
    data = plain.spec.data.model_copy(update={"log": [], "relevance": "equal"})
    return replace(plain, spec=plain.spec.model_copy(update={"data": data}))


def _with_transform_of(job: Job, source: SpecFile) -> SpecFile:
    """Return the spec with the transform of the targets that was found for a job, for all trials."""
    data = source.spec.data.model_copy(update={"target_transform": job.spec.data.target_transform})
    return replace(source, spec=source.spec.model_copy(update={"data": data}))


@contextmanager
def _shared_out(job: Job, tune: TuneSpec, patience: float) -> Iterator[Job]:
    """Connect a job to its cluster, if that has something to do, for a `with` block."""
    if tune.search != "tpe":
        with clustered(job, patience) as shared:
            yield shared
        return
    if job.spec.compute.scheduler is not None:
        job.journal.warn(f"compute.scheduler: {search_shared_out(tune)}")
    yield job


def search_shared_out(tune: TuneSpec) -> str:
    """Return what of a search runs on its spec's cluster."""
    if tune.search == "tpe":
        return "nothing of a tpe search runs on a cluster: a network is drawn by the scores of those before"
    return "the networks of the search, one a task; the ridge of the best is settled here"


def search_fingerprint(source: SpecFile, digest: str) -> str:
    """Return a SHA-256 of all that scores depend on, which the number of trials is not.

    Args:
        source: the spec.
        digest: SHA-256 of the training file.
    """
    others = dict.fromkeys(("output", "compute", "simulate"), True)
    return fingerprint(source.spec, without={**others, "tune": {"trials"}}, rows=digest)
