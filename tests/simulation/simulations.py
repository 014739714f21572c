"""Small simulations, carried out, for the tests of their tables and their summary."""

from typing import Any

import numpy as np

from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.simulation.closed_form import ClosedForm
from ntkcli.simulation.experiment import Draw, run
from ntkcli.simulation.pace import Pace
from ntkcli.simulation.simulation import Simulation
from ntkcli.simulation.tables import Outcomes
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.simulate import SimulateSpec

from .networks import network_with
from .problems import X_TEST, X, Y, experiment, infinite_width

# The last is not trained.
WIDTHS = [8, 16, 32]


def simulation(network: Network | None = None, seeds: int = 3, **changes: Any) -> Simulation:
    """A simulation with the mean loss, whose times are in other units than those of the exponent."""
    network = network or network_with(depth=3)
    of = experiment(network, largest_trained=16, **changes)
    infinite = infinite_width(network)
    rows = network.rows(X), network.rows(X_TEST)
    inference = InferenceSpec(loss="mean", learning_rate=0.5)
    pace = Pace.of(SimulateSpec(), inference, Y.size, float(infinite.eigenvalues[-1]))
    return Simulation(
        of,
        [Draw(width, seed) for width in WIDTHS[::-1] for seed in range(seeds)],
        pace,
        np.array([2, 3, 5, 7]),
        ClosedForm.of(infinite, Evaluator(network), rows, of.times),
        [time / pace.rate for time in of.times],
    )


def outcomes(of: Simulation) -> Outcomes:
    """What comes of its draws, in order."""
    return {draw: run(of.experiment, draw) for draw in sorted(of.draws)}
