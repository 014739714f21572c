"""The data of a job, with what its section leaves to the data found: transforms, logarithms and relevance."""

from ntkcli.data.dataset import Dataset
from ntkcli.data.raw_data import RawData
from ntkcli.jobs.log_choice import with_chosen_log
from ntkcli.jobs.relevance import STEPS, learned_relevance
from ntkcli.jobs.transform_choice import with_chosen_transform
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Executor
from ntkcli.spec.data import DataSpec


def prepared_data(
    raw: RawData, spec: DataSpec, executor: Executor, journal: Journal, *, learn: bool = True
) -> tuple[DataSpec, Dataset]:
    """Return a data section, its `auto` replaced by what was chosen, and the data that it makes of some rows.

    Args:
        raw: the rows.
        spec: the data section.
        executor: computes the kernels by which is chosen.
        journal: receives progress and what was chosen.
        learn: whether data.relevance: learned is carried out; otherwise every feature has factor 1.

    Raises:
        DataError: a column is not what the spec says.
    """
    spec = with_chosen_transform(raw, spec, executor, journal)
    spec = with_chosen_log(raw, spec, executor, journal)
    with journal.phase("read"):
        dataset = raw.dataset(spec)
    if learn and spec.relevance == "learned":
        with journal.phase("relevance", STEPS) as advance:
            groups = dataset.schema.features.groups
            factors = learned_relevance(dataset.train.x, dataset.y_train, groups, executor, advance)
            dataset = dataset.weighted(factors)
        spec = spec.model_copy(update={"relevance": dataset.schema.features.factors})
    return spec, dataset
