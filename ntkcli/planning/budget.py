"""What a job may take of the machine."""

from dataclasses import dataclass
from pathlib import Path

from ntkcli.planning.machine import free_disk, usable_memory


@dataclass(frozen=True)
class Budget:
    """What a job may take.

    memory: bytes, of the whole process.
    disk: bytes, under `folder`.
    """

    memory: int
    disk: int
    folder: Path

    @classmethod
    def of(cls, memory: int | None, folder: Path) -> "Budget":
        """The spec's memory, or what is usable; the disk that the run directory is on."""
        return cls(usable_memory() if memory is None else memory, free_disk(folder), folder)
