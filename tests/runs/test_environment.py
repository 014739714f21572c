import resource
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from ntkcli.runs.environment import peak_memory


class Usage(NamedTuple):
    """What resource.getrusage reports of memory."""

    ru_maxrss: int


@pytest.fixture
def no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without /proc."""

    def refuse(path: Path) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_text", refuse)


def test_the_peak_is_that_of_a_python_with_numpy() -> None:
    assert 2**24 < peak_memory() < 2**40


@pytest.mark.parametrize(("platform", "unit"), [("linux", 1024), ("darwin", 1)])
def test_without_proc_the_peak_is_the_systems_in_its_own_unit(
    no_proc: None, monkeypatch: pytest.MonkeyPatch, platform: str, unit: int
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(resource, "getrusage", lambda _: Usage(5000))
    assert peak_memory() == 5000 * unit
