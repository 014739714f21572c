"""The part of `ntk evaluate` that shuffles the values of features, to see what they are worth."""

from dataclasses import replace

from ntkcli.arrays import FloatArray
from ntkcli.data.frames import has_values
from ntkcli.data.sample import sample
from ntkcli.data.table_file import TableFile
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Threads
from ntkcli.models.model import Model
from ntkcli.models.predictor import Predictor
from ntkcli.planning.machine import thread_count
from ntkcli.regression.question import Pair
from ntkcli.results.importance import SHUFFLES, Importances, metric_name, metric_of, permutation_importances

MOST_ROWS = 10_000


def importances_of(model: Model, pair: Pair, file: TableFile, journal: Journal) -> Importances:
    """Return how much worse a model predicts the rows of a file where a feature is that of other rows.

    Args:
        model: as it was read.
        pair: the kernel and time to predict with.
        file: that has the features and the targets; of more than 10,000 rows, so many are taken at random.
        journal: receives progress.

    Raises:
        NtkError: one of its family: a row cannot be read or predicted.
    """
    targets, features = model.schema.targets, model.schema.features
    everything = model.schema.frame(file)
    # A row without a target shows nothing.
    everything = everything[has_values(everything[targets.names])]
    frame = everything.iloc[sample(len(everything), MOST_ROWS)]
    if len(frame) < len(everything):
        journal.tell(f"--importance: by {len(frame):,} of {len(everything):,} rows, at random")
    encoded = features.encode(frame, file)
    table = model.schema.table(frame, encoded, file)
    # Standard deviations would take the most time, and the metrics do not need them.
    predictor = Predictor(model, [pair], std=False, executor=Threads(thread_count("auto")), journal=journal)

    def metric(rows: FloatArray) -> float:
        (result,) = predictor.results(replace(table, x=features.inputs(rows)))
        return metric_of(result, targets, table.targets)

    with journal.phase("importance", SHUFFLES * len(features.features)) as advance:
        found = permutation_importances(metric, features, encoded, advance)
    return Importances(pair.kernel, pair.time, metric_name(targets), len(frame), found)
