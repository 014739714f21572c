"""What a run keeps of its work until it is whole, in a hidden folder beside its directory."""

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy

from ntkcli import __version__
from ntkcli.data.content import Content
from ntkcli.data.remedies import OF_SPEC
from ntkcli.errors import DataError, RunDirectoryError
from ntkcli.files import changes
from ntkcli.files.written_file import write_text
from ntkcli.interruption import held_back
from ntkcli.jobs.job import Job
from ntkcli.jobs.record import differences, job_mark, job_record
from ntkcli.journal import Journal
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.json_files import json_text, read_json
from ntkcli.runs.lock import FileLock
from ntkcli.runs.reader import Run
from ntkcli.runs.unwritable import unwritable
from ntkcli.spec.spec import Spec
from ntkcli.stores.checkpoint_files import CheckpointFiles
from ntkcli.stores.gram_store import GramStore

RECORD, GRAMS, STATES = "job.json", "grams", "states"
# Differences that a message has.
SHOWN = 3


@dataclass(frozen=True)
class Resumption:
    """The work of a run that was stopped, or may be.

    run: whose it is.
    record: of the job, with the command and the versions that compute.
    """

    run: RunDirectory
    record: dict[str, str]

    @classmethod
    def of(cls, run: RunDirectory, job: Job, command: str, *, overwrite: bool) -> "Resumption":
        """Return the work of a run, after that of another job is deleted or refused.

        Args:
            run: its directory.
            job: what it computes.
            command: that does.
            overwrite: whether the work of another job is deleted.

        Raises:
            RunDirectoryError: it is another job's.
        """
        found = cls(run, _record(command, job.record))
        before = found._before
        if before != found.record and not overwrite:
            found._refuse(before)
        return found

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.run.hidden("resume")

    def begin(self) -> None:
        """Take what an earlier call of the same job has left, and delete all else; the run is locked.

        Once the run is whole, the work is deleted.

        Raises:
            OSError: it cannot be written.
        """
        if self._before != self.record or not (self.folder / RECORD).exists():
            changes.remove_tree(self.folder)
            changes.make_folder(self.folder)
            partial = self.folder / f"{RECORD}.partial"
            write_text(partial, json_text(self.record))
            changes.rename(partial, self.folder / RECORD)
        self.run.spend(self.folder)

    def keeping(self, job: Job) -> Job:
        """Return the job with its work kept: Gram matrices where compute.cache has them, if it does."""
        grams = GramStore(self.folder / GRAMS, job.spec.network.model_dump(mode="json"), job.journal)
        keeper = job.keeper if job.spec.compute.cache else grams
        states = CheckpointFiles(self.folder / STATES, job.journal)
        convergence = replace(job.convergence, checkpoints=states)
        return replace(job, keeper=keeper, checkpoints=states, convergence=convergence)

    def forget(self) -> None:
        """Delete it, as the run is whole; not while another run is at work there, nor of another job.

        Raises:
            RunDirectoryError: it cannot be deleted.
        """
        # Path.exists raises for a name that is too long.
        if not os.path.exists(self.folder):  # noqa: PTH110
            return
        lock = FileLock(self.run.hidden("lock"))
        try:
            with held_back():
                if lock.acquire() and self._before == self.record:
                    changes.remove_tree(self.folder)
        except OSError as error:
            raise unwritable(self.run.given, error) from error
        finally:
            lock.release()

    @property
    def _before(self) -> dict[str, str]:
        """The record of the job whose work is there; that of this one where there is none."""
        path = self.folder / RECORD
        try:
            return {str(key): str(value) for key, value in read_json(path).items()}
        except DataError:
            # Without a record, whatever is there is of nobody.
            return self.record

    def _refuse(self, before: dict[str, str]) -> None:
        found = differences(self.record, before)
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise RunDirectoryError(
            f"{self.run.given}: was begun with another spec or other data: {'; '.join(found[:SHOWN])}{more}: "
            "give --overwrite to begin anew, or another --out"
        )


def tell_of_leftovers(run: RunDirectory, journal: Journal) -> None:
    """Tell of work that an earlier call has left, and this one does not use."""
    folder = run.hidden("resume")
    # Path.exists raises for a name that is too long.
    if os.path.exists(folder):  # noqa: PTH110
        journal.tell(f"{folder}: has what an earlier call finished: --resume goes on with it, or delete it")


def is_finished(spec: Spec, command: str, contents: Collection[str]) -> bool:
    """Whether the run of a spec is at its place; what was left of its work is deleted then.

    Args:
        spec: as it was read.
        command: that writes it.
        contents: the names that the command writes.

    Raises:
        DataError: a data file cannot be read.
        RunDirectoryError: what was kept cannot be deleted.
    """
    record = job_record(spec, [Content(path, OF_SPEC).digest for path in spec.data.files])
    with suppress(DataError):
        run = Run.at(spec.place)
        if run.kind == command and read_json(run.path("run.json")).get("job") == job_mark(record):
            place = RunDirectory(spec.place, overwrite=True, contents=contents)
            place.tidy()
            Resumption(place, _record(command, record)).forget()
            return True
    return False


def _record(command: str, record: Mapping[str, str]) -> dict[str, str]:
    """Return the record of a job with the command that computes it, and the versions that do."""
    versions = {"ntkcli": __version__, "numpy": np.__version__, "scipy": scipy.__version__}
    return {"command": command, **record, **versions}
