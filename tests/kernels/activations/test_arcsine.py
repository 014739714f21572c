"""The arcsine by both ways, each forced, beside numpy's with more digits, and the kernels made of it."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations import arcsine as module
from ntkcli.kernels.activations.arcsine import arcsine, by_quotient, numpy_has_vectors

from ..inputs import make_network, normal_rows, ready
from ..matrices import kernels

BOTH_WAYS = pytest.mark.parametrize("vectors", [False, True], ids=["by quotient", "by numpy"])
MORE_DIGITS = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="needs a longer float")


def force(monkeypatch: pytest.MonkeyPatch, vectors: bool) -> None:
    monkeypatch.setattr(module, "numpy_has_vectors", lambda: vectors)


def root_of(x: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((1 - x) * (1 + x)))


def arcsines(x: FloatArray) -> FloatArray:
    out = np.empty_like(x)
    arcsine(x, root_of(x), out=out, work=np.empty_like(x))
    return out


def million() -> FloatArray:
    """Uniform in the angle; close to 0; and close to +-1: (4096, 256)."""
    rng = np.random.default_rng(3)
    angles = rng.uniform(-np.pi / 2, np.pi / 2, 2**19)
    small = rng.choice([-1, 1], 2**18) * 10 ** rng.uniform(-300, 0, 2**18)
    near = rng.choice([-1, 1], 2**18) * np.cos(10 ** rng.uniform(-8, 0, 2**18))
    return np.asarray(np.concatenate([np.sin(angles), small, near]).reshape(-1, 256))


@MORE_DIGITS
@BOTH_WAYS
def test_a_million_arcsines_are_right_to_two_ulp(vectors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    force(monkeypatch, vectors)
    x = million()
    long = x.astype(np.longdouble)
    expected = np.arctan2(long, np.sqrt((1 - long) * (1 + long)))
    error = np.abs(arcsines(x) - expected)
    assert np.all(error <= 2 * np.spacing(np.abs(expected.astype(float))))


@BOTH_WAYS
def test_0_and_both_ends_are_exact(vectors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    force(monkeypatch, vectors)
    x = np.array([[0.0, 1.0, -1.0]])
    np.testing.assert_array_equal(arcsines(x), [[0.0, np.pi / 2, -np.pi / 2]])


@BOTH_WAYS
def test_it_is_odd(vectors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    force(monkeypatch, vectors)
    x = million()[::16]
    np.testing.assert_array_equal(arcsines(-x), -arcsines(x))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 40000), (40000, 1), (150, 256)], ids=str)
def test_an_entry_does_not_depend_on_its_place(shape: tuple[int, int]) -> None:
    x = np.linspace(-1, 1, shape[0] * shape[1]).reshape(shape)
    out, single = np.empty_like(x), np.empty((1, 1))
    by_quotient(x, root_of(x), out=out, work=np.empty_like(x))
    for place in range(0, x.size, 997):
        entry = x.flat[place : place + 1].reshape(1, 1)
        by_quotient(entry, root_of(entry), out=single, work=np.empty((1, 1)))
        assert out.flat[place] == single


USERS: list[Any] = [
    *("relu", "leaky_relu", "abs"),
    *({"name": "rectified_monomial", "degree": degree} for degree in (0, 2, 4)),
]


@pytest.mark.parametrize("activation", USERS, ids=str)
def test_kernels_are_the_same_both_ways(activation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x = normal_rows(40)
    x[1], x[2] = x[0], -x[0]
    network = ready(make_network(activation), x)
    found = []
    for vectors in (False, True):
        force(monkeypatch, vectors)
        found.append(kernels(network, x, x))
    for own, by_numpy in zip(*found, strict=True):
        np.testing.assert_allclose(own, by_numpy, rtol=0, atol=1e-13 * np.abs(own).max())


@BOTH_WAYS
def test_opposite_rows_have_nothing_in_common_under_relu(
    vectors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    force(monkeypatch, vectors)
    x = normal_rows(5)
    for kernel in kernels(make_network("relu", 2, sigma_b=0.0), x, -x):
        np.testing.assert_array_equal(np.diag(kernel), 0.0)


@BOTH_WAYS
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "rectified_monomial"])
def test_equal_rows_have_the_diagonal(
    activation: str, vectors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    force(monkeypatch, vectors)
    x = normal_rows(5)
    network = ready(make_network(activation), x)
    k, theta = kernels(network, x, x)
    rows = network.rows(x)
    np.testing.assert_allclose(np.diag(k), rows.diagonal("nngp"), rtol=1e-12)
    np.testing.assert_allclose(np.diag(theta), rows.diagonal("ntk"), rtol=1e-12)


def test_without_the_features_that_numpy_needs_it_has_no_vectors() -> None:
    if not numpy_has_vectors():
        pytest.skip("there is nothing to switch off")
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    features = " ".join(name for name in found if name == "X86_V4" or name.startswith("AVX512"))
    ask = "from ntkcli.kernels.activations.arcsine import numpy_has_vectors as ask; print(ask())"
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": features}
    answer = subprocess.run(
        [sys.executable, "-c", ask], check=True, capture_output=True, text=True, env=environment
    )
    assert answer.stdout.strip() == "False"
