"""The directory of a simulation: the outcomes of its networks, kept as they come, and its tables."""

import re
import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.errors import RunDirectoryError
from ntkcli.files import changes
from ntkcli.files.input_file import open_regular, read_regular
from ntkcli.interruption import held_back
from ntkcli.runs.manifest import MANIFEST
from ntkcli.runs.place import LOCK, LOST_AND_FOUND
from ntkcli.runs.resumable import PARTIAL, ResumableDirectory
from ntkcli.simulation.experiment import Draw, Outcome

NETWORKS = "networks"
# What the kept outcomes are of.
MARK = f"{NETWORKS}/fingerprint"
NETWORKS_FILE = re.compile(r"fingerprint|width_\d+_seed_\d+\.npz")
MOST_MARK_BYTES = 1000
SUMMARY = "summary.json"
TABLES = ("kernels.csv", "training.csv", "layers.csv", "predictions.csv", "samples.csv")
PICTURES = ("kernels.png", "training.png", "predictions.png")
RESULTS = (SUMMARY, *TABLES, *PICTURES, *MANIFEST)
CONTENTS = {NETWORKS, *RESULTS, LOCK}
# What reading an archive raises that is cut short, or whose bytes are others.
DAMAGED = (ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile)


class SimulationDirectory(ResumableDirectory):
    """A directory that a simulation resumes in, if interrupted; a finished one goes on with more seeds.

    Raises:
        RunDirectoryError: something else is there, another process simulates there, or the directory cannot
            be written.
    """

    noun = "simulation"

    def begin(self, fingerprint: str) -> None:
        """Go on with what is there, if it is of the same experiment.

        Args:
            fingerprint: of all that outcomes depend on.

        Raises:
            RunDirectoryError: it is of another one.
        """
        mark = self.path / MARK
        if mark.exists():
            if read_regular(mark, MOST_MARK_BYTES) != fingerprint.encode():
                raise RunDirectoryError(
                    f"{self.path}: was begun with another spec, data or options: give --overwrite to begin "
                    "anew, or another --out"
                )
            return
        # A signal would leave a part of what was there before.
        with held_back():
            self._clear()
            self.add_folder(mark.parent)
            self.write(MARK, fingerprint)

    def keep(self, draw: Draw, outcome: Outcome) -> None:
        """Keep the outcome of a draw."""
        arrays = {field.name: getattr(outcome, field.name) for field in fields(Outcome)}
        self.fill(_name(draw), lambda file: np.savez(file, allow_pickle=False, **arrays))

    def kept(self, draw: Draw) -> Outcome | None:
        """The outcome of a draw, or None if there is none that can be read."""
        try:
            # NumPy does not close what it opened and found to be damaged.
            with open_regular(self.path / _name(draw)) as file, np.load(file, allow_pickle=False) as arrays:
                found: dict[str, FloatArray] = {field.name: arrays[field.name] for field in fields(Outcome)}
        except (*DAMAGED, OSError):
            return None
        return Outcome(**found)

    def _check(self) -> None:
        """Refuse a place that holds anything but a simulation."""
        if not self.path.exists():
            return
        names = {entry.name for entry in self.path.iterdir()} - {LOST_AND_FOUND}
        others = sorted(name for name in names - CONTENTS if not name.startswith(PARTIAL))
        others += sorted(entry.name for entry in self.path.glob(f"{NETWORKS}/*") if not _is_ours(entry.name))
        if others:
            raise RunDirectoryError(
                f"{self.path}: holds {others[0]}, which no simulation writes: give another --out"
            )
        # A call that was killed may have left networks alone.
        if names - {LOCK, NETWORKS} and not (self.path / MARK).exists():
            raise RunDirectoryError(f"{self.path}: holds a run, and no simulation: give another --out")

    def drop_results(self) -> None:
        """Delete what an earlier call made of the outcomes, the summary first, as it tells of the rest."""
        for name in RESULTS:
            changes.remove(self.path / name)

    def _clear(self) -> None:
        self.drop_results()
        networks = self.path / NETWORKS
        if networks.exists():
            # The mark goes last: without it, nobody would know whose the others are.
            for path in sorted(networks.iterdir(), key=lambda path: path.name == Path(MARK).name):
                changes.remove(path)
            changes.remove_folder(networks)


def _is_ours(name: str) -> bool:
    """Whether a file in the folder of the networks is one of a simulation's."""
    return name.startswith(PARTIAL) or NETWORKS_FILE.fullmatch(name) is not None


def _name(draw: Draw) -> str:
    return f"{NETWORKS}/width_{draw.width}_seed_{draw.seed}.npz"
