"""NTKRegressor: numbers from an infinitely wide network."""

from math import inf, sqrt
from numbers import Integral
from typing import Any, Literal, Self, overload

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import validate_data

from ntkcli.arrays import FloatArray
from ntkcli.estimators.estimator import NTKEstimator, checked_weights
from ntkcli.estimators.training_rows import target_names
from ntkcli.inference.sampling import draw

SQRT2 = sqrt(2)


class NTKRegressor(RegressorMixin, NTKEstimator):  # type: ignore[misc]
    """Regression with an infinitely wide network, as `ntk fit` does it, with scikit-learn's conventions.

        mean(x*) = k(x*, X) (k(X, X) + lambda)^-1 y        at time inf; docs/theory.md has the other times

    The parameters are keys of a spec, which docs/spec.md describes, with its defaults; but for
    `interval_from`, which is `normal` here, as fitted intervals take time. `readout` None is that of the
    other layers. `time` and `kernel` are one each.

    After `fit`: n_features_in_, feature_names_in_ (of a DataFrame with names), ridge_ and time_ (what `auto`
    stands for; ridge_ of a row of average weight), n_outputs_.

    Equal rows with equal targets are taken for one, which counts as often.
    """

    _task = "regression"

    def __init__(
        self,
        *,
        depth: int = 3,
        activation: Any = "relu",
        sigma_w: Any = SQRT2,
        sigma_b: Any = 0.1,
        readout: Any = None,
        train: Any = "all",
        bias_init: str = "normal",
        residual: Any = None,
        layer_norm: bool = False,
        keep_probability: float = 1.0,
        parameterization: str = "ntk",
        width: int | None = None,
        kernel: str = "ntk",
        time: float | str = inf,
        learning_rate: float = 1.0,
        loss: str = "sum",
        ridge: Any = "auto",
        ridge_scale: str = "trace",
        variance_scale: float | str = 1.0,
        standardize: bool = True,
        normalize_rows: bool = False,
        relevance: Any = "equal",
        standardize_target: bool = True,
        noise: bool = False,
        interval: float = 0.95,
        interval_from: str = "normal",
        factor: bool = False,
        dtype: str = "float64",
        solver: str = "auto",
        tolerance: float | str = "auto",
        variance_samples: int | str = "auto",
        memory: int | str = "auto",
        threads: int | str = "auto",
    ) -> None:
        self.depth = depth
        self.activation = activation
        self.sigma_w = sigma_w
        self.sigma_b = sigma_b
        self.readout = readout
        self.train = train
        self.bias_init = bias_init
        self.residual = residual
        self.layer_norm = layer_norm
        self.keep_probability = keep_probability
        self.parameterization = parameterization
        self.width = width
        self.kernel = kernel
        self.time = time
        self.learning_rate = learning_rate
        self.loss = loss
        self.ridge = ridge
        self.ridge_scale = ridge_scale
        self.variance_scale = variance_scale
        self.standardize = standardize
        self.normalize_rows = normalize_rows
        self.relevance = relevance
        self.standardize_target = standardize_target
        self.noise = noise
        self.interval = interval
        self.interval_from = interval_from
        self.factor = factor
        self.dtype = dtype
        self.solver = solver
        self.tolerance = tolerance
        self.variance_samples = variance_samples
        self.memory = memory
        self.threads = threads

    def __sklearn_tags__(self) -> Tags:
        """The tags of a regressor that takes several outputs."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Fit to rows.

        Args:
            X: (n, d) finite numbers; a DataFrame's column names are kept.
            y: (n,) or (n, k) finite numbers.
            sample_weight: (n,) >= 0, how often each row counts: 2 is the same as to give the row twice, 0 as
                to leave it out, with the ridge and the loss that the parameters say.

        Raises:
            ValueError: a parameter or the data is not what it should be, or the fit has no answer.
            ResourceError: there is too little memory.
        """
        names_of = y
        x, y = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=2
        )
        self._is_flat = y.ndim == 1
        y = np.asarray(y, dtype=np.float64).reshape(len(x), -1)
        self.n_outputs_ = y.shape[1]
        weights = None if sample_weight is None else checked_weights(sample_weight, x)
        self._fit(x, y, weights, target_names(names_of, self.n_outputs_, self._names), None)
        return self

    @overload
    def predict(
        self,
        X: Any,  # noqa: N803
        return_std: Literal[False] = False,
        return_cov: Literal[False] = False,
    ) -> FloatArray: ...

    @overload
    def predict(
        self,
        X: Any,  # noqa: N803
        return_std: bool = False,
        return_cov: bool = False,
    ) -> Any: ...

    def predict(
        self,
        X: Any,  # noqa: N803
        return_std: bool = False,
        return_cov: bool = False,
    ) -> FloatArray | tuple[FloatArray, ...]:
        """Predict rows, in the units of y.

        Args:
            X: (m, d).
            return_std: whether standard deviations are wanted too: of the function, or with `noise` of an
                observation. The first time they take another factorisation, unless `factor` is true.
            return_cov: whether the covariance of the function is wanted too.

        Returns:
            Means (m,) or (m, k); then, if wanted, standard deviations of that shape; then, if wanted, the
            covariance (m, m) or (m, m, k).

        Raises:
            ValueError: X is not what it should be.
            NotFittedError: before `fit`.
        """
        with self._predicting(X, std=return_std or return_cov) as (predictor, rows):
            (result,) = predictor.results(rows)
            covariances = predictor.covariances(rows) if return_cov else []
        found = [result.mean]
        if return_std and result.variance is not None:
            found.append(np.sqrt(result.variance + (result.noise if self.noise else 0.0)))
        shaped = [part[..., 0] if self._is_flat else part for part in [*found, *covariances]]
        return shaped[0] if len(shaped) == 1 else tuple(shaped)

    def sample_y(self, X: Any, n_samples: int = 1, random_state: Any = 0) -> FloatArray:  # noqa: N803
        """Draw functions at rows: of the posterior, or of the ensemble of trained networks.

        Args:
            X: (m, d).
            n_samples: s, of functions.
            random_state: a whole number is the seed, as `output.seed` of a spec; or a RandomState, or None.

        Returns:
            (m, s), or (m, k, s), in the units of y.

        Raises:
            ValueError, NotFittedError: as `predict`.
        """
        with self._predicting(X, std=True) as (predictor, rows):
            (result,) = predictor.results(rows)
            (covariance,) = predictor.covariances(rows)
        seed = int(random_state) if isinstance(random_state, Integral) else _seed(random_state)
        # Outputs are independent, and their covariances are equal but for their units. Of one row alone,
        # which may be a training row, nothing may be left.
        traces = np.trace(covariance)
        units = traces / traces[0] if traces[0] else np.ones_like(traces)
        drawn = draw(np.zeros_like(result.mean), covariance[:, :, 0], n_samples, seed) * np.sqrt(units)
        found: FloatArray = np.moveaxis(result.mean + drawn, 0, -1)
        return found[:, 0] if self._is_flat else found

    def _loaded(self) -> None:
        self.n_outputs_ = self._model.schema.targets.count
        self._is_flat = self.n_outputs_ == 1


def _seed(random_state: Any) -> int:
    return int(check_random_state(random_state).randint(2**31 - 1))
