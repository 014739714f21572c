"""A scheduler for a test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .processes import Processes


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Processes]]:
    """Start a scheduler; everything is stopped at the end."""
    started: list[Processes] = []

    def new(**settings: str) -> Processes:
        started.append(Processes(tmp_path, settings))
        return started[-1]

    yield new
    for processes in started:
        processes.stop()
