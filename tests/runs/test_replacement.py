"""Runs that others take the place of while they are read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.errors import DataError
from ntkcli.runs.replacement import again_if_replaced, of_one_run

Reader = Callable[[Path, Callable[[], str]], str]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The run directory of the first run."""
    write_run(tmp_path / "run", "1")
    return tmp_path / "run"


def write_run(folder: Path, name: str) -> None:
    folder.mkdir()
    for file in ("spec.yaml", "run.json"):
        (folder / file).write_text(name)


def replaced(place: Path, name: str) -> None:
    place.rename(place.with_name(f"before {name}"))
    write_run(place, name)


class Reading:
    """Reads both files of a run, in between which another takes its place the first so many times."""

    def __init__(self, place: Path, times: int, *, is_checked: bool) -> None:
        self.place, self.left, self.is_checked = place, times, is_checked
        self.count = 1

    def __call__(self) -> str:
        spec = (self.place / "spec.yaml").read_text()
        if self.left:
            self.left -= 1
            self.count += 1
            replaced(self.place, str(self.count))
        found = (self.place / "run.json").read_text()
        if self.is_checked and found != spec:
            raise DataError("is damaged")
        return spec + found


@pytest.mark.parametrize("reader", [again_if_replaced, of_one_run])
def test_of_runs_that_follow_one_another_one_is_read_whole(place: Path, reader: Reader) -> None:
    assert reader(place, Reading(place, 3, is_checked=reader is again_if_replaced)) == "44"


def test_what_fails_though_nothing_took_its_place_is_read_once(place: Path) -> None:
    (place / "spec.yaml").write_text("torn")
    reading = Reading(place, 0, is_checked=True)
    reads: list[None] = []

    def read() -> str:
        reads.append(None)
        return reading()

    with pytest.raises(DataError, match="is damaged"):
        again_if_replaced(place, read)
    assert len(reads) == 1


def test_a_run_that_is_replaced_whenever_it_is_read_is_reported(place: Path) -> None:
    with pytest.raises(DataError, match="run: another run took its place while it was read: try again later"):
        of_one_run(place, Reading(place, 1000, is_checked=False))
