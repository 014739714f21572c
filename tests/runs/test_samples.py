from pathlib import Path

import numpy as np
import pytest

from ntkcli.runs.matrices import write_samples


@pytest.mark.parametrize(("targets", "shape"), [(1, (4, 3)), (2, (4, 3, 2))])
def test_draws_of_one_target_have_no_axis_for_it(
    tmp_path: Path, targets: int, shape: tuple[int, ...]
) -> None:
    functions = np.random.default_rng(0).normal(size=(4, 3, targets))
    write_samples(tmp_path, "ntk_tinf", functions)
    np.testing.assert_array_equal(np.load(tmp_path / "ntk_tinf.npy"), functions.reshape(shape), strict=True)
