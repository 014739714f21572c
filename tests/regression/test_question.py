import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Question, time_text

INF = math.inf


@pytest.mark.parametrize(
    ("kernels", "uncertainty", "grams"),
    [
        (["nngp"], "variance", ["nngp"]),
        (["ntkgp"], "covariance", ["ntk"]),
        (["ntk"], "none", ["ntk"]),
        (["ntk"], "variance", ["nngp", "ntk"]),
        (["ntk"], "covariance", ["nngp", "ntk"]),
        (["ntkgp", "nngp"], "none", ["nngp", "ntk"]),
        ([], "variance", []),
    ],
)
def test_kernels_read_their_own_matrix_and_the_ensembles_spread_reads_k_too(
    kernels: list[KernelName], uncertainty: Literal["none", "variance", "covariance"], grams: list[str]
) -> None:
    assert Question({"ntk": [INF]}, uncertainty=uncertainty).read_grams(kernels) == grams


def test_pairs_are_in_the_order_asked() -> None:
    question = Question({"nngp": [INF, 0.5], "ntk": [2.0], "ntkgp": []})
    assert question.pairs == [("nngp", INF), ("nngp", 0.5), ("ntk", 2.0)]


def test_every_kernel_has_its_gram_matrix() -> None:
    grams = {name: kernel.gram for name, kernel in KERNELS.items()}
    assert grams == {"ntk": "ntk", "ntkgp": "ntk", "nngp": "nngp"}


def test_an_absolute_ridge_is_taken_as_it_is() -> None:
    assert Question({}, ridge=0.3).absolute_ridge("ntk", np.array([10.0, 30.0])) == 0.3


def test_a_ridge_by_the_trace_is_in_units_of_the_mean_diagonal() -> None:
    assert Question({}, ridge=0.3, ridge_scale="trace").absolute_ridge("ntk", np.array([10.0, 30.0])) == 6.0


@pytest.mark.parametrize(("time", "exponent"), [(0.0, 0.0), (4.0, 1.0), (INF, INF)])
def test_the_exponent_is_the_rates_multiple_of_the_time(time: float, exponent: float) -> None:
    assert Question({}, rate=0.25).exponent(time) == exponent


@given(time=st.floats(min_value=0, allow_nan=False))
def test_a_time_reads_back_from_its_text(time: float) -> None:
    assert float(time_text(time)) == time


@pytest.mark.parametrize(
    ("time", "text"),
    [(0.0, "0"), (-0.0, "0"), (1.0, "1"), (10.0, "10"), (0.5, "0.5"), (1e22, "1e+22"), (INF, "inf")],
)
def test_a_time_is_written_the_short_way(time: float, text: str) -> None:
    assert time_text(time) == text
