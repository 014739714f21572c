"""Every solver by name."""

from ntkcli.solvers.chebyshev import ChebyshevSolver
from ntkcli.solvers.cholesky import CholeskySolver
from ntkcli.solvers.eigh import EighSolver
from ntkcli.solvers.lanczos import LanczosSolver
from ntkcli.solvers.pcg import PcgSolver
from ntkcli.solvers.prior import Prior
from ntkcli.solvers.solver import KeepingSolver, Solver

# Where several would do for what a chosen one leaves, the first does.
SOLVERS: dict[str, Solver] = {
    solver.name: solver
    for solver in (Prior(), CholeskySolver(), LanczosSolver(), EighSolver(), ChebyshevSolver(), PcgSolver())
}


def keeping_solver(name: str) -> KeepingSolver:
    """The solver of a name, whose factorisation can be kept.

    Raises:
        ValueError: that solver keeps none.
    """
    solver = SOLVERS[name]
    if not isinstance(solver, KeepingSolver):
        raise ValueError(f"{name} keeps no factorisation")
    return solver


def choices() -> list[str]:
    """The names that compute.solver can have, beside `auto`."""
    return sorted(solver.name for solver in SOLVERS.values() if solver.is_choice)
