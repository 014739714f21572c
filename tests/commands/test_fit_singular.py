"""Gram matrices that cannot be inverted: reported by line, with a remedy, or answered where they can be."""

import math
from typing import Any

import numpy as np
import pytest

from .run_files import MakeSpec, Ntk, Predict, Write

DUPLICATES = "a,b,y\n1,2,3\n2,1,4\n\n0,5,1\n2,1,5\n1,2,2\n"
AS_THEY_ARE: dict[str, Any] = {"test": None, "standardize": False}
ZERO_ROW = "a,b,y\n1,2,3\n0,-0.0,4\n0,5,1\n"
NO_BIAS = {"sigma_b": 0}
REMEDY = "give inference.ridge a value above 0 (such as 1e-3), or a finite inference.time"


@pytest.mark.parametrize("kernel", ["ntk", "nngp", "ntkgp"])
def test_duplicate_rows_are_named_by_their_lines(
    make_spec: MakeSpec, ntk: Ntk, write: Write, kernel: str
) -> None:
    write("train.csv", DUPLICATES)
    outcome = ntk("fit", make_spec(data={"test": None}, inference={"kernel": kernel}))
    assert outcome.returncode == 4
    assert "train.csv: lines 3 and 6 have the same features (2 rows repeat others)" in outcome.stderr
    assert outcome.stderr.endswith(f"{REMEDY}\n")


def test_a_ridge_of_one_gram_matrix_is_none_of_another(make_spec: MakeSpec, ntk: Ntk, write: Write) -> None:
    write("train.csv", DUPLICATES)
    inference = {"kernel": ["ntk", "nngp"], "ridge": {"ntk": 0, "nngp": 0.1}}
    spec = make_spec(data={"test": None}, inference=inference)
    for command in ("fit", "check"):
        outcome = ntk(command, spec)
        assert outcome.returncode == 4
        assert "train.csv: lines 3 and 6 have the same features" in outcome.stderr


@pytest.mark.parametrize(
    "inference",
    [{"ridge": 1e-3}, {"time": 100.0}, {"time": 0}, {"time": [0, 1e6], "kernel": ["ntk", "nngp"]}],
    ids=["a ridge", "a finite time", "no time", "a long time"],
)
def test_duplicate_rows_are_answered_with(predict: Predict, write: Write, inference: dict[str, Any]) -> None:
    write("train.csv", DUPLICATES)
    table = predict(data={"test": None}, inference=inference)
    assert np.isfinite(table[["y_mean", "y_std"]].to_numpy()).all()
    same = table[table["row"].isin([1, 3])].groupby(["kernel", "time"])["y_mean"]
    np.testing.assert_allclose(same.max(), same.min(), rtol=1e-9)


def test_after_a_long_time_duplicate_rows_are_predicted_their_mean(predict: Predict, write: Write) -> None:
    write("train.csv", DUPLICATES)
    table = predict(data={"test": None}, inference={"time": 1e6})
    np.testing.assert_allclose(table["y_mean"], [2.5, 4.5, 1.0, 4.5, 2.5], rtol=1e-6)


def test_duplicate_rows_that_only_a_dropped_column_distinguishes_are_duplicates(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("train.csv", "a,b,y\n1,2,3\n2,1,4\n1,7,5\n")
    outcome = ntk("fit", make_spec(data={"test": None, "features": ["a"]}))
    assert outcome.returncode == 4
    assert "lines 2 and 4 have the same features, so" in outcome.stderr


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_row_of_zeros_without_bias_is_named_by_its_line(
    make_spec: MakeSpec, ntk: Ntk, write: Write, depth: int
) -> None:
    write("train.csv", ZERO_ROW)
    outcome = ntk("fit", make_spec(data=AS_THEY_ARE, network={**NO_BIAS, "depth": depth}))
    assert outcome.returncode == 4
    assert "train.csv:3: without biases, the kernel of this row is 0, as all its features" in outcome.stderr
    assert "give network.sigma_b a value above 0" in outcome.stderr
    assert REMEDY in outcome.stderr


@pytest.mark.parametrize("inference", [{"ridge": 1e-3}, {"time": 3.0}, {"time": 0}])
@pytest.mark.parametrize("activation", ["relu", "erf", "identity"])
def test_a_row_of_zeros_without_bias_is_predicted_0_where_there_is_an_answer(
    predict: Predict, write: Write, activation: str, inference: dict[str, Any]
) -> None:
    write("train.csv", ZERO_ROW)
    data = {**AS_THEY_ARE, "standardize_target": False}
    table = predict(data=data, network={**NO_BIAS, "activation": activation}, inference=inference)
    assert np.isfinite(table[["y_mean", "y_std"]].to_numpy()).all()
    assert table[["y_mean", "y_std"]].to_numpy()[1].tolist() == [0.0, 0.0]


def test_a_row_of_zeros_is_no_trouble_when_it_is_only_predicted(predict: Predict, write: Write) -> None:
    write("train.csv", "a,b,y\n1,2,3\n0,5,1\n")
    write("test.csv", "a,b\n0,0\n")
    data = {"standardize": False, "standardize_target": False}
    table = predict(data=data, network=NO_BIAS)
    assert table[["y_mean", "y_std"]].to_numpy().tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("network", "rank"),
    [
        ({"depth": 1}, 4),
        ({"depth": 1, "sigma_b": 0}, 3),
        ({"depth": 3, "activation": "identity"}, 4),
        ({"depth": 3, "activation": "identity", "sigma_b": 0}, 3),
    ],
)
def test_a_linear_network_with_more_rows_than_rank_is_refused(
    make_spec: MakeSpec, ntk: Ntk, network: dict[str, Any], rank: int
) -> None:
    outcome = ntk("fit", make_spec(network=network))
    assert outcome.returncode == 4
    assert (
        f"a linear network on 3 features has a Gram matrix of rank {rank} at most, and there are 14 rows"
        in (outcome.stderr)
    )
    assert REMEDY in outcome.stderr


def test_a_linear_network_with_as_many_rows_as_rank_meets_them(predict: Predict, write: Write) -> None:
    write("train.csv", "a,b,y\n1,2,3\n2,1,4\n0,5,1\n")
    table = predict(data={"test": None}, network={"depth": 1})
    np.testing.assert_allclose(table["y_mean"], [3, 4, 1], rtol=1e-10)


@pytest.mark.parametrize(
    "inference",
    [{}, {"kernel": "nngp"}, {"time": [1, math.inf]}, {"ridge": 1e-20}],
    ids=["ntk", "nngp", "eigenvalues", "a ridge below rounding"],
)
def test_rows_that_are_the_same_to_rounding_are_reported_with_a_line_and_a_remedy(
    make_spec: MakeSpec, ntk: Ntk, write: Write, inference: dict[str, Any]
) -> None:
    write("train.csv", f"a,b,y\n0,5,1\n1,2,3\n{1 + 2**-52!r},2,4\n")
    outcome = ntk("fit", make_spec(data={"test": None}, inference=inference))
    assert outcome.returncode == 4
    assert "train.csv:3: " in outcome.stderr or "train.csv:4: " in outcome.stderr
    assert "raise inference.ridge, or stop at a finite inference.time" in outcome.stderr


def test_rows_in_proportion_are_singular_without_bias(make_spec: MakeSpec, ntk: Ntk, write: Write) -> None:
    write("train.csv", "a,b,y\n1,2,3\n2,4,4\n")
    spec = make_spec(data=AS_THEY_ARE, network=NO_BIAS, inference={"kernel": "nngp"})
    outcome = ntk("fit", spec)
    assert outcome.returncode == 4
    assert "train.csv:3: the Gram matrix is singular to rounding" in outcome.stderr


def test_a_kernel_out_of_range_is_reported_with_its_row_and_a_remedy(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("train.csv", "a,b,y\n1,2,3\n\n1e200,4,4\n")
    outcome = ntk("fit", make_spec(data=AS_THEY_ARE))
    assert outcome.returncode == 4
    assert "train.csv:4: " in outcome.stderr
    assert "use data.standardize: true" in outcome.stderr


def test_a_kernel_out_of_range_in_the_test_file_is_reported_with_its_row(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("test.csv", "a,b,c\n1,2,3\n1e200,4,4\n")
    outcome = ntk("fit", make_spec())
    assert outcome.returncode == 4
    assert "test.csv:3: " in outcome.stderr
