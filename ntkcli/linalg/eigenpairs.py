"""The largest eigenvalues of a symmetric operator and their eigenvectors, from products with wide blocks."""

from dataclasses import dataclass, field

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.operator import Operator
from ntkcli.linalg.product import product

# Singular values of a block, in roundings of the operator, below which its directions are noise.
NOISE = 4.0


@dataclass(frozen=True)
class Ritz:
    """What a space says of the eigenvalues of an operator A.

    values: theta (s,), falling; none exceeds the eigenvalue of its place.
    residuals: |A v - theta v| (s,), beside rounding: an eigenvalue is as near as that.
    coordinates: of the v (s, s), in the basis.
    """

    values: FloatArray
    residuals: FloatArray
    coordinates: FloatArray


@dataclass
class BlockKrylov:
    """The span of B, A B, A^2 B ... for a random B (n, width), and A's eigenvalues on it.

    Every new block is orthogonalised again against all before it, so that values come once each, as often as
    they are eigenvalues. Directions that are noise give way to random ones: a space may grow until it is all.

    matrix: A (n, n), positive semidefinite.
    width: columns of a product, at most.

    Golub & Underwood 1977; Musco & Musco 2015.
    """

    matrix: Operator
    width: int
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0), init=False)
    _blocks: list[FloatArray] = field(default_factory=list, init=False)
    _columns: list[FloatArray] = field(default_factory=list, init=False)
    _largest: float = field(default=0.0, init=False)
    _beyond: FloatArray = field(init=False)
    _next: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        n = self.matrix.n
        self._next = np.linalg.qr(self._rng.standard_normal((n, min(self.width, n))))[0]

    @property
    def size(self) -> int:
        """Dimensions s of the space."""
        return sum(block.shape[1] for block in self._blocks)

    @property
    def is_all(self) -> bool:
        """Whether the space has no room to grow."""
        return self.size == self.matrix.n

    def extend(self) -> None:
        """One more block, by one product."""
        self._blocks.append(self._next)
        image = self.matrix.product(self._next).astype(np.float64, copy=False)
        self._largest = max(self._largest, float(np.linalg.norm(image, axis=0).max()))
        self._columns.append(self._orthogonalise(image, passes=1))
        self._begin_next(image)

    def _orthogonalise(self, block: FloatArray, passes: int) -> FloatArray:
        """Take the space out of a block, in place; what was in it, in coordinates."""
        shares = [np.zeros((one.shape[1], block.shape[1])) for one in self._blocks]
        for _ in range(passes):
            for one, share in zip(self._blocks, shares, strict=True):
                found = one.T @ block
                block -= one @ found
                share += found
        return np.concatenate(shares)

    def _begin_next(self, rest: FloatArray) -> None:
        """The block after this: the directions of A times this that are outside of the space."""
        room = min(rest.shape[1], self.matrix.n - self.size)
        directions, triangle = np.linalg.qr(rest)
        rotation, sizes, right = np.linalg.svd(triangle)
        block = (directions @ rotation)[:, :room]
        beyond = sizes[:room, None] * right[:room]
        # The coupling of a direction that is dropped is lost, and so only those go that have none.
        noise = sizes[:room] <= NOISE * np.finfo(self.matrix.dtype).eps * self._largest
        block[:, noise] = self._rng.standard_normal((len(block), int(noise.sum())))
        beyond[noise] = 0.0
        # Small directions have more of the space in them, by rounding; now as exactly as the large ones.
        self._orthogonalise(block, passes=2 if noise.any() else 1)
        block, triangle = np.linalg.qr(block)
        if noise.any():
            self._orthogonalise(block, passes=1)
            block, second = np.linalg.qr(block)
            triangle = second @ triangle
        self._next, self._beyond = block, triangle @ beyond

    def ritz(self) -> Ritz:
        """Eigenvalues on the space, by Rayleigh and Ritz."""
        compressed = np.zeros((self.size, self.size))
        end = 0
        for column in self._columns:
            compressed[: len(column), end : end + column.shape[1]] = column
            end += column.shape[1]
        values, coordinates = np.linalg.eigh(compressed, UPLO="U")
        last = coordinates[end - self._beyond.shape[1] :]
        residuals = np.linalg.norm(self._beyond @ last, axis=0)
        return Ritz(values[::-1], residuals[::-1], coordinates[:, ::-1])

    def vectors(self, ritz: Ritz, count: int) -> FloatArray:
        """The vectors (n, count) of the largest values, orthonormal to rounding."""
        found, end = np.zeros((self.matrix.n, count)), 0
        for block in self._blocks:
            found += product(block, ritz.coordinates[end : end + block.shape[1], :count])
            end += block.shape[1]
        return found
