"""A simulation made ready from a spec: rows, times, ridge, and networks that have a finite kin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.errors import SpecError
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.kernels.network import Network
from ntkcli.simulation.experiment import Draw
from ntkcli.simulation.simulation import Simulation, readout_only
from ntkcli.spec.file import read_spec
from ntkcli.spec.simulate import SimulateSpec

from ..kernels.matrices import kernels
from .networks import every_kind, network_with
from .problems import X

MakeSpec = Callable[..., Path]
Ready = Callable[..., Simulation]


@contextmanager
def opened(path: Path) -> Iterator[Job]:
    with open_job(read_spec(path), Journal()) as job:
        yield job


@pytest.fixture
def ready(make_spec: MakeSpec) -> Ready:
    """Make the simulation of the small data ready, by sections of the spec."""

    def make(settings: dict[str, Any] | None = None, **sections: dict[str, Any]) -> Simulation:
        given = SimulateSpec.model_validate({"widths": [4, 8], "seeds": 2} | (settings or {}))
        with opened(make_spec(**sections)) as job:
            return Simulation.of(job, given, linearised=False)

    return make


def theta(simulation: Simulation) -> np.ndarray:
    return np.asarray(simulation.experiment.exact["ntk"])


def test_the_widest_networks_are_drawn_first(ready: Ready) -> None:
    assert ready().draws == [Draw(8, 0), Draw(8, 1), Draw(4, 0), Draw(4, 1)]


def test_training_rows_come_before_test_rows(ready: Ready) -> None:
    found = ready()
    experiment = found.experiment
    assert (experiment.x.shape, experiment.y.shape) == ((19, 3), (14, 1))
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(experiment.x[:14].mean(axis=0), 0.0, atol=1e-12)
    expected = kernels(experiment.network, experiment.x[:14], experiment.x[:14])[1]
    np.testing.assert_allclose(theta(found), expected, rtol=1e-12)


@pytest.mark.parametrize("loss", ["sum", "mean"])
def test_times_are_those_of_the_spec_to_the_last_digit(ready: Ready, loss: str) -> None:
    inference = {"time": [0.1, 0.3, 0.7, 3.0], "learning_rate": 0.3, "loss": loss}
    found = ready(inference=inference)
    assert found.times == [0.0, 0.1, 0.3, 0.7, 3.0]
    rate = 0.3 / (14 if loss == "mean" else 1)
    np.testing.assert_allclose(found.experiment.times, np.multiply(found.times, rate), rtol=1e-15)


@pytest.mark.parametrize(("scale", "unit"), [("absolute", False), ("trace", True)])
def test_the_ridge_is_in_its_unit(ready: Ready, scale: str, unit: bool) -> None:
    found = ready(inference={"ridge": 0.2, "ridge_scale": scale})
    of = np.trace(theta(found)) / 14 if unit else 1.0
    assert found.experiment.ridge == pytest.approx(0.2 * of)
    largest = np.linalg.eigvalsh(theta(found))[-1] + found.experiment.ridge
    assert found.pace.largest == pytest.approx(2 / largest)


def test_the_nngp_kernel_alone_trains_the_readout_alone(ready: Ready) -> None:
    found = ready(inference={"kernel": "nngp", "time": 1.0})
    assert found.trained_layers == [3]
    np.testing.assert_allclose(theta(found), found.experiment.exact["nngp"], rtol=1e-12)
    assert ready(inference={"kernel": ["nngp", "ntk"], "time": 1.0}).trained_layers == [1, 2, 3]


@every_kind
def test_the_ntk_of_a_readout_is_the_nngp_kernel(settings: dict[str, Any]) -> None:
    network = network_with(**settings)
    alone = readout_only(network)
    nngp, ntk = kernels(alone, X, X)
    np.testing.assert_allclose(ntk, nngp, rtol=1e-12)
    np.testing.assert_allclose(nngp, kernels(network, X, X)[0], rtol=1e-12)


def test_frozen_layers_are_not_among_the_trained(ready: Ready) -> None:
    found = ready(network={"depth": 4, "train": {"first_frozen": 1}})
    assert found.trained_layers == [2, 3, 4]


def test_a_kernel_that_no_function_has_is_refused(ready: Ready) -> None:
    with pytest.raises(SpecError, match="exp_normalized is a kernel and no function of x"):
        ready(network={"activation": "exp_normalized"})


def test_hermite_is_taken_where_its_inputs_have_variance_1(ready: Ready) -> None:
    network: dict[str, Any] = {"activation": "hermite", "sigma_w": 1.0, "sigma_b": 0.0}
    with pytest.raises(
        SpecError, match=r"inputs of variance 1, and here they have .* set network.layer_norm"
    ):
        ready(network=network)
    assert ready(network=network | {"layer_norm": True}).trained_layers == [1, 2, 3]


def test_test_rows_are_looked_at_as_well(make_spec: MakeSpec) -> None:
    """Training rows all of variance 1, and test rows of others."""
    network: dict[str, Any] = {"activation": "hermite", "sigma_w": 1.0, "sigma_b": 0.0, "depth": 2}
    with opened(make_spec(network=network)) as job:
        train = job.dataset.train
        unit = train.x * np.sqrt(3) / np.linalg.norm(train.x, axis=1, keepdims=True)
        dataset = replace(job.dataset, train=replace(train, x=unit))
        with pytest.raises(SpecError, match="inputs of variance 1"):
            Simulation.of(replace(job, dataset=dataset), SimulateSpec(), linearised=False)


def test_tables_are_those_of_the_job(ready: Ready) -> None:
    network: Network = ready(network={"activation": "tanh"}).experiment.network
    assert network.has_tables


def test_sampled_rows_are_rows_of_the_files(ready: Ready) -> None:
    found, whole = ready({"rows": 4}), ready()
    assert found.experiment.x.shape == (8, 3)
    assert np.all(np.diff(found.rows) > 0)
    np.testing.assert_array_equal(found.experiment.x[4:], whole.experiment.x[14:][found.rows])
