"""The assessment of networks: trials of them, made here or by the workers of a cluster."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ntkcli.arrays import FloatArray
from ntkcli.errors import NtkError, NumericalError
from ntkcli.kernels.executor import Executor, Here
from ntkcli.kernels.incremental import IncrementalEvaluator
from ntkcli.kernels.network import Network
from ntkcli.linalg.threads import one_blas_thread
from ntkcli.tuning.chains import Prepared
from ntkcli.tuning.decomposed import Kernels
from ntkcli.tuning.scoring import Scored, Scorer
from ntkcli.tuning.trials import Trial


@dataclass(frozen=True)
class ScoredRows:
    """The rows that are scored, with the inputs that some data values make of them.

    data: the keys of the data section that may be in a space, as they were found.
    x: inputs (n, d).
    """

    data: dict[str, Any]
    x: FloatArray


@dataclass(frozen=True)
class Assessment:
    """What the trials of all networks have in common, and how one is made.

    rows: for all data values that networks are scored with, by a name for these.
    scorer: scores the candidates of a network.
    tile_rows: rows and columns of a tile.
    executor: computes the tiles.
    """

    rows: Mapping[str, ScoredRows]
    scorer: Scorer
    tile_rows: int
    executor: Executor

    @property
    def alone(self) -> Self:
        """The same for a worker that does one thing after the other."""
        return replace(self, scorer=replace(self.scorer, executor=Here()), executor=Here())

    def trial(self, item: tuple[str, Prepared]) -> Trial:
        """Return the trial of one network, whose scores are those that it has in a chain, to the last digit.

        Args:
            item: the name of its data values, and the network.
        """
        name, prepared = item
        (trial,) = self.trials(name, [prepared])
        return trial

    def trials(self, name: str, chain: Sequence[Prepared]) -> Iterator[Trial]:
        """Yield the trials of networks, each of which may go on from the kernels of the one before it.

        Args:
            name: of their data values.
            chain: the networks.
        """
        rows = self.rows[name]
        evaluator = IncrementalEvaluator(self.scorer.axes.needs_ntk, self.tile_rows, self.executor)
        scores = _Scores(rows.x, self.scorer, evaluator)
        for prepared in chain:
            start, own = time.perf_counter(), prepared.configuration
            scored, failure = scores.attempt(prepared.network)
            seconds = prepared.seconds + time.perf_counter() - start
            yield Trial(own.number, own.values, rows.data, scored, seconds, failure)


@dataclass
class _Scores:
    """The scores of one network after another on inputs x (n, d)."""

    x: FloatArray
    scorer: Scorer
    evaluator: IncrementalEvaluator
    _last: tuple[Network, Scored] | None = field(default=None, init=False)

    def attempt(self, network: Network | NtkError) -> tuple[Scored, str | None]:
        """Return the scores of a network, or why it has none."""
        if isinstance(network, NtkError):
            return {}, str(network)
        try:
            return self._of(network), None
        except NumericalError as error:
            return {}, str(error)

    def _of(self, network: Network) -> Scored:
        """Score a network; one that equals the last is not scored again.

        Networks without hidden layers are equal whatever the activation.
        """
        if self._last and network == self._last[0]:
            return self._last[1]
        # Digits shall not depend on the threads, and it is little work.
        with one_blas_thread():
            rows = network.rows(self.x)
        matrices = self.evaluator.advance(network, rows)
        diagonals = {kernel: rows.diagonal(kernel) for kernel in matrices}
        scored = self.scorer.scores(Kernels(matrices, diagonals))
        self._last = network, scored
        return scored
