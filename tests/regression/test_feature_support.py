"""Features in the place of training rows: what stands for their kernels, and how it is kept."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.prediction import Prediction
from ntkcli.jobs.network import network_of
from ntkcli.regression.feature_support import FeatureSupport
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import KeptStage
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.question import Pair, Question
from ntkcli.spec.network import NetworkSpec

from .cases import INF, Data, assert_same, covariance, some_data, variance
from .dense_nystrom import DenseNystrom, approximated
from .test_model_in_memory import EVERYTHING, Shelf

DATA = some_data(n=24, m=6)
CENTRES = np.array([17, 3, 8, 0, 21, 12, 5])


def model_of(question: Question, data: Data = DATA) -> FittedModel:
    return approximated(data, CENTRES).model(question)


def ensemble_support() -> FeatureSupport:
    (stage,) = model_of(Question({"ntk": [INF]}, ridge=0.1)).stages
    assert isinstance(stage.support, FeatureSupport)
    return stage.support


def predictions(model: FittedModel, x: FloatArray = DATA.x_test) -> dict[Pair, Prediction]:
    return {answer.pair: answer.prediction for answer in model.predict(x)}


def test_products_of_what_stands_for_the_kernels_are_those_with_all_rows() -> None:
    """K(x, X) Theta's Phi, and Theta(x, X) Theta(X, x'), with what the features know of K and Theta."""
    support, dense = ensemble_support(), DenseNystrom(DATA, CENTRES)
    rows = DATA.network.rows(DATA.x_test)
    found = support.kernels_with(rows, ["nngp", "ntk"])
    phi, psi = (dense.features(gram, DATA.x_test) for gram in ("ntk", "nngp"))
    phi_train, psi_train = (dense.features(gram, DATA.x) for gram in ("ntk", "nngp"))
    assert support.size == found["ntk"].shape[1] == len(CENTRES)
    np.testing.assert_allclose(found["ntk"] @ found["ntk"].T, phi @ phi.T, rtol=1e-9, atol=1e-12)
    expected = psi @ psi_train.T @ phi_train @ phi.T
    np.testing.assert_allclose(found["nngp"] @ found["ntk"].T, expected, rtol=1e-9, atol=1e-12)
    middle = phi @ phi_train.T @ psi_train @ psi_train.T @ phi_train @ phi.T
    between = found["ntk"] @ support.operator("nngp").product(found["ntk"].T)
    np.testing.assert_allclose(between, middle, rtol=1e-9, atol=1e-10)


def test_features_of_the_inverted_matrix_have_its_eigenvalues_as_their_squares() -> None:
    """Z^T Z = diag(s) over the training rows."""
    (stage,) = model_of(Question({"nngp": [1.0]})).stages
    z = stage.support.kernels_with(DATA.network.rows(DATA.x), ["nngp"])["nngp"]
    eigenvalues = np.linalg.eigvalsh(DenseNystrom(DATA, CENTRES).gram("nngp"))[-len(CENTRES) :]
    np.testing.assert_allclose(z.T @ z, np.diag(eigenvalues), rtol=1e-9, atol=1e-9 * eigenvalues[-1])


@pytest.mark.parametrize("times", [{"nngp": [1.0]}, {"ntkgp": [INF]}, {"ntk": [0.0]}])
def test_a_posterior_needs_no_prior_of_all_rows(times: dict[KernelName, list[float]]) -> None:
    for stage in model_of(Question(times, ridge=0.1)).stages:
        with pytest.raises(ValueError, match="no nngp Gram matrix"):
            stage.support.operator("nngp")


@pytest.mark.parametrize("uncertainty", ["none", "variance", "covariance"])
@pytest.mark.parametrize("with_factors", [True, False])
def test_a_model_that_was_kept_predicts_the_same_bytes(uncertainty: Any, with_factors: bool) -> None:
    """Its eigenvalues are kept in any case, as they cannot be computed again."""
    shelf, question = Shelf(), Question(EVERYTHING, ridge=0.1, uncertainty=uncertainty)
    model = model_of(question)
    kept = model.save(shelf, with_factors=with_factors)
    assert {len(array) for array in shelf.arrays.values()} == {len(CENTRES)}
    again = FittedModel.load(model.evaluator, kept, question, (4, 2), shelf)
    found, expected = predictions(again), predictions(model)
    assert [*found] == question.pairs
    for pair, prediction in expected.items():
        assert np.array_equal(found[pair].mean, prediction.mean)
        if uncertainty != "none":
            assert np.array_equal(variance(found[pair]), variance(prediction))
        if uncertainty == "covariance":
            assert np.array_equal(covariance(found[pair]), covariance(prediction))


PARTS: list[dict[KernelName, list[float]]] = [
    {"nngp": [INF]},
    {"ntkgp": [INF]},
    {"ntk": [0.0]},
    {"ntk": [0.5], "nngp": [2.0]},
]


@pytest.mark.parametrize("uncertainty", ["none", "variance"])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_question_is_answered_by_what_was_kept(
    part: dict[KernelName, list[float]], uncertainty: Any
) -> None:
    shelf = Shelf()
    model = model_of(Question(EVERYTHING, ridge=0.1))
    kept: list[KeptStage] = model.save(shelf)
    asked = Question(part, ridge=0.1, uncertainty=uncertainty)
    found = predictions(FittedModel.load(model.evaluator, kept, asked, (4, 2), shelf))
    whole = predictions(model)
    assert [*found] == asked.pairs
    for pair, prediction in found.items():
        np.testing.assert_allclose(prediction.mean, whole[pair].mean, rtol=1e-12, atol=1e-13)
        if uncertainty == "none":
            assert prediction.variance is None
        else:
            np.testing.assert_allclose(variance(prediction), variance(whole[pair]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("uncertainty", ["variance", "covariance"])
def test_rows_beyond_the_tables_are_predicted_by_wider_ones(uncertainty: Any) -> None:
    """As by a model whose network knew of them."""
    plain = network_of(NetworkSpec(depth=3, activation="sigmoid", sigma_w=1.5, sigma_b=0.3), 4)
    far = np.concatenate([DATA.x_test[:3], 4.0 * DATA.x_test[3:]])[[0, 4, 1, 5, 3, 2]]
    question = Question({"ntk": [0.5, INF], "nngp": [INF]}, ridge=0.1, uncertainty=uncertainty)
    short, knowing = (
        replace(DATA, network=plain.tabulated(plain.spans(np.concatenate(reached))))
        for reached in ([DATA.x], [DATA.x, far])
    )
    found, expected = (predictions(model_of(question, data), far) for data in (short, knowing))
    for pair, prediction in expected.items():
        assert_same(found[pair], prediction, 1e-6)
