"""Configurations of a search, ordered into chains of networks that extend each other."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from ntkcli.data.dataset import Dataset
from ntkcli.errors import NtkError, NumericalError, SpecError
from ntkcli.jobs.network import network_of
from ntkcli.jobs.tabulation import prepared_network
from ntkcli.journal import Journal
from ntkcli.kernels.network import Network
from ntkcli.kernels.steps import Step
from ntkcli.spec.file import SpecFile
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.space import section_with


@dataclass(frozen=True)
class Configuration:
    """One network of a search space, with the data values that its inputs are made with.

    number: its place in the grid, or among the networks drawn, from 0.
    values: what it has for the keys of the space, by key path.
    """

    number: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A configuration with its network, its activations tabulated, or with the error that prevents it.

    seconds: how long its tables took.
    """

    configuration: Configuration
    network: Network | NtkError
    seconds: float = 0.0


@dataclass(frozen=True)
class _Member:
    configuration: Configuration
    spec: NetworkSpec
    steps: tuple[Step, ...]


def prepared_chains(
    source: SpecFile, dataset: Dataset, configurations: Sequence[Configuration]
) -> Iterator[list[Prepared]]:
    """Yield the network of every configuration, in chains of networks that begin with the one before.

    The activations of a chain are tabulated once, for the deepest. Networks that cannot be built come with
    their errors.

    Args:
        source: the spec that the configurations change.
        dataset: the rows whose variances the tables have to cover.
        configurations: in any order, of the same data values.
    """
    members: list[_Member] = []
    for configuration in configurations:
        try:
            spec = section_with(source.spec.network, configuration.values)
            members.append(_Member(configuration, spec, network_of(spec, dataset.train.x.shape[1]).steps))
        except (ValidationError, SpecError) as error:
            yield [Prepared(configuration, NumericalError(_reason(error)))]
    for chain in _chains(_in_order(members)):
        yield _prepared(source, dataset, chain)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        (details, *_) = error.errors(include_url=False)
        return f"there is no such network: {details['msg']}"
    return str(error)


def _in_order(members: list[_Member]) -> list[_Member]:
    """Sort by the numbers of the steps, so that a network comes right before those that begin with it."""
    numbers: dict[Step, int] = {}
    for member in members:
        for step in member.steps:
            numbers.setdefault(step, len(numbers))
    return sorted(members, key=lambda member: [numbers[step] for step in member.steps])


def _chains(members: list[_Member]) -> Iterator[list[_Member]]:
    """Cut networks in order wherever one does not begin with the one before it."""
    chain: list[_Member] = []
    for member in members:
        if chain and member.steps[: len(chain[-1].steps)] != chain[-1].steps:
            yield chain
            chain = []
        chain.append(member)
    if chain:
        yield chain


def _prepared(source: SpecFile, dataset: Dataset, chain: list[_Member]) -> list[Prepared]:
    """Tabulate a chain; networks that are too deep for the data fail without the others."""
    deepest, failures, start = None, [], time.perf_counter()
    while chain and deepest is None:
        own = replace(source, spec=source.spec.model_copy(update={"network": chain[-1].spec}))
        try:
            deepest = prepared_network(own, dataset, Journal())
        except (NumericalError, SpecError) as error:
            failures.append(Prepared(chain.pop().configuration, error))
    seconds = (time.perf_counter() - start) / max(1, len(chain))
    if deepest is None:
        return failures
    steps = deepest.steps
    return [
        *(Prepared(one.configuration, Network(steps[: len(one.steps)]), seconds) for one in chain),
        *failures,
    ]
