"""The run directories below a folder."""

from collections.abc import Iterator
from pathlib import Path

from ntkcli.errors import DataError
from ntkcli.runs.kind import kind_of
from ntkcli.runs.reading import reading


def found_runs(folder: Path) -> Iterator[Path]:
    """Yield the run directories below a folder, or the folder itself, in the order of their names.

    Hidden folders, links and what is in a run are passed over; the fit of a search belongs to the search. A
    folder that cannot be read is yielded too, since it may be a run.

    Raises:
        DataError: the folder is none, or cannot be read.
    """
    with reading(folder):
        if not folder.is_dir():
            what = "is no directory" if folder.exists() else "there is no such directory"
            raise DataError(f"{folder}: {what}: name one that has runs in it")
    if kind_of(folder):
        yield folder
        return
    for place in _folders(folder):
        try:
            yield from found_runs(place)
        except DataError:
            yield place


def _folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, by name."""
    with reading(folder):
        return [
            place
            for place in sorted(folder.iterdir())
            if not place.name.startswith(".") and place.is_dir() and not place.is_symlink()
        ]
