import errno
import os

import pytest

from ntkcli.errors import DataError, NumericalError, ResourceError, RunDirectoryError, SpecError
from ntkcli.terminal.failure import Failure, attempt, worst


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ZeroDivisionError(), 1),
        (SpecError(), 2),
        (DataError(), 3),
        (NumericalError(), 4),
        (ResourceError(), 5),
        (MemoryError(), 5),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), 5),
        (ImportError("a.so: failed to map segment from shared object"), 5),
        (RuntimeError("can't start new thread"), 5),
        (RunDirectoryError(), 6),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_failure_has_its_exit_code(error: Exception, code: int) -> None:
    assert Failure.of(error).code == code


@pytest.mark.parametrize(
    ("codes", "expected"), [([0, 0], 0), ([0, 3, 2], 3), ([6, 1, 5], 1), ([0, 1], 1), ([4], 4)]
)
def test_the_worst_code_is_the_largest_but_for_a_fault_in_ntk(codes: list[int], expected: int) -> None:
    assert worst(codes) == expected


def test_what_fails_in_an_attempt_is_written_and_not_raised(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise SpecError("a.yaml:1: no\na.yaml:2: neither")

    assert attempt(fail) == 2
    assert capsys.readouterr() == ("", "ntk: error: a.yaml:1: no\nntk: error: a.yaml:2: neither\n")
    assert attempt(lambda: None) == 0


def test_an_end_from_outside_ends_an_attempt() -> None:
    def end() -> None:
        raise SystemExit(130)

    with pytest.raises(SystemExit):
        attempt(end)


def test_a_fault_in_ntk_can_be_traced_in_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    assert attempt(fail) == 1
    monkeypatch.setenv("NTK_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        attempt(fail)
