"""Fits of networks of every kind: predictions, and what cannot be computed."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.data.dataset import Dataset
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.spec.file import read_spec

from ..datasets import load_dataset
from .run_files import MakeSpec, Ntk, Predict, Write, part, values

RIDGE = 0.01
NETWORKS: dict[str, dict[str, Any]] = {
    "lists": {"activation": ["erf", "gelu"], "sigma_w": [1.5, 1.2, 0.9], "sigma_b": [0.1, 0.3, 0.0]},
    "readout": {"readout": {"sigma_w": 1.0, "sigma_b": 0.0}},
    "trained readout": {"train": "readout"},
    "one frozen": {"train": {"first_frozen": 1}},
    "biases from 0": {"bias_init": "zero", "sigma_b": 0.4},
    "residual": {"depth": 5, "residual": {"every": 2, "scale": 0.5}},
    "layer norm": {"layer_norm": True, "activation": "erf"},
    "dropout": {"keep_probability": 0.7},
    "standard": {"parameterization": "standard", "width": 32},
    "critical": {"sigma_w": "critical", "activation": "erf"},
    "no closed form": {"activation": "tanh"},
    "with parameters": {"activation": {"name": "leaky_relu", "slope": 0.2}},
}
DUPLICATES = "a,b,y\n1,2,3\n2,1,4\n\n0,5,1\n2,1,5\n1,2,2\n"

every_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)


def direct(path: Path, kernel: str) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation at time inf, with numpy alone behind the kernel matrices."""
    spec = read_spec(path).spec
    data = load_dataset(spec.data)
    matrices = kernel_matrices(path, data)
    theta, theta_test = matrices[f"{kernel}_train_train"], matrices[f"{kernel}_test_train"]
    k, k_test, k_diagonal = (matrices[f"nngp_{name}"] for name in ("train_train", "test_train", "test"))
    if kernel == "nngp":
        k = theta + RIDGE * np.eye(len(theta))
    weights = np.linalg.solve(theta + RIDGE * np.eye(len(theta)), theta_test.T).T
    mean = weights @ data.y_train
    variance = k_diagonal - 2 * np.sum(weights * k_test, axis=1) + np.sum((weights @ k) * weights, axis=1)
    scaling = data.target_scaling
    return scaling.undo(mean)[:, 0], np.sqrt(variance) * scaling.scale


def kernel_matrices(path: Path, data: Dataset) -> dict[str, FloatArray]:
    network = network_of(read_spec(path).spec.network, data.train.x.shape[1])
    spans = zip(network.spans(data.train.x), network.spans(data.test.x), strict=True)
    evaluator = Evaluator(network.tabulated([np.concatenate(of_step) for of_step in spans]), 4)
    train, test = evaluator.network.rows(data.train.x), evaluator.network.rows(data.test.x)
    matrices: dict[str, FloatArray] = {"nngp_test": test.diagonal("nngp")}
    for kernel in ("nngp", "ntk"):
        matrices[f"{kernel}_train_train"] = evaluator.symmetric(train, [kernel])[kernel].to_array()
        matrices[f"{kernel}_test_train"] = evaluator.rectangle(test, train, [kernel])[kernel]
    return matrices


@every_network
def test_predictions_are_what_numpy_makes_of_the_kernel_matrices(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, network: dict[str, Any]
) -> None:
    spec = make_spec(network=network, inference={"kernel": ["ntk", "nngp"], "ridge": RIDGE})
    assert ntk("fit", spec).returncode == 0
    for kernel in ("ntk", "nngp"):
        table = part(tmp_path / "run", kernel, "inf")
        mean, std = direct(spec, kernel)
        np.testing.assert_allclose(values(table, "y_mean"), mean, rtol=1e-9)
        np.testing.assert_allclose(values(table, "y_std"), std, rtol=1e-6)


@pytest.mark.parametrize("solver", ["auto", "lanczos", "eigh"])
def test_every_solver_answers_for_every_time_with_dropout(predict: Predict, solver: str) -> None:
    """Dropout's diagonal is not that of equal rows, and the training rows are the test rows here."""
    inference = {"kernel": ["ntk", "nngp"], "time": [0, 0.7], "ridge": RIDGE}
    sections = {"data": {"test": None}, "network": {"keep_probability": 0.7}, "inference": inference}
    table = predict(**sections, compute={"solver": solver})
    by_eigh = predict(**sections, compute={"solver": "eigh"})
    np.testing.assert_allclose(table["y_mean"], by_eigh["y_mean"], rtol=1e-8)
    np.testing.assert_allclose(table["y_std"], by_eigh["y_std"], rtol=1e-6)


def test_a_trained_readout_makes_ntk_of_nngp(predict: Predict) -> None:
    table = predict(
        network={"train": "readout"}, inference={"kernel": ["ntk", "nngp"], "time": [1, math.inf]}
    )
    ntk, nngp = (table[table["kernel"] == kernel] for kernel in ("ntk", "nngp"))
    np.testing.assert_allclose(ntk["y_mean"], nngp["y_mean"], rtol=1e-10)
    np.testing.assert_allclose(ntk["y_std"], nngp["y_std"], rtol=1e-6)


@every_network
def test_the_resolved_spec_of_a_network_fits_to_the_same_predictions(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, network: dict[str, Any]
) -> None:
    assert ntk("fit", make_spec(network=network, inference={"ridge": RIDGE})).returncode == 0
    assert ntk("fit", tmp_path / "run" / "spec.yaml", "--out", tmp_path / "again").returncode == 0
    first, again = (tmp_path / run / "predictions.csv" for run in ("run", "again"))
    assert first.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(
    ("network", "reported"),
    [
        ({"activation": "erf", "sigma_b": 0.0}, "network.sigma_w: critical is 0.886227\n"),
        ({"activation": "relu"}, "network.sigma_w: critical is 1.41421\n"),
        (
            {"activation": ["relu", "erf"], "sigma_b": 0.0},
            "network.sigma_w: critical is 1.41421, 0.886227\n",
        ),
        (
            {"activation": "relu", "readout": {"sigma_w": 1.0}},
            "network.sigma_w: critical is 1.41421, 1\n",
        ),
    ],
)
def test_critical_weights_are_reported(
    make_spec: MakeSpec, ntk: Ntk, network: dict[str, Any], reported: str
) -> None:
    outcome = ntk("fit", make_spec(network={"sigma_w": "critical"} | network))
    assert outcome.returncode == 0
    assert reported in outcome.stderr


def test_with_dropout_rows_given_twice_have_an_answer_at_time_inf(predict: Predict, write: Write) -> None:
    write("train.csv", DUPLICATES)
    table = predict(
        data={"test": None}, network={"keep_probability": 0.9}, inference={"kernel": ["ntk", "nngp"]}
    )
    assert np.isfinite(table[["y_mean", "y_std"]].to_numpy()).all()
    same = table[table["row"].isin([1, 3])].groupby("kernel")["y_mean"]
    np.testing.assert_allclose(same.max(), same.min(), rtol=1e-9)


def test_identities_with_layer_norm_are_not_refused(predict: Predict) -> None:
    network = {"activation": "identity", "layer_norm": True, "depth": 2}
    table = predict(network=network, inference={"ridge": RIDGE})
    assert isinstance(table, pd.DataFrame)
    assert np.isfinite(table["y_mean"]).all()
