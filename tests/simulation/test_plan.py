"""What a simulation is planned to take, beside what it takes."""

import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.errors import ResourceError
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.planning.budget import Budget
from ntkcli.simulation.closed_form import InfiniteWidth
from ntkcli.simulation.experiment import Draw, Experiment, run
from ntkcli.simulation.plan import SimulationPlan
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.simulate import SimulateSpec

BASE = 10**6


@dataclass(frozen=True)
class Case:
    """A network whose memory is measured."""

    width: int
    n: int = 64
    m: int = 64
    d: int = 10
    k: int = 1
    ridge: float = 0.0
    trained: bool = True
    linearised: bool = False
    network: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> NetworkSpec:
        return NetworkSpec.model_validate({"depth": 3} | self.network)

    @property
    def settings(self) -> SimulateSpec:
        return SimulateSpec(seeds=1, widths=[self.width], largest_trained=self.width if self.trained else 0)

    def plan(self, workers: int = 1) -> SimulationPlan:
        return SimulationPlan(
            self.n, self.m, self.d, self.k, self.spec.depth, 3, workers, BASE, self.settings
        )

    def experiment(self) -> Experiment:
        rng, network = np.random.default_rng(0), network_of(self.spec, self.d)
        x, y = rng.normal(size=(self.n + self.m, self.d)), rng.normal(size=(self.n, self.k))
        infinite = InfiniteWidth.of(Evaluator(network), network.rows(x[: self.n]), y, self.ridge)
        step = 1 / float(infinite.eigenvalues[-1])
        return Experiment(
            network,
            x,
            y,
            infinite.exact,
            [0.0, step, 3 * step],
            step,
            self.ridge,
            self.settings.largest_trained,
            self.linearised,
        )


ALL: dict[str, Any] = {"depth": 6, "layer_norm": True, "residual": True, "dropout": 0.8}
MEASURED = {
    "wide": Case(1024),
    "wide, with ridge": Case(1024, ridge=0.1),
    "wider than is trained": Case(2048, trained=False),
    "narrow, not trained": Case(64, n=256, trained=False),
    "many rows": Case(64, n=256, m=256),
    "several outputs": Case(64, n=200, m=200, k=3),
    "linearised": Case(128, n=128, k=3, linearised=True),
    "all kinds of layers": Case(256, n=256, network=ALL),
    "all kinds of layers, not trained": Case(256, n=256, trained=False, network=ALL),
    "many features": Case(64, d=2000, network={"depth": 2}),
    "one layer": Case(64, n=200, k=3, network={"depth": 1}),
}


@pytest.mark.parametrize("case", MEASURED.values(), ids=MEASURED)
def test_a_network_takes_the_memory_that_is_planned_for_it(case: Case) -> None:
    experiment, plan = case.experiment(), case.plan()
    tracemalloc.start()
    try:
        run(experiment, Draw(case.width, 0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    planned = plan.memory_bytes - BASE
    assert peak < planned < 5 * peak


def test_each_worker_has_a_network_of_its_own() -> None:
    one, two, three = (Case(1024).plan(workers).memory_bytes for workers in (1, 2, 3))
    assert two - one == three - two
    assert two - one > 8 * 1024**2


def test_what_there_is_no_memory_for_is_refused_with_what_it_takes() -> None:
    plan = Case(4096).plan()
    plan.check(Budget(plan.memory_bytes, 0, Path()))
    with pytest.raises(ResourceError, match=r"not enough memory: .* use narrower simulate\.widths"):
        plan.check(Budget(plan.memory_bytes - 1, 0, Path()))


def test_more_rows_than_can_be_decomposed_are_refused() -> None:
    plan = Case(64, n=32_001).plan()
    with pytest.raises(ResourceError, match=r"simulate\.rows: an eigendecomposition takes 32,000 at most"):
        plan.check(Budget(2**60, 0, Path()))
