"""Kernels of arrays, beside `ntk kernel`'s, and in scikit-learn's estimators."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm import SVC

import ntkcli
from ntkcli import NTKKernel, NTKRegressor, nngp_kernel, ntk_kernel
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.spec.network import NetworkSpec

RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((30, 4)), RNG.standard_normal((7, 4))
NETWORK: dict[str, Any] = {"depth": 4, "activation": "erf", "sigma_w": 1.3}


@pytest.mark.parametrize("network", [None, NETWORK, {"activation": "gelu", "layer_norm": True}])
def test_values_are_those_of_the_network(network: dict[str, Any] | None) -> None:
    spec = NetworkSpec.model_validate(network or {})
    plain = network_of(spec, 4)
    spans = [np.concatenate(both) for both in zip(plain.spans(A), plain.spans(B), strict=True)]
    made = plain.tabulated(spans)
    expected = Evaluator(made).rectangle(made.rows(A), made.rows(B), ["nngp", "ntk"])
    np.testing.assert_array_equal(nngp_kernel(A, B, network), expected["nngp"])
    np.testing.assert_array_equal(ntk_kernel(A, B, network), expected["ntk"])
    np.testing.assert_array_equal(ntk_kernel(A, B, spec), expected["ntk"])


def test_a_linear_network_has_a_closed_form() -> None:
    network = {"depth": 1, "sigma_w": 2.0, "sigma_b": 3.0}
    np.testing.assert_allclose(ntk_kernel(A, B, network), 4 * A @ B.T / 4 + 9, rtol=1e-13)


@pytest.mark.parametrize("kernel", [nngp_kernel, ntk_kernel])
def test_a_kernel_with_itself_is_symmetric_and_has_the_same_values(kernel: Any) -> None:
    values = kernel(A, network=NETWORK)
    np.testing.assert_array_equal(values, values.T)
    np.testing.assert_allclose(values, kernel(A, A, NETWORK), rtol=1e-7)
    np.testing.assert_array_equal(kernel(A, network=NETWORK, threads=3), values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((A, B[:, :2]), "x1 has 4 columns, and x2 2"),
        ((A[0],), r"x1: should be an array \(rows, columns\)"),
        ((A.astype(complex),), "real numbers"),
        ((np.where(np.arange(30)[:, None] == 3, np.nan, A),), "x1: row 3 holds NaN"),
        ((A, B, {"dpeth": 3}), "dpeth: is not a key that ntk knows"),
        ((A, None, {"activation": "exp", "sigma_w": 9.0}), "its kernel leaves its range"),
        ((A, None, "relu"), r"network: should be a mapping, such as .* \(found 'relu'\)"),
        ((A, None, {"depth": object()}), "depth: should be a valid integer"),
        ((A * 1e200,), "row 0: its kernel leaves its range"),
    ],
)
def test_what_is_wrong_is_a_value_error(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nngp_kernel(*arguments)


def test_parameters_of_a_network_may_be_arrays() -> None:
    deviations = [1.0, 1.5, 2.0]
    np.testing.assert_array_equal(
        ntk_kernel(A, network={"sigma_w": np.array(deviations)}),
        ntk_kernel(A, network={"sigma_w": deviations}),
    )


def test_it_is_a_precomputed_kernel() -> None:
    """Kernel ridge regression with the ridge in its own units is the same as ours."""
    y = A @ [1.0, -1.0, 0.5, 0.0]
    ours = NTKRegressor(ridge=0.3, ridge_scale="absolute", standardize=False, standardize_target=False)
    theirs = KernelRidge(alpha=0.3, kernel="precomputed").fit(ntk_kernel(A), y)
    expected = theirs.predict(ntk_kernel(B, A))
    assert ours.fit(A, y).predict(B) == pytest.approx(expected, rel=1e-9)
    assert SVC(kernel="precomputed").fit(ntk_kernel(A), y > 0).score(ntk_kernel(A), y > 0) > 0.9


@pytest.mark.parametrize("gram", ["nngp", "ntk"])
def test_a_gaussian_process_with_it_is_our_posterior(gram: Any) -> None:
    y = np.sin(A[:, 0])
    theirs = GaussianProcessRegressor(NTKKernel(gram, NETWORK), alpha=0.1).fit(A, y)
    ours = NTKRegressor(
        **NETWORK,
        kernel="nngp" if gram == "nngp" else "ntkgp",
        ridge=0.1,
        ridge_scale="absolute",
        standardize=False,
        standardize_target=False,
    ).fit(A, y)
    for one, other in zip(ours.predict(B, return_std=True), theirs.predict(B, return_std=True), strict=True):
        assert one == pytest.approx(other, rel=1e-7)


def test_what_is_around_it_is_tuned() -> None:
    kernel = ConstantKernel(1.0) * NTKKernel("nngp") + WhiteKernel(0.1)
    model = GaussianProcessRegressor(kernel).fit(A, np.sin(A[:, 0]) + 0.3 * RNG.standard_normal(30))
    assert model.log_marginal_likelihood_value_ > model.log_marginal_likelihood(kernel.theta)


@pytest.mark.parametrize(
    "network",
    [
        {"depth": 4},
        {"activation": ["relu", {"name": "leaky_relu", "slope": 0.2}]},
        {"activation": ["rectified_monomial", "abs"]},
        {"activation": "identity"},
    ],
    ids=str,
)
def test_gradients_are_differences_of_values(network: dict[str, Any]) -> None:
    kernel = NTKKernel("nngp", network, 1.2, 0.4, sigma_w_bounds=(0.1, 10), sigma_b_bounds=(0.1, 10))
    _, gradient = kernel(A, eval_gradient=True)
    assert [each.name for each in kernel.hyperparameters] == ["sigma_b", "sigma_w"]
    for place, step in enumerate(1e-4 * np.eye(2)):
        above, below = (kernel.clone_with_theta(kernel.theta + sign * step)(A) for sign in (1, -1))
        np.testing.assert_allclose(gradient[..., place], (above - below) / 2e-4, rtol=1e-6, atol=1e-7)


def test_what_is_fixed_has_no_gradient() -> None:
    kernel = NTKKernel("nngp", sigma_b=0.3, sigma_b_bounds=(0.1, 10))
    both = NTKKernel("nngp", None, np.sqrt(2), 0.3, sigma_w_bounds=(0.1, 9), sigma_b_bounds=(0.1, 10))
    np.testing.assert_array_equal(kernel(A, eval_gradient=True)[1], both(A, eval_gradient=True)[1][..., :1])


def test_a_fit_tunes_deviations() -> None:
    kernel = NTKKernel(sigma_w=1.0, sigma_b=0.1, sigma_w_bounds=(0.1, 10), sigma_b_bounds=(0.01, 10))
    y = 3 + A[:, 0] + 0.3 * np.random.default_rng(2).standard_normal(30)
    model = GaussianProcessRegressor(kernel + WhiteKernel(0.1)).fit(A, y)
    assert model.log_marginal_likelihood_value_ > 2 + model.log_marginal_likelihood(model.kernel.theta)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (NTKKernel("ntk", sigma_b=1.0, sigma_b_bounds=(0.1, 9)), "are known for nngp"),
        (
            NTKKernel("nngp", {"activation": "erf"}, sigma_b=1.0, sigma_b_bounds=(0.1, 9)),
            "such as relu alone",
        ),
        (
            NTKKernel("nngp", {"readout": {"sigma_w": 1.0}}, 1.0, None, (0.1, 9)),
            "without a readout of its own",
        ),
        (NTKKernel("nngp", sigma_b_bounds=(0.1, 9)), "no value to begin with"),
    ],
)
def test_gradients_that_are_not_known_are_refused(kernel: NTKKernel, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kernel(A, eval_gradient=True)


def test_it_is_a_kernel_as_others_are() -> None:
    kernel = NTKKernel("ntk", NETWORK)
    assert clone(kernel) == kernel
    assert kernel != NTKKernel("nngp", NETWORK)
    assert not kernel.is_stationary()
    assert kernel.theta.size == kernel.n_dims == 0
    values, gradient = kernel(A, eval_gradient=True)
    assert gradient.shape == (30, 30, 0)
    np.testing.assert_allclose(kernel.diag(A), np.diag(values), rtol=1e-12)
    with pytest.raises(ValueError, match="Y is None"):
        kernel(A, B, eval_gradient=True)
    with pytest.raises(ValueError, match="gram: should be 'nngp' or 'ntk'"):
        NTKKernel("ntkgp")(A)  # type: ignore[arg-type]


def test_the_public_names_are_there_and_others_are_not() -> None:
    for name in ntkcli.__all__:
        assert getattr(ntkcli, name).__doc__
    assert {*ntkcli.__all__} <= {*dir(ntkcli)}
    with pytest.raises(AttributeError, match="no attribute 'NTKClusterer'"):
        ntkcli.NTKClusterer  # noqa: B018


def test_without_scikit_learn_the_estimators_alone_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.estimators.scikit_learn.is_installed", lambda module: module != "sklearn")
    with pytest.raises(
        ImportError, match=r"NTKRegressor needs scikit-learn.*pip install 'ntkcli\[sklearn\]'"
    ):
        ntkcli.NTKRegressor  # noqa: B018
    assert ntkcli.ntk_kernel(A).shape == (30, 30)
