"""The kind of a run: the command that wrote its directory, by what is in it."""

from pathlib import Path
from typing import Literal

from ntkcli.errors import DataError
from ntkcli.runs.reading import reading

Kind = Literal["fit", "kernel", "tune", "spectrum", "simulate"]

# The file that is written last, and says that the directory is whole.
LAST: dict[Kind, str] = {
    "fit": "run.json",
    "kernel": "run.json",
    "tune": "fit/run.json",
    "spectrum": "run.json",
    "simulate": "summary.json",
}
COMMANDS = "ntk fit, kernel, tune, spectrum or simulate"


def kind_of(place: Path) -> Kind | None:
    """Return the command that wrote a directory, or None where it is no run's.

    Raises:
        DataError: it cannot be read.
    """
    with reading(place):
        names = {entry.name for entry in place.iterdir()}
        if (place / "networks" / "fingerprint").is_file():
            return "simulate"
    if "run.json" not in names:
        return _kind_of_search(names) or ("fit" if {"metrics.json", "model"} <= names else None)
    if "spectrum.csv" in names:
        return "spectrum"
    # A model without metrics is half a fit.
    return "fit" if names & {"metrics.json", "model", "predictions.csv"} else "kernel"


def checked_kind(place: Path) -> Kind:
    """Return the command that wrote a whole directory.

    Raises:
        DataError: it is no run's, or not whole.
    """
    with reading(place):
        if not place.is_dir():
            what = "is no directory" if place.exists() else "there is no such directory"
            raise DataError(f"{place}: {what}: name a run directory that {COMMANDS} wrote")
        kind = kind_of(place)
        if kind is None:
            raise DataError(f"{place}: is no run: name a directory that {COMMANDS} wrote")
        if not (place / LAST[kind]).is_file():
            raise DataError(f"{place}: is not finished: there is no {LAST[kind]}: run ntk {kind} again")
    return kind


def _kind_of_search(names: set[str]) -> Kind | None:
    """Return `tune` where the names are those of a search, in whatever state."""
    return "tune" if names & {"study.db", "trials.jsonl"} or {"trials.csv", "best.yaml"} <= names else None
