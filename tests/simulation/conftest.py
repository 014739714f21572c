"""BLAS at one thread, and a small simulation."""

import pytest

from ntkcli.simulation.simulation import Simulation
from ntkcli.simulation.tables import Outcomes

from ..one_thread import one_blas_thread
from .simulations import outcomes, simulation

__all__ = ["one_blas_thread"]


@pytest.fixture(scope="module")
def of() -> Simulation:
    """A simulation."""
    return simulation()


@pytest.fixture(scope="module")
def seen(of: Simulation) -> Outcomes:
    """What came of it."""
    return outcomes(of)
