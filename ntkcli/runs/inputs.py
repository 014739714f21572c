"""Files that are read stay: results do not take their places."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import product
from pathlib import Path

from ntkcli.errors import SpecError


def check_inputs(place: Path, names: Iterable[str], paths: Iterable[Path | None]) -> None:
    """Refuse to write over what is read; --overwrite is for results.

    Args:
        place: the directory that is written.
        names: of the files in it.
        paths: of what is read; None for what there is not.

    Raises:
        SpecError: one of the files is read.
    """
    for path, name in product(filter(None, paths), names):
        with suppress(OSError):
            if path.samefile(place / name):
                raise SpecError(f"{path}: is read, and {name} would take its place: give another --out")
