"""Whether solutions are as exact as the spec asks."""

import math
from typing import Any

from ntkcli.errors import NumericalError
from ntkcli.job import Job


def check_accuracy(job: Job, solvers: list[dict[str, Any]]) -> None:
    """Refuse solutions from float32 whose residual is above the tolerance; warn of such float64 ones.

    In float64 there is nothing better to change to.

    Raises:
        NumericalError: a solution from float32 is not as exact as compute.tolerance.
    """
    compute = job.spec.compute
    tolerance = compute.residual_tolerance
    for solver in solvers:
        for entry in solver["times"]:
            residual = math.inf if entry["residual"] is None else entry["residual"]
            where = f"the {solver['gram']} Gram matrix at time {entry['time']}"
            if residual <= tolerance:
                continue
            if compute.stored_dtype == "float32":
                raise NumericalError(
                    f"{where} is solved to {residual:.2g} only in {compute.dtype}, and compute.tolerance "
                    f"allows {tolerance:.2g}: use compute.dtype: float64, or a larger inference.ridge"
                )
            job.journal.warn(f"{where} is near singular: the equations hold to {residual:.2g} only")
