"""scikit-learn's own checks of estimators: all of them, and none is skipped."""

import os
import subprocess
import sys
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from ntkcli import NTKClassifier, NTKRegressor

# scipy reads SCIPY_ARRAY_API when it is imported, and the check is skipped without.
IN_A_PROCESS = "check_array_api_input"
CHECK = """
from sklearn.utils.estimator_checks import estimator_checks_generator
from ntkcli import {name}
for estimator, check in estimator_checks_generator({name}()):
    if check.func.__name__ == "{check}":
        check(estimator)
        print("passed")
"""


@parametrize_with_checks([NTKRegressor(), NTKClassifier()])  # type: ignore[untyped-decorator]
def test_the_conventions_hold(estimator: Any, check: Any) -> None:
    if check.func.__name__ == IN_A_PROCESS:
        pass_in_a_process(type(estimator).__name__)
    else:
        check(estimator)


@pytest.mark.parametrize("kernel", ["nngp", "ntkgp"])
def test_weights_are_repetitions_for_every_kernel(kernel: str) -> None:
    from sklearn.utils.estimator_checks import check_sample_weight_equivalence_on_dense_data as check

    for estimator in (NTKRegressor(kernel=kernel, ridge=0.1), NTKClassifier(kernel=kernel)):
        check(type(estimator).__name__, estimator)


def pass_in_a_process(name: str) -> None:
    code = CHECK.format(name=name, check=IN_A_PROCESS)
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    outcome = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.stdout == "passed\n", outcome.stdout + outcome.stderr
