"""phi and phi' of every activation beside the reference functions.

That the duals are of the same phi follows: test_duals.py integrates these reference functions.
"""

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.catalogue import ACTIVATIONS, make
from ntkcli.kernels.activations.numerical import Numerical
from ntkcli.kernels.activations.polynomial import Hermite

from .cases import CASES, Case
from .functions import FUNCTIONS, Function

WITH_VALUES = [case for case in CASES if case.made().has_values]
every_case = pytest.mark.parametrize("case", WITH_VALUES, ids=str)

TINY = np.array([1e-300, 1e-100, 1e-20, 1e-8, 1e-3])
GRID = np.concatenate([np.linspace(-30, 30, 121), TINY, -TINY, [-0.0]])
LARGE = np.array([1e3, 700.0, 1e5, 1e100, 1e200])


def reference(case: Case) -> Function:
    return FUNCTIONS[case.name](**case.parameters)


def expected(case: Case, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """phi and phi' of inputs of variance 1, where it matters."""
    function = reference(case)
    with np.errstate(all="ignore"):
        return function.value(x, np.ones_like(x)), function.slope(x, np.ones_like(x))


@every_case
def test_values_and_derivatives_are_those_of_the_reference(case: Case) -> None:
    # He_2 is 0 at 1, to rounding.
    x = GRID[np.abs(GRID) != 1] if case.name == "hermite" else GRID
    value, derivative = expected(case, x)
    # Below this, float64 has fewer digits.
    np.testing.assert_allclose(case.made().value(x), value, rtol=1e-13, atol=1e-305)
    np.testing.assert_allclose(case.made().derivative(x), derivative, rtol=1e-13, atol=1e-305)


@every_case
def test_the_derivative_is_what_central_differences_of_the_values_are(case: Case) -> None:
    x, step, activation = np.linspace(-4.03, 7.01, 300), 1e-5, case.made()
    x = x[np.min(np.abs(x[:, None] - reference(case).kinks), axis=1) > 2 * step]
    found = (activation.value(x + step) - activation.value(x - step)) / (2 * step)
    scale = np.maximum(1.0, np.abs(activation.value(x)))
    assert np.all(np.abs(activation.derivative(x) - found) <= 1e-6 * scale)


@every_case
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_large_inputs_give_finite_values_without_a_warning_where_there_are_any(
    case: Case, sign: float
) -> None:
    x = sign * LARGE
    x = x[np.all(np.isfinite(expected(case, x)), axis=0)]
    assert np.all(np.isfinite(case.made().value(x)))
    assert np.all(np.isfinite(case.made().derivative(x)))


@every_case
def test_arrays_of_any_shape_give_new_ones(case: Case) -> None:
    x = GRID[:120].reshape(2, 3, 20)
    for f in (case.made().value, case.made().derivative):
        before = x.copy()
        found = f(x)
        assert found.shape == x.shape
        assert found.dtype == np.float64
        assert not np.shares_memory(found, x)
        assert np.array_equal(x, before)
        assert np.array_equal(found[1, 2], f(x[1, 2]))
        assert np.array_equal(found[1, 2, 3], f(np.array(x[1, 2, 3])))
        assert f(x[:0]).shape == (0, 3, 20)


@pytest.mark.parametrize("name", ["tanh", "elu"])
def test_tables_leave_the_values_as_they_are(name: str) -> None:
    plain, tabulated = make(name), make(name).tabulated(1.0, 1.0)
    assert isinstance(tabulated, Numerical)
    assert np.array_equal(tabulated.value(GRID), plain.value(GRID))
    assert np.array_equal(tabulated.derivative(GRID), plain.derivative(GRID))


@pytest.mark.parametrize(
    ("case", "kink", "mean"),
    [
        (Case("relu"), 0.0, 0.5),
        (Case("abs"), 0.0, 0.0),
        (Case("leaky_relu", {"slope": 0.5}), 0.0, 0.75),
        (Case("elu", {"alpha": 0.5}), 0.0, 0.75),
        (Case("hard_tanh"), -1.0, 0.5),
        (Case("relu6"), 6.0, 0.5),
        (Case("sign"), 0.0, 0.0),
        (Case("rectified_monomial", {"degree": 0}), 0.0, 0.0),
    ],
    ids=str,
)
def test_at_a_kink_the_derivative_is_the_mean_of_both_sides_and_at_a_jump_0(
    case: Case, kink: float, mean: float
) -> None:
    assert case.made().derivative(np.array([kink])).tolist() == [mean]


def test_a_tail_keeps_its_digits_beside_a_constant_that_cancels() -> None:
    """erfc(5) from Abramowitz & Stegun."""
    for a, b, c in ((1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (-1.0, 1.0, 1.0), (-1.0, -1.0, 1.0)):
        x = np.array([5.0 if a * b < 0 else -5.0])
        assert make("erf", a=a, b=b, c=c).value(x).item() == pytest.approx(1.5374597944280e-12, rel=1e-12)


def test_an_exponential_overflows_no_sooner_than_its_product_with_the_amplitude() -> None:
    found = make("exp", a=1e-50, b=1.0).value(np.array([800.0, -800.0]))
    assert found[0] == pytest.approx(np.exp(800 - 50 * np.log(10)), rel=1e-12)
    assert make("exp", a=1e50).value(np.array([-800.0])).item() == pytest.approx(
        np.exp(50 * np.log(10) - 800), rel=1e-12
    )


def test_hermite_polynomials_of_a_high_degree_stay_orthonormal() -> None:
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / np.sqrt(2 * np.pi)
    values = np.array([Hermite(degree).value(z) for degree in (0, 1, 2, 59, 60, 100)])
    np.testing.assert_allclose(values * weights @ values.T, np.eye(6), rtol=0, atol=1e-11)


def test_sines_with_the_same_duals_but_other_values_differ() -> None:
    assert make("sin", c=0.3) != make("sin", c=-0.3)
    assert make("sin") != make("cos")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_only_what_has_no_formula_has_no_values(name: str) -> None:
    entry = ACTIVATIONS[name]
    activation = entry.build(**{parameter.name: parameter.example for parameter in entry.parameters})
    assert activation.has_values == (not entry.formula.startswith("none: "))
    assert activation.unit_variance == ("unit-variance" in entry.formula)
    if not activation.has_values:
        for f in (activation.value, activation.derivative):
            with pytest.raises(NotImplementedError, match="no phi"):
                f(np.zeros(1))
