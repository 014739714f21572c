"""A model at work: predictions for the rows of a table, some at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.table import Table
from ntkcli.errors import ResourceError
from ntkcli.footprint import stage_bytes
from ntkcli.gram_store import GramStore
from ntkcli.inference.prediction import Prediction, concatenate
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.gram import Gram
from ntkcli.kernels.network import Network
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.machine import available_memory
from ntkcli.models.factors import read_factor
from ntkcli.models.model import IntArray, Model
from ntkcli.models.model_file import StageRecord
from ntkcli.models.writer import factor_name
from ntkcli.question import Question
from ntkcli.runs.result import Result
from ntkcli.sizes import Sizes
from ntkcli.solved_stage import SolvedStage, factor_stage
from ntkcli.stage_predictor import Pair, StagePredictor
from ntkcli.stages import Stage
from ntkcli.units import bytes_text

# Rows of a table that is read at once, whole strips of a fit; entries of a kernel matrix held at once.
TABLE_ROWS = 8192
ENTRIES = 2**22


@dataclass(frozen=True)
class _Ready:
    """A stage ready to predict.

    matrices: those of the training rows that an ensemble's spread reads.
    """

    solved: SolvedStage
    matrices: dict[str, SymmetricBlocks]
    pairs: list[Pair]


class Predictor:
    """Predicts some kernels and times of a model.

    Args:
        model: as it was read.
        pairs: (kernel, time) wanted, in order.
        spread: whether a variance is wanted; a factorisation that is not stored is then computed again.
        threads: that compute tiles.
        journal: is told of it.

    Raises:
        DataError: an array of the model is missing or damaged.
        ResourceError: the factorisations do not fit in memory.
    """

    def __init__(
        self, model: Model, pairs: Sequence[Pair], *, spread: bool, threads: int, journal: Journal
    ) -> None:
        self._model, self._pairs, self._threads, self._journal = model, list(pairs), threads, journal
        self._question = model.question(spread=spread)
        self._calibrations = model.calibrations
        self._store = self._prepare(model.network)
        wanted = [(stage, record) for stage, record in model.stages if set(stage.pairs) & set(pairs)]
        if spread:
            self._check_memory([stage for stage, _ in wanted])
        self._ready = [
            self._solved(*both, place) for place, both in enumerate(model.stages) if both in wanted
        ]

    @property
    def has_spread(self) -> bool:
        """Whether results have a variance."""
        return self._question.spread != "none"

    def results(self, table: Table) -> list[Result]:
        """The results for the rows of a table, by pair in order.

        Raises:
            NumericalError: a row's kernel leaves the range of an activation, or a prediction that of float64.
        """
        parts: dict[Pair, list[Prediction]] = {pair: [] for pair in self._pairs}
        networks = self._model.networks_for(table)
        for rows, network in networks:
            with np.errstate(over="ignore", invalid="ignore"):
                self._predict(network, table.x[rows], parts)
        order = np.argsort(np.concatenate([rows for rows, _ in networks]))
        scaling = self._model.schema.targets.scaling
        return [
            Result.of(
                pair,
                _in_order(concatenate(parts[pair]), order),
                self._noises[pair],
                scaling,
                self._calibrations[pair],
            )
            for pair in self._pairs
        ]

    def _predict(self, network: Network, x: FloatArray, parts: dict[Pair, list[Prediction]]) -> None:
        """Add what every pair predicts for some inputs to its parts."""
        store = self._store_for(network)
        rows = network.rows(x, store.gram.dtype)
        for ready in self._ready:
            own = GramStore(store.gram, store.rows, self._journal, matrices=ready.matrices)
            predictor = StagePredictor(ready.solved, own, self._question, ready.pairs)
            for strip in strips(slice(0, len(rows)), self._strip_rows):
                for pair, prediction in predictor.predict(rows[strip]):
                    parts[pair].append(prediction)

    @property
    def _noises(self) -> dict[Pair, float]:
        """The variance of an observation around the function: the ridge, for a posterior."""
        return {
            pair: 0.0 if pair[0] == "ntk" else ready.solved.ridge
            for ready in self._ready
            for pair in ready.pairs
        }

    def _solved(self, stage: Stage, record: StageRecord, place: int) -> _Ready:
        """A stage with its coefficients and, for a spread, its factorisation and what goes with it."""
        store = GramStore(self._store.gram, self._store.rows, self._journal)
        pairs = [pair for pair in self._pairs if pair in stage.pairs]
        flow = None
        if self._question.spread != "none" and stage.solver != "none":
            if record.factor is None:
                flow, _ = factor_stage(stage, store, self._question, record.ridge)
            else:
                kept = [name for name in stage.matrices(self._question) if name != stage.gram]
                if kept:
                    store.need(kept)
                n, name = len(store.rows), factor_name(place)
                flow = read_factor(
                    record.factor, name, n, record.ridge, self._model.arrays, self._model.file.dtype
                )
        coefficients = self._model.coefficients(stage, self._question)
        outputs = self._model.schema.targets.count
        return _Ready(SolvedStage(stage, record.ridge, outputs, flow, coefficients), store.matrices, pairs)

    def _prepare(self, network: Network) -> GramStore:
        gram = Gram(network, executor=Threads(self._threads), dtype=self._model.file.dtype)
        return GramStore(gram, network.rows(self._model.x_train, gram.dtype), self._journal)

    def _store_for(self, network: Network) -> GramStore:
        """The training rows as a network sees them; rows beyond the fit's tables have one of their own."""
        if network is self._model.network:
            return self._store
        return self._prepare(network)

    @property
    def _strip_rows(self) -> int:
        """As in a fit, where rounding differs with the length: a variance near 0 is all rounding."""
        if self.has_spread:
            return CHUNK_ROWS
        return max(CHUNK_ROWS, ENTRIES // len(self._store.rows))

    def _check_memory(self, stages: Sequence[Stage]) -> None:
        sizes = self._sizes
        question: Question = self._question
        needed = sizes.base + sum(stage_bytes(stage, sizes, question, in_file=False) for stage in stages)
        free = available_memory() * 9 // 10
        if needed > free:
            raise ResourceError(
                f"not enough memory: std needs about {bytes_text(needed)}, and {bytes_text(free)} are free: "
                "use --no-std, or ask for one --time and --kernel"
            )

    @property
    def _sizes(self) -> Sizes:
        n, d = self._model.x_train.shape
        return Sizes(
            n=n,
            m=TABLE_ROWS,
            d=d,
            k=self._model.schema.targets.count,
            itemsize=4 if self._model.file.dtype == "float32" else 8,
            depth=self._model.network.depth,
            threads=self._threads,
        )


def _in_order(prediction: Prediction, order: IntArray) -> Prediction:
    variance = prediction.variance
    return Prediction(prediction.mean[order], None if variance is None else variance[order])
