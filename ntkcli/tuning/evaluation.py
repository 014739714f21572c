"""The evaluation of a search's networks on the same rows, which hands them out where there is a cluster."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ntkcli.arrays import IntArray
from ntkcli.cluster.cluster import Cluster
from ntkcli.errors import NumericalError
from ntkcli.jobs.job import Job
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Here, Threads
from ntkcli.spec.space import DATA_KEYS
from ntkcli.tuning.assessment import Assessment, ScoredRows
from ntkcli.tuning.chains import Configuration, Prepared, prepared_chains
from ntkcli.tuning.decomposed import Targets
from ntkcli.tuning.inputs import Inputs, data_values
from ntkcli.tuning.scoring import Scorer
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.tuning.trials import Trial, value_text


@dataclass(frozen=True)
class Evaluation:
    """Makes trials of configurations.

    inputs: the data of every combination of data values.
    rows: indices of the training rows that are scored.
    scorer: scores the candidates of a network.
    evaluator: says how Gram matrices are computed here.
    cluster: scores networks; None where this process does.
    journal: receives a warning for every network that fails.
    """

    inputs: Inputs
    rows: IntArray
    scorer: Scorer
    evaluator: Evaluator
    cluster: Cluster | None
    journal: Journal

    @classmethod
    def of(cls, plan: SearchPlan, inputs: Inputs, job: Job) -> Self:
        """Return the evaluation of a plan's candidates on its rows.

        Args:
            plan: of a search.
            inputs: the data of the search.
            job: holds the spec's data, and the cluster if there is one.
        """
        dataset, inference = job.dataset, inputs.source.spec.inference
        targets = Targets(
            dataset.y_train[plan.rows],
            dataset.target_scaling.scale,
            plan.structure.labels,
            dataset.train.some(plan.rows).weights,
            plan.structure.groups,
            inputs.source.spec.data.noise is not None,
        )
        executor = Threads(plan.workers) if plan.workers > 1 else Here()
        scorer = Scorer(plan.tune.objective, plan.axes, inference, targets, plan.splits, executor)
        return cls(inputs, plan.rows, scorer, job.evaluator, job.cluster, job.journal)

    def trials(
        self, batches: Sequence[Sequence[Configuration]], done: frozenset[int] = frozenset()
    ) -> Iterator[Trial]:
        """Yield a trial of every configuration, batch after batch.

        Args:
            batches: configurations that have the same data values, and whose networks may come in any order.
            done: the numbers of those that need none any more.

        Raises:
            DataError: a column is not what a data value says.
            ResourceError: the cluster is lost, or has no worker.
        """
        rows = {_name(batch[0]): self._scored_rows(batch[0].values) for batch in batches}
        assessment = Assessment(rows, self.scorer, self.evaluator.tile_rows, self.evaluator.executor)
        chains = ((_name(batch[0]), chain) for batch in batches for chain in self._chains(batch, done))
        for trial in self._made(assessment, chains):
            if trial.failure is not None:
                values = ", ".join(f"{key}: {value_text(value)}" for key, value in trial.values.items())
                self.journal.warn(f"trial {trial.number} ({values or 'no changes'}) failed: {trial.failure}")
            yield trial

    def _made(
        self, assessment: Assessment, chains: Iterable[tuple[str, Sequence[Prepared]]]
    ) -> Iterator[Trial]:
        """Yield the trials of all chains in their order."""
        if self.cluster is None:
            for name, chain in chains:
                yield from assessment.trials(name, chain)
            return
        # The layers that a chain computes once are little work beside the scores: its networks may part.
        items = ((name, prepared) for name, chain in chains for prepared in chain)
        yield from self.cluster.map(assessment.alone.trial, items)

    def _scored_rows(self, values: Mapping[str, Any]) -> ScoredRows:
        with suppress(NumericalError):
            source, dataset = self.inputs.of(values)
            return ScoredRows(data_values(source.spec.data), dataset.train.x[self.rows])
        return ScoredRows({}, np.empty((0, 0)))

    def _chains(self, batch: Sequence[Configuration], done: frozenset[int]) -> Iterator[list[Prepared]]:
        try:
            source, dataset = self.inputs.of(batch[0].values)
        except NumericalError as error:
            chains = iter([[Prepared(configuration, error) for configuration in batch]])
        else:
            chains = prepared_chains(source, dataset, batch)
        # A chain is prepared whole, as its tables are those of its deepest network, whoever is done.
        for chain in chains:
            if left := [one for one in chain if one.configuration.number not in done]:
                yield left


def by_data(configurations: Sequence[Configuration]) -> list[list[Configuration]]:
    """Return the configurations with the same data values together."""
    found: dict[str, list[Configuration]] = {}
    for configuration in configurations:
        found.setdefault(_name(configuration), []).append(configuration)
    return [*found.values()]


def _name(configuration: Configuration) -> str:
    """Return a name for the data values of a configuration."""
    return json.dumps({key: value for key, value in configuration.values.items() if key in DATA_KEYS})
