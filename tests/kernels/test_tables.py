"""What duals without a closed form are looked up in, and what they say of their precision."""

import numpy as np
import pytest
from numpy.polynomial import chebyshev, hermite_e
from scipy.special import gammaln

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations import functions
from ntkcli.kernels.activations.activation import PrecisionError
from ntkcli.kernels.activations.angle_table import AngleTable
from ntkcli.kernels.activations.catalogue import make
from ntkcli.kernels.activations.chebyshev_terms import ChebyshevTerms
from ntkcli.kernels.activations.hermite_series import TOLERANCE, HermiteSeries
from ntkcli.kernels.activations.numerical import Tabulated
from ntkcli.kernels.activations.polar_quadrature import PolarQuadrature
from ntkcli.kernels.activations.variance_grid import VarianceGrid

from .cases import Case
from .inputs import make_network, normal_rows

ANGLES = np.linspace(0, np.pi, 9)
SMOOTH = {
    "tanh": functions.TANH,
    "sigmoid": functions.SIGMOID,
    "softplus": functions.SOFTPLUS,
    "swish": functions.SWISH,
    "mish": functions.MISH,
    "arctan": functions.ARCTAN,
}

every_smooth = pytest.mark.parametrize("name", SMOOTH)


def hermite_coefficients(f: functions.Function, q: float, degree: int) -> tuple[FloatArray, float]:
    """a_0 .. a_degree and E[f^2], by a fine trapezoid rule and numpy's own polynomials."""
    z = np.linspace(-14, 14, 20001)
    weights = (z[1] - z[0]) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    values = f(np.sqrt(q) * z)
    found = [
        np.sum(weights * values * hermite_e.hermeval(z, [0.0] * k + [np.exp(-gammaln(k + 1) / 2)]))
        for k in range(degree + 1)
    ]
    return np.array(found), float(np.sum(weights * values**2))


@every_smooth
def test_the_degree_is_the_smallest_that_leaves_out_less_than_the_aim(name: str) -> None:
    """At a variance whose degree is low enough for plain polynomials, and to rounding."""
    phi, q = SMOOTH[name], 0.1
    series = HermiteSeries.of(phi.value, phi.strip, q, q)
    coefficients, moment = hermite_coefficients(phi.value, q, series.degree)
    left = 1 - np.cumsum(coefficients**2) / moment
    assert 0 <= series.residual <= 1e-12
    assert left[-1] < 1.5e-12
    # With one degree less of those that phi has, of which it may lack every other.
    assert left[-3] > 0.5e-12


@every_smooth
def test_the_expansion_is_what_quadrature_gives(name: str) -> None:
    phi, q = SMOOTH[name], np.array([0.01, 0.3, 4.0])
    for f in (phi.value, phi.derivative):
        series = HermiteSeries.of(f, phi.strip, 0.01, 4.0)
        quadrature = PolarQuadrature.of(f, 0.01, 4.0)
        assert quadrature.residual < 1e-12
        np.testing.assert_allclose(
            series.correlations(q, ANGLES), quadrature.correlations(q, ANGLES), rtol=0, atol=1e-11
        )


def test_degrees_grow_with_the_variance() -> None:
    degrees = [HermiteSeries.of(np.tanh, np.pi / 2, q, q).degree for q in (1e-14, 0.01, 1.0, 10.0, 60.0)]
    assert degrees == sorted(degrees)
    assert degrees[0] >= 1
    assert degrees[-1] > 1000


@every_smooth
def test_what_is_told_of_nearly_linear_functions_is_within_the_tolerance(name: str) -> None:
    """Of all wider ranges, `Case.table` holds it for every table that a test looks into."""
    table = make(name).tabulated(1e-7, 1e-6)
    assert isinstance(table, Tabulated)
    assert 0 <= table.report["residual"] <= TOLERANCE


def test_variances_beyond_all_tables_are_refused() -> None:
    with pytest.raises(PrecisionError) as caught:
        AngleTable.of(PolarQuadrature.of(functions.TANH.derivative, 1e7, 1e7), 1e7, 1e7)
    assert caught.value.residual > TOLERANCE


@pytest.mark.parametrize("name", ["tanh", "swish", "elu", "softsign"])
def test_tiny_variances_beside_ordinary_ones_keep_their_digits(name: str) -> None:
    """phi is linear there (elu has slope 1 on both sides): E[phi(u) phi(v)] = phi'(0)^2 c."""
    q = np.array([1e-300, 1e-30, 1e-13])
    value, slope = Case(name, closed=False).pairs(q, q, 0.5 * q, (q[0], 5.0))
    at_zero = 0.25 if name == "swish" else 1.0
    np.testing.assert_allclose(value, at_zero * 0.5 * q, rtol=1e-5)
    np.testing.assert_allclose(slope, at_zero, rtol=1e-5)


def test_terms_are_summed_as_numpy_sums_them() -> None:
    rng = np.random.default_rng(0)
    coefficients = rng.normal(size=(6, 3, 3)) * 0.1 ** np.arange(6)[:, None, None]
    coefficients += coefficients.transpose(0, 2, 1)
    a, b, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), rng.uniform(-1, 1, (4, 5))
    out: FloatArray = np.empty((4, 5))
    work: list[FloatArray] = [np.empty((4, 5)) for _ in range(2)]
    ChebyshevTerms.of(coefficients, 1e-14).between(a, b).fill(2 * y, out=out, work=work)
    expected = chebyshev.chebval(y, a @ coefficients @ b.T, tensor=False)
    np.testing.assert_allclose(out, expected, rtol=1e-12)


def test_a_series_without_terms_is_zero() -> None:
    out: FloatArray = np.empty((2, 2))
    work: list[FloatArray] = [np.empty((2, 2)) for _ in range(2)]
    terms = ChebyshevTerms.of(np.zeros((4, 3, 3)), 1e-14)
    terms.between(np.ones((2, 3)), np.ones((2, 3))).fill(np.ones((2, 2)), out=out, work=work)
    assert np.all(out == 0)


def test_a_grid_interpolates_polynomials_in_the_logarithm() -> None:
    grid, q = VarianceGrid.of(0.01, 100.0, 6), np.geomspace(0.01, 100.0, 17)
    values = np.log(grid.points) ** 5 - 3 * np.log(grid.points)
    np.testing.assert_allclose(
        grid.weights(q) @ values, np.log(q) ** 5 - 3 * np.log(q), rtol=1e-11, atol=1e-9
    )
    np.testing.assert_allclose(grid.weights(np.array([1e-9, 1e9])), grid.weights(np.array([0.01, 100.0])))


def test_one_variance_is_one_point() -> None:
    assert VarianceGrid.of(2.0, 2.0, 48).points == pytest.approx([2.0], rel=1e-14)


def test_layers_with_one_activation_share_its_tables() -> None:
    network, x = make_network(["elu", "tanh", "elu"], 4), normal_rows(6)
    first, second, third = (step.activation for step in network.tabulated(network.spans(x)).activations)
    assert first is third
    assert isinstance(second, Tabulated)


def test_rows_of_zeros_alone_need_no_range() -> None:
    network, x = make_network("tanh", sigma_b=0.0), np.zeros((3, 4))
    rows = network.tabulated(network.spans(x)).rows(x)
    assert np.all(rows.variances == 0)
