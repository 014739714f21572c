from typing import Literal

import numpy as np
import pytest

from ntkcli.linalg import product as module
from ntkcli.linalg.product import product
from ntkcli.linalg.threads import with_threads

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("m", "k", "n"), [(1, 1, 1), (7, 5, 2), (2, 5, 7), (6, 4, 6), (0, 3, 2), (2, 0, 3), (2, 3, 0)]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_strips_are_put_together(
    m: int, k: int, n: int, order: Literal["C", "F"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STRIP", 3)
    a, b = RNG.normal(size=(m, k)).copy(order), RNG.normal(size=(k, n)).copy(order)
    with with_threads(2):
        np.testing.assert_allclose(product(a, b), a @ b, rtol=1e-13, atol=1e-13)


def test_the_type_is_that_of_numpys_product() -> None:
    single, double = np.ones((2, 2), np.float32), np.ones((2, 2))
    assert product(single, single).dtype == np.float32
    assert product(single, double).dtype == np.float64
