"""Nystroem's features of an RBF and a ridge, of scikit-learn, at scale.

gamma is 1 / (d var(x)), scikit-learn's `scale`; the ridge is the one of RIDGES with the least error on rows
held out. Targets are standardised, k(x, x) is 1: a ridge is the noise's share of the target's variance.
"""

from collections.abc import Iterator

import numpy as np
from scale_encoding import FloatArray, Rows
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import Ridge

RIDGES = np.logspace(-4, 1, 11)
# Rows of features in memory at a time, where not all are.
PART = 4_096
# The search has so many rows for each centre where features are held in memory; a tenth is held out.
SEARCH_FACTOR = 4
HELD_OUT_SHARE, MOST_HELD_OUT = 0.1, 10_000


class Sums:
    """Of m features z and targets y over some rows: what a ridge needs."""

    def __init__(self, m: int) -> None:
        self.count, self.target = 0, 0.0
        self.gram, self.features, self.products = np.zeros((m, m)), np.zeros(m), np.zeros(m)

    def add(self, z: FloatArray, y: FloatArray) -> None:
        """Add rows z (n, m) and y (n,)."""
        self.count += len(z)
        self.target += float(y.sum())
        # numpy takes a product of a matrix with its own transpose by syrk, half the work.
        self.gram += z.T @ z
        self.features += z.sum(axis=0)
        self.products += z.T @ y

    def solution(self, ridge: float) -> tuple[FloatArray, float]:
        """Coefficients (m,) and intercept, as of `Ridge`, which has no ridge on the intercept."""
        z, y = self.features / self.count, self.target / self.count
        gram = self.gram - self.count * np.outer(z, z)
        gram[np.diag_indices_from(gram)] += ridge
        centred = self.products - self.count * y * z
        coefficients = np.asarray(np.linalg.solve(gram, centred), dtype=float)
        return coefficients, float(y - z @ coefficients)


def nystroem(rows: Rows, centres: int) -> dict[str, FloatArray]:
    """As the documentation has it: all features in memory, `Ridge` of them."""
    x, x_test, y, unit = _standardised(rows)
    features = _features(x, centres)
    n_search = min(len(x), SEARCH_FACTOR * centres)
    ridge, _ = _search(features, x[:n_search], y[:n_search])
    model = Ridge(ridge, copy_X=False).fit(features.transform(x), y)
    return {"mean": rows.y.mean() + unit * model.predict(features.transform(x_test))}


def nystroem_in_parts(rows: Rows, centres: int) -> dict[str, FloatArray]:
    """The same with features computed and added up a part at a time: for more rows than memory has room for.

    scikit-learn has no command for this; its `Nystroem` computes the features.
    """
    x, x_test, y, unit = _standardised(rows)
    features = _features(x, centres)
    _, (coefficients, intercept) = _search(features, x, y)
    found = np.concatenate([features.transform(part) @ coefficients for part in _parts(x_test)])
    return {"mean": rows.y.mean() + unit * (found + intercept)}


def _standardised(rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    x, x_test = rows.numbers()
    unit = float(rows.y.std())
    return x, x_test, (rows.y - rows.y.mean()) / unit, unit


def _features(x: FloatArray, centres: int) -> Nystroem:
    gamma = 1 / (x.shape[1] * x.var())
    return Nystroem(gamma=gamma, n_components=centres, random_state=0).fit(x)


def _search(features: Nystroem, x: FloatArray, y: FloatArray) -> tuple[float, tuple[FloatArray, float]]:
    """The ridge that is best for the last rows, as good as random ones, and its solution for all rows."""
    n_held_out = min(round(HELD_OUT_SHARE * len(x)), MOST_HELD_OUT)
    sums = Sums(features.n_components)
    for x_part, y_part in zip(_parts(x[:-n_held_out]), _parts(y[:-n_held_out]), strict=True):
        sums.add(features.transform(x_part), y_part)
    held_out, wanted = features.transform(x[-n_held_out:]), y[-n_held_out:]

    def error(ridge: float) -> float:
        coefficients, intercept = sums.solution(ridge)
        return float(np.mean((held_out @ coefficients + intercept - wanted) ** 2))

    ridge = min(RIDGES, key=error)
    sums.add(held_out, wanted)
    return ridge, sums.solution(ridge)


def _parts(array: FloatArray) -> Iterator[FloatArray]:
    return (array[start : start + PART] for start in range(0, len(array), PART))
