"""A factorisation that is computed again for standard deviations, and fails, is a matter of numbers."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression import fitted_model


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (SingularMatrixError(3, 1e-17), "is singular to rounding (smallest pivot or eigenvalue 1e-17)"),
        (ConvergenceError("a residual of 0.1"), "stops at a residual of 0.1"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_it_is_no_damage_of_the_files(
    fit: Callable[..., Path],
    ntk: Callable[..., CompletedProcess[str]],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    error: Exception,
    says: str,
) -> None:
    fit(inference={"kernel": "ntkgp", "ridge": 0.1})

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(fitted_model, "load_stage", fail)
    outcome = ntk(command, "run", "test.csv", "--std")
    assert (outcome.returncode, outcome.stdout) == (4, "")
    assert says in outcome.stderr
    assert "--no-std" in outcome.stderr
    assert "damaged" not in outcome.stderr
