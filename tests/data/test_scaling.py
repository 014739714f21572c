import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ntkcli.arrays import FloatArray
from ntkcli.data.scaling import Scaling, constant_columns

TABLES = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda value: round(value, 3)),
)


@given(values=TABLES)
def test_standard_columns_have_mean_0_and_variance_1(values: FloatArray) -> None:
    scaled = Scaling.standard(values).apply(values)
    vary = ~constant_columns(values)
    size = np.abs(values).max(axis=0)[vary] / values.std(axis=0)[vary]
    assert np.all(np.abs(scaled[:, vary].mean(axis=0)) <= 1e-15 * len(values) * (1 + size))
    np.testing.assert_allclose(scaled[:, vary].var(axis=0), 1.0, rtol=1e-9)


@given(values=TABLES)
def test_a_constant_column_is_only_shifted(values: FloatArray) -> None:
    values[:, 0] = values[0, 0]
    scaling = Scaling.standard(values)
    assert scaling.scale[0] == 1.0
    np.testing.assert_allclose(scaling.apply(values)[:, 0], 0.0, atol=1e-9)


@given(values=TABLES, others=TABLES)
def test_undo_takes_back_apply(values: FloatArray, others: FloatArray) -> None:
    columns = min(values.shape[1], others.shape[1])
    scaling, others = Scaling.standard(values[:, :columns]), others[:, :columns]
    size = np.abs(scaling.mean) + np.abs(others)
    assert np.all(np.abs(scaling.undo(scaling.apply(others)) - others) <= 1e-15 * size)


def test_the_scale_divides_by_the_number_of_rows() -> None:
    scaling = Scaling.standard(np.array([[1.0], [3.0]]))
    assert (scaling.mean.tolist(), scaling.scale.tolist()) == ([2.0], [1.0])


@given(values=TABLES)
def test_the_identity_changes_nothing(values: FloatArray) -> None:
    identity = Scaling.identity(values.shape[1])
    np.testing.assert_array_equal(identity.apply(values), values)
    np.testing.assert_array_equal(identity.undo(values), values)


@pytest.mark.parametrize(
    ("column", "constant"),
    [([2.0, 2.0], True), ([0.0, -0.0], True), ([1.0, 1.0 + 2.0**-52], False), ([1e300, 2e300], False)],
)
def test_a_column_is_constant_without_any_tolerance(column: list[float], constant: bool) -> None:
    assert constant_columns(np.array(column)[:, None]).tolist() == [constant]


@pytest.mark.parametrize("unit", [1e-300, 1e-170, 1e-100, 1e100, 1e170, 1e307])
def test_the_unit_of_a_column_does_not_matter(unit: float) -> None:
    values = np.array([[1.0], [2.0], [4.0]])
    np.testing.assert_allclose(
        Scaling.standard(values * unit).apply(values * unit),
        Scaling.standard(values).apply(values),
        rtol=1e-12,
    )


def test_a_value_that_is_too_far_from_nearly_equal_ones_is_infinite() -> None:
    scaling = Scaling(np.zeros(1), np.array([5e-324]))
    np.testing.assert_array_equal(scaling.apply(np.array([[1.0], [0.0]])), [[np.inf], [0.0]])
