"""The evaluation of one network after another on the same rows."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.dataset import Dataset
from ntkcli.errors import NtkError, NumericalError
from ntkcli.journal import Journal
from ntkcli.kernels.incremental import IncrementalEvaluator
from ntkcli.kernels.network import Network
from ntkcli.spec.file import SpecFile
from ntkcli.tuning.chains import Configuration, Prepared, prepared_networks
from ntkcli.tuning.decomposed import Kernels
from ntkcli.tuning.scoring import Scored, Scorer
from ntkcli.tuning.trials import Trial, value_text


@dataclass
class Evaluation:
    """Scores networks, and reuses the kernels of the steps that successive networks share.

    source: the spec that the configurations change.
    rows: indices of the training rows that are scored.
    scorer: scores the candidates of a network.
    evaluator: computes Gram matrices, step by step.
    journal: receives a warning for every network that fails.
    """

    source: SpecFile
    dataset: Dataset
    rows: IntArray
    scorer: Scorer
    evaluator: IncrementalEvaluator
    journal: Journal
    _last: tuple[Network, Scored] | None = field(default=None, init=False)

    def trials(self, configurations: Sequence[Configuration], report: Callable[[Trial], None]) -> list[Trial]:
        """Score every configuration, and return the trials in the order of their numbers.

        Args:
            configurations: the networks to score.
            report: called with each trial as soon as it is done, in another order.
        """
        found = []
        for prepared in prepared_networks(self.source, self.dataset, configurations):
            found.append(self._trial(prepared))
            report(found[-1])
        return sorted(found, key=lambda trial: trial.number)

    def _trial(self, prepared: Prepared) -> Trial:
        start, configuration = time.perf_counter(), prepared.configuration
        scored: Scored = {}
        failure: NtkError | None = None
        if isinstance(prepared.network, NtkError):
            failure = prepared.network
        else:
            try:
                scored = self._scores(prepared.network, self.dataset.train.x[self.rows])
            except NumericalError as error:
                failure = error
        if failure is not None:
            values = ", ".join(f"{key}: {value_text(value)}" for key, value in configuration.values.items())
            self.journal.warn(f"trial {configuration.number} ({values or 'no changes'}) failed: {failure}")
        seconds = prepared.seconds + time.perf_counter() - start
        return Trial(
            configuration.number,
            configuration.values,
            scored,
            seconds,
            None if failure is None else str(failure),
        )

    def _scores(self, network: Network, x: FloatArray) -> Scored:
        """Score a network; one that equals the last is not scored again.

        Networks without hidden layers are equal whatever the activation.
        """
        if self._last and network == self._last[0]:
            return self._last[1]
        rows = network.rows(x)
        matrices = self.evaluator.advance(network, rows)
        diagonals = {kernel: rows.diagonal(kernel) for kernel in matrices}
        scored = self.scorer.scores(Kernels(matrices, diagonals))
        self._last = network, scored
        return scored
