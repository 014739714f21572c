"""A spec's network, made ready for the rows of its data."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.dataset import Dataset
from ntkcli.data.table import Table
from ntkcli.errors import NumericalError, SpecError
from ntkcli.jobs.network import name_of, network_of, weights_of
from ntkcli.journal import Journal
from ntkcli.kernels.activations.activation import PrecisionError
from ntkcli.kernels.network import Network
from ntkcli.kernels.range_errors import KernelRangeError, VarianceLimitError
from ntkcli.spec.file import SpecFile
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.spec import Spec


def prepared_network(source: SpecFile, dataset: Dataset, journal: Journal) -> Network:
    """Build the network of a spec, its activations tabulated for the variances of all rows in each layer.

    Args:
        source: the spec.
        dataset: its training and test rows.
        journal: receives the critical sigma_w, and the time that the tables take.

    Raises:
        SpecError: sigma_w is critical, and an activation has no such value.
        NumericalError: a row's kernel leaves the range of compute.dtype, or that of an activation.
    """
    spec = source.spec
    try:
        network = network_of(spec.network, dataset.train.x.shape[1])
    except SpecError as error:
        raise SpecError(f"{source.path}: {error}") from error
    if spec.network.sigma_w == "critical":
        values = ", ".join(dict.fromkeys(f"{weight:.6g}" for weight in weights_of(spec.network)))
        journal.tell(f"network.sigma_w: critical is {values}")
    with journal.phase("tables"):
        return _tabulated(network, spec, dataset)


def _tabulated(network: Network, spec: Spec, dataset: Dataset) -> Network:
    """Tabulate the activations of a network for the training and the test rows.

    Raises:
        NumericalError: an activation cannot be tabulated to 1e-9 there.
    """
    tables = [dataset.train, dataset.test] if dataset.has_test_rows else [dataset.train]
    spans = [spans_of(network, spec.network, table, spec.compute.stored_dtype) for table in tables]
    try:
        return network.tabulated([np.concatenate(of_step) for of_step in zip(*spans, strict=True)])
    except PrecisionError as error:
        raise imprecise(error) from error


def imprecise(error: PrecisionError) -> NumericalError:
    """Return the error that explains to the user that an activation cannot be tabulated to 1e-9."""
    found = "not at all" if math.isnan(error.residual) else f"to {error.residual:.1e} only, not to 1e-9,"
    return NumericalError(
        f"network.activation: its kernel can be had {found} for variances up to {error.high:.3g}: use "
        "data.standardize: true, a lower sigma_w, or an activation with a closed form, such as erf"
    )


def spans_of(network: Network, spec: NetworkSpec, table: Table, dtype: str) -> list[FloatArray]:
    """Return, for each step of a network, the range of variances that a table's rows have there.

    Args:
        network: without tables.
        spec: of the network.
        table: the rows.
        dtype: that kernels are stored in.
        advice: how the remedy begins, before keys of the spec.

    Raises:
        NumericalError: a row's kernel leaves the range of `dtype`, or that of an activation.
    """
    with ranges_reported(spec, table, dtype):
        return network.spans(table.x, dtype)


@contextmanager
def precision_reported() -> Iterator[None]:
    """Report an activation that cannot be tabulated to 1e-9 in the `with` block.

    Raises:
        NumericalError: so it is.
    """
    try:
        yield
    except PrecisionError as error:
        raise imprecise(error) from error


@contextmanager
def ranges_reported(spec: NetworkSpec, table: Table, dtype: str, *, advice: str = "use") -> Iterator[None]:
    """Report a kernel that leaves its range in the `with` block as an error at the row's line.

    Args:
        spec: of the network.
        table: the rows whose kernels are computed.
        dtype: that kernels are stored in.
        advice: how the remedy begins, before keys of the spec.

    Raises:
        NumericalError: a row's kernel leaves the range of `dtype`, or that of an activation, or an activation
            cannot be tabulated to 1e-9 there.
    """
    try:
        with precision_reported():
            yield
    except KernelRangeError as error:
        behind = parameters = ""
        if error.layer > 1:
            behind = f", behind {_activation(spec, error.layer - 1)}"
            parameters = ", smaller parameters of the activation"
        raise NumericalError(
            f"{table.place(error.row)}: the kernel of this row leaves the range of "
            f"{dtype} in layer {error.layer}{behind}: "
            f"{advice} data.standardize: true, a lower sigma_w{parameters} or a lower depth"
        ) from error
    except VarianceLimitError as error:
        raise NumericalError(
            f"{table.place(error.row)}: {_activation(spec, error.layer)} takes variances below "
            f"{error.limit:.4g}, and this row has {error.variance:.4g} in layer {error.layer}: "
            f"{advice} data.standardize: true, or a lower sigma_w or sigma_b"
        ) from error


def _activation(spec: NetworkSpec, layer: int) -> str:
    """Return the name of the activation behind a layer, counted from 1."""
    return name_of(spec.activations[layer - 1])
