from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.lanczos import MAX_STEPS, ROUNDINGS, KrylovSpaces, Map

from .matrices import SPECTRA, every_spectrum, symmetric

EPS = float(np.finfo(np.float64).eps)
TOLERANCE = 1e-12

# Functions that polynomials approximate well on [0, 1], and the largest of |f| and |f'| there.
FUNCTIONS: dict[str, tuple[Map, float]] = {
    "one": (np.ones_like, 1.0),
    "exponential": (lambda mu: np.exp(-30 * mu), 30.0),
    "pole": (lambda mu: 1 / (mu + 0.05), 400.0),
    "wave": (lambda mu: 2 + np.cos(20 * mu), 20.0),
    "cubic": (lambda mu: mu**3 + 0.1, 3.0),
    "survival": (lambda mu: np.exp(-12 * (1 - mu) / np.maximum(mu, 1e-300)), 12.0),
}
functions = st.sampled_from(list(FUNCTIONS))
# Those that are nowhere so small that the rounding of an eigenvector outweighs the rest.
LEVEL = ["one", "pole", "wave", "cubic"]
numbers_of_rows = st.integers(1, 60)
seeds = st.integers(0, 999)


@dataclass
class Operator:
    """Multiplies by a matrix, and keeps what it was given."""

    matrix: FloatArray
    given: list[FloatArray] = field(default_factory=list)

    def __call__(self, v: FloatArray) -> FloatArray:
        self.given.append(v.copy())
        return np.asarray(self.matrix @ v)


def columns(n: int, count: int = 3, seed: int = 0) -> FloatArray:
    return np.random.default_rng([seed, 1]).normal(size=(n, count))


def by_eigh(matrix: FloatArray, function: Map, b: FloatArray) -> FloatArray:
    eigenvalues, vectors = np.linalg.eigh(matrix)
    values = function(np.clip(eigenvalues, 0.0, 1.0))
    return np.asarray(vectors @ (values[:, None] * (vectors.T @ b)))


def size(a: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(a, axis=0))


def rounding(name: str, b: FloatArray) -> FloatArray:
    """What rounding of the matrix by some eps does to f of the matrix, times b: |f'| |b| eps."""
    return 50 * EPS * FUNCTIONS[name][1] * size(b)


@every_spectrum
@given(n=numbers_of_rows, name=functions, seed=seeds)
def test_a_function_of_the_matrix_is_what_its_eigenvectors_give(
    spectrum: str, n: int, name: str, seed: int
) -> None:
    matrix, b, (function, _) = symmetric(SPECTRA[spectrum](n), seed), columns(n, 3, seed), FUNCTIONS[name]
    expected = by_eigh(matrix, function, b)
    applied = KrylovSpaces(Operator(matrix), b).apply(function, TOLERANCE)
    assert applied.error <= TOLERANCE
    error = size(applied.value - expected)
    assert np.all(error <= 10 * TOLERANCE * size(expected) + rounding(name, b))


@every_spectrum
@given(n=numbers_of_rows, name=functions, exponent=st.floats(-12, -1), seed=seeds)
def test_the_estimate_of_the_error_is_honest(
    spectrum: str, n: int, name: str, exponent: float, seed: int
) -> None:
    matrix, b, (function, _) = symmetric(SPECTRA[spectrum](n), seed), columns(n, 1, seed), FUNCTIONS[name]
    expected = by_eigh(matrix, function, b)
    applied = KrylovSpaces(Operator(matrix), b).apply(function, 10.0**exponent)
    assert applied.error <= 10.0**exponent
    error = size(applied.value - expected)
    assert np.all(error <= 10 * applied.error * size(expected) + rounding(name, b))


@pytest.mark.parametrize("floor", [1e-6, 1.0])
def test_what_is_below_the_floor_needs_no_digits_of_its_own(floor: float) -> None:
    """The largest eigenvector's exp(-30) = 1e-13 is rounding beside b, and takes 54 steps to be exact."""
    matrix = symmetric(SPECTRA["even"](20))
    b, (function, _) = np.linalg.eigh(matrix)[1][:, [-1]], FUNCTIONS["exponential"]
    assert KrylovSpaces(Operator(matrix), b).apply(function, 1e-9).steps > 3
    applied = KrylovSpaces(Operator(matrix), b).apply(function, 1e-9, floor)
    assert applied.steps == 3
    assert size(applied.value - np.exp(-30) * b) <= 10 * max(1e-9 * floor, EPS)


@given(n=numbers_of_rows, name=functions, seed=seeds)
def test_a_floor_below_the_value_changes_nothing(n: int, name: str, seed: int) -> None:
    matrix, b, (function, _) = symmetric(SPECTRA["even"](n), seed), columns(n, 2, seed), FUNCTIONS[name]
    least = float(np.min(size(by_eigh(matrix, function, b)) / size(b)))
    with_floor, without = (
        KrylovSpaces(Operator(matrix), b).apply(function, 1e-8, floor) for floor in (0.9 * least, 0.0)
    )
    assert with_floor.steps == without.steps
    assert np.array_equal(with_floor.value, without.value)


@settings(max_examples=25)
@given(n=numbers_of_rows, name=st.sampled_from(LEVEL), seed=seeds, shift=st.integers(1, 4))
def test_a_column_has_nothing_to_do_with_the_others(n: int, name: str, seed: int, shift: int) -> None:
    """Beside columns that need more steps or fewer: zero, an eigenvector, one of another scale."""
    matrix, (function, _) = symmetric(SPECTRA["even"](n), seed), FUNCTIONS[name]
    b = columns(n, 5, seed)
    b[:, 1] = 0.0
    b[:, 2] = np.linalg.eigh(matrix)[1][:, 0]
    b[:, 3] *= 1e100
    together = KrylovSpaces(Operator(matrix), b).apply(function, TOLERANCE).value
    alone = np.hstack(
        [KrylovSpaces(Operator(matrix), b[:, [j]]).apply(function, TOLERANCE).value for j in range(5)]
    )
    assert np.all(size(together - alone) <= 10 * TOLERANCE * size(alone) + rounding(name, b))
    order = np.roll(np.arange(5), shift)
    rolled = KrylovSpaces(Operator(matrix), b[:, order]).apply(function, TOLERANCE).value
    assert np.all(size(rolled - together[:, order]) <= rounding(name, b[:, order]))


@pytest.mark.parametrize("spectrum", ["identity", "singular"])
def test_functions_are_only_asked_between_0_and_1(spectrum: str) -> None:
    """Though rounding puts Ritz values beyond, and there the function may not exist."""
    seen: list[FloatArray] = []

    def function(mu: FloatArray) -> FloatArray:
        seen.append(mu)
        return 1.0 + np.sqrt(mu * (1.0 - mu))

    for seed in range(5):
        matrix = symmetric(SPECTRA[spectrum](4), seed)
        KrylovSpaces(Operator(matrix), columns(4, 3, seed)).apply(function, 1e-6)
    values = np.concatenate([mu.ravel() for mu in seen])
    assert values.min() >= 0.0
    assert values.max() <= 1.0


@pytest.mark.parametrize("count", [1, 3])
def test_zero_columns_give_zero(count: int) -> None:
    matrix, b = symmetric(SPECTRA["even"](20)), np.zeros((20, count))
    applied = KrylovSpaces(Operator(matrix), b).apply(np.exp, TOLERANCE)
    assert np.array_equal(applied.value, b)
    assert applied.error == 0.0


@pytest.mark.parametrize("index", [0, 7, 19])
@pytest.mark.parametrize("name", LEVEL)
def test_an_eigenvector_converges_at_once(index: int, name: str) -> None:
    matrix, (function, _) = symmetric(SPECTRA["even"](20)), FUNCTIONS[name]
    eigenvalues, vectors = np.linalg.eigh(matrix)
    b = 3.0 * vectors[:, [index]]
    applied = KrylovSpaces(Operator(matrix), b).apply(function, TOLERANCE)
    assert applied.steps == 3
    assert np.all(size(applied.value - function(eigenvalues[[index]]) * b) <= rounding(name, b))


@pytest.mark.parametrize("n", [1, 2, 3])
@every_spectrum
@pytest.mark.parametrize("name", FUNCTIONS)
def test_more_steps_than_rows_do_no_harm(n: int, spectrum: str, name: str) -> None:
    """All of the space is found, and what follows is rounding."""
    matrix, b, (function, _) = symmetric(SPECTRA[spectrum](n)), columns(n, 2), FUNCTIONS[name]
    spaces = KrylovSpaces(Operator(matrix), b)
    spaces.apply(lambda mu: np.exp(-200 * mu) + 1e-3 * np.cos(60 * mu), 1e-10)
    value = spaces.apply(function, TOLERANCE).value
    assert np.all(size(value - by_eigh(matrix, function, b)) <= rounding(name, b))


@pytest.mark.parametrize("spectrum", ["even", "condition 1e4"])
def test_the_bases_stay_orthonormal(spectrum: str) -> None:
    """Without orthogonalisation in full they would lose it within some steps, to errors around 1.

    What is left, of the order of eps over the smallest |new vector|, is 1e-12 after 30 steps.
    """
    operator = Operator(symmetric(SPECTRA[spectrum](100)))
    steps = KrylovSpaces(operator, columns(100)).apply(lambda mu: np.exp(-200 * mu), 1e-9).steps
    assert steps >= 20
    for j in range(3):
        basis = np.column_stack([v[:, j] for v in operator.given])
        np.testing.assert_allclose(basis.T @ basis, np.eye(steps), atol=1e-9)


@settings(max_examples=25)
@given(n=st.integers(1, 60), first=functions, second=functions, seed=seeds)
def test_a_second_function_on_the_same_spaces_is_as_on_fresh_ones(
    n: int, first: str, second: str, seed: int
) -> None:
    matrix, b, (function, _) = symmetric(SPECTRA["even"](n), seed), columns(n, 2, seed), FUNCTIONS[second]
    used = KrylovSpaces(Operator(matrix), b)
    used.apply(FUNCTIONS[first][0], TOLERANCE)
    again = used.apply(function, TOLERANCE)
    fresh = KrylovSpaces(Operator(matrix), b).apply(function, TOLERANCE)
    assert again.steps >= fresh.steps
    assert np.all(size(again.value - fresh.value) <= 10 * TOLERANCE * size(fresh.value) + rounding(second, b))


def test_spaces_are_extended_and_not_begun_again() -> None:
    operator = Operator(symmetric(SPECTRA["even"](60)))
    spaces = KrylovSpaces(operator, columns(60))
    few = spaces.apply(np.exp, 1e-3).steps
    assert len(operator.given) == few
    many = spaces.apply(lambda mu: np.exp(-100 * mu), 1e-10).steps
    assert len(operator.given) == many > few
    assert spaces.apply(np.exp, 1e-3).steps == len(operator.given) == many


@given(n=numbers_of_rows, name=functions, factor=st.floats(-1e6, 1e6), seed=seeds)
def test_it_is_linear(n: int, name: str, factor: float, seed: int) -> None:
    matrix, (function, _) = symmetric(SPECTRA["condition 1e4"](n), seed), FUNCTIONS[name]
    a, b = columns(n, 2, seed).T[:, :, None]

    def apply(column: FloatArray) -> FloatArray:
        return KrylovSpaces(Operator(matrix), column).apply(function, TOLERANCE).value

    parts = [apply(a), factor * apply(b)]
    scale = sum(size(part) for part in parts)
    error = size(apply(a + factor * b) - parts[0] - parts[1])
    assert np.all(error <= 10 * TOLERANCE * scale + rounding(name, a) + rounding(name, factor * b))


def test_a_tolerance_below_rounding_is_not_reached() -> None:
    spaces = KrylovSpaces(Operator(symmetric(SPECTRA["even"](200))), columns(200))
    with pytest.raises(ConvergenceError, match=f"e-1. after {MAX_STEPS} steps"):
        spaces.apply(np.exp, 1e-30)


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9])
@every_spectrum
@given(n=numbers_of_rows, seed=seeds)
def test_what_rounding_keeps_from_its_tolerance_is_told(
    spectrum: str, distance: float, n: int, seed: int
) -> None:
    """1 - mu next to 1, where it has lost digits: no less than there is, and no more than is explained."""
    away = distance * symmetric(SPECTRA[spectrum](n), seed)
    matrix, b = np.eye(n) - away, columns(n, 2, seed)
    applied = KrylovSpaces(Operator(matrix), b, EPS).apply(lambda mu: 1 - mu, TOLERANCE)
    error = size(applied.value - (np.eye(n) - matrix) @ b)
    assert np.all(error <= 10 * applied.error * size(away @ b) + 2 * ROUNDINGS * EPS * size(b))
    assert applied.error <= max(TOLERANCE, 3 * ROUNDINGS * EPS / np.min(size(away @ b) / size(b)))
    assert applied.steps < MAX_STEPS


@pytest.mark.parametrize(("rounding", "is_enough"), [(0.0, False), (1e-7, True), (1e-3, False)])
def test_an_error_of_rounding_is_taken_where_it_is_explained_and_small(
    rounding: float, is_enough: bool
) -> None:
    """Values that are off by a relative 1e-6 after every step, of a function with a slope of its own size."""
    spaces = KrylovSpaces(Operator(symmetric(SPECTRA["even"](60))), columns(60), rounding)

    def rough(mu: FloatArray) -> FloatArray:
        return np.asarray((1 + mu) * (1 + 1e-6 * np.random.default_rng(mu.shape[1]).normal(size=mu.shape)))

    if is_enough:
        assert 1e-7 < spaces.apply(rough, TOLERANCE).error < 1e-4
    else:
        with pytest.raises(ConvergenceError):
            spaces.apply(rough, TOLERANCE)


@pytest.mark.parametrize("rounding", [0.0, EPS])
@pytest.mark.parametrize("function", [lambda mu: 1.0 * (mu > 0.5), lambda mu: np.cos(2000 * mu)])
def test_a_function_beyond_polynomials_of_that_degree_is_refused(function: Map, rounding: float) -> None:
    operator = Operator(symmetric(SPECTRA["even"](300)))
    with pytest.raises(ConvergenceError):
        KrylovSpaces(operator, columns(300), rounding).apply(function, 1e-6)
    assert len(operator.given) == MAX_STEPS


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bases_are_float64_whatever_the_operator_is(dtype: npt.DTypeLike) -> None:
    matrix = symmetric(SPECTRA["even"](60)).astype(dtype)
    b = columns(60).astype(dtype)
    value = KrylovSpaces(lambda v: matrix @ v.astype(dtype), b).apply(np.exp, 1e-5).value
    assert value.dtype == np.float64
    np.testing.assert_allclose(value, by_eigh(matrix.astype(np.float64), np.exp, b), atol=1e-5)


def test_the_columns_are_left_alone() -> None:
    b = columns(20)
    KrylovSpaces(Operator(symmetric(SPECTRA["even"](20))), b).apply(np.exp, TOLERANCE)
    assert np.array_equal(b, columns(20))
