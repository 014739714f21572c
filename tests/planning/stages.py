"""One stage of every solver, for the tests of what it takes."""

import math
from typing import Any

from ntkcli.planning.sizes import Sizes
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Pair, Question
from ntkcli.regression.stages import Stage
from ntkcli.solvers.catalogue import SOLVERS

SIZES = Sizes(n=5000, m=700, d=10)
NAMES = ["cholesky", "lanczos", "eigh"]
TIMES = {"none": 0.0, "cholesky": math.inf, "lanczos": 10.0, "eigh": 10.0}


def stage(solver: str, kernel: KernelName = "ntk") -> Stage:
    """A kernel at a time that the solver answers."""
    return Stage(KERNELS[kernel].gram, SOLVERS[solver], (Pair(kernel, TIMES[solver]),))


def question(solver: str, kernel: KernelName = "ntk", uncertainty: Any = "none", **changes: Any) -> Question:
    """What the stage answers."""
    return Question({kernel: [TIMES[solver]]}, uncertainty=uncertainty, **changes)
