"""Estimators among those of scikit-learn: predictions, parameters, errors, and what takes them as parts."""

import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ntkcli import NTKClassifier, NTKRegressor
from ntkcli.errors import ResourceError, RunDirectoryError
from ntkcli.estimators.parameters import SECTIONS
from ntkcli.runs.leftovers import beside
from ntkcli.runs.lock import FileLock
from ntkcli.spec.spec import Spec

X, Y = make_regression(40, 4, noise=1.0, random_state=0)
XC, YC = make_classification(60, 5, random_state=0)
ESTIMATORS = [NTKRegressor, NTKClassifier]


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_parameters_are_keys_of_a_spec_with_its_defaults(kind: type[Any]) -> None:
    spec = Spec.model_validate({"data": {"train": "t.csv", "target": "y"}}).model_dump()
    defaults = {key: spec[section][key] for section, keys in SECTIONS.items() for key in keys}
    # One kernel and one time, no section for a readout like the rest, and intervals that take no time.
    defaults |= {"kernel": "ntk", "time": np.inf, "readout": None, "interval_from": "normal"}
    # What is none in a spec is None here.
    defaults["class_weight"] = None
    assert kind().get_params() == {key: defaults[key] for key in kind().get_params()}


def test_every_parameter_is_of_the_regressor() -> None:
    assert {*NTKRegressor().get_params()} == {key for keys in SECTIONS.values() for key in keys}
    assert {*NTKClassifier().get_params()} - {*NTKRegressor().get_params()} == {"class_weight"}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_the_public_methods_say_what_they_take(kind: type[Any]) -> None:
    methods = [value for name, value in vars(kind).items() if not name.startswith("_") and callable(value)]
    assert all(inspect.getdoc(method) for method in methods)


def test_a_covariance_has_the_variances_in_it() -> None:
    model = NTKRegressor(kernel="nngp").fit(X, Y)
    mean, std, covariance = model.predict(X[:6], return_std=True, return_cov=True)
    assert (mean.shape, std.shape, covariance.shape) == ((6,), (6,), (6, 6))
    assert np.diag(covariance) == pytest.approx(std**2, rel=1e-6)
    np.testing.assert_allclose(covariance, covariance.T, rtol=1e-9)


def test_several_outputs_have_variances_in_their_own_units() -> None:
    model = NTKRegressor(ridge=0.1).fit(X, np.column_stack([Y, 100 * Y]))
    mean, std, covariance = model.predict(X[:3], return_std=True, return_cov=True)
    assert (mean.shape, std.shape, covariance.shape) == ((3, 2), (3, 2), (3, 3, 2))
    assert mean[:, 1] == pytest.approx(100 * mean[:, 0])
    assert std[:, 1] == pytest.approx(100 * std[:, 0])
    assert covariance[..., 1] == pytest.approx(1e4 * covariance[..., 0])


def test_one_column_of_targets_stays_a_column() -> None:
    assert NTKRegressor(ridge=0.1).fit(X, Y[:, None]).predict(X).shape == (40, 1)


def test_draws_have_the_mean_and_the_covariance() -> None:
    model = NTKRegressor(kernel="nngp", ridge=0.5).fit(X, Y)
    mean, covariance = model.predict(X[:3] + 1, return_cov=True)
    drawn = model.sample_y(X[:3] + 1, 20_000, random_state=3)
    scale = np.sqrt(np.diag(covariance))
    assert drawn.shape == (3, 20_000)
    assert np.abs(drawn.mean(axis=1) - mean) / scale == pytest.approx(0, abs=0.05)
    assert (np.cov(drawn) - covariance) / np.outer(scale, scale) == pytest.approx(0, abs=0.05)
    np.testing.assert_array_equal(drawn, model.sample_y(X[:3] + 1, 20_000, random_state=3))


def test_draws_of_several_outputs_are_in_their_units() -> None:
    model = NTKRegressor(ridge=0.5).fit(X, np.column_stack([Y, 100 * Y]))
    drawn = model.sample_y(X[:2], 4000)
    assert drawn.shape == (2, 2, 4000)
    _, std = model.predict(X[:2], return_std=True)
    assert drawn.std(axis=2) == pytest.approx(std, rel=0.05)


def test_draws_are_in_their_units_where_the_first_row_has_no_variance() -> None:
    model = NTKRegressor(kernel="nngp", ridge=0.1, sigma_b=0, standardize=False)
    model.fit(X, np.c_[Y, 1000 * Y])
    rows = np.vstack([np.zeros(X.shape[1]), X[:3]])
    assert model.predict(rows, return_std=True)[1][0] == pytest.approx([0, 0], abs=1e-12)
    draws, (_, std) = model.sample_y(rows, 4000), model.predict(rows, return_std=True)
    np.testing.assert_allclose(draws[1:].std(axis=-1), std[1:], rtol=0.1)


def test_a_whole_number_of_numpy_is_the_same_seed() -> None:
    model = NTKRegressor(ridge=0.1).fit(X, Y)
    np.testing.assert_array_equal(
        model.sample_y(X[:3], random_state=np.int64(5)), model.sample_y(X[:3], random_state=5)
    )


def test_std_is_the_same_with_the_factor_kept_and_without() -> None:
    plain, kept = (NTKRegressor(ridge=0.1, factor=factor).fit(X, Y) for factor in (False, True))
    for one, other in zip(*(m.predict(X, return_std=True) for m in (plain, kept)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_auto_stands_for_is_told() -> None:
    model = NTKRegressor(time="auto").fit(X, Y)
    assert model.ridge_ > 0
    assert model.time_ > 0
    again = NTKRegressor(time=model.time_, ridge=model.ridge_).fit(X, Y)
    assert again.predict(X) == pytest.approx(model.predict(X), rel=1e-7)


def test_a_fitted_estimator_is_pickled_with_its_predictions() -> None:
    model = NTKRegressor(activation="gelu").fit(X, Y)
    before = model.predict(X, return_std=True)
    after = pickle.loads(pickle.dumps(model)).predict(X, return_std=True)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_names_of_a_frame_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    model = NTKRegressor(ridge=0.1).fit(frame, pd.Series(Y, name="strength"))
    model.save(tmp_path / "saved")
    again = NTKRegressor.load(tmp_path / "saved")
    assert [*again.feature_names_in_] == ["a", "b", "c", "d"]
    assert '"strength"' in (tmp_path / "saved" / "model" / "model.json").read_text()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["d", "c", "b", "a"]])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"depth": 0}, r"^depth: should be greater than or equal to 1 \(found 0\)"),
        ({"kernel": "nkt"}, "kernel"),
        ({"kernel": ["ntk", "nngp"]}, r"^kernel: should be one value"),
        ({"activation": "rleu"}, "relu"),
        ({"sigma_w": [1.0]}, "depth 3 needs 3"),
        ({"kernel": "ntkgp", "time": "auto"}, "use inf"),
        ({"ridge": np.float64(-1.0)}, "greater than or equal to 0"),
        ({"depth": -1, "loss": "max"}, "depth.*; .*loss"),
        ({"depth": object()}, r"^depth: should be a valid integer \(found <object obj"),
        ({"activation": np.tanh}, r"^activation: .*found <ufunc 'tanh'>"),
        ({"tolerance": {1e-9}}, r"^tolerance: .*found \{1e-09\}"),
        ({"dtype": np.float32, "memory": 1j}, r"dtype: .*; memory: .*found 1j"),
    ],
)
def test_a_bad_parameter_is_a_value_error(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NTKRegressor(**parameters).fit(X, Y)


def test_threads_that_are_set_after_the_fit_are_checked() -> None:
    model = NTKRegressor(ridge=0.1).fit(X, Y)
    with pytest.raises(ValueError, match=r"^threads: should be .* \(found 'many'\)"):
        model.set_params(threads="many").predict(X)


def test_numbers_of_numpy_are_numbers() -> None:
    parameters: dict[str, Any] = {"depth": np.int64(2), "sigma_w": np.array([1.0, 2.0])}
    plain = NTKRegressor(depth=2, sigma_w=[1.0, 2.0]).fit(X, Y)
    np.testing.assert_array_equal(NTKRegressor(**parameters).fit(X, Y).predict(X), plain.predict(X))


def test_a_singular_matrix_is_a_value_error_that_says_what_helps() -> None:
    twice = np.vstack([X, X])
    with pytest.raises(ValueError, match=r"rows? .*raise ridge|give ridge"):
        NTKRegressor(ridge=0.0).fit(twice, np.arange(80.0))


def test_rows_are_refused_that_are_all_without_weight() -> None:
    with pytest.raises(ValueError, match=r"at least one non-zero|weight above 0"):
        NTKRegressor().fit(X, Y, sample_weight=np.zeros(40))
    with pytest.raises(ValueError, match="egative"):
        NTKRegressor().fit(X, Y, sample_weight=-np.ones(40))


def test_a_class_without_any_weight_has_no_probability() -> None:
    labels = np.where(np.arange(60) < 5, 7, YC)
    model = NTKClassifier().fit(XC, labels, sample_weight=(labels != 7).astype(float))
    assert [*model.classes_] == [0, 1, 7]
    assert not model.predict_proba(XC)[:, 2].any()


def test_weights_of_classes_go_with_those_of_rows() -> None:
    """Rows that are there twice are twice among those of their class."""
    counts = 1.0 + (np.arange(60) % 3 == 0)
    weights: dict[str, Any] = {"class_weight": "balanced", "ridge": 0.1}
    one = NTKClassifier(**weights).fit(XC, YC, sample_weight=counts)
    other = NTKClassifier(**weights).fit(*(part.repeat(counts.astype(int), axis=0) for part in (XC, YC)))
    np.testing.assert_array_equal(one.predict_proba(XC), other.predict_proba(XC))


def test_features_may_have_any_names() -> None:
    """Even those of the columns that a fit puts beside them."""
    frame = pd.DataFrame(X, columns=["y", "sample_weight", "y_", "x0"])
    weights = np.linspace(1, 2, 40)
    model = NTKRegressor(ridge=0.1).fit(frame, pd.Series(Y, name="y"), sample_weight=weights)
    plain = NTKRegressor(ridge=0.1).fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(model.predict(frame), plain.predict(X))


def test_two_features_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"X has two columns 'a'|unique column names"):
        NTKRegressor().fit(pd.DataFrame(X, columns=["a", "b", "a", "c"]), Y)


@pytest.mark.parametrize(
    ("given", "message"),
    [({0: 0.0}, "weights above 0"), ("even", "found 'even'"), ({2: 1.0}, "2 is no class of y")],
)
def test_weights_of_classes_are_refused_that_are_none(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NTKClassifier(class_weight=given).fit(XC, YC)


def test_an_unfitted_estimator_saves_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        NTKRegressor().save(tmp_path / "saved")


def test_what_is_refused_is_told_in_words_of_parameters(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"or allowed \(memory\)"):
        NTKRegressor(memory=1000).fit(X, Y)
    with pytest.raises(ValueError, match=r"use NTKRegressor$"):
        NTKClassifier().fit(X[:10], [*"abcdefghij"])
    model = NTKRegressor(ridge=0.1).fit(X, Y)
    model.save(tmp_path / "saved")
    with pytest.raises(RunDirectoryError, match="give overwrite=True or another path"):
        model.save(tmp_path / "saved")
    model.save(tmp_path / "saved", overwrite=True)
    lock = FileLock(beside(tmp_path / "saved", "lock"))
    assert lock.acquire()
    with pytest.raises(RunDirectoryError, match=r"another run is writing it: wait for it to end$"):
        model.save(tmp_path / "saved", overwrite=True)
    lock.release()


def test_a_constant_column_is_warned_of_and_dropped() -> None:
    with pytest.warns(UserWarning, match="'x4' is constant and was dropped"):
        model = NTKRegressor(ridge=0.1).fit(np.column_stack([X, np.ones(40)]), Y)
    plain = NTKRegressor(ridge=0.1).fit(X, Y)
    np.testing.assert_array_equal(model.predict(np.column_stack([X, np.zeros(40)])), plain.predict(X))


def test_a_pipeline_with_columns_of_text_is_searched() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.standard_normal(60), "colour": rng.choice(["red", "blue"], 60)})
    y = frame["size"] ** 2 + (frame["colour"] == "red")
    columns = ColumnTransformer(
        [("n", StandardScaler(), ["size"]), ("c", OneHotEncoder(sparse_output=False), ["colour"])]
    )
    pipeline = make_pipeline(columns, NTKRegressor(standardize=False))
    grid = {"ntkregressor__depth": [1, 3], "ntkregressor__ridge": np.logspace(-3, 0, 3)}
    search = GridSearchCV(pipeline, grid, cv=3).fit(frame, y)
    assert search.best_params_["ntkregressor__depth"] == 3
    assert search.best_score_ > 0.8


def test_classes_are_calibrated_and_cross_validated() -> None:
    assert cross_val_score(NTKClassifier(), XC, YC, cv=3).mean() > 0.7
    calibrated = CalibratedClassifierCV(NTKClassifier(ridge=0.1), cv=3).fit(XC, YC)
    assert calibrated.predict_proba(XC).sum(axis=1) == pytest.approx(1.0)


def test_a_clone_has_the_parameters_and_no_fit() -> None:
    model = NTKRegressor(depth=2, activation={"name": "leaky_relu", "slope": 0.1}).fit(X, Y)
    again = clone(model)
    assert again.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        again.predict(X)
