"""A Gaussian process of scikit-learn, with one length scale a feature."""

import math
import time
import warnings

import numpy as np
import numpy.typing as npt
from results_score import Score
from rivals.encoding import numbers, targets
from rivals.errors import rms
from sets.split import Split
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Kernel, WhiteKernel

SEARCH_ROWS = 1_000
NORMAL_95 = 1.959963984540054

FloatArray = npt.NDArray[np.float64]


def gaussian_process(split: Split) -> Score:
    """GaussianProcessRegressor with a length scale for each feature and noise, by its evidence.

    With many rows, its parameters are found on some of them at random; the posterior always has all rows.
    """
    start = time.perf_counter()
    (x, x_test), (y, y_test) = numbers(split), targets(split)
    kernel = _kernel(x, y, split.seed)
    model = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True).fit(x, y)
    mean, std = model.predict(x_test, return_std=True)
    return _gaussian_score(y_test - mean, std, time.perf_counter() - start)


def _kernel(x: FloatArray, y: FloatArray, seed: int) -> Kernel:
    """With the most evidence, from two starts."""
    kernel = ConstantKernel(1.0, (1e-3, 1e5)) * RBF(np.ones(x.shape[1]), (1e-2, 1e4)) + WhiteKernel(
        0.1, (1e-8, 1e1)
    )
    chosen = np.random.default_rng(seed).permutation(len(x))[:SEARCH_ROWS]
    search = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=1, random_state=seed)
    with warnings.catch_warnings():
        # A length scale at its bound is a feature that does not matter.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return search.fit(x[chosen], y[chosen]).kernel_


def _gaussian_score(errors: FloatArray, std: FloatArray, seconds: float) -> Score:
    z = errors / std
    nll = float(np.mean(0.5 * z**2 + np.log(std)) + 0.5 * math.log(2 * math.pi))
    return Score(rms(errors), nll, float(np.mean(np.abs(z) <= NORMAL_95)), seconds)
