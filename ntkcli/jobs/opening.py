"""A job opened: the data of a spec is read, and its network made ready for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ntkcli.data.dataset import Dataset
from ntkcli.data.raw_data import RawData
from ntkcli.data.survey import survey
from ntkcli.jobs.job import Job
from ntkcli.jobs.prepared_data import prepared_data
from ntkcli.jobs.tabulation import prepared_network
from ntkcli.journal import Journal
from ntkcli.keeping import NOWHERE, Keeper
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.tiling import TILE_ROWS
from ntkcli.linalg.threads import with_threads
from ntkcli.planning.convergence import Convergence
from ntkcli.planning.machine import thread_count
from ntkcli.spec.file import SpecFile
from ntkcli.spec.spec import Spec
from ntkcli.stores.gram_store import GramStore

# Of the rows of an approximation, that are kept so that their file is read once. Reading a longer file again
# takes a hundredth of its fit, and memory shall not grow with its rows.
KEPT_BYTES = 64 * 2**20


@contextmanager
def open_job(
    source: SpecFile, journal: Journal, *, learn: bool = True, raw: RawData | None = None
) -> Iterator[Job]:
    """Load a spec's data and prepare its network.

    In the `with` block, linear algebra uses the spec's number of threads.

    Args:
        source: the spec.
        journal: receives progress and warnings.
        learn: whether data.relevance: learned is carried out; otherwise every feature has factor 1.
        raw: the rows of the spec's files, if they are read already.

    Raises:
        DataError: the data is not what the spec says.
        NumericalError: a kernel leaves the range of compute.dtype.
    """
    asked = source.spec
    for warning in source.warnings:
        journal.warn(warning)
    executor = Threads(thread_count(source.spec.compute.threads))
    with with_threads(executor.workers):
        surveyed = None
        with journal.phase("read"):
            if raw is None and source.spec.inference.approximation:
                surveyed = survey(source.spec.data, keep_bytes=KEPT_BYTES)
            raw = raw or (surveyed.raw if surveyed else RawData.read(source.spec.data))
        data, dataset = prepared_data(raw, source.spec.data, executor, journal, learn=learn)
        spec = with_ridge_of_noise(source.spec.model_copy(update={"data": data}), dataset)
        # The rows as they were read would be in memory as long as the job.
        del raw
        source = replace(source, spec=spec)
        for warning in dataset.warnings:
            journal.warn(warning)
        tile = TILE_ROWS if spec.compute.tile == "auto" else spec.compute.tile
        network = prepared_network(source, dataset, journal)
        evaluator = Evaluator(network, tile_rows=tile, executor=executor, dtype=spec.compute.stored_dtype)
        rows = network.rows(dataset.train.x, evaluator.dtype)
        train = rows.with_weights(dataset.train.weights)
        test = network.rows(dataset.test.x, evaluator.dtype) if dataset.has_test_rows else rows
        all_rows = surveyed.rows(dataset) if surveyed else None
        convergence = Convergence(evaluator, train)
        job = Job(source, dataset, evaluator, train, test, journal, convergence, all_rows=all_rows)
        yield replace(job, asked=asked, keeper=_cache(spec, journal))


def _cache(spec: Spec, journal: Journal) -> Keeper:
    """Return the keeper of Gram matrices that a spec names."""
    folder = spec.compute.cache
    if folder is None:
        return NOWHERE
    return GramStore.cache(folder, spec.network.model_dump(mode="json"), journal, spec.compute.cache_size)


def with_ridge_of_noise(spec: Spec, dataset: Dataset) -> Spec:
    """Return a spec whose `ridge: auto` is the noise of its targets, where the data has that.

    Args:
        spec: the spec.
        dataset: its data.
    """
    weights = dataset.schema.weights
    if weights is None or weights.ridge is None or spec.inference.ridge != "auto":
        return spec
    (scale,) = dataset.target_scaling.scale
    found = {"ridge": weights.ridge / float(scale) ** 2, "ridge_scale": "absolute"}
    return spec.model_copy(update={"inference": spec.inference.model_copy(update=found)})
