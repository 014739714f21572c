"""F_t of a float64 matrix to more digits than any solver has: Jacobi's method in 50 digits."""

from dataclasses import dataclass
from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray

DIGITS = 50
# Off-diagonal entries below it, relative to the matrix, are taken for zero.
NEGLIGIBLE = Decimal(10) ** -40

Exact = npt.NDArray[np.object_]


@dataclass(frozen=True)
class ExactFlow:
    """The flow of G = V diag(g) V^T on b, every number a Decimal.

    eigenvalues: g (n,).
    vectors: V (n, n).
    """

    eigenvalues: Exact
    vectors: Exact

    def scaled(self, factor: float) -> "ExactFlow":
        """The flow of factor * G."""
        return ExactFlow(self.eigenvalues * Decimal(factor), self.vectors)

    @property
    def condition(self) -> float:
        """The largest eigenvalue over the smallest."""
        return float(max(self.eigenvalues) / min(self.eigenvalues))

    def product(self, time: float, b: FloatArray) -> Exact:
        """F_t(G) b."""
        return self._apply([_relaxation(g, time) for g in self.eigenvalues], b)

    def decay(self, time: float, b: FloatArray) -> Exact:
        """exp(-t G) b."""
        return self._apply([_survival(g, time) for g in self.eigenvalues], b)

    def _apply(self, values: list[Decimal], b: FloatArray) -> Exact:
        with localcontext(prec=DIGITS):
            rotated = self.vectors.T.dot(exactly(b))
            return np.asarray(self.vectors.dot(np.array(values, object)[:, None] * rotated))


def exactly(a: FloatArray) -> Exact:
    """The numbers of an array as Decimals."""
    return np.array([Decimal(value) for value in a.ravel().tolist()], object).reshape(a.shape)


def rounded(a: Exact) -> FloatArray:
    """The nearest float64 numbers."""
    return a.astype(np.float64)


def exact_flow(matrix: FloatArray) -> ExactFlow:
    """The eigendecomposition of a symmetric matrix, by Jacobi's cyclic method.

    Golub & Van Loan 2013, section 8.5.
    """
    n = len(matrix)
    with localcontext(prec=DIGITS):
        a, vectors = exactly(matrix), exactly(np.eye(n))
        negligible = NEGLIGIBLE * max(abs(a.ravel()))
        pairs = [(i, j) for j in range(n) for i in range(j)]
        while any(abs(a[pair]) > negligible for pair in pairs):
            for i, j in pairs:
                if abs(a[i, j]) > negligible:
                    rotation = _rotation(a[i, i], a[j, j], a[i, j])
                    a[[i, j]] = rotation.T.dot(a[[i, j]])
                    a[:, [i, j]] = a[:, [i, j]].dot(rotation)
                    vectors[:, [i, j]] = vectors[:, [i, j]].dot(rotation)
    return ExactFlow(a.diagonal().copy(), vectors)


def _rotation(p: Decimal, q: Decimal, beside: Decimal) -> Exact:
    """J with J^T [[p, beside], [beside, q]] J diagonal."""
    ratio = (q - p) / (2 * beside)
    tangent = (1 if ratio >= 0 else -1) / (abs(ratio) + (ratio * ratio + 1).sqrt())
    cosine = 1 / (tangent * tangent + 1).sqrt()
    return np.array([[cosine, tangent * cosine], [-tangent * cosine, cosine]], object)


def _relaxation(g: Decimal, time: float) -> Decimal:
    with localcontext(prec=2 * DIGITS):
        return (1 - _survival(g, time)) / g if g else Decimal(time)


def _survival(g: Decimal, time: float) -> Decimal:
    if time == float("inf") or Decimal(time) * g > 2000:
        return Decimal(0)
    return (-Decimal(time) * g).exp()
