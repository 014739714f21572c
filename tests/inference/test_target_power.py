import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.target_power import (
    alignment,
    degrees_of_freedom,
    effective_dimension,
    label_complexity,
    shuffled_complexities,
    target_power,
)
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.spectrum import Spectrum

from .spectra import symmetric

N = 12
MATRIX = symmetric(np.geomspace(3.0, 1e-3, N)) + 0.7
Y = np.random.default_rng(1).normal(size=(N, 2)) + 0.5


def spectrum_of(matrix: FloatArray = MATRIX) -> Spectrum:
    return Spectrum.of(matrix.copy(order="F"))


def test_the_shares_of_the_targets_power_sum_to_one() -> None:
    assert target_power(spectrum_of(), Y).sum() == pytest.approx(1.0, rel=1e-14)
    assert target_power(spectrum_of(), 0 * Y).tolist() == [0.0] * N


def test_an_eigenvector_has_all_power_in_one_mode() -> None:
    spectrum = spectrum_of()
    expected = np.eye(N)[4]
    np.testing.assert_allclose(target_power(spectrum, 3 * spectrum.vectors[:, [4]]), expected, atol=1e-14)


def test_the_alignment_is_that_of_the_definition() -> None:
    centring = np.eye(N) - 1 / N
    matrix, targets = centring @ MATRIX @ centring, centring @ Y @ Y.T @ centring
    expected = np.sum(matrix * targets) / (np.linalg.norm(matrix) * np.linalg.norm(targets))
    assert alignment(spectrum_of(), Y) == pytest.approx(expected, rel=1e-10)


def test_the_alignment_sees_no_scale_and_no_constants() -> None:
    expected = pytest.approx(alignment(spectrum_of(), Y), rel=1e-9)
    for scale in (1e-200, 50, 1e200):
        assert alignment(spectrum_of(1e-9 * MATRIX), scale * Y) == expected
        assert target_power(spectrum_of(), scale * Y).sum() == pytest.approx(1.0)
    assert alignment(spectrum_of(MATRIX + 20.0), Y - 3.0) == expected


def test_targets_are_aligned_with_their_own_products() -> None:
    y = Y[:, :1]
    assert alignment(spectrum_of(y @ y.T), y) == pytest.approx(1.0, rel=1e-12)


def test_what_is_constant_has_no_alignment() -> None:
    assert alignment(spectrum_of(), np.full((N, 1), 0.1)) is None
    assert alignment(spectrum_of(np.zeros((N, N))), Y) is None


def test_the_complexity_is_the_norm_of_what_is_learned() -> None:
    expected = np.trace(Y.T @ np.linalg.inv(MATRIX + 0.1 * np.eye(N)) @ Y)
    assert label_complexity(spectrum_of(), Y, 0.1) == pytest.approx(expected, rel=1e-12)


def test_the_mean_over_shuffles_is_the_closed_form() -> None:
    y, ridge, count = Y[:, :1], 0.1, 4000
    found = shuffled_complexities(spectrum_of(), y, ridge, count, seed=0)
    inverse = np.linalg.inv(MATRIX + ridge * np.eye(N))
    square = np.sum(y**2)
    between = (y.sum() ** 2 - square) / (N * (N - 1))
    expected = np.trace(inverse) * square / N + (inverse.sum() - np.trace(inverse)) * between
    assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(count)


def test_shuffles_are_of_whole_rows_and_in_any_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shuffled_complexities(spectrum_of(), Y, 0.1, 7, seed=0)
    order = np.random.default_rng([0, 3]).permutation(N)
    assert whole[3] == pytest.approx(label_complexity(spectrum_of(), Y[order], 0.1), rel=1e-12)
    monkeypatch.setattr("ntkcli.inference.target_power.MOST_NUMBERS", 5 * N)
    np.testing.assert_allclose(shuffled_complexities(spectrum_of(), Y, 0.1, 7, seed=0), whole, rtol=1e-12)


def test_a_singular_matrix_has_no_complexity() -> None:
    twins = spectrum_of(MATRIX[np.ix_([*range(N), 0], [*range(N), 0])])
    y = np.ones((N + 1, 1))
    with pytest.raises(SingularMatrixError):
        label_complexity(twins, y, 0.0)
    with pytest.raises(SingularMatrixError):
        shuffled_complexities(twins, y, 0.0, 2, seed=0)


def test_degrees_of_freedom_are_the_smoothers_trace() -> None:
    g, ridge = spectrum_of().eigenvalues, 0.1
    smoother = MATRIX @ np.linalg.inv(MATRIX + ridge * np.eye(N))
    assert degrees_of_freedom(g, ridge) == pytest.approx(np.trace(smoother), rel=1e-12)
    assert degrees_of_freedom(np.array([0.0, 2.0]), 0.0) == 1.0


def test_equal_eigenvalues_are_as_many_dimensions() -> None:
    assert effective_dimension(np.array([0.0, 1e-200, 1e-200])) == pytest.approx(2.0)
    assert effective_dimension(np.zeros(3)) is None
