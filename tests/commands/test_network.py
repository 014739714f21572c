import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.arrays import FloatArray

from .run_files import Fit, MakeSpec, Ntk, load_json

Shown = Callable[..., list[list[str]]]
# The columns of numbers.
LAYER, SIGMA_W, SIGMA_B, Q, LEAST, LARGEST, CHI, CORRELATION = range(8)


@pytest.fixture
def shown(make_spec: MakeSpec, ntk: Ntk) -> Shown:
    """What `ntk network` prints of a network on the small data, without the head, as cells."""

    def show(**network: Any) -> list[list[str]]:
        outcome = ntk("network", make_spec(network=network))
        assert outcome.returncode == 0
        head, *lines = outcome.stdout.splitlines()
        assert head.split()[0] == "layer"
        return [line.split() for line in lines]

    return show


def standardised(folder: Path) -> FloatArray:
    x = pd.read_csv(folder / "train.csv")[["a", "b", "c"]].to_numpy()
    return np.asarray((x - x.mean(axis=0)) / x.std(axis=0))


def test_every_layer_has_its_variance(shown: Shown, tmp_path: Path) -> None:
    lines = shown(depth=3, activation="relu", sigma_w=1.5, sigma_b=0.1)
    q = 2.25 * np.mean(standardised(tmp_path) ** 2, axis=1) + 0.01
    assert len(lines) == 3
    for number, line in enumerate(lines, 1):
        found = [float(line[column]) for column in (LAYER, Q, LEAST, LARGEST)]
        assert found == pytest.approx([number, np.median(q), q.min(), q.max()], rel=1e-3)
        q = 2.25 * q / 2 + 0.01


def test_chi_is_the_slope_at_equal_rows(shown: Shown) -> None:
    *hidden, readout = shown(depth=4, activation="relu", sigma_w=[1.5, 1.0, 2.0, 0.5])
    assert [float(line[CHI]) for line in hidden] == pytest.approx([0.5, 2.0, 0.125])
    assert len(readout) == CHI + 1


def test_a_residual_block_adds_its_slope_to_that_of_the_skip(shown: Shown) -> None:
    lines = shown(depth=4, activation="relu", sigma_w=1.0, residual={"scale": 0.5})
    assert [float(line[CHI]) for line in lines[:3]] == pytest.approx([1 + 0.125, 1 + 0.125, 0.5])


def test_the_correlation_is_the_median_over_pairs(shown: Shown, tmp_path: Path) -> None:
    x = standardised(tmp_path)
    k = 2.25 * x @ x.T / 3 + 0.01
    rho = (k / np.sqrt(np.outer(k.diagonal(), k.diagonal())))[np.tril_indices(len(k), -1)]
    line = shown(depth=1, sigma_w=1.5, sigma_b=0.1)[0]
    assert float(line[-1]) == pytest.approx(float(np.median(rho)), rel=1e-3)


def test_layers_name_their_activation_and_how_it_is_computed(make_spec: MakeSpec, ntk: Ntk) -> None:
    activation = ["tanh", {"name": "elu", "alpha": 0.5}, "relu"]
    outcome = ntk("network", make_spec(network={"depth": 4, "activation": activation}))
    first, second, third, last = outcome.stdout.splitlines()[1:]
    assert "tanh" in first
    assert "Hermite expansion to degree" in first
    assert "elu (alpha 0.5)" in second
    assert "polar" in second
    assert third.endswith("relu             closed form")
    assert "closed form" not in last


@pytest.mark.parametrize(
    ("activation", "critical"), [("relu", math.sqrt(2)), ("tanh", 1.0), ("identity", 1.0)]
)
def test_critical_weights_have_slope_one_in_every_layer(
    shown: Shown, activation: str, critical: float
) -> None:
    lines = shown(depth=4, activation=activation, sigma_w="critical", sigma_b=0)
    assert [float(line[SIGMA_W]) for line in lines] == pytest.approx([critical] * 4, rel=1e-5)
    if activation != "tanh":
        assert [float(line[CHI]) for line in lines[:3]] == pytest.approx([1.0] * 3)


def test_a_kernel_that_distinguishes_nothing_is_warned_of(make_spec: MakeSpec, ntk: Ntk) -> None:
    network = {"depth": 40, "activation": "erf", "sigma_w": 0.5, "sigma_b": 0.5}
    spec = make_spec(network=network, inference={"ridge": 0.1})
    for command in ("network", "check", "fit"):
        outcome = ntk(command, spec)
        assert outcome.returncode == 0
        assert "all correlations of rows are within 1e-06 of 1" in outcome.stderr, command
        assert "from layer 11 on" in outcome.stderr, command


def test_a_useful_kernel_is_not_warned_of(make_spec: MakeSpec, ntk: Ntk) -> None:
    assert ntk("network", make_spec()).stderr == ""


@pytest.mark.parametrize(("rows", "network"), [("1,2,3\n0,0,1\n", {"sigma_b": 0}), ("1,2,3\n1,2,4\n", {})])
def test_rows_of_zeros_and_equal_rows_are_no_trouble(
    make_spec: MakeSpec, ntk: Ntk, write: Any, rows: str, network: dict[str, Any]
) -> None:
    write("train.csv", f"a,b,y\n{rows}")
    outcome = ntk("network", make_spec(data={"test": None, "standardize": False}, network=network))
    assert outcome.returncode == 0
    assert "nan" not in outcome.stdout


def test_a_run_reports_how_its_duals_were_computed(fit: Fit) -> None:
    run = fit(network={"depth": 4, "activation": ["tanh", "relu", "softsign"]}, inference={"ridge": 0.1})
    layers = load_json(run / "run.json")["network"]
    methods = [layer["dual"] and layer["dual"]["method"] for layer in layers]
    assert methods == ["hermite", "closed form", "polar", None]
    assert [layer["activation"] for layer in layers] == ["tanh", "relu", "softsign", None]
    assert layers[0]["dual"]["degree"] > 10
    assert 0 <= layers[0]["dual"]["residual"] < 1e-9
    assert {layer["sigma_w"] for layer in layers} == {math.sqrt(2)}
