"""What results.py compares with: two regressors of scikit-learn."""

import math
import time
import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from results_score import Score
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.preprocessing import StandardScaler

FloatArray = npt.NDArray[np.float64]

SEARCH_ROWS = 1_000
NORMAL_95 = 1.959963984540054


def boosting(train: pd.DataFrame, test: pd.DataFrame, seed: int) -> Score:
    """HistGradientBoostingRegressor with all its defaults."""
    start = time.perf_counter()
    model = HistGradientBoostingRegressor(random_state=seed).fit(*_halves(train))
    x, y = _halves(test)
    errors = y - model.predict(x)
    return Score(_rms(errors), math.nan, math.nan, time.perf_counter() - start)


def gaussian_process(train: pd.DataFrame, test: pd.DataFrame, seed: int) -> Score:
    """GaussianProcessRegressor with one length scale a feature and noise, by its evidence, from two starts.

    With many rows, its parameters are found on some of them at random; the posterior always has all rows.
    """
    start = time.perf_counter()
    scaler, (x, y) = StandardScaler(), _halves(train)
    x = scaler.fit_transform(x)
    kernel = ConstantKernel(1.0, (1e-3, 1e5)) * RBF(np.ones(x.shape[1]), (1e-2, 1e4)) + WhiteKernel(
        0.1, (1e-8, 1e1)
    )
    chosen = np.random.default_rng(seed).permutation(len(x))[:SEARCH_ROWS]
    search = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=1, random_state=seed)
    with warnings.catch_warnings():
        # A length scale at its bound is a feature that does not matter.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(x[chosen], y[chosen])
    model = GaussianProcessRegressor(search.kernel_, optimizer=None, normalize_y=True).fit(x, y)
    x_test, y_test = _halves(test)
    mean, std = model.predict(scaler.transform(x_test), return_std=True)
    return _gaussian_score(y_test - mean, std, time.perf_counter() - start)


RIVALS: dict[str, Callable[[pd.DataFrame, pd.DataFrame, int], Score]] = {
    "boosting": boosting,
    "gp": gaussian_process,
}


def _halves(table: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Features and target."""
    values = table.to_numpy()
    return values[:, :-1], values[:, -1]


def _gaussian_score(errors: FloatArray, std: FloatArray, seconds: float) -> Score:
    z = errors / std
    nll = float(np.mean(0.5 * z**2 + np.log(std)) + 0.5 * math.log(2 * math.pi))
    return Score(_rms(errors), nll, float(np.mean(np.abs(z) <= NORMAL_95)), seconds)


def _rms(errors: FloatArray) -> float:
    return float(np.sqrt(np.mean(errors**2)))
