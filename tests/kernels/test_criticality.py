"""Critical weights satisfy their equations, and those that are known have their values."""

import numpy as np
import pytest

from ntkcli.kernels.activations.activation import Activation
from ntkcli.kernels.activations.catalogue import ACTIVATIONS, make
from ntkcli.kernels.criticality import NoCriticalWeightsError, critical_sigma_w
from ntkcli.kernels.steps import Affine

from .inputs import make_network, normal_rows, ready
from .matrices import kernels

BIASES = [0.0, 1e-4, 0.01, 0.5]
EXAMPLES = {
    name: make(name, **{p.name: p.example for p in entry.parameters}) for name, entry in ACTIVATIONS.items()
}

every_bias = pytest.mark.parametrize("bias", BIASES)


def variance(activation: Activation, q: float) -> float:
    return float(activation.variance(np.array([q]))[0])


def slope(activation: Activation, q: float) -> float:
    return float(activation.slope(np.array([q]))[0])


def kept_variance(activation: Activation, sigma_w: float, bias: float) -> float:
    """Where the variance map goes from 1, after very many layers."""
    q = 1.0
    for _ in range(2000):
        q = sigma_w**2 * variance(activation, q) + bias
    return q


@every_bias
def test_relu_is_he_initialised_whatever_the_biases(bias: float) -> None:
    assert critical_sigma_w(make("relu"), bias) == pytest.approx(np.sqrt(2), rel=1e-14)


@every_bias
@pytest.mark.parametrize("name", ["identity", "abs"])
def test_what_keeps_the_variance_has_weights_of_1(name: str, bias: float) -> None:
    assert critical_sigma_w(make(name), bias) == pytest.approx(1.0, rel=1e-14)


@every_bias
@pytest.mark.parametrize("negative", [-0.5, 0.01, 0.3, 1.0, 2.0])
def test_leaky_relu_is_by_its_slopes(negative: float, bias: float) -> None:
    expected = np.sqrt(2 / (1 + negative**2))
    assert critical_sigma_w(make("leaky_relu", slope=negative), bias) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("erf", {}, np.sqrt(np.pi) / 2),
        ("erf", {"a": 2.0, "b": 3.0}, np.sqrt(np.pi) / 12),
        ("tanh", {}, 1.0),
        ("arctan", {}, 1.0),
        ("sin", {}, 1.0),
        ("hard_tanh", {}, 1.0),
    ],
)
def test_without_biases_the_slope_at_0_decides(
    name: str, parameters: dict[str, float], expected: float
) -> None:
    assert critical_sigma_w(make(name, **parameters), 0.0) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["softsign", "elu", "celu"])
def test_without_biases_the_slope_at_0_decides_where_phi_has_a_second_derivative_on_each_side(
    name: str,
) -> None:
    assert critical_sigma_w(make(name), 0.0) == pytest.approx(1.0, rel=1e-8)


@pytest.mark.parametrize("name", ["tanh", "erf", "arctan", "sin"])
@pytest.mark.parametrize("bias", [1e-3, 0.01, 0.1])
def test_the_variance_map_goes_where_the_correlation_map_has_slope_1(name: str, bias: float) -> None:
    activation = make(name)
    sigma_w = critical_sigma_w(activation, bias)
    q = kept_variance(activation, sigma_w, bias)
    assert q == pytest.approx(sigma_w**2 * variance(activation, q) + bias, rel=1e-12)
    assert sigma_w**2 * slope(activation, q) == pytest.approx(1.0, rel=1e-8)


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_the_correlation_map_has_slope_1_at_1(name: str) -> None:
    """By a difference: 1 - the cosine of two nearly parallel rows of the kept variance is kept as well."""
    bias, step = 0.1, 1e-5
    activation = make(name)
    sigma_w = critical_sigma_w(activation, bias)
    q = kept_variance(activation, sigma_w, bias)
    x = np.sqrt(q) * np.array([[1.0, 0.0], [1 - step, np.sqrt(1 - (1 - step) ** 2)]]) * np.sqrt(2)
    settings = {"sigma_w": [1.0, sigma_w], "sigma_b": [0.0, np.sqrt(bias)]}
    k = kernels(ready(make_network(name, 2, **settings), x), x, x)[0]
    assert k[0, 0] == pytest.approx(q, rel=1e-10)
    assert (1 - k[0, 1] / q) / step == pytest.approx(1.0, rel=1e-4)


def test_critical_relu_layers_keep_the_variance() -> None:
    x = normal_rows(3)
    network = make_network("relu", 50, sigma_w="critical", sigma_b=0.0)
    expected = 2 * np.sum(x**2, axis=1) / x.shape[1]
    np.testing.assert_allclose(network.rows(x).diagonal("nngp"), expected, rtol=1e-12)


@every_bias
@pytest.mark.parametrize(
    "activation",
    [
        make("sign"),
        make("rectified_monomial", degree=0),
        make("monomial", degree=0),
        make("abrelu", a=0, b=0),
    ],
    ids=["sign", "step", "constant", "zero"],
)
def test_without_a_slope_nothing_is_critical(activation: Activation, bias: float) -> None:
    with pytest.raises(NoCriticalWeightsError):
        critical_sigma_w(activation, bias)


@pytest.mark.parametrize("name", ["monomial", "rectified_monomial", "hermite"])
def test_without_biases_nothing_is_critical_for_a_square(name: str) -> None:
    """q E[phi'^2] is 4/3 E[phi^2] or more for every q > 0, and at q = 0 the slope is 0."""
    with pytest.raises(NoCriticalWeightsError):
        critical_sigma_w(make(name), 0.0)


@pytest.mark.parametrize("name", ["gelu", "swish", "mish"])
def test_without_biases_nothing_is_critical_where_variances_grow_away_from_0(name: str) -> None:
    """1 / phi'(0) keeps variances next to 0, and drives all others up to where chi_1 is that of relu."""
    activation, sigma_w = make(name), 1 / np.sqrt(slope(make(name), 1e-12))
    assert sigma_w**2 * variance(activation, 0.1) > 0.1
    with pytest.raises(NoCriticalWeightsError):
        critical_sigma_w(activation, 0.0)


@pytest.mark.parametrize("name", ["monomial", "rectified_monomial"])
def test_with_biases_nothing_is_critical_for_a_square_either(name: str) -> None:
    """(q - b) E[phi'^2] = E[phi^2] has a solution, but variances next to it move away."""
    with pytest.raises(NoCriticalWeightsError):
        critical_sigma_w(make(name), 0.01)


@pytest.mark.parametrize("bias", [0.0, 0.01])
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_activation_has_critical_weights_that_solve_their_equations_or_none(
    name: str, bias: float
) -> None:
    """Where the slope varies, 1 / sigma_w^2 is the slope at a variance that is kept."""
    activation = EXAMPLES[name]
    try:
        sigma_w = critical_sigma_w(activation, bias)
    except NoCriticalWeightsError:
        return
    assert np.isfinite(sigma_w)
    assert sigma_w > 0
    q = np.geomspace(1e-10, min(1e8, activation.largest_variance / 2), 20001)
    with np.errstate(over="ignore", invalid="ignore"):
        chi, excess = sigma_w**2 * activation.slope(q), sigma_w**2 * activation.variance(q) + bias - q
    if np.ptp(chi[np.isfinite(chi)]) > 1e-8 and (bias > 0 or variance(activation, 0.0) > 0):
        at = np.flatnonzero((chi[:-1] > 1) != (chi[1:] > 1))
        assert at.size
        assert np.min(np.abs(excess[at] / q[at])) < 1e-2


@pytest.mark.parametrize("bias_init", ["normal", "zero"])
def test_critical_weights_are_by_the_biases_at_the_start(bias_init: str) -> None:
    network = make_network("erf", 4, sigma_w="critical", sigma_b=0.3, bias_init=bias_init)
    expected = critical_sigma_w(make("erf"), 0.0 if bias_init == "zero" else 0.3**2) ** 2
    weights = [step.weight for step in network.steps if isinstance(step, Affine)]
    np.testing.assert_allclose(weights, expected, rtol=1e-12)


def test_critical_weights_are_by_the_activation_before_them() -> None:
    """Layer 1 has none before it, and takes that behind it; a readout may have its own."""
    settings = {"sigma_w": "critical", "sigma_b": 0.0, "readout": {"sigma_w": 0.5}}
    network = make_network(["relu", "erf", "tanh"], 4, **settings)
    weights = [step.weight for step in network.steps if isinstance(step, Affine)]
    np.testing.assert_allclose(weights, [2.0, 2.0, np.pi / 4, 0.25], rtol=1e-9)


def test_critical_weights_are_by_the_biases_beside_them() -> None:
    """Those of the layer that the activation feeds; layer 1 has the same weights as layer 2."""
    network = make_network("erf", 3, sigma_w="critical", sigma_b=[0.9, 0.1, 0.5])
    weights = [step.weight for step in network.steps if isinstance(step, Affine)]
    first, second = (critical_sigma_w(make("erf"), b**2) ** 2 for b in (0.1, 0.5))
    np.testing.assert_allclose(weights, [first, first, second], rtol=1e-12)


def test_a_single_critical_layer_has_weights_of_1() -> None:
    (layer,) = make_network("sign", 1, sigma_w="critical").steps
    assert isinstance(layer, Affine)
    assert layer.weight == 1.0
