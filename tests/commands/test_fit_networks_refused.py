"""Networks that cannot be fitted to some data: reported in one line, with a remedy."""

import re
from pathlib import Path
from typing import Any

import pytest

from .run_files import MakeSpec, Ntk, Write

# exp makes e^(2 q) of a variance q.
EXPLODING = {"activation": ["relu", "exp", "exp"], "depth": 4, "sigma_w": 6.0}
DUPLICATES = "a,b,y\n1,2,3\n2,1,4\n\n0,5,1\n2,1,5\n1,2,2\n"


def test_an_activation_without_critical_weights_is_reported_with_a_remedy(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    outcome = ntk("fit", make_spec(network={"sigma_w": "critical", "activation": "sign"}))
    assert outcome.returncode == 2
    assert "network.sigma_w: no value is critical for sign with sigma_b 0.1: give a number" in outcome.stderr
    assert not (tmp_path / "run").exists()


def test_an_overflow_in_depth_is_reported_in_one_line_and_leaves_nothing(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    outcome = ntk("fit", make_spec(network=EXPLODING), "-qq")
    assert outcome.returncode == 4
    (line,) = outcome.stderr.splitlines()
    assert "train.csv:2: the kernel of this row leaves the range of float64 in layer " in line
    assert ": use data.standardize: true, a lower sigma_w" in line
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_overflow_is_reported_of_the_layer_behind_the_activation_that_made_it(
    make_spec: MakeSpec, ntk: Ntk, dtype: str
) -> None:
    """Layer 2 has variances of hundreds, and what exp makes of them would be layer 3's."""
    outcome = ntk("fit", make_spec(network=EXPLODING, compute={"dtype": dtype}))
    assert f"leaves the range of {dtype} in layer 3, behind exp: " in outcome.stderr


def test_a_gaussian_that_has_no_variance_is_reported_by_row_and_layer(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    """E[exp(2 b u^2)] exists for variances below 1 / 4b."""
    network = {"activation": {"name": "gaussian", "b": 5.0}}
    outcome = ntk("fit", make_spec(network=network), "-qq")
    assert outcome.returncode == 4
    (line,) = outcome.stderr.splitlines()
    assert "train.csv:2: gaussian takes variances below 0.05, and this row has " in line
    assert " in layer 1: use data.standardize: true, or a lower sigma_w or sigma_b" in line
    assert not (tmp_path / "run").exists()


def test_an_activation_that_cannot_be_had_precisely_says_what_can(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    outcome = ntk("fit", make_spec(network={"activation": "tanh", "sigma_w": 3e4}), "-qq")
    assert outcome.returncode == 4
    (line,) = outcome.stderr.splitlines()
    assert re.search(r"can be had to \d\.\de-0\d only, not to 1e-9, for variances up to \S+e\+\d+: use", line)
    assert "a lower sigma_w, or an activation with a closed form" in line
    assert not (tmp_path / "run").exists()


def test_one_layer_has_no_dropout_and_rows_given_twice_are_singular(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("train.csv", DUPLICATES)
    outcome = ntk("fit", make_spec(data={"test": None}, network={"keep_probability": 0.9, "depth": 1}))
    assert outcome.returncode == 4
    assert "have the same features" in outcome.stderr


@pytest.mark.parametrize("options", [{"residual": True, "depth": 4}, {"train": "readout"}, {"sigma_b": 0}])
def test_linear_networks_of_any_shape_are_refused_before_any_work(
    make_spec: MakeSpec, ntk: Ntk, options: dict[str, Any]
) -> None:
    outcome = ntk("fit", make_spec(network={"activation": "identity"} | options))
    assert outcome.returncode == 4
    assert "a linear network on 3 features has a Gram matrix of rank" in outcome.stderr


@pytest.mark.parametrize(
    "network",
    [
        {"sigma_w": 1e200},
        {"sigma_b": 1e200},
        {"residual": {"scale": 1e200}},
        {"activation": {"name": "leaky_relu", "slope": 1e200}},
        {"activation": {"name": "erf", "a": 1e200}},
        {"activation": {"name": "sin", "b": 1e200}},
        {"activation": {"name": "exp", "b": 1e200}},
        {"activation": {"name": "gaussian", "b": -1e200}},
    ],
    ids=str,
)
def test_settings_whose_squares_leave_the_range_are_reported_in_one_line(
    make_spec: MakeSpec, ntk: Ntk, network: dict[str, Any]
) -> None:
    outcome = ntk("fit", make_spec(network=network), "-qq")
    assert outcome.returncode in (2, 4)
    (line,) = outcome.stderr.splitlines()
    assert "unexpected" not in line
