"""Estimates of a matrix from a few random vectors, taken before its factorisation overwrites it."""

import math

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.contraction import column_dots
from ntkcli.linalg.operator import Operator

COUNT = 8


class Probes:
    """Products of a symmetric matrix M (n, n) with random vectors, kept to judge what is solved with it.

    vectors: Z (n, COUNT), each entry 1 or -1: E[z z^T] = I. The same ones for every matrix of n rows.
    largest: an estimate of M's largest eigenvalue, from below: the Rayleigh quotient of M z.

    Hutchinson 1990.
    """

    def __init__(self, matrix: Operator) -> None:
        signs = np.random.default_rng(0).integers(0, 2, (matrix.n, COUNT))
        self.vectors: FloatArray = 2.0 * signs - 1.0
        self._products = matrix.product(self.vectors).astype(np.float64, copy=False)
        directions = _shrunk(self._products)
        images = matrix.product(directions).astype(np.float64, copy=False)
        self.largest = _quotient(directions, images)

    def trace(self, images: FloatArray) -> float:
        """Estimate of tr(M F) from F Z; its variance is at most 2 tr(M F) / COUNT if M F <= I."""
        return float(column_dots(self._products, images).mean())

    def residual(self, b: FloatArray, x: FloatArray, ridge: float) -> float:
        """Estimate of |b - (M + ridge I) x|, mostly within a factor of 2, for b and x (n, k)."""
        images = self.vectors.T @ (b - ridge * x) - self._products.T @ x
        return float(np.linalg.norm(images)) / math.sqrt(COUNT)

    def smallest(self, images: FloatArray) -> float:
        """Estimate of G's smallest eigenvalue, from above: the Rayleigh quotient of G^{-1} Z."""
        return _quotient(_shrunk(images), self.vectors / _size(images))


def _quotient(directions: FloatArray, images: FloatArray) -> float:
    """The Rayleigh quotient of all directions together; 0 if there is none."""
    length = float(np.sum(directions**2))
    return float(np.sum(directions * images)) / length if length else 0.0


def _shrunk(vectors: FloatArray) -> FloatArray:
    """Vectors with a largest entry of 1, whose squares neither overflow nor vanish."""
    return vectors / _size(vectors)


def _size(vectors: FloatArray) -> float:
    return float(np.abs(vectors).max()) or 1.0
