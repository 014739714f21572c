import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.linalg.eigenpairs import BlockKrylov

from ..inference.dense import Dense
from ..inference.spectra import SPECTRA, every_spectrum, symmetric

N = 120


def space(matrix: FloatArray, width: int, blocks: int) -> BlockKrylov:
    found = BlockKrylov(Dense(matrix), width)
    for _ in range(blocks):
        if not found.is_all:
            found.extend()
    return found


@every_spectrum
@pytest.mark.parametrize(("width", "blocks"), [(8, 3), (8, 40), (50, 2)])
def test_vectors_are_orthonormal_and_residuals_are_what_they_are(
    spectrum: str, width: int, blocks: int
) -> None:
    matrix = symmetric(SPECTRA[spectrum](N))
    krylov = space(matrix, width, blocks)
    ritz = krylov.ritz()
    vectors = krylov.vectors(ritz, krylov.size)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(krylov.size), atol=1e-13)
    residuals = np.linalg.norm(matrix @ vectors - vectors * ritz.values, axis=0)
    np.testing.assert_allclose(residuals, ritz.residuals, rtol=1e-6, atol=1e-13)


@every_spectrum
def test_no_value_exceeds_the_eigenvalue_of_its_place(spectrum: str) -> None:
    eigenvalues = np.sort(SPECTRA[spectrum](N))[::-1]
    ritz = space(symmetric(SPECTRA[spectrum](N)), 8, 5).ritz()
    assert np.all(ritz.values <= eigenvalues[:40] + 1e-14)


@pytest.mark.parametrize("n", [1, 7, 40])
@pytest.mark.parametrize("rank", [0, 1, 3])
def test_a_space_may_grow_beyond_the_rank_until_it_is_all(n: int, rank: int) -> None:
    factor = np.random.default_rng(0).normal(size=(n, rank))
    matrix = factor @ factor.T
    krylov = space(matrix, 4, n)
    assert krylov.is_all
    ritz = krylov.ritz()
    expected = np.linalg.eigvalsh(matrix)[::-1]
    np.testing.assert_allclose(ritz.values, expected, atol=1e-12 * max(1.0, expected[0]))


def test_equal_eigenvalues_come_as_often_as_they_are() -> None:
    eigenvalues = np.array([5.0] * 6 + [1.0] * 20 + [1e-3] * (N - 26))
    ritz = space(symmetric(eigenvalues), 8, 5).ritz()
    np.testing.assert_allclose(ritz.values[:6], 5.0, rtol=1e-12)
    assert ritz.values[6] < 1.0 + 1e-12
