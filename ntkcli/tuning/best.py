"""The spec of the best that was found."""

from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.spec import Spec
from ntkcli.spec.tune import network_with
from ntkcli.tuning.trials import Outcome


def best_spec(spec: Spec, best: Outcome) -> Spec:
    """A spec that `ntk fit` takes: with the network, kernel, ridge and time that won, and without `tune`.

    Its output.dir is left open. A solver or a dtype that the time does not go with becomes the default.
    """
    candidate = best.candidate
    inference = spec.inference.model_copy(
        update={
            "kernel": [candidate.kernel],
            "ridge": candidate.ridge,
            "ridge_scale": candidate.ridge_scale,
            "time": [candidate.time],
        }
    )
    compute = spec.compute
    if inference.has_finite_time and compute.solver == "cholesky":
        compute = compute.model_copy(update={"solver": "auto"})
    if inference.has_finite_time and compute.dtype == "mixed":
        compute = compute.model_copy(update={"dtype": "float64"})
    network: NetworkSpec = network_with(spec.network, best.trial.values)
    changes = {"network": network, "inference": inference, "compute": compute, "tune": None}
    return spec.model_copy(update=changes)
