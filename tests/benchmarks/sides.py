"""The two sides that are measured: the commands that do a job, and where their results are."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from csv_tables import Tables
from jobs import DEPTH, Job

HERE = Path(__file__).parent
NTK = Path(sys.executable).with_name("ntk")

# How the peer can be run, in words.
PEER_MODES = {
    "plain": "peer as its documentation has it",
    "jit": "peer with its kernel function compiled, the fastest it can do",
}


@dataclass(frozen=True)
class Ntk:
    """The command beside this Python."""

    executable: Path = NTK

    def fit(self, job: Job, tables: Tables) -> list[str]:
        """A command that does a job, its spec beside the data."""
        spec = tables.folder / "spec.yaml"
        spec.write_text(job.spec)
        return self.command(spec)

    def command(self, spec: Path) -> list[str]:
        """A command that fits a spec."""
        return [str(self.executable), "fit", str(spec), "--overwrite", "--quiet"]

    def phases(self, folder: Path) -> dict[str, float]:
        """Seconds by phase of the run in a folder."""
        found: dict[str, float] = json.loads((folder / "run.json").read_text())["seconds"]
        return found

    def grams(self, tables: Tables) -> list[str]:
        """A command that prints the seconds of both Gram matrices."""
        return [sys.executable, str(HERE / "gram.py"), str(tables.train), str(DEPTH), str(threads())]

    def grams_without_avx512(self, tables: Tables) -> list[str]:
        """The same on a processor without AVX-512."""
        return [sys.executable, str(HERE / "without_avx512.py"), *self.grams(tables)]


@dataclass(frozen=True)
class Peer:
    """neural-tangents, under a Python of its own."""

    python: Path

    def fit(self, mode: str, job: Job, tables: Tables) -> list[str]:
        """A command that does a job in one of the modes."""
        files = [str(tables.train), str(tables.test), str(tables.folder / "peer.csv")]
        columns = "std" if job.std else "mean"
        return [str(self.python), str(HERE / "peer.py"), mode, *files, str(DEPTH), job.time, columns]

    def grams(self, tables: Tables) -> list[str]:
        """A command that prints the seconds of both Gram matrices."""
        return [str(self.python), str(HERE / "peer.py"), "gram", str(tables.train), str(DEPTH)]


def threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))
