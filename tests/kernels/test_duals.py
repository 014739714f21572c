"""The duals of every activation beside numerical integration."""

import numpy as np
import pytest

from ntkcli.arrays import FloatArray

from .cases import CASES, Case, Span

every_case = pytest.mark.parametrize("case", CASES, ids=str)

# Relative to the root of the two second moments.
TOLERANCE = 1e-10

PARALLEL = [(2.0, 2.0, 1.0), (2.0, 2.0, -1.0), (0.3, 7.0, 1.0), (7.0, 0.3, -1.0)]
NEARLY_PARALLEL = [(2.0, 2.0, 0.999), (2.0, 2.0, -0.999), (0.3, 7.0, 0.999999), (7.0, 0.3, -1 + 1e-8)]
SMALL = [(1e-8, 1e-8, 1.0), (1e-8, 1e-8, -1.0), (1e-8, 1e-8, -0.5), (1e-8, 7.0, 0.7), (7.0, 1e-8, -1.0)]
ZERO = [(0.0, 0.0, 0.0), (0.0, 3.0, 0.0), (7.0, 0.0, 0.0)]
LARGE = [(1e3, 1e3, 1.0), (1e3, 1e3, -1.0), (1e3, 1e3, 0.5), (1e3, 1e3, 0.999), (1e3, 1e3, -0.999)]
WIDE = [(1e3, 1e-8, 0.5), (1e-8, 1e3, 1.0), (1e-8, 1e-8, -0.9), (1e3, 1e3, 0.99), (1e3, 0.2, -0.9)]


def assert_duals_match(
    case: Case, q_a: FloatArray, q_b: FloatArray, cosine: FloatArray, span: Span | None = None
) -> None:
    q_a, q_b = np.minimum(q_a, case.largest), np.minimum(q_b, case.largest)
    value, slope = case.pairs(q_a, q_b, cosine * np.sqrt(q_a * q_b), span)
    error = np.abs(np.stack([value, slope]) - case.expected(q_a, q_b, cosine))
    allowed = TOLERANCE * case.scale(q_a, q_b)
    wrong = ~np.all(error <= allowed, axis=0)
    columns = zip(*(a[wrong].tolist() for a in (q_a, q_b, cosine, *error, *allowed)), strict=True)
    told = "{:.3g} {:.3g} {:.9g}: off by {:.1e} and {:.1e}, allowed are {:.1e} and {:.1e}"
    assert not np.any(wrong), [told.format(*numbers) for numbers in columns]


@every_case
def test_duals_match_quadrature(case: Case) -> None:
    rng = np.random.default_rng(20)
    q_a, q_b = np.exp(rng.uniform(np.log(0.05), np.log(min(20.0, case.largest)), (2, 20)))
    assert_duals_match(case, q_a, q_b, rng.uniform(-0.99, 0.99, 20))


@every_case
@pytest.mark.parametrize(
    "edge", [PARALLEL, NEARLY_PARALLEL, SMALL, ZERO], ids=["parallel", "nearly parallel", "small", "zero"]
)
def test_duals_match_quadrature_at_the_edges(case: Case, edge: list[tuple[float, float, float]]) -> None:
    q_a, q_b, cosine = np.array(edge).T
    assert_duals_match(case, q_a, q_b, cosine, span=(1e-8, min(7.0, case.largest)))


@every_case
def test_duals_match_quadrature_at_large_variances(case: Case) -> None:
    q_a, q_b, cosine = np.array(LARGE).T
    assert_duals_match(case, q_a, q_b, cosine, span=(case.largest, case.largest))


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in CASES if c.closed or c.name in ["tanh", "softsign"]], ids=str)
def test_duals_match_quadrature_over_a_wide_range_of_variances(case: Case) -> None:
    """Of those without a closed form, an analytic one and one with a kink: such tables take seconds."""
    q_a, q_b, cosine = np.array(WIDE).T
    assert_duals_match(case, q_a, q_b, cosine, span=(1e-8, case.largest))


@every_case
def test_variance_and_slope_match_quadrature(case: Case) -> None:
    q = np.minimum([0.0, *np.logspace(-8, 3, 12)], case.largest)
    # Where a variance is 0, so is the cosine.
    value, slope = case.expected(q, q, np.sign(q))
    np.testing.assert_allclose(case.made().variance(q), value, rtol=TOLERANCE, atol=0)
    np.testing.assert_allclose(case.made().slope(q), slope, rtol=TOLERANCE, atol=0)
