"""The evaluation of one network after another on the same rows."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.dataset import Dataset
from ntkcli.errors import NtkError, NumericalError
from ntkcli.jobs.job import Job
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.incremental import IncrementalEvaluator
from ntkcli.kernels.network import Network
from ntkcli.spec.space import DATA_KEYS
from ntkcli.tuning.chains import Configuration, Prepared, prepared_networks
from ntkcli.tuning.decomposed import Kernels, Targets
from ntkcli.tuning.inputs import Inputs, data_values
from ntkcli.tuning.scoring import Scored, Scorer
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.tuning.trials import Trial, value_text


@dataclass
class Evaluation:
    """Scores networks, and reuses the kernels of the steps that successive networks share.

    inputs: the data of every combination of data values.
    rows: indices of the training rows that are scored.
    scorer: scores the candidates of a network.
    evaluator: computes Gram matrices, step by step, of the rows with the last data values.
    journal: receives a warning for every network that fails.
    """

    inputs: Inputs
    rows: IntArray
    scorer: Scorer
    evaluator: IncrementalEvaluator
    journal: Journal
    _dataset: Dataset | None = field(default=None, init=False)
    _last: tuple[Network, Scored] | None = field(default=None, init=False)

    @classmethod
    def of(cls, plan: SearchPlan, inputs: Inputs, job: Job) -> Self:
        """Return the evaluation of a plan's candidates on its rows.

        Args:
            plan: of a search.
            inputs: the data of the search.
            job: holds the spec's data.
        """
        dataset, inference = job.dataset, inputs.source.spec.inference
        targets = Targets(dataset.y_train[plan.rows], dataset.target_scaling.scale, plan.labels)
        workers = Threads(plan.workers)
        scorer = Scorer(plan.tune.objective, plan.axes, inference, targets, plan.splits, workers)
        evaluator = IncrementalEvaluator(plan.axes.needs_ntk, job.evaluator.tile_rows, job.evaluator.executor)
        return cls(inputs, plan.rows, scorer, evaluator, job.journal)

    def trials(self, configurations: Sequence[Configuration], report: Callable[[Trial], None]) -> list[Trial]:
        """Score every configuration, and return the trials in the order of their numbers.

        Args:
            configurations: the networks to score.
            report: called with each trial as soon as it is done, in another order.

        Raises:
            DataError: a column is not what a data value says.
        """
        found = []
        for alike in _by_data(configurations):
            for trial in self._trials_of(alike):
                found.append(trial)
                report(trial)
        return sorted(found, key=lambda trial: trial.number)

    def _trials_of(self, configurations: Sequence[Configuration]) -> Iterator[Trial]:
        """Yield the trials of configurations that have the same data values."""
        try:
            source, dataset = self.inputs.of(configurations[0].values)
        except NumericalError as error:
            for configuration in configurations:
                yield self._trial(Prepared(configuration, error), np.empty((0, 0)), {})
            return
        if dataset is not self._dataset:
            # What is kept of the inputs before is of no use.
            self._dataset, self._last, self.evaluator = dataset, None, replace(self.evaluator)
        x = dataset.train.x[self.rows]
        for prepared in prepared_networks(source, dataset, configurations):
            yield self._trial(prepared, x, data_values(source.spec.data))

    def _trial(self, prepared: Prepared, x: FloatArray, data: dict[str, Any]) -> Trial:
        """Score a network on inputs (rows, d), made with some data values as they were found."""
        start, configuration = time.perf_counter(), prepared.configuration
        scored: Scored = {}
        failure: NtkError | None = None
        if isinstance(prepared.network, NtkError):
            failure = prepared.network
        else:
            try:
                scored = self._scores(prepared.network, x)
            except NumericalError as error:
                failure = error
        if failure is not None:
            values = ", ".join(f"{key}: {value_text(value)}" for key, value in configuration.values.items())
            self.journal.warn(f"trial {configuration.number} ({values or 'no changes'}) failed: {failure}")
        seconds = prepared.seconds + time.perf_counter() - start
        return Trial(
            configuration.number,
            configuration.values,
            data,
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


def _by_data(configurations: Sequence[Configuration]) -> Iterator[list[Configuration]]:
    """Yield the configurations with the same data values together."""
    found: dict[str, list[Configuration]] = {}
    for configuration in configurations:
        own = {key: value for key, value in configuration.values.items() if key in DATA_KEYS}
        found.setdefault(json.dumps(own), []).append(configuration)
    yield from found.values()
