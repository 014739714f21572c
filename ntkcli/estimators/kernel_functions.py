"""Kernels of networks as functions of arrays."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.errors import SpecError
from ntkcli.estimators.errors import InvalidValueError, value_errors
from ntkcli.estimators.parameters import executor_of, validated
from ntkcli.jobs.network import network_of
from ntkcli.jobs.tabulation import precision_reported
from ntkcli.kernels.derivatives import is_derivable
from ntkcli.kernels.deviation_gradients import deviation_gradients
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.network import Network
from ntkcli.kernels.range_errors import KernelRangeError, VarianceLimitError
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.linalg.threads import with_threads
from ntkcli.planning.machine import thread_count
from ntkcli.spec.network import NetworkSpec

# The network section of a spec: its keys, or checked.
NetworkKeys = Mapping[str, Any] | NetworkSpec


def nngp_kernel(
    x1: npt.ArrayLike,
    x2: npt.ArrayLike | None = None,
    network: NetworkKeys | None = None,
    *,
    threads: int | Literal["auto"] = "auto",
) -> FloatArray:
    """The NNGP kernel K: the covariance of a network's outputs before training.

        K[1](x, x')  = sigma_w^2 x.x' / d + sigma_b^2
        K[l+1]       = sigma_w^2 E[phi(u) phi(v)] + sigma_b^2    (u, v) ~ N(0, K[l] on {x, x'})

    Args:
        x1: (m, d), as they are: nothing is standardised.
        x2: (n, d); None for x1.
        network: keys of a spec's network section, such as {"depth": 3, "activation": "erf"}; None for its
            defaults.
        threads: that compute; auto is what the process may use.

    Returns:
        (m, n) float64, in units of the outputs squared. With x2 None it is exactly symmetric.

    Raises:
        ValueError: the network or an array is not what it should be, or a kernel leaves float64.

    Lee et al. 2018.
    """
    return _kernel("nngp", x1, x2, network, threads)


def ntk_kernel(
    x1: npt.ArrayLike,
    x2: npt.ArrayLike | None = None,
    network: NetworkKeys | None = None,
    *,
    threads: int | Literal["auto"] = "auto",
) -> FloatArray:
    """The neural tangent kernel Theta: the product of the gradients of a network's outputs by its weights.

        Theta[1]     = K[1]
        Theta[l+1]   = K[l+1] + sigma_w^2 E[phi'(u) phi'(v)] Theta[l]    (u, v) ~ N(0, K[l] on {x, x'})

    Arguments, what is returned and errors are as of `nngp_kernel`.

    Jacot et al. 2018.
    """
    return _kernel("ntk", x1, x2, network, threads)


def kernel_diagonal(gram: GramName, x: npt.ArrayLike, network: NetworkKeys | None) -> FloatArray:
    """The kernel of every row (n, d) with itself, (n,); network and errors as of `nngp_kernel`."""
    rows = _rows(x, "X")
    _, (prepared,) = _prepared(network, {"X": rows})
    return prepared.diagonal(gram).copy()


def nngp_gradients(
    x: npt.ArrayLike, network: NetworkKeys | None, values: FloatArray, threads: int | Literal["auto"]
) -> tuple[FloatArray, FloatArray]:
    """The derivatives of the NNGP kernel of rows x (n, d) by log sigma_w and log sigma_b, (n, n) each.

    Args:
        x, network, threads: as of `nngp_kernel`.
        values: the kernel, (n, n).

    Raises:
        ValueError: as of `nngp_kernel`; or the network has steps whose derivatives are not known.
    """
    rows = _rows(x, "X")
    prepared, _ = _prepared(network, {"X": rows})
    if not is_derivable(prepared):
        raise InvalidValueError(
            "gradients by sigma_w and sigma_b are known for activations such as relu alone, without "
            "residual, layer_norm and dropout: use bounds 'fixed'"
        )
    return deviation_gradients(prepared, rows, values, Threads(thread_count(threads)))


def _kernel(
    gram: GramName,
    x1: npt.ArrayLike,
    x2: npt.ArrayLike | None,
    network: NetworkKeys | None,
    threads: int | Literal["auto"],
) -> FloatArray:
    arrays = {"x1": _rows(x1, "x1")} | ({} if x2 is None else {"x2": _rows(x2, "x2")})
    widths = [x.shape[1] for x in arrays.values()]
    if len({*widths}) > 1:
        raise InvalidValueError(f"x1 has {widths[0]} columns, and x2 {widths[1]}: give both the same")
    with value_errors():
        executor = executor_of(threads)
    tabulated, rows = _prepared(network, arrays)
    evaluator = Evaluator(tabulated, executor=executor)
    with with_threads(executor.workers):
        if x2 is None:
            return evaluator.symmetric(rows[0], [gram])[gram].to_array()
        return evaluator.rectangle(rows[0], rows[1], [gram])[gram]


def _rows(x: npt.ArrayLike, name: str) -> FloatArray:
    found = np.asarray(x)
    if found.dtype.kind not in "fiub" or found.ndim != 2 or not found.size:
        what = f"shape {found.shape} and type {found.dtype}"
        raise InvalidValueError(f"{name}: should be an array (rows, columns) of real numbers (found {what})")
    found = found.astype(np.float64)
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise InvalidValueError(f"{name}: row {row} holds NaN or infinity: fill it in, or leave it out")
    return found


def _prepared(network: NetworkKeys | None, arrays: Mapping[str, FloatArray]) -> tuple[Network, list[Rows]]:
    """The network with tables for all rows, and the rows of each array as it sees them."""
    with value_errors(), precision_reported():
        spec = network if isinstance(network, NetworkSpec) else _checked(network or {})
        plain = network_of(spec, next(iter(arrays.values())).shape[1])
        spans = []
        for name, x in arrays.items():
            try:
                spans.append(plain.spans(x))
            except (KernelRangeError, VarianceLimitError) as error:
                raise SpecError(
                    f"{name}: row {error.row}: its kernel leaves its range: {error}: scale the columns, or "
                    "lower sigma_w or the depth"
                ) from error
        joined = [np.concatenate(of_step) for of_step in zip(*spans, strict=True)]
        tabulated = plain.tabulated(joined)
        return tabulated, [tabulated.rows(x) for x in arrays.values()]


def _checked(network: Mapping[str, Any]) -> NetworkSpec:
    if not isinstance(network, Mapping):
        raise SpecError(f"network: should be a mapping, such as {{'depth': 4}} (found {network!r})")
    return validated(NetworkSpec, network)
