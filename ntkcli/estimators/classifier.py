"""NTKClassifier: classes from an infinitely wide network."""

from collections.abc import Mapping
from math import inf, sqrt
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from ntkcli.arrays import FloatArray
from ntkcli.estimators.errors import InvalidValueError
from ntkcli.estimators.estimator import NTKEstimator, checked_weights
from ntkcli.estimators.training_rows import TrainingRows, target_names
from ntkcli.results.temperature import probabilities

SQRT2 = sqrt(2)


class NTKClassifier(ClassifierMixin, NTKEstimator):  # type: ignore[misc]
    """Classification with an infinitely wide network, as `ntk fit` does it, with scikit-learn's conventions.

    Scores of classes are regressed on, and become probabilities by a softmax whose temperature is fitted to
    rows that are left out one at a time.

    The parameters are keys of a spec, which docs/spec.md describes, with its defaults. `readout` None is that
    of the other layers. `time` and `kernel` are one each. `class_weight` None is `none`; a mapping has
    classes of y for keys.

    After `fit`: classes_ (C,), n_features_in_, feature_names_in_ (of a DataFrame with names), ridge_ and
    time_ (what `auto` stands for; ridge_ of a row of average weight).

    Equal rows of one class are taken for one, which counts as often.
    """

    _task = "classification"

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
        class_weight: Any = None,
        noise: bool = False,
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
        self.class_weight = class_weight
        self.noise = noise
        self.factor = factor
        self.dtype = dtype
        self.solver = solver
        self.tolerance = tolerance
        self.variance_samples = variance_samples
        self.memory = memory
        self.threads = threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Fit to rows.

        Args:
            X: (n, d) finite numbers; a DataFrame's column names are kept.
            y: (n,) classes: texts, whole numbers or truth values.
            sample_weight: (n,) >= 0, how often each row counts: 2 is the same as to give the row twice, 0 as
                to leave it out.

        Raises:
            ValueError: a parameter or the data is not what it should be, or the fit has no answer.
            ResourceError: there is too little memory.
        """
        names_of = y
        x, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_, places = np.unique(y, return_inverse=True)
        texts = [str(label) for label in self.classes_.tolist()]
        if len(set(texts)) < len(texts):
            raise ValueError("two classes of y read alike as texts: give them other names")
        weights = None if sample_weight is None else checked_weights(sample_weight, x)
        names = target_names(names_of, 1, self._names)
        self._fit(x, places.reshape(-1, 1).astype(np.float64), weights, names, texts)
        self._set_order(texts)
        return self

    def _factors(self, rows: TrainingRows) -> FloatArray | None:
        """The weights of the rows' classes, of mean 1, as `data.class_weight` has them."""
        given = self.class_weight
        if given is None:
            return None
        labels = rows.y[:, 0].astype(np.intp)
        counts = np.ones(len(labels)) if rows.counts is None else rows.counts
        if isinstance(given, str) and given == "balanced":
            weights: FloatArray = 1 / np.maximum(
                np.bincount(labels, counts, len(self.classes_)), np.finfo(float).tiny
            )
        else:
            weights = self._given_weights()
        own = weights[labels]
        return np.asarray(own / np.average(own, weights=counts))

    def _given_weights(self) -> FloatArray:
        given, classes = self.class_weight, self.classes_.tolist()
        if not isinstance(given, Mapping) or not all(weight > 0 for weight in given.values()):
            what = "should be None, balanced, or a mapping of classes to weights above 0"
            raise InvalidValueError(f"class_weight: {what} (found {given!r})")
        for label in given:
            if label not in classes:
                raise InvalidValueError(f"class_weight: {label!r} is no class of y: take it out")
        return np.array([float(given.get(label, 1.0)) for label in classes])

    def _set_order(self, texts: list[str]) -> None:
        """Set where the model has each of classes_, whose texts these are; -1 for one without any weight."""
        known = self._model.schema.targets.classes
        self._places = np.array([known.index(text) if text in known else -1 for text in texts])

    def predict_proba(self, X: Any) -> FloatArray:  # noqa: N803
        """Predict the probabilities of classes, (m, C), in the order of classes_.

        Args:
            X: (m, d).

        Raises:
            ValueError: X is not what it should be.
            NotFittedError: before `fit`.
        """
        with self._predicting(X, std=False) as (predictor, rows):
            (result,) = predictor.results(rows)
        found = probabilities(result.mean, result.temperature or 1.0)
        return np.where(self._places < 0, 0.0, found[:, self._places])

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Predict the most probable class of rows, (m,); arguments and errors as of `predict_proba`."""
        probability = self.predict_proba(X)
        return np.asarray(self.classes_[probability.argmax(axis=1)])

    def _loaded(self) -> None:
        texts = self._model.schema.targets.classes
        self.classes_ = np.array(texts)
        self._set_order(texts)
