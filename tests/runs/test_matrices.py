from pathlib import Path

import numpy as np
import pytest

from ntkcli.data.scaling import Scaling
from ntkcli.runs.matrices import write_covariance


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_covariance_is_scaled_by_the_variance_of_its_target(tmp_path: Path, outputs: int) -> None:
    scales = np.array([2.0, 3.0])[:outputs]
    covariance = np.array([[4.0, 1.0], [1.0, 9.0]])
    write_covariance(tmp_path, "ntk_tinf", covariance, Scaling(np.zeros(outputs), scales))
    expected = [covariance * scale**2 for scale in scales]
    np.testing.assert_array_equal(
        np.load(tmp_path / "ntk_tinf.npy"), expected if outputs > 1 else expected[0], strict=True
    )
