"""What `data.target_transform: auto` stands for."""

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.jobs.transform_choice import TransformChoice
from ntkcli.kernels.executor import Threads

RANDOM = np.random.default_rng(0)
X, NOISE = RANDOM.normal(size=(200, 2)), RANDOM.normal(size=200)
CURVE = np.sin(X[:, 0]) + X[:, 1]


def chosen(values: FloatArray, x: FloatArray = X) -> tuple[str, str]:
    return TransformChoice(x, values[:, None], Threads(1)).name(0)


def test_a_product_with_noise_in_proportion_gets_a_logarithm() -> None:
    name, why = chosen(np.exp(CURVE + 0.3 * NOISE))
    assert name == "log"
    assert why.startswith("leave-one-out nll lower by ")


@pytest.mark.parametrize("sign", [1, -1])
def test_without_a_logarithm_a_power_does(sign: int) -> None:
    assert chosen(sign * (np.exp(CURVE + 0.3 * NOISE) - 1))[0] == "yeo-johnson"


def test_a_skewed_target_that_follows_a_skewed_feature_stays_as_it_is() -> None:
    x = np.exp(X)
    name, why = chosen(3 * x[:, 0] + x[:, 1] + 0.1 * NOISE + 1, x)
    assert name == "none"
    assert "no transform lowers" in why


def test_a_target_that_is_not_skewed_stays_as_it_is() -> None:
    assert chosen(CURVE + NOISE)[0] == "none"


def test_a_density_does_not_depend_on_the_unit_but_for_a_constant() -> None:
    values = np.exp(CURVE + 0.3 * NOISE)
    one, other = (
        TransformChoice(X, values[:, None], Threads(1)).losses(unit * values, None) for unit in (1, 9)
    )
    np.testing.assert_allclose(other - one, np.log(9))
